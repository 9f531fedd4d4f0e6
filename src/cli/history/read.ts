/** Histories in files: ours, or of Jepsen's tests, as their first line shows. What is wrong is told by file, line and field. */
import * as E from 'fp-ts/lib/Either.js';
import { decodeHeader, operationDecoder, FORMAT, type FiledOperation, type Header } from '../../adapter/history/codec.js';
import { readQuickly } from '../../adapter/history/quick.js';
import { lineSplitter, open, STDIN, type Source } from '../../adapter/history/source.js';
import { eventReader, type Event, type Format } from '../../check/jepsen/events.js';
import { modelNamed } from '../../check/jepsen/models.js';
import { pairing, type Keying, type Pairing, type ToldOperation } from '../../check/jepsen/operations.js';
import type { Visit } from './subject.js';
import { jepsenSubject, treeSubject } from './subjects.js';

/** What a `nil` stands for that was read: a value that nobody wrote down, as Knossos has it, or a register that is not set. */
export const NILS = ['auto', 'unknown', 'unset'] as const;

/** How the histories of others are to be understood. */
export type Reading = {
  readonly model: string;
  readonly initial: unknown;
  readonly nil: (typeof NILS)[number];
  readonly keyed: Keying;
};

/** A file that was opened, and seen to be a history of ours or not. */
export type Opened = Pick<Source, 'finished'> & { readonly name: string } & (
    | { readonly type: 'ours'; readonly header: Header; readonly operations: AsyncIterable<readonly FiledOperation[]> }
    | { readonly type: 'jepsen'; readonly format: Format; readonly events: AsyncIterable<readonly Event[]> }
  );

/** Opens a history. Rejects if there is none. */
export const openHistory = async (file: string): Promise<Opened> => {
  const { pieces, finished } = open(file);
  const name = file === STDIN ? 'standard input' : file;
  const [head, all] = await peeked(pieces);
  if (/^\s*\{"id":.*"command":/.test(head)) throw new Error(`${name}: line 1: expected the header of a history of ours: {"format":"${FORMAT}", …}`);
  if (!head.trimStart().startsWith('{') || !new RegExp(`^\\s*\\{[^\\n]*"${FORMAT}"`).test(head)) {
    const [format, events] = await eventsOf(name, all);
    return { type: 'jepsen', name, finished, format, events };
  }
  const lines = linesOf(all);
  const first = await lines.next();
  const [line = '', ...rest] = first.done === true ? [] : first.value;
  const header = orThrow(`${name}: line 1`, decodeHeader(line));
  return { type: 'ours', name, finished, header, operations: operationsOf(name, header, rest, lines) };
};

/** The operations of a history, and what they are of, for whatever is to be done with them. */
export const visitHistory = <T>(opened: Opened, { model, initial, nil, keyed }: Reading, visit: Visit<T>): Promise<T> => {
  if (opened.type === 'ours') return visit(treeSubject(opened.header), opened.operations);
  const { name, format, events } = opened;
  const isNilUnknown = nil === 'auto' ? format !== 'log' && model !== 'ordered-map' : nil === 'unknown';
  const known = orThrow('--initial', modelNamed(model, initial, isNilUnknown));
  return visit(jepsenSubject(known), paired(name, pairing(known, keyed), events));
};

export const orThrow = <T>(where: string, outcome: E.Either<string, T>): T => {
  if (E.isLeft(outcome)) throw new Error(`${where}: ${outcome.left}`);
  return outcome.right;
};

/** The first piece, and all of them. */
const peeked = async (pieces: AsyncIterable<string>): Promise<readonly [string, AsyncIterable<string>]> => {
  const rest = pieces[Symbol.asyncIterator]();
  let head = '';
  // Who writes to a pipe may begin with a few bytes.
  while (head.length < HEAD && !head.includes('\n')) {
    const next = await rest.next();
    if (next.done === true) break;
    head += next.value;
  }
  async function* all(): AsyncGenerator<string> {
    yield head.replace(/^\ufeff/, '');
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  }
  return [head, all()];
};

const HEAD = 4096;

async function* linesOf(pieces: AsyncIterable<string>): AsyncGenerator<readonly string[]> {
  const { push, end } = lineSplitter();
  for await (const piece of pieces) yield push(piece);
  yield end();
}

async function* operationsOf(name: string, header: Header, first: readonly string[], lines: AsyncIterable<readonly string[]>): AsyncGenerator<readonly FiledOperation[]> {
  const decode = operationDecoder(header);
  let line = 1;
  const toldIn = (batch: readonly string[]): readonly FiledOperation[] => {
    const operations: FiledOperation[] = [];
    for (const text of batch) {
      line += 1;
      if (text.trim() === '') continue;
      // The line names an operation as well as its id does, and nobody has it twice.
      operations.push(readQuickly(text, header.keySpace, line) ?? { ...orThrow(`${name}: line ${line}`, decode(text)), id: line });
    }
    return operations;
  };
  yield toldIn(first);
  for await (const batch of lines) yield toldIn(batch);
}

const eventsOf = async (name: string, pieces: AsyncIterable<string>): Promise<readonly [Format, AsyncIterable<readonly Event[]>]> => {
  const reader = eventReader();
  async function* batches(): AsyncGenerator<readonly Event[]> {
    for await (const piece of pieces) yield orThrow(name, reader.push(piece));
    yield orThrow(name, reader.end());
  }
  const rest = batches();
  const first: (readonly Event[])[] = [];
  // The format shows in the first events, or when there are no more.
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
    first.push(next.value);
    if (next.value.length > 0) break;
  }
  async function* all(): AsyncGenerator<readonly Event[]> {
    yield* first;
    yield* rest;
  }
  return [reader.format(), all()];
};

async function* paired(name: string, { push, end }: Pairing, events: AsyncIterable<readonly Event[]>): AsyncGenerator<readonly ToldOperation[]> {
  for await (const batch of events) yield orThrow(name, push(batch));
  yield orThrow(name, end());
}
