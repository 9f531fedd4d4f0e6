/**
 * The nodes of a tree in shared memory. All have the same size, and are named by their place: node 0 is none, and in its
 * place are the words that every handle must agree on.
 *
 * ```
 * tree   0 i32 root · 4 i32 height · 8 i32 fresh · 12 i32 free · 16 i32 epoch
 * node   0 i32 count · 4 i32 next · 8 f64 key (capacity + 1) · then i64 value, or f64 child (capacity + 1)
 * ```
 *
 * The `count` is of entries in a leaf and of children in an inner node; keys are separators there, one less than children.
 * A place more than the capacity lets a node overflow before it is split. Integers are in the machine's own order.
 * There is no lock: `root` to `epoch`, inner nodes, and `next` are written under the barrier only.
 */

import { mostNodes, type Shape } from './shape.js';

/** One memory, seen three ways. */
export type Memory = {
  readonly ints: Int32Array;
  readonly numbers: Float64Array;
  readonly longs: BigInt64Array;
  /** Keys, and values or children, for which a node has a place. */
  readonly places: number;
  /** Longs in a node. */
  readonly size: number;
};

export const NONE = 0;

const placesIn = (shape: Shape): number => shape.capacity + 1;
const sizeOf = (shape: Shape): number => 1 + 2 * placesIn(shape);

/** Bytes for the largest tree over a key space. Memory that is never written is never taken from the machine. */
export const bytesFor = (shape: Shape, keySpace: number): number => 8 * sizeOf(shape) * (1 + mostNodes(shape, keySpace));

export const memoryOver = (shape: Shape, buffer: SharedArrayBuffer): Memory => ({
  ints: new Int32Array(buffer),
  numbers: new Float64Array(buffer),
  longs: new BigInt64Array(buffer),
  places: placesIn(shape),
  size: sizeOf(shape),
});

const [ROOT, HEIGHT, FRESH, FREE, EPOCH] = [0, 1, 2, 3, 4] as const;

export const rootOf = (m: Memory): number => m.ints[ROOT]!;
/** The number of levels of inner nodes over the leaves: so that a descent can stop above a leaf, without a look at it. */
export const heightOf = (m: Memory): number => m.ints[HEIGHT]!;
export const setRoot = (m: Memory, root: number, height: number): void => {
  m.ints[ROOT] = root;
  m.ints[HEIGHT] = height;
};

/** How often structure has changed: while it stays, a key belongs in the leaf that it belonged in before. */
export const epochOf = (m: Memory): number => m.ints[EPOCH]!;
export const beginEpoch = (m: Memory): void => void (m.ints[EPOCH] = (epochOf(m) + 1) | 0);

/** A node that is in no tree, empty. There always is one, as the memory is as large as the largest tree over its key space. */
export const take = (m: Memory): number => {
  const free = m.ints[FREE]!;
  if (free === NONE) {
    const fresh = m.ints[FRESH]! + 1;
    if ((fresh + 1) * m.size > m.longs.length) throw new RangeError('keySpace: no tree over it needs so many nodes');
    m.ints[FRESH] = fresh;
    return fresh;
  }
  m.ints[FREE] = nextOf(m, free);
  setNext(m, free, NONE);
  setCount(m, free, 0);
  return free;
};

export const giveBack = (m: Memory, node: number): void => {
  setNext(m, node, m.ints[FREE]!);
  m.ints[FREE] = node;
};

export const countOf = (m: Memory, node: number): number => m.ints[2 * m.size * node]!;
export const setCount = (m: Memory, node: number, count: number): void => void (m.ints[2 * m.size * node] = count);
export const nextOf = (m: Memory, node: number): number => m.ints[2 * m.size * node + 1]!;
export const setNext = (m: Memory, node: number, next: number): void => void (m.ints[2 * m.size * node + 1] = next);

/** Where the keys of a node start, and its values or children, in longs. */
export const keysOf = (m: Memory, node: number): number => m.size * node + 1;
export const valuesOf = (m: Memory, node: number): number => m.size * node + 1 + m.places;

export const keyAt = (m: Memory, node: number, i: number): number => m.numbers[keysOf(m, node) + i]!;
export const setKey = (m: Memory, node: number, i: number, key: number): void => void (m.numbers[keysOf(m, node) + i] = key);
export const valueAt = (m: Memory, node: number, i: number): bigint => m.longs[valuesOf(m, node) + i]!;
export const setValue = (m: Memory, node: number, i: number, value: bigint): void => void (m.longs[valuesOf(m, node) + i] = value);
export const childAt = (m: Memory, node: number, i: number): number => m.numbers[valuesOf(m, node) + i]!;
export const setChild = (m: Memory, node: number, i: number, child: number): void => void (m.numbers[valuesOf(m, node) + i] = child);

/** The two halves of a value: it is moved without being made a bigint. */
export const lowAt = (m: Memory, node: number, i: number): number => m.ints[2 * (valuesOf(m, node) + i)]!;
export const highAt = (m: Memory, node: number, i: number): number => m.ints[2 * (valuesOf(m, node) + i) + 1]!;
export const setWords = (m: Memory, node: number, i: number, low: number, high: number): void => {
  const at = 2 * (valuesOf(m, node) + i);
  m.ints[at] = low;
  m.ints[at + 1] = high;
};

/**
 * How many of the first `length` keys of a node are not above `key`. Halves by arithmetic, not by a branch: one that is
 * guessed wrongly would wait for its key to arrive from memory, and with it whatever comes after.
 */
export const ranked = (m: Memory, node: number, length: number, key: number): number => {
  if (length === 0) return 0;
  const keys = keysOf(m, node);
  let from = keys;
  let rest = length;
  while (rest > 1) {
    const half = rest >>> 1;
    from += half * +(m.numbers[from + half - 1]! <= key);
    rest -= half;
  }
  return from - keys + +(m.numbers[from]! <= key);
};

/** Copies longs to another place; the two may overlap. */
export const copy = (m: Memory, to: number, from: number, length: number): void => void m.longs.copyWithin(to, from, from + length);
