/** What a file turned out to be a history of, and its operations as they are read. */
import type { Operation } from '../../check/history.js';
import type { Model } from '../../check/model.js';

export type Subject<S, C, R> = {
  readonly model: Model<S, C, R>;
  /** The M of the merge that made the positions. */
  readonly slotsPerTurn: number;
  /** Who called: a process of Jepsen, a session of ours. */
  readonly caller: string;
  readonly sayCommand: (command: C) => string;
  readonly sayResult: (command: C, result: R) => string;
  /** The lines of the file that tell of an operation: of its call, and of its end, if that has one. */
  readonly linesOf: (operation: Operation<C, R>) => readonly number[];
  /** An operation as a line that is put aside, and again as an operation. */
  readonly write: (operation: Operation<C, R>) => string;
  readonly read: (line: string) => Operation<C, R>;
};

/** What is done with a history, whatever it is of. */
export type Visit<T> = <S, C, R>(subject: Subject<S, C, R>, batches: AsyncIterable<readonly Operation<C, R>[]>) => Promise<T>;
