/**
 * What can be said of crashed operations before any search. All of it is exact: a history has a linearization if and only if
 * what is left of it has one.
 *
 * - An operation that asks and leaves nothing, a read whose answer nobody wrote down, may stand anywhere.
 * - A crashed operation is dropped if nobody wants what it leaves: no answered operation sees that value, none sees *any but*
 *   some other one of that key, and no crashed operation that is kept asks for it. For in a linearization nobody who was
 *   answered and asks anything comes between it and the next write of that key, which is blind or was dropped too. Without it, all are
 *   answered as before.
 * - A crashed operation has taken effect if it alone leaves a value that somebody saw, and that was not there at first; no
 *   later than the earliest return of those who saw it. So it counts as answered by then. It need not be the only one of its
 *   kind to have crashed, but it must be the only one to leave that value.
 * - Values that crashed operations leave and that nobody asks for by name, neither to see nor to miss them, are all the same to everyone:
 *   one of them stands for all, and so do those that leave them.
 */

import { anyBut, NONE, type Accesses } from './accesses.js';

/**
 * Moves what is dropped from a stretch of `order` to its end, and writes deadlines into `end` and values into `leaves`. Returns
 * where the rest ends. The stretch holds all operations of some keys.
 */
export const normalise = (accesses: Accesses, end: Float64Array, order: Int32Array, from: number, to: number): number => {
  const { asks, leaves, sights } = accesses;
  let isNormal = true;
  for (let i = from; i < to && isNormal; i += 1) {
    const op = order[i]!;
    isNormal = end[op] !== Infinity && (asks[op] !== NONE || leaves[op] !== NONE || sights.has(op));
  }
  if (isNormal) return to;

  const stretch = [...order.subarray(from, to)];
  const isWanted = wantedIn(accesses, end, stretch);
  const kept = stretch.filter((op) => (end[op] === Infinity ? isWanted(op) : asks[op] !== NONE || leaves[op] !== NONE || sights.has(op)));
  const isKept = new Set(kept);
  order.set([...kept, ...stretch.filter((op) => !isKept.has(op))], from);
  setDeadlines(accesses, end, kept);
  renameValues(accesses, end, kept);
  return from + kept.length;
};

/** Whether what a crashed operation leaves may matter to anybody. */
export const wantedIn = ({ key, asks, leaves, sights, values }: Accesses, end: Float64Array, stretch: readonly number[]) => {
  const wanted = new Set<number>();
  /** Keys of which some operation asks for any but one value. */
  const curious = new Set<number>();
  const want = (of: number, condition: number): void => {
    if (condition >= 0) wanted.add(of * values + condition);
    else if (condition !== NONE) curious.add(of);
  };
  const isWanted = (op: number): boolean => leaves[op] !== asks[op] && (curious.has(key[op]!) || wanted.has(key[op]! * values + leaves[op]!));

  let undecided: number[] = [];
  for (const op of stretch) {
    const sight = sights.get(op);
    if (end[op] === Infinity) {
      if (leaves[op] !== NONE) undecided.push(op);
    } else if (sight === undefined) want(key[op]!, asks[op]!);
    else sight.keys.forEach((each, i) => want(each, sight.asks[i]!));
  }
  for (let before = -1; undecided.length !== before; ) {
    before = undecided.length;
    undecided = undecided.filter((op) => {
      if (!isWanted(op)) return true;
      want(key[op]!, asks[op]!);
      return false;
    });
  }
  return (op: number): boolean => leaves[op] !== NONE && isWanted(op);
};

/** Crashed operations whose effect was seen, and can have come from nobody else, count as answered when it was first seen. */
const setDeadlines = ({ call, key, asks, leaves, sights, values, valuesAtFirst }: Accesses, end: Float64Array, kept: readonly number[]): void => {
  const writers = new Map<number, number>();
  for (const op of kept) if (leaves[op] !== NONE && leaves[op] !== asks[op]) writers.set(key[op]! * values + leaves[op]!, (writers.get(key[op]! * values + leaves[op]!) ?? 0) + 1);
  let crashed = kept.filter((op) => end[op] === Infinity && writers.get(key[op]! * values + leaves[op]!) === 1 && valuesAtFirst[key[op]!] !== leaves[op]);
  if (crashed.length === 0) return;

  const seen = new Map<number, number>();
  const see = (of: number, value: number, at: number): void => {
    if (value >= 0) seen.set(of * values + value, Math.min(at, seen.get(of * values + value) ?? Infinity));
  };
  for (const op of kept) {
    if (end[op] === Infinity) continue;
    const sight = sights.get(op);
    if (sight === undefined) see(key[op]!, asks[op]!, end[op]!);
    else sight.keys.forEach((each, i) => see(each, sight.asks[i]!, end[op]!));
  }
  for (let before = -1; crashed.length !== before; ) {
    before = crashed.length;
    crashed = crashed.filter((op) => {
      const deadline = seen.get(key[op]! * values + leaves[op]!);
      if (deadline === undefined) return true;
      end[op] = Math.max(call[op]!, deadline);
      see(key[op]!, asks[op]!, end[op]);
      return false;
    });
  }
};

/** One value for all that nobody asks for by name. */
const renameValues = ({ key, asks, leaves, sights, values }: Accesses, end: Float64Array, kept: readonly number[]): void => {
  const named = new Set<number>();
  const name = (of: number, condition: number): void => {
    if (condition !== NONE) named.add(of * values + (condition < NONE ? anyBut(condition) : condition));
  };
  for (const op of kept) {
    const sight = sights.get(op);
    if (sight === undefined) name(key[op]!, asks[op]!);
    else sight.keys.forEach((each, i) => name(each, sight.asks[i]!));
  }
  const others = new Map<number, number>();
  for (const op of kept) {
    if (end[op] !== Infinity || named.has(key[op]! * values + leaves[op]!)) continue;
    const other = others.get(key[op]!);
    if (other === undefined) others.set(key[op]!, leaves[op]!);
    else leaves[op] = other;
  }
};
