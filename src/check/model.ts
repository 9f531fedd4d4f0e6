/** The sequential service as a judge needs it: what commands do, and how states and commands compare. */

import type { Sequential } from '../../spec/linearizability.js';
import type { Operation } from './history.js';

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
  /** The same service as registers, one under each key: faster procedures, and shorter proofs, ask for it. */
  readonly registers?: Registers<C, R>;
  /** Where states grow, as lists do: what can be foreseen of them. */
  readonly growth?: Growth<S, C, R>;
};

/**
 * A service whose reads tell of all that was done, so that what they do not tell of has not been done before them. All else
 * is answered the same in every state.
 */
export type Growth<S, C, R> = {
  /** Whether, in this state or after any commands that do not replace it, the command may be answered so. */
  readonly mayLeadTo: (state: S, command: C, result: R) => boolean;
  /** Whether after this command it does not matter what was there before. */
  readonly replaces: (command: C) => boolean;
  /** Where states are texts: what an operation says of them, or `undefined` if that is none of these. */
  readonly says?: (operation: Operation<C, R>) => Said | undefined;
  readonly textAtFirst?: string;
};

/** It puts a token behind whatever text is there; or it tells all of the text; or it says and does nothing. */
export type Said = { readonly type: 'append'; readonly token: string } | { readonly type: 'read'; readonly text: string } | { readonly type: 'nothing' };

/** What a register may hold. Values are the same if `Map` takes them for the same key. A symbol is what no register ever holds. */
export type Value = string | number | bigint | boolean | symbol | null;

/** A service that keeps one value under each key, and whose commands ask and leave values. */
export type Registers<C, R> = {
  readonly valueAtFirst: (key: Key) => Value;
  /**
   * What an operation that was answered so has seen and done: in whatever state its conditions hold, it is answered so, and
   * in no other; and it leaves what it says. One that is never answered so sees a symbol. `undefined` where that cannot be said in these
   * words.
   */
  readonly answered: (command: C, result: R) => Access | View | undefined;
  /** What a command does whose answer is not known: where its condition does not hold, nothing. */
  readonly unanswered: (command: C) => Access | undefined;
};

/** What one operation asks and does of one key. */
export type Access = {
  readonly type: 'access';
  readonly key: Key;
  /** Only where this is the value … */
  readonly sees?: Value;
  /** … or any but this. */
  readonly misses?: Value;
  /** What is there afterwards; else whatever was there before. */
  readonly leaves?: Value;
};

/** What one operation sees of several keys at one instant, changing none. */
export type View = {
  readonly type: 'view';
  /** All keys that it sees, present or not. */
  readonly span: Span;
  readonly valueOf: (key: Key) => Value;
  /** Those of the span that must be looked at even if nobody else speaks of them: any other is as it was at first. */
  readonly keys: readonly Key[];
};
