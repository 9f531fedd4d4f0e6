/**
 * Exhaustive search: every state that a system can come to, and what its clauses say of each state and each step.
 *
 * Breadth first finds the shortest way to whatever is wrong; depth first goes far with a short frontier. States are known
 * again by their fingerprints, so that of all states only those on the frontier are kept. A search is advanced bit by bit,
 * as whoever drives it may want to look at the clock or show how far it is: this module knows no time.
 */

import { lassos, type Lasso } from './eventually.js';
import { expansion, type Manner, type Taken, type Tally } from './expand.js';
import type { Fingerprint } from './fingerprint.js';
import type { Graph } from './graph.js';
import type { Breach, Count } from './judge.js';
import type { Word } from './run.js';
import type { Action, System } from './system.js';
import { bytesOf, capacityOf, fingerprintIn, memoryFor, moved, visited, wayTo, type Memory } from './visited.js';

export type Options = Manner & {
  readonly order?: 'breadth-first' | 'depth-first';
  readonly maxStates?: number;
  /** Whether to go on after something was found to be wrong. */
  readonly keepGoing?: boolean;
};

export type Progress = {
  /** States that differ. */
  readonly distinct: number;
  /** States of the longest of the runs looked at; breadth first these are shortest runs to each state. */
  readonly depth: number;
  /** States on the frontier: come to, and not yet looked beyond. */
  readonly frontier: number;
  /** How many states of each depth there are, breadth first. */
  readonly levels: readonly number[];
};

/** Why a search is over: every state was looked beyond, a clause is violated, or a bound was met; or it is not. */
export type Conclusion = 'complete' | 'violation' | 'depth' | 'states' | 'unfinished';

export type Outcome = Progress & {
  /** States come to, those of the start and those known already included. */
  readonly generated: number;
  readonly end: Conclusion;
  /** Steps that lead out of a state. */
  readonly outDegree: { readonly least: number; readonly mean: number; readonly most: number };
  /** The chance that two states had the same fingerprint, so that one of them was never looked at. */
  readonly collision: number;
  /** Bytes that the memory of what was seen takes, without the frontier. */
  readonly bytes: number;
  readonly actions: ReadonlyMap<string, Readonly<Taken>>;
  readonly clauses: ReadonlyMap<string, Readonly<Count>>;
  readonly breaches: readonly Breach[];
  /** Runs that never come to what must happen sooner or later. */
  readonly lassos: readonly Lasso[];
  /** What never happened, though every state was seen. */
  readonly unseen: readonly string[];
};

export type Search<S> = {
  /** Looks beyond up to `states` states. Whether there are more. */
  readonly advance: (states: number) => boolean;
  readonly progress: () => Progress;
  readonly outcome: () => Outcome;
} & Found<S>;

/** What leads back to the states that were found. */
export type Found<S> = {
  /** The fingerprints of the states on the way to a state; of their orbits under symmetry. */
  readonly wayTo: (id: number) => readonly Word[];
  readonly wordOf: (id: number) => Word;
  readonly fingerprintOf: (state: S) => Fingerprint;
};

const FIRST_ROOM = 1 << 14;

/** A search of all that a system can come to, not yet begun. */
export const explore = <S, A extends Action>(system: System<S, A>, options: Options = {}): Search<S> => {
  const { order = 'breadth-first', maxDepth = Infinity, maxStates = Infinity, keepGoing = false } = options;
  const { frontier, ...hear } = order === 'depth-first' ? stack<S>(maxDepth < Infinity) : levels<S>();
  const seen = visited(memoryFor(FIRST_ROOM, false));
  const expanding = expansion(system, options, seen, hear);
  expanding.begin();
  const roots = seen.count();
  let hasEnoughStates = false;

  const hasMore = (): boolean => frontier.size() > 0 && !hasEnoughStates && (keepGoing || !expanding.isBroken());
  const progress = (): Progress => ({ distinct: seen.count(), depth: frontier.depth(), frontier: frontier.size(), levels: frontier.levels() });
  const conclusion = (): Conclusion => {
    if (expanding.isBroken() && !keepGoing) return 'violation';
    if (hasEnoughStates) return 'states';
    if (frontier.size() > 0) return 'unfinished';
    return expanding.tally().isCut ? 'depth' : 'complete';
  };

  return {
    advance: (states) => {
      for (let left = states; left > 0 && hasMore(); left -= 1) {
        if (seen.count() >= maxStates) {
          hasEnoughStates = true;
          return false;
        }
        frontier.take((state, id, depth) => {
          while (!expanding.lookBeyond(state, id, depth)) seen.moveTo(moved(seen.memory(), 2 * capacityOf(seen.memory()), false));
        });
      }
      return hasMore();
    },
    progress,
    outcome: () => outcomeOf(system, progress(), expanding.tally(), seen.memory(), conclusion(), { graph: expanding.graph, roots }),
    ...found(seen.memory, expanding.fingerprintOf),
  };
};

