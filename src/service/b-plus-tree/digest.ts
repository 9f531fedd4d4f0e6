/**
 * The digest of a set of entries: the sum of a hash of each. A sum knows no order and no structure, so both forms of the tree
 * have the same, and whoever follows the results of commands can keep it up to date without the tree.
 */

import type { Digest } from '../service.js';

export const emptyDigest: Digest = { entries: 0, high: 0, low: 0 };

/** The digest of one entry. */
export const mixEntry = (key: bigint, value: bigint): Digest => {
  const words = [lowWord(key), highWord(key), lowWord(value), highWord(value)] as const;
  return { entries: 1, high: mix(HIGH, ...words), low: mix(LOW, ...words) };
};

/** The digest after an entry was inserted. */
export const addEntry = (digest: Digest, key: bigint, value: bigint): Digest => {
  const entry = mixEntry(key, value);
  return { entries: (digest.entries + 1) >>> 0, high: (digest.high + entry.high) >>> 0, low: (digest.low + entry.low) >>> 0 };
};

/** The digest after an entry was deleted. An update removes the previous value and adds the next. */
export const removeEntry = (digest: Digest, key: bigint, value: bigint): Digest => {
  const entry = mixEntry(key, value);
  return { entries: (digest.entries - 1) >>> 0, high: (digest.high - entry.high) >>> 0, low: (digest.low - entry.low) >>> 0 };
};

/** The seeds of the two lanes. */
export const HIGH = 0x9e3779b9;
export const LOW = 0x7f4a7c15;

/** A 32-bit hash of the four words of an entry: rounds and finish of MurmurHash3. */
export const mix = (seed: number, keyLow: number, keyHigh: number, valueLow: number, valueHigh: number): number => {
  const hash = round(round(round(round(seed, keyLow), keyHigh), valueLow), valueHigh);
  const once = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return (twice ^ (twice >>> 16)) >>> 0;
};

const round = (hash: number, word: number): number => {
  const mixed = Math.imul(word, 0xcc9e2d51);
  const turned = hash ^ Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
  return (Math.imul((turned << 13) | (turned >>> 19), 5) + 0xe6546b64) | 0;
};

const lowWord = (integer: bigint): number => Number(BigInt.asIntN(32, integer));
const highWord = (integer: bigint): number => Number(BigInt.asIntN(32, integer >> 32n));
