/**
 * Histories of the ordered map in a file: a line that says what they are of, and then an operation a line, all of it JSON.
 * `docs/histories.md` goes through the fields.
 */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as J from 'fp-ts/lib/Json.js';
import * as t from 'io-ts';
import type * as Spec from '../../../spec/linearizability.js';
import type { Position } from '../../record.js';
import type { Command, Entry, Result } from '../../service/b-plus-tree/commands.js';
import { fields, integer, oneOf, optional, or, sayFlaw, tagged, where } from '../fields.js';

export const FORMAT = 'psmr-history';
export const VERSION = 1;

/** What a history is of: an ordered map, what it held at first, and the merge that its positions came from. */
export type Header = {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  readonly model: 'ordered-map';
  /** Keys are 0..keySpace - 1. */
  readonly keySpace: number;
  /** How many even keys were loaded, from 0 on: key 2i holds i. */
  readonly keys: number;
  /** The M of the deterministic merge. 1 if not given. */
  readonly slotsPerTurn: number;
};

/** An operation as it stands in a file: what a judge takes. */
export type FiledOperation = Spec.Operation<Command, Result> & { readonly session: number; readonly position?: Position };

const time = where('a number', (u): u is number => typeof u === 'number' && Number.isFinite(u));
const timeOrNull = where('a number, or null', (u): u is number | null => u === null || time.is(u));

/** Whether a command of this key space may name the key. */
const key = (keySpace: number): t.Type<bigint, unknown> => int64(`an integer from 0 to ${keySpace - 1}`, (n) => n >= 0n && n < keySpace);

/** A number where it is exact, or else a text of digits. */
const int64 = (name: string, is: (n: bigint) => boolean): t.Type<bigint, unknown> => {
  const read = (u: unknown): bigint | undefined => {
    const n = Number.isSafeInteger(u) || (typeof u === 'string' && /^-?\d{1,19}$/.test(u)) ? BigInt(u as number | string) : undefined;
    return n !== undefined && BigInt.asIntN(64, n) === n && is(n) ? n : undefined;
  };
  return new t.Type<bigint, unknown, unknown>(
    name,
    (u): u is bigint => typeof u === 'bigint' && is(u),
    (u, context) => {
      const n = read(u);
      return n === undefined ? t.failure(u, context) : t.success(n);
    },
    t.identity,
  );
};

const value = int64('an integer of 64 bits, as a text beyond 2^53', () => true);
const entries: t.Type<readonly Entry[], unknown> = t.readonlyArray(t.readonly(t.tuple([value, value], 'a key and its value')), 'a list of entries');

const Result: t.Type<Result, unknown> = tagged<Result>({
  absent: fields({ type: t.literal('absent') }),
  found: fields({ type: t.literal('found'), value }),
  updated: fields({ type: t.literal('updated'), previous: value }),
  inserted: fields({ type: t.literal('inserted') }),
  exists: fields({ type: t.literal('exists'), value }),
  removed: fields({ type: t.literal('removed'), value }),
  entries: fields({ type: t.literal('entries'), entries, complete: or(t.boolean, true) }),
});

const Position: t.Type<Position, unknown> = fields({ group: integer(0), slot: integer(0), offset: integer(0) });

const Header: t.Type<Header, unknown> = fields({
  format: oneOf(FORMAT),
  version: t.literal(VERSION, `${VERSION}`),
  model: oneOf('ordered-map'),
  keySpace: integer(1),
  keys: integer(0),
  slotsPerTurn: or(integer(1), 1),
});

const commands = (keySpace: number): t.Type<Command, unknown> => {
  const k = key(keySpace);
  return tagged<Command>({
    read: fields({ type: t.literal('read'), key: k }),
    update: fields({ type: t.literal('update'), key: k, value }),
    insert: fields({ type: t.literal('insert'), key: k, value }),
    delete: fields({ type: t.literal('delete'), key: k }),
    scan: fields({ type: t.literal('scan'), from: k, to: k }),
  });
};

/** The header in the first line of a file, or what is wrong with it. */
export const decodeHeader = (line: string): E.Either<string, Header> =>
  pipe(
    parse(line),
    E.flatMap((json) => pipe(Header.decode(json), E.mapLeft(sayFlaws))),
    E.filterOrElse(({ keys, keySpace }) => 2 * (keys - 1) < keySpace, ({ keys, keySpace }) => `keys: expected even keys below ${keySpace}, got ${keys} of them`),
  );

/** What reads the lines below a header: each as an operation, or what is wrong with it. */
export const operationDecoder = ({ keySpace }: Pick<Header, 'keySpace'>): ((line: string) => E.Either<string, FiledOperation>) => {
  const command = commands(keySpace);
  const codec = fields({ id: integer(0), session: integer(0), command, call: time, return: timeOrNull, result: optional(Result), position: optional(Position) });
  return (line) =>
    pipe(
      parse(line),
      E.flatMap((json) => pipe(codec.decode(json), E.mapLeft(sayFlaws))),
      E.flatMap(({ return: end, result, position, ...rest }): E.Either<string, FiledOperation> => {
        const known = position === undefined ? rest : { ...rest, position };
        if (end === null) return result === undefined ? E.right({ type: 'pending', ...known }) : E.left('result: expected none where return is null');
        if (result === undefined) return E.left('result: expected an object, got nothing');
        if (end < rest.call) return E.left(`return: expected ${rest.call} or later, when it was called, got ${end}`);
        return E.right({ type: 'completed', ...known, return: end, result });
      }),
    );
};

const parse = (line: string): E.Either<string, unknown> => pipe(J.parse(line), E.mapLeft((error) => `not JSON: ${(error as Error).message}`));

const sayFlaws = (errors: t.Errors): string => errors.map(sayFlaw).join('; ');

/** A header as a line. */
export const encodeHeader = (header: Header): string => JSON.stringify(header);

/** An operation as a line. Its times must be finite. */
export const encodeOperation = (operation: FiledOperation): string => {
  const { id, session, command, call, position } = operation;
  const end = operation.type === 'pending' ? 'null' : `${operation.return},"result":${writeResult(operation.result)}`;
  const place = position === undefined ? '' : `,"position":{"group":${position.group},"slot":${position.slot},"offset":${position.offset}}`;
  return `{"id":${id},"session":${session},"command":${writeCommand(command)},"call":${call},"return":${end}${place}}`;
};

const writeCommand = (command: Command): string => {
  switch (command.type) {
    case 'read':
    case 'delete':
      return `{"type":"${command.type}","key":${write(command.key)}}`;
    case 'update':
    case 'insert':
      return `{"type":"${command.type}","key":${write(command.key)},"value":${write(command.value)}}`;
    case 'scan':
      return `{"type":"scan","from":${write(command.from)},"to":${write(command.to)}}`;
  }
};

const writeResult = (result: Result): string => {
  switch (result.type) {
    case 'absent':
    case 'inserted':
      return `{"type":"${result.type}"}`;
    case 'found':
    case 'exists':
    case 'removed':
      return `{"type":"${result.type}","value":${write(result.value)}}`;
    case 'updated':
      return `{"type":"updated","previous":${write(result.previous)}}`;
    case 'entries':
      return `{"type":"entries","entries":[${result.entries.map(([k, v]) => `[${write(k)},${write(v)}]`).join()}],"complete":${result.complete}}`;
  }
};

const write = (n: bigint): string => (n >= -EXACT && n <= EXACT ? `${n}` : `"${n}"`);

const EXACT = BigInt(Number.MAX_SAFE_INTEGER);
