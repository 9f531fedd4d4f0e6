/**
 * The B+-tree in shared memory as its workers drive it: records in, records out, and nothing made in between. One engine per
 * thread over one buffer, and no locks: what may run at the same time is the business of the safety check and the barrier.
 */

import { commandAt } from '../../record.js';
import { packed, REFUSED, type Engine } from '../engine.js';
import type { Digest } from '../service.js';
import { codec, KINDS, SCAN_LIMIT } from './commands.js';
import { descentOver } from './descent.js';
import { changeOf } from './footprint.js';
import * as M from './memory.js';
import { ignore, type Observe } from './observe.js';
import { partitionOf, type Partitions } from './partition.js';
import { placesIn } from './places.js';
import { safetyCheck, type Place } from './safety-check.js';
import type { Shape } from './shape.js';
import { structureOver } from './structure.js';
import { readerOver, resultWriter, typeOf } from './words.js';

/** The footprint of everything that a kind may touch; with four times its partition, that of one command. */
const CHANGES = Int32Array.from([0, ...KINDS.map((type) => packed({ type: 'Everything', change: changeOf[type] }))]);

export const treeEngine = (shape: Shape, partitions: Partitions, m: M.Memory, digest: () => Digest, touch: Observe): Engine => {
  const records = readerOver(partitions.keySpace);
  const results = resultWriter();
  const descent = descentOver(m, touch);
  const places = placesIn(m, descent, records.keyAt, touch !== ignore);
  const { insert, remove } = structureOver(shape, m, descent, touch);

  const flawAt: Engine['flawAt'] = (batch, at) => {
    const { kind, payload } = commandAt(batch, at);
    const known = codec(partitions.keySpace).decode(kind, payload);
    return typeof known === 'string' ? known : '';
  };

  const footprintAt: Engine['footprintAt'] = (batch, at) => {
    const key = records.keyAt(batch, at);
    if (key < 0) return REFUSED;
    const kind = records.kindAt(batch, at);
    return typeOf(kind) === 'scan' ? CHANGES[kind]! : 4 * partitionOf(partitions, key) + CHANGES[kind]!;
  };

  /** Of a record whose footprint was asked for before, and is one. */
  const knownKeyAt = (batch: Uint8Array, at: number): number => {
    const key = records.keyAt(batch, at);
    if (key < 0) throw new RangeError(flawAt(batch, at));
    return key;
  };

  // The place of the command that is being checked: one for all, written over.
  let checked: Uint8Array = new Uint8Array();
  let [checkedAt, slot] = [0, 0];
  const occupancy = { entries: 0, present: false, isRoot: false };
  const place: { -readonly [K in keyof Place]: Place[K] } = {
    beta1: -Infinity,
    beta2: Infinity,
    leaf: () => {
      const leaf = places.leafOf(slot);
      touch(leaf, 'read');
      const rank = places.rankOf(slot);
      occupancy.entries = M.countOf(m, leaf);
      occupancy.present = isAt(leaf, rank, places.keyOf(slot));
      occupancy.isRoot = M.heightOf(m) === 0;
      return occupancy;
    },
  };
  const placeOf = (key: number): Place => {
    slot = places.find(checked, checkedAt, key);
    place.beta1 = places.beta1Of(slot);
    place.beta2 = places.beta2Of(slot);
    return place;
  };

  const checkAt: Engine['checkAt'] = (thread, batch, at) => {
    checked = batch;
    checkedAt = at;
    const key = knownKeyAt(batch, at);
    return safetyCheck(shape, partitions, placeOf, thread, typeOf(records.kindAt(batch, at)), key);
  };

  const isAt = (leaf: number, rank: number, key: number): boolean => rank > 0 && M.keyAt(m, leaf, rank - 1) === key;

  const executeAt: Engine['executeAt'] = (batch, at, sheet) => {
    const key = knownKeyAt(batch, at);
    const found = places.find(batch, at, key);
    const leaf = places.leafOf(found);
    touch(leaf, 'read');
    const type = typeOf(records.kindAt(batch, at));
    if (type === 'scan') {
      scan(leaf, key, records.lastKeyAt(batch, at), sheet);
      return engine;
    }

    const rank = places.rankOf(found);
    if (!isAt(leaf, rank, key)) {
      if (type === 'insert') insert(leaf, rank, key, records.lowAt(batch, at), records.highAt(batch, at));
      results.bare(sheet, type === 'insert' ? 'inserted' : 'absent');
      return engine;
    }
    const [low, high] = [M.lowAt(m, leaf, rank - 1), M.highAt(m, leaf, rank - 1)];
    switch (type) {
      case 'read':
        results.withValue(sheet, 'found', low, high);
        return engine;
      case 'update':
        touch(leaf, 'write');
        M.setWords(m, leaf, rank - 1, records.lowAt(batch, at), records.highAt(batch, at));
        results.withValue(sheet, 'updated', low, high);
        return engine;
      case 'insert':
        results.withValue(sheet, 'exists', low, high);
        return engine;
      case 'delete':
        remove(leaf, rank - 1, key);
        results.withValue(sheet, 'removed', low, high);
        return engine;
    }
  };

  /** The entries from `from` to `to`, of which the first would be in `leaf`. */
  const scan = (first: number, from: number, to: number, sheet: Parameters<typeof results.entries>[0]): void => {
    const start = results.entries(sheet);
    let leaf = first;
    let count = 0;
    for (let i = M.ranked(m, leaf, M.countOf(m, leaf), from - 1); ; i++) {
      while (i === M.countOf(m, leaf)) {
        leaf = M.nextOf(m, leaf);
        if (leaf === M.NONE) return results.close(sheet, start, true);
        touch(leaf, 'read');
        i = 0;
      }
      const key = M.keyAt(m, leaf, i);
      if (key > to) return results.close(sheet, start, true);
      if (count === SCAN_LIMIT) return results.close(sheet, start, false);
      results.entry(sheet, key, M.lowAt(m, leaf, i), M.highAt(m, leaf, i));
      count++;
    }
  };

  const engine: Engine = { footprintAt, flawAt, checkAt, executeAt, expect: places.expect, digest };
  return engine;
};
