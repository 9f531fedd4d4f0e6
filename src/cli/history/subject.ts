/** What a file turned out to be a history of, and its operations as they are read. */
import type { Operation } from '../../check/history.js';
import type { Model } from '../../check/model.js';

/** An operation, and the lines of the file that tell of it. */
export type Told<C, R> = Operation<C, R> & { readonly line: number; readonly endLine: number | null };

export type Subject<S, C, R> = {
  readonly model: Model<S, C, R>;
  /** The M of the merge that made the positions. */
  readonly slotsPerTurn: number;
  /** Who called: a process of Jepsen, a session of ours. */
  readonly caller: string;
  readonly sayCommand: (command: C) => string;
  readonly sayResult: (command: C, result: R) => string;
  /** An operation as a line that is put aside, and again as an operation. */
  readonly write: (operation: Told<C, R>) => string;
  readonly read: (line: string) => Told<C, R>;
};

/** What is done with a history, whatever it is of. */
export type Visit<T> = <S, C, R>(subject: Subject<S, C, R>, batches: AsyncIterable<readonly Told<C, R>[]>) => Promise<T>;
