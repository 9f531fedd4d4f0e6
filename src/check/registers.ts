/**
 * Decides histories of registers: of one key by zones where they apply, else by search; of keys that are tied to each other
 * first each by itself, which may only refute, then together.
 */

import { NONE, selection, type Accesses, type Sight } from './accesses.js';
import { normalise } from './normalise.js';
import { problemOf } from './problem.js';
import { search, type Outcome } from './search.js';
import { stuckBefore } from './windows.js';
import { zonesOf } from './zones.js';

export type Decision =
  /** The stretch of the order up to `to` is a linearization of it. What stands behind may stand anywhere, or has not happened. */
  | { readonly type: 'ok'; readonly procedure: 'zones' | 'search'; readonly to: number }
  /** Operations that probably contradict each other, or those around one whose return cannot be passed. */
  | { readonly type: 'illegal'; readonly procedure: 'zones' | 'search'; readonly suspects: readonly number[] }
  | { readonly type: 'unknown'; readonly from: number; readonly to: number };

/** Junctions that the search may abandon before it is looked for a contradiction near where it is stuck, and how many times as many until the next look. */
const [FIRST, MORE] = [2000, 8];

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

  /** An operation that has no place, and all called before it ended that leave or see what it sees. */
  const around = (stuck: number, operations: Int32Array): readonly number[] => {
    const sight = own.sights.get(stuck) ?? { keys: own.key.subarray(stuck, stuck + 1), asks: own.asks.subarray(stuck, stuck + 1) };
    const isSeen = (key: number, value: number): boolean => value >= 0 && sight.asks[sight.keys.indexOf(key)] === value;
    const isBefore = (op: number): boolean => own.call[op]! <= end[stuck]!;
    return [...operations].filter((op) => op === stuck || (isBefore(op) && (isSeen(own.key[op]!, own.asks[op]!) || isSeen(own.key[op]!, own.leaves[op]!))));
  };

  const decideBySearch = (from: number, to: number): Decision => {
    const operations = order.slice(from, to);
    const orphan = firstOrphan(own, end, operations);
    if (orphan !== undefined) return { type: 'illegal', procedure: 'search', suspects: [orphan] };
    const searched = (most: number): Outcome => search({ ...problemOf(own, end, operations), isRepeated }, Math.min(budget, most));
    let outcome = searched(FIRST);
    for (let spent = FIRST; outcome.type === 'exhausted' && spent < budget; spent *= MORE) {
      const stuck = stuckBefore(own, end, operations, outcome.stuck, spent / MORE);
      if (stuck !== undefined) return { type: 'illegal', procedure: 'search', suspects: around(stuck, operations) };
      outcome = searched(MORE * spent);
    }
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

/** An operation that sees what was not there at first, and what nobody left who was called before it ended. */
const firstOrphan = ({ call, key, asks, leaves, sights, values, valuesAtFirst }: Accesses, end: Float64Array, operations: Int32Array): number | undefined => {
  const since = new Map<number, number>(); // by key and value, the earliest call of those that leave it
  for (const op of operations) {
    const left = key[op]! * values + leaves[op]!;
    if (leaves[op] !== NONE && leaves[op] !== asks[op] && !since.has(left)) since.set(left, call[op]!);
  }
  const isOrphan = (op: number, of: number, value: number): boolean =>
    value >= 0 && value !== valuesAtFirst[of] && !((since.get(of * values + value) ?? Infinity) <= end[op]!);
  return operations.find((op) => {
    if (end[op] === Infinity) return false;
    const sight = sights.get(op);
    return sight === undefined ? isOrphan(op, key[op]!, asks[op]!) : sight.keys.some((of, i) => isOrphan(op, of, sight.asks[i]!));
  });
};

/** What some operations, by call, asked and left of one key. */
const projectionOn = (accesses: Accesses, end: Float64Array, of: number, all: readonly number[]): Accesses => {
  const { key, asks, sights } = accesses;
  const seen = Int32Array.from(asks);
  for (const op of all) if (key[op] !== of) seen[op] = conditionIn(sights.get(op)!, of);
  return selection({ ...accesses, key: new Int32Array(key.length).fill(of), asks: seen, sights: new Map() }, all, end);
};

const conditionIn = ({ keys, asks }: Sight, key: number): number => asks[keys.indexOf(key)]!;
