/**
 * Exhaustive search: every state that a system can come to, and what its clauses say of each state and each step.
 *
 * Breadth first finds the shortest way to whatever is wrong; depth first goes far with a short frontier. States are known
 * again by their fingerprints, so that of all states only those on the frontier are kept. A search is advanced bit by bit,
 * as whoever drives it may want to look at the clock or show how far it is: this module knows no time.
 */

import { lassos, type Lasso } from './eventually.js';
import { fingerprinter, type Fingerprint } from './fingerprint.js';
import { graph } from './graph.js';
import { judge, type Breach, type Count } from './judge.js';
import { orbits } from './symmetry.js';
import type { Word } from './run.js';
import type { Action, System } from './system.js';
import { add, bytesOf, capacityOf, countOf, grown, memoryFor, NOBODY, wayTo, type Memory } from './visited.js';

export type Options = {
  readonly order?: 'breadth-first' | 'depth-first';
  /** Whether states that differ only in the names of their parts count as one. */
  readonly symmetry?: boolean;
  /** Whether actions that may as well happen first are tried alone. */
  readonly reduce?: boolean;
  /** The most states of a run, the first one included. */
  readonly maxDepth?: number;
  readonly maxStates?: number;
  /** Whether to go on after something was found to be wrong. */
  readonly keepGoing?: boolean;
};

/** How often actions of a type were possible (in how many states), taken, and led to a new state. */
export type Taken = { possible: number; taken: number; fresh: number };

export type Progress = {
  /** States that differ. */
  readonly distinct: number;
  /** States come to, those of the start and those known already included. */
  readonly generated: number;
  /** States of the longest of the runs looked at; breadth first these are shortest runs to each state. */
  readonly depth: number;
  /** States on the frontier: come to, and not yet looked beyond. */
  readonly frontier: number;
  /** How many states of each depth there are, breadth first. */
  readonly levels: readonly number[];
};

export type Outcome<A> = Progress & {
  /** Why it is over: every state was looked beyond, a clause is violated, or a bound was met; or it is not. */
  readonly end: 'complete' | 'violation' | 'depth' | 'states' | 'unfinished';
  /** Steps that lead out of a state. */
  readonly outDegree: { readonly least: number; readonly mean: number; readonly most: number };
  /** The chance that two states had the same fingerprint, so that one of them was never looked at. */
  readonly collision: number;
  /** Bytes that the memory of what was seen takes, without the frontier. */
  readonly bytes: number;
  readonly actions: ReadonlyMap<string, Readonly<Taken>>;
  readonly clauses: ReadonlyMap<string, Readonly<Count>>;
  readonly breaches: readonly Breach<A>[];
  /** Runs that never come to what must happen sooner or later. */
  readonly lassos: readonly Lasso[];
  /** What never happened, though every state was seen. */
  readonly unseen: readonly string[];
};

export type Search<S, A> = {
  /** Looks beyond up to `states` states. Whether there are more. */
  readonly advance: (states: number) => boolean;
  readonly progress: () => Progress;
  readonly outcome: () => Outcome<A>;
  /** The fingerprints of the states on the way to a state; of their orbits under symmetry. */
  readonly wayTo: (id: number) => readonly Word[];
  readonly wordOf: (id: number) => Word;
  readonly fingerprintOf: (state: S) => Fingerprint;
};

/** How a system's states are known again. */
export const identity = <S, A extends Action>({ encode, symmetry }: System<S, A>, { symmetry: isReduced = false }: Options): ((state: S) => Fingerprint) => {
  const fingerprintOf = fingerprinter(encode);
  return isReduced && symmetry !== undefined ? orbits(symmetry, fingerprintOf) : fingerprintOf;
};

const FIRST_ROOM = 1 << 14;

