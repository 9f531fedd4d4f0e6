/** The sequential service as a judge needs it: what commands do, and how states and commands compare. */

import type { Sequential } from '../../spec/linearizability.js';

/** Keys of one service are all numbers and bigints, or all strings. */
export type Key = number | bigint | string;

/** All keys between two, both included. `{ from: -Infinity, to: Infinity }` is every number. */
export type Span = { readonly from: Key; readonly to: Key };

/** States are values: `apply` leaves the one it is given as it was, and returns that very one when nothing changes. */
export type Model<S, C, R> = Sequential<S, C, R> & {
  /** Equal if and only if the states are. */
  readonly stateKey: (state: S) => string | number | bigint;
  /**
   * All that a command may read or write, whether it is there or not: a scan covers the whole of its range, since what is
   * inserted in it matters to the scan. Commands that share no key, even through others, are judged apart. Without this,
   * all are judged together.
   */
  readonly spansOf?: (command: C) => readonly Span[];
  /** Equal only for commands that do the same in every state: then one may stand for the other. */
  readonly commandKey?: (command: C) => string;
  /** Whether a command that was answered so changes nothing, in *any* state in which it is answered so. */
  readonly isReadOnly?: (command: C, result: R) => boolean;
};
