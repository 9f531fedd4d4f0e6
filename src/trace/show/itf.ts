/**
 * A story in ITF: of every step what happened, and of the state behind it what a reader of the paper would ask for. The
 * machines themselves know much more; who wants that replays the trace.
 */
import { toItf, type Itf } from '../../check/itf.js';
import { chosen, type Choice } from './select.js';
import type { Step, Story } from './story.js';

/** What is known after a step. Maps are new in every state that differs. */
export type Known = {
  readonly action: Action;
  /** By process, and ring: how many instances it has learned since it started last, the first of them being 0. */
  readonly learned: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** By thread, and group: the slot that it was delivered last. */
  readonly delivered: ReadonlyMap<string, ReadonlyMap<number, number>>;
  /** By thread: the barrier that it is at, or passed last. */
  readonly barrier: ReadonlyMap<string, number>;
  /** Threads that have arrived at their barrier, and not left it. */
  readonly waiting: ReadonlySet<string>;
};

/** What happened. */
export type Action = { readonly step: number; readonly who: string; readonly life: number; readonly machine: string; readonly kind: string; readonly ring: number; readonly said: string; readonly commands: readonly string[] };

/** The ring of what is of no ring. */
const NO_RING = -1;

const START: Action = { step: 0, who: '', life: 0, machine: 'nothing', kind: 'start', ring: NO_RING, said: 'where it starts', commands: [] };

/** The states before and after the chosen steps; what is left out shows in the state after the next step. */
export const statesOf = (story: Story, choice: Choice): readonly Known[] => {
  const isChosen = new Set(chosen(story, choice));
  const states: Known[] = [{ action: START, learned: new Map(), delivered: new Map(), barrier: new Map(), waiting: new Set() }];
  let known = states[0]!;
  for (const step of story.steps) {
    known = after(known, step, story);
    if (isChosen.has(step)) states.push(known);
  }
  return states;
};

const after = (known: Known, step: Step, { lanes }: Story): Known => {
  const { name, process, thread } = lanes[step.lane]!;
  const { index, life, machine, kind, group, text, commands, barrier, learned, delivered } = step;
  const action: Action = { step: index + 1, who: name, life, machine, kind, ring: group ?? NO_RING, said: text, commands };
  const { generation, part } = barrier ?? { generation: 0, part: 'none' };
  const waiting = new Set(known.waiting);
  if (part === 'arrives') waiting.add(name);
  else if (part === 'leaves' || part === 'opens') waiting.delete(name);
  return {
    action,
    learned: learned.length === 0 || thread > 0 ? known.learned : added(known.learned, process, learned.map(({ ring, at }) => [ring, at + 1])),
    delivered: delivered.length === 0 ? known.delivered : added(known.delivered, name, delivered.map(({ ring, at }) => [ring, at])),
    barrier: barrier === undefined ? known.barrier : new Map([...known.barrier, [name, generation]]),
    waiting,
  };
};

const added = (known: ReadonlyMap<string, ReadonlyMap<number, number>>, name: string, more: readonly (readonly [number, number])[]): ReadonlyMap<string, ReadonlyMap<number, number>> =>
  new Map([...known, [name, new Map([...(known.get(name) ?? []), ...more])]]);

export const itfOf = (story: Story, choice: Choice): Itf =>
  toItf({ meta: { description: `a trace of ${story.setting.cluster.technique}: ${story.name}`, clauses: story.flaws.map(({ clause }) => clause) }, states: statesOf(story, choice) });
