/**
 * What a search does with one state: all that may happen in it happens, and what it leads to is looked up, judged and
 * counted. Searches differ in which state comes next, and in how many threads they work.
 */

import { fingerprinter, type Fingerprint } from './fingerprint.js';
import { graph, type Graph } from './graph.js';
import { judge, type Breach, type Count } from './judge.js';
import { orbits } from './symmetry.js';
import type { Action, System } from './system.js';
import { NOBODY, type Visited } from './visited.js';

/** Which states count as one, and which actions are tried. */
export type Manner = {
  /** Whether states that differ only in the names of their parts count as one. */
  readonly symmetry?: boolean;
  /** Whether actions that may as well happen first are tried alone. */
  readonly reduce?: boolean;
  /** The most states of a run, the first one included. */
  readonly maxDepth?: number;
};

/** How often actions of a type were possible (in how many states), taken, and led to a new state. */
export type Taken = { possible: number; taken: number; fresh: number };

/** What was counted on the way, of all states or of the share of one thread. Plain data. */
export type Tally = {
  readonly generated: number;
  readonly expanded: number;
  /** Actions that were possible, in all states and in each. */
  readonly steps: number;
  readonly least: number;
  readonly most: number;
  /** Whether some state was not looked beyond, as the run to it was as long as runs may be. */
  readonly isCut: boolean;
  readonly actions: readonly (readonly [type: string, taken: Readonly<Taken>])[];
  readonly clauses: readonly (readonly [clause: string, count: Readonly<Count>])[];
  readonly breaches: readonly Breach[];
};

/** Takes a state that is to be looked beyond: its number, and how many states the run to it has. */
export type Push<S> = (state: S, id: number, depth: number) => void;

export type Expansion<S> = {
  /** Adds the states in which runs start. */
  readonly begin: () => void;
  /** Looks beyond a state; does nothing and returns `false` if there is no room for all that it may lead to. */
  readonly lookBeyond: (state: S, id: number, depth: number) => boolean;
  readonly isBroken: () => boolean;
  readonly tally: () => Tally;
  readonly graph: Graph<S>;
  readonly fingerprintOf: (state: S) => Fingerprint;
};

/** How a system's states are known again. */
export const identity = <S, A extends Action>({ encode, symmetry }: System<S, A>, { symmetry: isReduced = false }: Manner): ((state: S) => Fingerprint) => {
  const fingerprintOf = fingerprinter(encode);
  return isReduced && symmetry !== undefined ? orbits(symmetry, fingerprintOf) : fingerprintOf;
};

/** `push` is told of new states, `revisit` of known ones that were come to again. */
export const expansion = <S, A extends Action>(
  system: System<S, A>,
  manner: Manner,
  seen: Visited,
  { push, revisit }: { readonly push: Push<S>; readonly revisit?: Push<S> },
): Expansion<S> => {
  const { reduce = false, maxDepth = Infinity } = manner;
  const fingerprintOf = identity(system, manner);
  const asked = judge(system.clauses);
  const isDrawn = system.clauses.eventually !== undefined;
  const drawn = graph(system.clauses);
  const actions = new Map<string, Taken & { last: number }>(); // `last`: the state in which it was possible last

  let [generated, expanded, steps, least, most] = [0, 0, 0, Infinity, 0];
  let isCut = false;
  let isBroken = false;

  /** Adds a state that was come to. Its number, or the complement of it if it is known. */
  const arrive = (state: S, parent: number): number => {
    generated += 1;
    const fingerprint = fingerprintOf(state);
    const id = seen.add(fingerprint[0]!, fingerprint[1]!, parent);
    if (id < 0) return id;
    if (isDrawn) drawn.state(state);
    if (!asked.ofState(state, id)) isBroken = true;
    return id;
  };

  const takenOf = (type: string): Taken & { last: number } => {
    let taken = actions.get(type);
    if (taken === undefined) actions.set(type, (taken = { possible: 0, taken: 0, fresh: 0, last: -1 }));
    return taken;
  };

  const take = (before: S, from: number, action: A, depth: number): void => {
    const after = system.step(before, action);
    if (after === before) generated += 1;
    const id = after === before ? ~from : arrive(after, from);
    if (isDrawn) drawn.edge(from, id < 0 ? ~id : id, action.type);
    if (asked.asksOfSteps && !asked.ofStep(before, after, action, from)) isBroken = true;
    const taken = takenOf(action.type);
    taken.taken += 1;
    if (id < 0) return revisit?.(after, ~id, depth + 1);
    taken.fresh += 1;
    push(after, id, depth + 1);
  };

  return {
    begin: () => {
      for (const state of system.initial) {
        const id = arrive(state, NOBODY);
        if (id >= 0) push(state, id, 1);
      }
    },
    lookBeyond: (state, id, depth) => {
      const possible = system.actions(state);
      if (possible.length > 0 && depth >= maxDepth) {
        isCut = true;
        drawn.cut(id);
        return true;
      }
      if (!seen.hasRoom(possible.length)) return false;
      least = Math.min(least, possible.length);
      most = Math.max(most, possible.length);
      expanded += 1;
      steps += possible.length;
      for (const { type } of possible) {
        const taken = takenOf(type);
        if (taken.last === id) continue;
        taken.last = id;
        taken.possible += 1;
      }
      const free = reduce ? possible.find((action) => system.isFree?.(state, action)) : undefined;
      for (const action of free === undefined ? possible : [free]) take(state, id, action, depth);
      return true;
    },
    isBroken: () => isBroken,
    tally: () => ({
      generated,
      expanded,
      steps,
      least,
      most,
      isCut,
      actions: [...actions].map(([type, { possible, taken, fresh }]) => [type, { possible, taken, fresh }]),
      clauses: [...asked.counts],
      breaches: asked.breaches,
    }),
    graph: drawn,
    fingerprintOf,
  };
};

/** Several tallies as one. */
export const together = (tallies: readonly Tally[]): Tally => ({
  generated: sum(tallies.map(({ generated }) => generated)),
  expanded: sum(tallies.map(({ expanded }) => expanded)),
  steps: sum(tallies.map(({ steps }) => steps)),
  least: Math.min(...tallies.map(({ least }) => least)),
  most: Math.max(...tallies.map(({ most }) => most)),
  isCut: tallies.some(({ isCut }) => isCut),
  actions: merged(tallies.map(({ actions }) => actions), (a, b) => ({ possible: a.possible + b.possible, taken: a.taken + b.taken, fresh: a.fresh + b.fresh })),
  clauses: merged(tallies.map(({ clauses }) => clauses), (a, b) => ({ kind: a.kind, asked: a.asked + b.asked, applied: a.applied + b.applied, held: a.held + b.held })),
  breaches: tallies.flatMap(({ breaches }) => breaches).toSorted((a, b) => a.state - b.state),
});

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

const merged = <T>(lists: readonly (readonly (readonly [string, T])[])[], join: (a: T, b: T) => T): readonly (readonly [string, T])[] => {
  const all = new Map<string, T>();
  for (const [name, one] of lists.flat()) {
    const known = all.get(name);
    all.set(name, known === undefined ? one : join(known, one));
  }
  return [...all];
};