/** The ways to what is kept in a memory. */
export const found = <S>(memory: () => Memory, fingerprintOf: (state: S) => Fingerprint): Found<S> => {
  const wordOf = (id: number): Word => fingerprintIn(memory(), id);
  return { wayTo: (id) => wayTo(memory(), id).map(wordOf), wordOf, fingerprintOf };
};

/** What is known of a search that came so far. */
export const outcomeOf = <S, A extends Action>(
  { fair = [] }: Pick<System<S, A>, 'fair'>,
  progress: Progress,
  { generated, expanded, steps, least, most, actions, clauses, breaches }: Tally,
  memory: Memory,
  end: Conclusion,
  drawn: { readonly graph: Graph<S>; readonly roots: number } | null,
): Outcome => {
  const { distinct } = progress;
  return {
    ...progress,
    generated,
    end,
    outDegree: { least: expanded === 0 ? 0 : least, mean: expanded === 0 ? 0 : steps / expanded, most },
    collision: (distinct * (distinct - 1)) / 2 ** 65,
    bytes: bytesOf(memory),
    actions: new Map(actions),
    clauses: new Map(clauses),
    breaches,
    // Where a search was cut short within a bound on depth, what it saw is still so.
    lassos: drawn !== null && (end === 'complete' || end === 'depth') ? lassos(drawn.graph, drawn.roots, fair) : [],
    unseen: end === 'complete' ? clauses.flatMap(([clause, { kind, held }]) => (kind === 'sometimes' && held === 0 ? [clause] : [])) : [],
  };
};

type Frontier<S> = {
  readonly size: () => number;
  readonly depth: () => number;
  readonly levels: () => readonly number[];
  /** Hands over the state that comes next. */
  readonly take: (to: (state: S, id: number, depth: number) => void) => void;
};

type Ordered<S> = {
  readonly frontier: Frontier<S>;
  readonly push: (state: S, id: number, depth: number) => void;
  readonly revisit?: (state: S, id: number, depth: number) => void;
};

/** Level by level: all states of one depth before any of the next. */
const levels = <S>(): Ordered<S> => {
  let states: S[] = [];
  let ids: number[] = [];
  let next: S[] = [];
  let nextIds: number[] = [];
  let at = 0;
  const sizes: number[] = [];
  const turn = (): void => {
    if (at < states.length || next.length === 0) return;
    [states, ids, next, nextIds, at] = [next, nextIds, [], [], 0];
    sizes.push(states.length);
  };
  return {
    push: (state, id) => {
      next.push(state);
      nextIds.push(id);
    },
    frontier: {
      size: () => states.length - at + next.length,
      depth: () => sizes.length + (next.length > 0 ? 1 : 0),
      levels: () => sizes,
      take: (to) => {
        turn();
        at += 1;
        to(states[at - 1]!, ids[at - 1]!, sizes.length);
      },
    },
  };
};

/** What was come to last comes first. Within a bound on depth, a state that is come to by a shorter way is looked beyond once more. */
const stack = <S>(isBounded: boolean): Ordered<S> => {
  const states: { readonly state: S; readonly id: number; readonly depth: number }[] = [];
  const shallowest: number[] = []; // by number
  let deepest = 0;
  const push = (state: S, id: number, depth: number): void => {
    states.push({ state, id, depth });
    deepest = Math.max(deepest, depth);
    if (isBounded) shallowest[id] = depth;
  };
  return {
    push,
    ...(isBounded ? { revisit: (state: S, id: number, depth: number): void => (depth < shallowest[id]! ? push(state, id, depth) : undefined) } : {}),
    frontier: {
      size: () => states.length,
      depth: () => deepest,
      levels: () => [],
      take: (to) => {
        const { state, id, depth } = states.pop()!;
        to(state, id, depth);
      },
    },
  };
};

