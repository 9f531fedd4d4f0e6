/**
 * The key space, range-partitioned among threads (paper, section V). Partition i belongs to thread t_i, from 1 on.
 *
 * Here and in the tree a key is a `number`: a key space of at most 2^53 makes it exact, and ±Infinity can bound it.
 */

/** The partitions of a key space: partition i starts at `lowerBounds[i - 1]`, and ends before the next one starts. */
export type Partitions = {
  /** Keys are 0..keySpace - 1. */
  readonly keySpace: number;
  /** Rising, the first is 0. */
  readonly lowerBounds: readonly number[];
};

/** `n` partitions of equal size, as near as can be. */
export const evenly = (keySpace: number, n: number): Partitions =>
  startingAt(keySpace, Array.from({ length: n }, (_, i) => Math.floor((i * keySpace) / n)));

/** Partitions with these smallest keys. */
export const startingAt = (keySpace: number, lowerBounds: readonly number[]): Partitions => {
  if (!Number.isSafeInteger(keySpace) || keySpace < 1) throw new RangeError(`keySpace: ${keySpace} is not an integer from 1 to 2^53 - 1`);
  const rise = lowerBounds.every((bound, i) => Number.isSafeInteger(bound) && bound > (lowerBounds[i - 1] ?? -1));
  if (lowerBounds[0] !== 0 || !rise || lowerBounds.at(-1)! >= keySpace)
    throw new RangeError(`partitions: smallest keys ${lowerBounds.join(', ')} do not rise from 0 and stay below ${keySpace}`);
  return { keySpace, lowerBounds };
};

/** The partition that holds a key. */
export const partitionOf = ({ lowerBounds }: Partitions, key: number): number => {
  let i = lowerBounds.length;
  while (lowerBounds[i - 1]! > key) i--;
  return i;
};

/** The smallest key of partition `i`. */
export const smallestKey = ({ lowerBounds }: Partitions, i: number): number => lowerBounds[i - 1]!;

/** The largest key of partition `i`. */
export const largestKey = ({ keySpace, lowerBounds }: Partitions, i: number): number => (lowerBounds[i] ?? keySpace) - 1;
