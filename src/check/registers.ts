/**
 * Decides histories of registers: of one key by zones where they apply, else by search; of keys that are tied to each other
 * first each by itself, which may only refute, then together.
 */

import { NONE, selection, type Accesses, type Sight } from './accesses.js';
import { registerMachine } from './machines.js';
import { normalise } from './normalise.js';
import { search, type Problem } from './search.js';
import { zonesOf } from './zones.js';

export type Decision =
  /** The stretch of the order up to `to` is a linearization of it. What stands behind may stand anywhere, or has not happened. */
  | { readonly type: 'ok'; readonly procedure: 'zones' | 'search'; readonly to: number }
  /** Operations that probably contradict each other, or those around one whose return cannot be passed. */
  | { readonly type: 'illegal'; readonly procedure: 'zones' | 'search'; readonly suspects: readonly number[] }
  | { readonly type: 'unknown'; readonly from: number; readonly to: number };

/** Decides stretches of `order`, each of them all operations of some keys by call, and puts them in order. */
export const registerJudge = (accesses: Accesses, order: Int32Array, budget: number, isRepeated = false) => {
  const end = Float64Array.from(accesses.end);
  const own = { ...accesses, leaves: Int32Array.from(accesses.leaves) };
  const decideByZones = zonesOf(own, end, order);

  const decide = (from: number, to: number): Decision => {
    const kept = normalise(own, end, order, from, to);
    if (kept === from) return { type: 'ok', procedure: 'zones', to: kept };
    const isJoint = accesses.sights.size > 0 && order.subarray(from, kept).some((op) => accesses.sights.has(op));
    if (!isJoint) {
      const zoned = decideByZones(from, kept);
      if (zoned.type === 'ordered') return { type: 'ok', procedure: 'zones', to: kept };
      if (zoned.type === 'contradiction') return { type: 'illegal', procedure: 'zones', suspects: zoned.operations };
    } else {
      const refuted = refuteByKey(order.subarray(from, kept));
      if (refuted !== undefined) return refuted;
    }
    return decideBySearch(from, kept);
  };

  /** What a scan saw of one key is a read of it. If the history of one key is refuted, so is the whole. */
  const refuteByKey = (operations: Int32Array): Decision | undefined => {
    const byKey = new Map<number, number[]>();
    const note = (key: number, op: number): void => {
      const known = byKey.get(key);
      if (known === undefined) byKey.set(key, [op]);
      else known.push(op);
    };
    for (const op of operations) {
      const sight = accesses.sights.get(op);
      if (sight === undefined) note(own.key[op]!, op);
      else sight.keys.forEach((key) => note(key, op));
    }
    for (const [key, all] of byKey) {
      const decision = registerJudge(projectionOn(own, end, key, all), Int32Array.from(all.keys()), budget).decide(0, all.length);
      if (decision.type === 'illegal') return { ...decision, suspects: decision.suspects.map((i) => all[i]!) };
    }
    return undefined;
  };

  /** An operation, and all that leave or see what it sees. */
  const around = (stuck: number, operations: Int32Array): readonly number[] => {
    const sight = own.sights.get(stuck) ?? { keys: own.key.subarray(stuck, stuck + 1), asks: own.asks.subarray(stuck, stuck + 1) };
    const isSeen = (key: number, value: number): boolean => value >= 0 && sight.asks[sight.keys.indexOf(key)] === value;
    return [...operations].filter((op) => op === stuck || isSeen(own.key[op]!, own.asks[op]!) || isSeen(own.key[op]!, own.leaves[op]!));
  };

  const decideBySearch = (from: number, to: number): Decision => {
    const operations = order.slice(from, to);
    const outcome = search({ ...problemOf(own, end, operations), isRepeated }, budget);
    switch (outcome.type) {
      case 'exhausted':
        return { type: 'unknown', from: outcome.from, to: outcome.to };
      case 'illegal':
        return { type: 'illegal', procedure: 'search', suspects: around(operations[outcome.stuck]!, operations) };
      case 'found': {
        const isPlaced = new Set(outcome.order);
        const idle = operations.filter((_, i) => !isPlaced.has(i));
        order.set([...isPlaced].map((i) => operations[i]!), from);
        order.set(idle, to - idle.length);
        return { type: 'ok', procedure: 'search', to: to - idle.length };
      }
    }
  };

  return { decide };
};

/** What some operations, by call, asked and left of one key. */
const projectionOn = (accesses: Accesses, end: Float64Array, of: number, all: readonly number[]): Accesses => {
  const { key, asks, sights } = accesses;
  const seen = Int32Array.from(asks);
  for (const op of all) if (key[op] !== of) seen[op] = conditionIn(sights.get(op)!, of);
  return selection({ ...accesses, key: new Int32Array(key.length).fill(of), asks: seen, sights: new Map() }, all, end);
};

const conditionIn = ({ keys, asks }: Sight, key: number): number => asks[keys.indexOf(key)]!;

/** Operations by call as the search takes them: numbered from 0, as their keys are. */
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
