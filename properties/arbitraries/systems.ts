/** Small systems for the judges of systems: graphs whose answers can be had by looking at every path. */

import * as fc from 'fast-check';
import type { Clauses, System } from '../../src/check/explore/system.js';

export type Arc = { readonly type: string; readonly to: number };

/** A graph as a system: states are numbers, and what happens in one is an arc to another. */
export const graphOf = (
  initial: readonly number[],
  arcs: Readonly<Record<number, readonly (number | Arc)[]>>,
  clauses: Clauses<number, Arc> = {},
  fair: readonly string[] = [],
): System<number, Arc> => ({
  name: 'graph',
  initial,
  actions: (state) => (arcs[state] ?? []).map((arc) => (typeof arc === 'number' ? { type: 'goes', to: arc } : arc)),
  step: (_, { to }) => to,
  clauses,
  fair,
});

const NODES = 7;
const node = fc.nat({ max: NODES - 1 });

/** Graphs of a few nodes, with arcs of two types. */
export const graphs: fc.Arbitrary<{ readonly initial: readonly number[]; readonly arcs: Readonly<Record<number, readonly Arc[]>> }> = fc.record({
  initial: fc.uniqueArray(node, { minLength: 1, maxLength: 2 }),
  arcs: fc
    .tuple(...Array.from({ length: NODES }, () => fc.array(fc.record({ type: fc.constantFrom('goes', 'jumps'), to: node }), { maxLength: 3 })))
    .map((lists) => Object.fromEntries(lists.entries())),
});

/** Tokens on a circle of places, all alike: which of them have been moved how far. A move may depend on how the others stand. */
export type Tokens = readonly number[];

/** Systems of `size` tokens that differ only in name: each may move by a table, as long as enough others are somewhere. */
export const alike = (size: number, moves: readonly { readonly from: number; readonly to: number; readonly others: number; readonly at: number }[]): System<Tokens, { readonly type: string; readonly token: number; readonly to: number }> => ({
  name: 'alike',
  initial: [Array.from({ length: size }, () => 0)],
  actions: (tokens) =>
    tokens.flatMap((place, token) =>
      moves.filter(({ from, others, at }) => from === place && tokens.filter((other, i) => i !== token && other === at).length >= others).map(({ to }) => ({ type: 'moves', token, to })),
    ),
  step: (tokens, { token, to }) => tokens.with(token, to),
  clauses: {},
  symmetry: { size, permute: (tokens, from) => from.map((i) => tokens[i]!) },
});

const place = fc.nat({ max: 2 });
export const moves = fc.array(fc.record({ from: place, to: place, others: fc.nat({ max: 2 }), at: place }), { minLength: 1, maxLength: 5 });
