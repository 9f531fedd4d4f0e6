/** A story as the page holds it: in columns, and every text once, for there may be hundreds of thousands of steps. */
import { evenly } from '../../service/b-plus-tree/index.js';
import { QUIET, type Kind, type Step, type Story } from './story.js';

/** Lists of numbers: the i-th is what stands in `all` from `starts[i]` up to `ends[i]`. */
export type Lists = { readonly starts: readonly number[]; readonly ends: readonly number[]; readonly all: readonly number[] };

export const KINDS: readonly Kind[] = ['call', 'answer', 'message', 'learned', 'executed', 'barrier', 'timer', 'end', 'breach', ...QUIET];
export const MACHINES: readonly Step['machine'][] = ['process', 'merge', 'worker', 'proxy', 'nothing'];
export const PARTS = ['arrives', 'executes', 'opens', 'leaves'] as const;

export const pageData = (story: Story) => {
  const { steps, setting, lanes, files, flaws, clauses, name } = story;
  const texts: string[] = [];
  const places = new Map<string, number>();
  const placeOf = (text: string): number => {
    const known = places.get(text);
    if (known !== undefined) return known;
    places.set(text, texts.length);
    return texts.push(text) - 1;
  };
  const { keySpace } = setting.service;
  return {
    name,
    technique: setting.cluster.technique,
    level: setting.level,
    keySpace,
    lowerBounds: evenly(keySpace, setting.cluster.threads).lowerBounds,
    rings: setting.cluster.threads === 1 ? 1 : setting.cluster.threads + 1,
    lanes,
    files,
    flaws: flaws.map((flaw) => ({ ...flaw, step: flaw.step ?? -1 })),
    clauses: clauses.map((clause) => ({ clause, machines: machinesOf(clause) })),
    kinds: KINDS,
    machines: MACHINES,
    parts: PARTS,
    quiet: QUIET.map((kind) => KINDS.indexOf(kind)),
    lane: steps.map(({ lane }) => lane),
    life: steps.map(({ life }) => life),
    file: steps.map(({ file }) => file),
    line: steps.map(({ line }) => line),
    machine: steps.map(({ machine }) => MACHINES.indexOf(machine)),
    kind: steps.map(({ kind }) => KINDS.indexOf(kind)),
    group: steps.map(({ group }) => group ?? -1),
    generation: steps.map(({ barrier }) => barrier?.generation ?? -1),
    part: steps.map(({ barrier }) => (barrier === undefined ? -1 : PARTS.indexOf(barrier.part))),
    text: steps.map(({ text }) => placeOf(text)),
    effects: listsOf(steps.map(({ effects }) => effects.map(placeOf))),
    commands: listsOf(steps.map(({ commands }) => commands.map(placeOf)), true),
    nodes: listsOf(steps.map(({ nodes }) => nodes.map(placeOf))),
    sources: listsOf(steps.map(({ sources }) => sources)),
    keys: listsOf(steps.map(({ keys }) => keys)),
    state: steps.map(({ state }) => state),
    texts,
  };
};

export type PageData = ReturnType<typeof pageData>;

/** `areShared` where many are the same, as a batch of commands is in all steps about it: it stands there once. */
const listsOf = (lists: readonly (readonly number[])[], areShared = false): Lists => {
  const starts: number[] = [];
  const ends: number[] = [];
  const all: number[] = [];
  const known = new Map<string, number>();
  for (const list of lists) {
    const name = areShared ? list.join() : '';
    const start = known.get(name) ?? all.length;
    if (start === all.length) for (const one of list) all.push(one);
    if (areShared) known.set(name, start);
    starts.push(start);
    ends.push(start + list.length);
  }
  return { starts, ends, all };
};

/** The machines whose steps a clause speaks of, by their places: none, if it speaks of all. */
const machinesOf = (clause: string): readonly number[] => {
  const spoken = SPOKEN.find(([prefix]) => clause.startsWith(prefix))?.[1] ?? [];
  return spoken.map((machine) => MACHINES.indexOf(machine));
};

const SPOKEN: readonly (readonly [string, readonly Step['machine'][]])[] = [
  ['CON', ['process']],
  ['refinement: a ring', ['process']],
  ['MUL', ['process', 'merge']],
  ['refinement: learners', ['merge']],
  ['REP', ['worker']],
  ['SAF', ['worker']],
  ['LIN', ['worker', 'proxy']],
  ['TRC-3', ['process', 'proxy']],
  ['TRC-5', ['process', 'merge']],
];
