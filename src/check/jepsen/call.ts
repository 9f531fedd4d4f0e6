/** What Jepsen's tests ask of a service, and what a model must say of it so that their histories can be judged. */

import type * as E from 'fp-ts/lib/Either.js';
import type { Map } from 'immutable';
import type { Key, Model } from '../model.js';

/** An operation as it stands in a history: `key` says which of many registers, where that is no part of the value. */
export type Asked = { readonly f: string; readonly value: unknown; readonly key?: unknown };

/** How an operation ended. `result` is how ours say more than a value can. */
export type Ended = { readonly value: unknown; readonly result?: unknown };

/** An operation as a model takes it. */
export type Call = {
  readonly f: string;
  readonly value: unknown;
  readonly key: Key;
  /** Nobody wrote down all of the answer: the command is then another one, which does the same and says less. */
  readonly isBlind?: true;
};

/** What an operation was answered; `UNKNOWN` where nobody wrote it down. */
export type Answer = unknown;

export const UNKNOWN = Symbol('unknown');

export type State = Map<Key, unknown>;

export type JepsenModel = Model<State, Call, Answer> & {
  readonly name: string;
  /** The call that was invoked so, or why it is none of this model's. */
  readonly callOf: (invoked: Asked) => E.Either<string, Call>;
  /** The call and its answer, now that both are known. */
  readonly answered: (call: Call, ended: Ended) => E.Either<string, { readonly command: Call; readonly result: Answer }>;
};
