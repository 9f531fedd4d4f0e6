/**
 * A contradiction in one place refutes the whole, however much there is before it that could be done in other ways.
 *
 * Look at what happened from one instant to another, and know nothing of what was done before. In a linearization of all,
 * whatever returned before the first instant comes before whatever was called since. Take what stands behind the last of the former,
 * and ahead of the first that was called after the second instant. That is a linearization of all that was called and returned in between,
 * and of some of what was open at either instant, from *some* contents of the registers. So if there is none, from whatever
 * contents, there is none of the whole. What was open counts as crashed, as it may stand outside; a read that was open says nothing.
 *
 * Where there is one register, all values are tried that it may hold at first. Where there are more, or too many values, nobody
 * knows what they hold (`NONE`): until it is written, such a one meets every condition. That is more than it can do, and so refutes less, but
 * nothing wrongly.
 */

import { anyBut, NONE, type Accesses } from './accesses.js';
import { wantedIn } from './normalise.js';
import { problemOf } from './problem.js';
import { search } from './search.js';

/** How many operations a window has that were called before the one whose return is its end. The larger ones know more, and cost more. */
const SIZES = [0, 4, 16, 64, 256, 1024];

/** So many values are tried one by one. */
const MOST = 16;

/** An operation that has no place in some window that ends with the return of this one, if that is soon seen. Operations, and it among them, are by call. */
export const stuckBefore = (accesses: Accesses, end: Float64Array, operations: Int32Array, last: number, budget: number): number | undefined => {
  const { call } = accesses;
  const to = end[operations[last]!]!;
  const called = operations.filter((op) => call[op]! <= to);
  for (const size of SIZES) {
    if (size > last) return undefined;
    const stuck = stuckWithin(accesses, end, called, call[operations[last - size]!]!, to, budget);
    if (stuck !== undefined) return stuck;
  }
  return undefined;
};

/** The same in one window, of operations called until its end. */
export const stuckWithin = (accesses: Accesses, end: Float64Array, called: Int32Array, from: number, to: number, budget: number): number | undefined => {
  const { call, leaves, valuesAtFirst } = accesses;
  const isInside = (op: number): boolean => call[op]! >= from && end[op]! <= to;
  const open = called.filter((op) => end[op]! >= from && (isInside(op) || leaves[op] !== NONE));
  const ends = Float64Array.from(end);
  for (const op of open) if (!isInside(op)) ends[op] = Infinity;
  const isWanted = wantedIn(accesses, ends, [...open]);
  const kept = open.filter((op) => isInside(op) || isWanted(op));
  let stuck: number | undefined;
  for (const first of firstValues(accesses, called, kept, from)) {
    const outcome = search(problemOf({ ...accesses, valuesAtFirst: valuesAtFirst.map(() => first) }, ends, kept), budget);
    if (outcome.type !== 'illegal') return undefined;
    stuck = kept[outcome.stuck]!;
  }
  return stuck;
};

/** What the register may hold at an instant: what was there at first, or was left by somebody who called before. What nobody names is all the same. */
const firstValues = ({ call, key, asks, leaves, sights, valuesAtFirst }: Accesses, called: Int32Array, kept: Int32Array, from: number): readonly number[] => {
  const of = key[kept[0]!]!;
  if (kept.some((op) => key[op] !== of || sights.has(op))) return [NONE];
  const possible = new Set([valuesAtFirst[of]!]);
  for (const op of called) if (call[op]! < from && leaves[op] !== NONE) possible.add(leaves[op]!);
  const named = new Set(Array.from(kept, (op) => (asks[op]! < NONE ? anyBut(asks[op]!) : asks[op]!)));
  const first = [...possible].filter((value) => named.has(value));
  const other = [...possible].find((value) => !named.has(value));
  return first.length > MOST ? [NONE] : other === undefined ? first : [...first, other];
};