/** A search of all that a system can come to, not yet begun. */
export const explore = <S, A extends Action>(system: System<S, A>, options: Options = {}): Search<S, A> => {
  const { order = 'breadth-first', reduce = false, maxDepth = Infinity, maxStates = Infinity, keepGoing = false } = options;
  const isDepthFirst = order === 'depth-first';
  const fingerprintOf = identity(system, options);
  const asked = judge(system.clauses);
  const isDrawn = system.clauses.eventually !== undefined;
  const drawn = graph(system.clauses);
  const actions = new Map<string, Taken & { last: number }>();

  let memory: Memory = memoryFor(FIRST_ROOM, false);
  let frontier: S[] = [];
  let ids: number[] = [];
  let next: S[] = [];
  let nextIds: number[] = [];
  const depths: number[] = []; // of the frontier, depth first
  const shallowest: number[] = []; // by state, depth first within a bound
  let at = 0;
  let depth = 1;
  let deepest = 1;
  let generated = 0;
  let least = Infinity;
  let most = 0;
  let expanded = 0;
  let steps = 0;
  let bound: 'depth' | 'states' | undefined;
  let isBroken = false;
  let roots = 0;
  const levels: number[] = [];

  /** Adds a state that was come to. Its number, or the complement of it if it is known. */
  const arrive = (state: S, parent: number): number => {
    generated += 1;
    const fingerprint = fingerprintOf(state);
    const id = add(memory, fingerprint[0]!, fingerprint[1]!, parent);
    if (id < 0) return id;
    if (isDrawn) drawn.state(state);
    if (!asked.ofState(state, id)) isBroken = true;
    return id;
  };

  const begin = (): void => {
    for (const state of system.initial) {
      const id = arrive(state, NOBODY);
      if (id >= 0) push(state, id, 1);
    }
    roots = countOf(memory);
    if (!isDepthFirst) turn();
    depth = 1;
  };

  const push = (state: S, id: number, to: number): void => {
    if (isDepthFirst) {
      frontier.push(state);
      ids.push(id);
      depths.push(to);
      if (maxDepth < Infinity) shallowest[id] = to;
      return;
    }
    next.push(state);
    nextIds.push(id);
  };

  /** On to the next level. */
  const turn = (): void => {
    [frontier, ids, next, nextIds] = [next, nextIds, [], []];
    at = 0;
    depth += 1;
    if (frontier.length > 0) {
      levels.push(frontier.length);
      deepest = Math.max(deepest, levels.length);
    }
  };

  const takenOf = (type: string): Taken & { last: number } => {
    let taken = actions.get(type);
    if (taken === undefined) actions.set(type, (taken = { possible: 0, taken: 0, fresh: 0, last: -1 }));
    return taken;
  };

  const take = (before: S, from: number, action: A, depthOf: number): void => {
    const after = system.step(before, action);
    const id = after === before ? ~from : arrive(after, from);
    if (after === before) generated += 1;
    if (isDrawn) drawn.edge(from, id < 0 ? ~id : id, action.type);
    if (asked.asksOfSteps && !asked.ofStep(before, after, action, from)) isBroken = true;
    const taken = takenOf(action.type);
    taken.taken += 1;
    if (id < 0) {
      // Within a bound on depth, a state that was come to by a shorter way is looked beyond once more.
      if (isDepthFirst && depthOf + 1 < (shallowest[~id] ?? -1)) push(after, ~id, depthOf + 1);
      return;
    }
    taken.fresh += 1;
    push(after, id, depthOf + 1);
    if (isDepthFirst) deepest = Math.max(deepest, depthOf + 1);
  };

  const lookBeyond = (state: S, id: number, depthOf: number): void => {
    const possible = system.actions(state);
    if (possible.length > 0 && depthOf >= maxDepth) {
      bound = 'depth';
      return drawn.cut(id);
    }
    while (capacityOf(memory) - countOf(memory) <= possible.length) memory = grown(memory, false);
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
    for (const action of free === undefined ? possible : [free]) take(state, id, action, depthOf);
  };

  const hasMore = (): boolean => {
    if (isBroken && !keepGoing) return false;
    if (isDepthFirst) return frontier.length > 0;
    if (at >= frontier.length) turn();
    return frontier.length > 0;
  };

  const progress = (): Progress => ({
    distinct: countOf(memory),
    generated,
    depth: deepest,
    frontier: isDepthFirst ? frontier.length : frontier.length - at + next.length,
    levels,
  });

  const wordOf = (id: number): Word => [memory.highs[id]!, memory.lows[id]!];

  begin();

  return {
    advance: (states) => {
      for (let left = states; left > 0 && hasMore(); left -= 1) {
        if (countOf(memory) >= maxStates) {
          bound = 'states';
          return false;
        }
        if (isDepthFirst) lookBeyond(frontier.pop()!, ids.pop()!, depths.pop()!);
        else {
          lookBeyond(frontier[at]!, ids[at]!, depth);
          at += 1;
        }
      }
      return hasMore();
    },
    progress,
    outcome: () => {
      const { distinct, ...rest } = progress();
      const end = isBroken && !keepGoing ? 'violation' : (bound ?? (rest.frontier === 0 ? 'complete' : 'unfinished'));
      return {
        distinct,
        ...rest,
        end,
        outDegree: { least: expanded === 0 ? 0 : least, mean: expanded === 0 ? 0 : steps / expanded, most },
        collision: (distinct * (distinct - 1)) / 2 ** 65,
        bytes: bytesOf(memory),
        actions,
        clauses: asked.counts,
        breaches: asked.breaches,
        // Where a search was cut short within a bound on depth, what it saw is still so.
        lassos: end === 'complete' || end === 'depth' ? lassos(drawn, roots, system.fair ?? []) : [],
        unseen: end === 'complete' ? [...asked.counts].flatMap(([clause, { kind, held }]) => (kind === 'sometimes' && held === 0 ? [clause] : [])) : [],
      };
    },
    wayTo: (id) => wayTo(memory, id).map(wordOf),
    wordOf,
    fingerprintOf,
  };
};
