/** A world whose machines are watched at every step: what each of them says of itself, and whether a failed attempt leaves a trace. */

import type { World } from '../../src/adapter/simulated/world.js';
import * as Proxy from '../../src/client/proxy.js';
import * as Acceptor from '../../src/consensus/acceptor.js';
import * as Coordinator from '../../src/consensus/coordinator.js';
import * as Node from '../../src/node.js';
import { G_ALL, recordsOf, replyAt } from '../../src/record.js';
import * as Worker from '../../src/replica/worker.js';
import type { Command, Result } from '../../src/service/b-plus-tree/index.js';
import { clauses as linearizability } from '../../spec/linearizability.js';
import type { Clauses, Violations } from '../check.js';

/** What was violated at some step, by the title of its clause. */
export type Broken = ReadonlyMap<string, Violations>;

const LIN_2 = 'LIN-2: a failed attempt has no effect' satisfies keyof typeof linearizability;

type Invariants<S> = {
  readonly stateInvariants?: Readonly<Record<string, (state: S) => boolean>>;
  readonly stepInvariants?: Readonly<Record<string, (before: S, after: S) => boolean>>;
};

const titlesOf = <S>({ stateInvariants = {}, stepInvariants = {} }: Invariants<S>): readonly string[] => [...Object.keys(stateInvariants), ...Object.keys(stepInvariants)];

const clausesNoted = (titles: readonly string[]): Clauses<{ readonly broken: Broken }> =>
  Object.fromEntries(titles.map((title) => [title, ({ broken }) => broken.get(title) ?? []]));

/** What the processes of a ring say of themselves. */
export const clausesOfRing = clausesNoted([...titlesOf(Acceptor), ...titlesOf(Coordinator)]);

/** What all machines say of themselves, and what is asked of every attempt. */
export const clausesOfSteps = { ...clausesOfRing, ...clausesNoted([...titlesOf<Worker.Worker>(Worker), ...titlesOf(Proxy), LIN_2]) };

/** Whatever is wrong once may be so at every step that follows. */
const MOST_NOTES = 5;

/** The same world, and what will have been violated when it has run. */
export const watched = (world: World<Command, Result>): { readonly world: World<Command, Result>; readonly broken: Broken } => {
  const broken = new Map<string, string[]>();
  const note = (title: string, what: string): void => {
    const known = broken.get(title) ?? [];
    if (known.length < MOST_NOTES) broken.set(title, [...known, what]);
  };

  const judge = <S>({ stateInvariants = {}, stepInvariants = {} }: Invariants<S>, who: string, before: S, after: S): void => {
    for (const [title, holds] of Object.entries(stateInvariants)) if (!holds(after)) note(title, who);
    for (const [title, holds] of Object.entries(stepInvariants)) if (!holds(before, after)) note(title, who);
  };

  const { onProcessEvent = Node.onProcessEvent, onThreadEvent = Node.onThreadEvent, onProxyEvent = Proxy.onEvent } = world.machines ?? {};
  const machines: World<Command, Result>['machines'] = {
    ...world.machines,

    onProcessEvent: (process, event) => {
      const taken = onProcessEvent(process, event);
      for (const [group, { ring }] of taken[0].parts.entries()) {
        const known = process.parts[group]?.ring;
        if (known === ring || known?.voting == null || ring.voting === null) continue;
        const who = `process ${ring.me} of ring ${group}`;
        if (known.voting.acceptor !== ring.voting.acceptor) judge(Acceptor, who, known.voting.acceptor, ring.voting.acceptor);
        judge(Coordinator, who, known.voting.coordinator, ring.voting.coordinator);
      }
      return taken;
    },

    onThreadEvent: (thread, event) => {
      if (event.type === 'Decided') return onThreadEvent(thread, event);
      // What came by g_all cannot fail.
      const isChecked = (thread.worker.queue.first()?.group ?? G_ALL) !== G_ALL;
      const before = isChecked ? digestOf(thread) : '';
      const taken = onThreadEvent(thread, event);
      judge<Worker.Worker>(Worker, `t${thread.worker.thread}`, thread.worker, taken[0].worker);
      if (isChecked && repliesIn(taken[1]).some(({ status }) => status === 'Failed')) {
        const after = digestOf(taken[0]);
        if (after !== before) note(LIN_2, `t${thread.worker.thread} turned ${before} into ${after}`);
      }
      return taken;
    },

    onProxyEvent: (proxy, event) => {
      const taken = onProxyEvent(proxy, event);
      judge(Proxy, `session ${proxy.session}`, proxy, taken[0]);
      return taken;
    },
  };
  return { world: { ...world, machines }, broken };
};

const digestOf = ({ worker }: Node.Thread): string => {
  const { entries, high, low } = worker.shared.engine.digest();
  return `${entries} entries, ${high}:${low}`;
};

const repliesIn = (effects: readonly Worker.Effect[]) =>
  effects.flatMap((effect) => (effect.type === 'Reply' ? [...recordsOf(effect.replies)].map((at) => replyAt(effect.replies, at)) : []));
