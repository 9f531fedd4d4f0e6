/** The graph of a search: for every state, which clauses on `eventually` hold in it, and the steps that lead on. */

import type { Action, Clauses } from './system.js';

/** Numbers in a row, in an array that grows. */
type Row = { readonly push: (number: number) => void; readonly at: (place: number) => number; readonly length: () => number };

const row = (): Row => {
  let numbers = new Int32Array(1024);
  let length = 0;
  return {
    push: (number) => {
      if (length === numbers.length) {
        const larger = new Int32Array(2 * length);
        larger.set(numbers);
        numbers = larger;
      }
      numbers[length] = number;
      length += 1;
    },
    at: (place) => numbers[place]!,
    length: () => length,
  };
};

/** A step of the graph: from which state to which, by an action of which type. */
export type Edge = { readonly from: number; readonly to: number; readonly type: string };

export type Graph<S> = {
  /** Notes a new state. States come in the order of their numbers. */
  readonly state: (state: S) => void;
  readonly edge: (from: number, to: number, type: string) => void;
  /** Notes that a state was not looked beyond, though something may happen in it. */
  readonly cut: (id: number) => void;
  readonly clauses: readonly string[];
  /** Whether the goal of clause number `clause` is reached in a state. */
  readonly isReached: (id: number, clause: number) => boolean;
  readonly isCut: (id: number) => boolean;
  readonly edges: () => Iterable<Edge>;
};

export const graph = <S, A extends Action>({ eventually = {} }: Clauses<S, A>): Graph<S> => {
  const goals = Object.values(eventually);
  const reached = row();
  const ends = row(); // from, to, type of each edge
  const types: string[] = [];
  const numberByType = new Map<string, number>();
  const cut = new Set<number>();
  return {
    state: (state) => reached.push(goals.reduce((bits, goal, i) => (goal(state) ? bits | (1 << i) : bits), 0)),
    edge: (from, to, type) => {
      let number = numberByType.get(type);
      if (number === undefined) numberByType.set(type, (number = types.push(type) - 1));
      ends.push(from);
      ends.push(to);
      ends.push(number);
    },
    cut: (id) => void cut.add(id),
    clauses: Object.keys(eventually),
    isReached: (id, clause) => ((reached.at(id) >> clause) & 1) === 1,
    isCut: (id) => cut.has(id),
    edges: function* () {
      for (let at = 0; at < ends.length(); at += 3) yield { from: ends.at(at), to: ends.at(at + 1), type: types[ends.at(at + 2)]! };
    },
  };
};
