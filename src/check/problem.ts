/** Operations on registers as the search takes them: numbered from 0, as their keys are. */

import { NONE, type Accesses, type Sight } from './accesses.js';
import { registerMachine } from './machines.js';
import type { Problem } from './search.js';

/** The problem of these operations, by call. */
export const problemOf = ({ call, key, asks, leaves, sights, valuesAtFirst }: Accesses, end: Float64Array, operations: Int32Array): Problem => {
  const count = operations.length;
  const keys = new Map<number, number>();
  const keyOf = (of: number): number => numberOf(keys, of);
  const own = {
    key: operations.map((op) => (key[op] === NONE ? NONE : keyOf(key[op]!))),
    asks: operations.map((op) => asks[op]!),
    leaves: operations.map((op) => (leaves[op] === asks[op] ? NONE : leaves[op]!)),
    sights: new Map<number, Sight>(),
  };
  if (sights.size > 0)
    operations.forEach((op, i) => {
      const sight = sights.get(op);
      if (sight !== undefined) own.sights.set(i, { keys: sight.keys.map(keyOf), asks: sight.asks });
    });
  const deeds = deedsOf(own, count);
  const ends = Float64Array.from(operations, (op) => end[op]!);
  return {
    count,
    call: Float64Array.from(operations, (op) => call[op]!),
    end: ends,
    isRead: Uint8Array.from(own.leaves, (value) => Number(value === NONE)),
    deeds,
    kinds: deeds,
    machine: registerMachine({ ...own, end: ends, keys: keys.size, valuesAtFirst: Int32Array.from(keys.keys(), (of) => valuesAtFirst[of]!) }),
  };
};

/** Operations that ask and leave the same of the same key do the same, and were answered the same. */
const deedsOf = ({ key, asks, leaves }: Pick<Accesses, 'key' | 'asks' | 'leaves'>, count: number): Int32Array => {
  const [pairs, triples] = [new Map<number, number>(), new Map<number, number>()];
  return Int32Array.from({ length: count }, (_, i) => {
    if (leaves[i] === NONE) return NONE;
    const pair = numberOf(pairs, asks[i]! * 2 ** 26 + leaves[i]!);
    return numberOf(triples, key[i]! * 2 ** 26 + pair);
  });
};

const numberOf = (numbers: Map<number, number>, thing: number): number => {
  const known = numbers.get(thing);
  if (known !== undefined) return known;
  numbers.set(thing, numbers.size);
  return numbers.size - 1;
};
