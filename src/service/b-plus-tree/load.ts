/** What a tree holds before the first command. */

/** Entries by their rank `i`, from 0 on: keys must rise. */
export type Load = {
  readonly entries: number;
  readonly keyAt: (i: number) => number;
  readonly valueAt: (i: number) => bigint;
};

/** The even keys, so that an insert finds room between any two of them. The key of rank `i`. */
export const keyAt = (i: number): number => 2 * i;

/** Its value. */
export const valueAt = (i: number): bigint => BigInt(i);

/** A load of this many even keys. */
export const evenKeys = (entries: number): Load => ({ entries, keyAt, valueAt });
