/**
 * Where the keys of the next commands belong in the shared tree. A descent waits for memory at every level; those of
 * several commands, side by side, wait for all of it at once (decision 0025).
 *
 * A place is remembered until structure changes, and structure changes under the barrier only: in between inner nodes are
 * constant, whoever executes. What a look ahead reads in a leaf is a guess, for another thread may be writing there: it
 * fetches what will be read again, and decides nothing.
 */

import { nextRecord } from '../../record.js';
import type { Descent } from './descent.js';
import * as M from './memory.js';

/** The most commands that are looked ahead for: from 8 on it hardly matters (decision 0025). */
const WINDOW = 16;
/** The slot after them, for the place of a command that nobody expected. */
const SPARE = WINDOW;

export type Places = {
  readonly expect: (batch: Uint8Array, at: number, end: number) => void;
  /** The slot with the place of `key`, which is that of the command at byte `at`. It stays until the next call. */
  readonly find: (batch: Uint8Array, at: number, key: number) => number;
  readonly leafOf: (slot: number) => number;
  readonly keyOf: (slot: number) => number;
  readonly beta1Of: (slot: number) => number;
  readonly beta2Of: (slot: number) => number;
  /** How many keys in the leaf of a slot are not above its key: it is the last of these, or absent. */
  readonly rankOf: (slot: number) => number;
};

/** `keyAt` is the key of the command at a byte, negative if there is none. `isObserved`: whoever finds a place must be seen to look for it. */
export const placesIn = (m: M.Memory, { bounds, descend }: Descent, keyAt: (batch: Uint8Array, at: number) => number, isObserved: boolean): Places => {
  const starts = new Float64Array(WINDOW);
  const keys = new Float64Array(WINDOW + 1).fill(NaN);
  const beta1s = new Float64Array(WINDOW + 1);
  const beta2s = new Float64Array(WINDOW + 1);
  const leaves = new Int32Array(WINDOW + 1);
  const ranks = new Int32Array(WINDOW + 1);
  const hints = new Int32Array(WINDOW); // What is fetched must go somewhere, or the compiler would not fetch it.

  let epoch = M.epochOf(m);
  let [next, filled] = [0, 0]; // The slots from `next` on, and before `filled`, are of commands that are yet to come.
  let width = WINDOW;
  let expected: Uint8Array = new Uint8Array();
  let [from, to] = [0, 0];

  const expect = (batch: Uint8Array, at: number, end: number): void => {
    expected = batch;
    from = at;
    to = end;
    next = filled = 0;
  };

  const find = (batch: Uint8Array, at: number, key: number): number => {
    if (M.epochOf(m) !== epoch) forget();
    while (next < filled && starts[next]! < at) next++;
    if (next === filled && batch === expected && from <= at && at < to) lookAhead(at);
    if (next < filled && starts[next] === at && keys[next] === key) {
      if (isObserved) descend(key);
      return next;
    }
    if (keys[SPARE] === key) {
      if (isObserved) descend(key);
      return SPARE;
    }
    leaves[SPARE] = descend(key);
    keys[SPARE] = key;
    beta1s[SPARE] = bounds[0]!;
    beta2s[SPARE] = bounds[1]!;
    return SPARE;
  };

  /** Where structure changes all the time, there is little to be gained by looking far. */
  const forget = (): void => {
    epoch = M.epochOf(m);
    if (next < filled) width = Math.max(1, width >> 1);
    next = filled = 0;
    keys[SPARE] = NaN;
  };

  const lookAhead = (at: number): void => {
    if (filled > 0) width = Math.min(WINDOW, 2 * width);
    const count = begin(at);
    for (let level = M.heightOf(m); level > 0; level--) for (let i = 0; i < count; i++) goDown(i);
    for (let i = 0; i < count; i++) hints[i] = M.countOf(m, leaves[i]!);
    for (let i = 0; i < count; i++) ranks[i] = M.ranked(m, leaves[i]!, hints[i]!, keys[i]!);
    for (let i = 0; i < count; i++) hints[i] = M.lowAt(m, leaves[i]!, Math.max(0, ranks[i]! - 1));
    next = 0;
    filled = count;
  };

  /** The next commands, at the root. */
  const begin = (start: number): number => {
    const root = M.rootOf(m);
    let count = 0;
    for (let at = start; at < to && count < width; at = nextRecord(expected, at)) {
      const key = keyAt(expected, at);
      if (key < 0) continue;
      starts[count] = at;
      keys[count] = key;
      leaves[count] = root;
      beta1s[count] = -Infinity;
      beta2s[count] = Infinity;
      count++;
    }
    return count;
  };

  const goDown = (i: number): void => {
    const node = leaves[i]!;
    const last = M.countOf(m, node) - 1;
    const at = M.ranked(m, node, last, keys[i]!);
    if (at > 0) beta1s[i] = M.keyAt(m, node, at - 1);
    if (at < last) beta2s[i] = M.keyAt(m, node, at) - 1;
    leaves[i] = M.childAt(m, node, at);
  };

  /** Most often the leaf is as it was when the rank was found; if not, it is found anew. */
  const rankOf = (slot: number): number => {
    const [leaf, key, guess] = [leaves[slot]!, keys[slot]!, ranks[slot]!];
    const count = M.countOf(m, leaf);
    const isRight = guess <= count && (guess === 0 || M.keyAt(m, leaf, guess - 1) <= key) && (guess === count || M.keyAt(m, leaf, guess) > key);
    return isRight ? guess : (ranks[slot] = M.ranked(m, leaf, count, key));
  };

  return { expect, find, leafOf: (slot) => leaves[slot]!, keyOf: (slot) => keys[slot]!, beta1Of: (slot) => beta1s[slot]!, beta2Of: (slot) => beta2s[slot]!, rankOf };
};
