/**
 * What clients were told of their writes: enough to say what the tree must hold when all of them are answered. No
 * acknowledged write is missing, and nothing else has been written, exactly when the tree's digest is the ledger's.
 *
 * A hash table of words, by key: some 40 bytes for every key that was written.
 */
import { roundOf } from '../multicast/merge.js';
import { addEntry, removeEntry } from '../service/b-plus-tree/index.js';
import type { Digest } from '../service/service.js';

export type Ledger = {
  /**
   * Notes that a write left a value (its halves), or nothing if `isRemoval`, under `key`. Answers may come in any order: the
   * place of execution tells the order of the writes to a key.
   */
  readonly note: (key: number, isRemoval: boolean, low: number, high: number, group: number, slot: number, offset: number) => void;
  /** The digest of the tree that had `initial`, and held what `loaded` says, before the first write. */
  readonly expected: (initial: Digest, loaded: (key: number) => bigint | undefined) => Digest;
  /** How many keys have been written. */
  readonly keys: () => number;
};

const newTable = (places: number) => ({
  mask: places - 1,
  keys: new Float64Array(places), // key + 1; 0: free
  slots: new Float64Array(places),
  offsets: new Uint32Array(places),
  groups: new Uint16Array(places),
  removals: new Uint8Array(places),
  lows: new Int32Array(places),
  highs: new Int32Array(places),
});

/** Where a key is, or is to go. */
const placeOf = ({ keys, mask }: ReturnType<typeof newTable>, key: number): number => {
  let place = (Math.imul(key, 0x9e3779b1) >>> 7) & mask;
  while (keys[place] !== 0 && keys[place] !== key + 1) place = (place + 1) & mask;
  return place;
};

/** `m` is that of the merge: slots of a ring in one round. */
export const ledger = (m: number): Ledger => {
  let table = newTable(2 ** 12);
  let size = 0;

  const isLater = (place: number, group: number, slot: number, offset: number): boolean => {
    const last = table.slots[place] as number;
    const rounds = roundOf(slot, m) - roundOf(last, m);
    if (rounds !== 0) return rounds > 0;
    if (group !== table.groups[place]) return group > (table.groups[place] as number);
    return slot !== last ? slot > last : offset > (table.offsets[place] as number);
  };
  const put = (place: number, key: number, isRemoval: number, low: number, high: number, group: number, slot: number, offset: number): void => {
    table.keys[place] = key + 1;
    table.removals[place] = isRemoval;
    table.lows[place] = low;
    table.highs[place] = high;
    table.groups[place] = group;
    table.slots[place] = slot;
    table.offsets[place] = offset;
  };
  const grow = (): void => {
    const { keys, removals, lows, highs, groups, slots, offsets } = table;
    table = newTable(2 * keys.length);
    for (let i = 0; i < keys.length; i += 1) {
      const key = (keys[i] as number) - 1;
      if (key >= 0) put(placeOf(table, key), key, removals[i]!, lows[i]!, highs[i]!, groups[i]!, slots[i]!, offsets[i]!);
    }
  };
  return {
    note: (key, isRemoval, low, high, group, slot, offset) => {
      const place = placeOf(table, key);
      const isNew = table.keys[place] === 0;
      if (!isNew && !isLater(place, group, slot, offset)) return;
      put(place, key, Number(isRemoval), low, high, group, slot, offset);
      if (!isNew) return;
      size += 1;
      if (3 * size > 2 * table.keys.length) grow();
    },
    expected: (initial, loaded) => {
      let digest = initial;
      table.keys.forEach((found, place) => {
        if (found === 0) return;
        const key = found - 1;
        const before = loaded(key);
        if (before !== undefined) digest = removeEntry(digest, BigInt(key), before);
        if (table.removals[place] === 0) digest = addEntry(digest, BigInt(key), (BigInt(table.highs[place]!) << 32n) | BigInt(table.lows[place]! >>> 0));
      });
      return digest;
    },
    keys: () => size,
  };
};
