/** Histories of the ordered map, as ours are, in the words of Jepsen, and the other way round. */
import * as E from 'fp-ts/lib/Either.js';
import type { FiledOperation, Header } from '../../adapter/history/codec.js';
import type { Call } from '../../check/jepsen/call.js';
import type { Event } from '../../check/jepsen/events.js';
import { modelNamed } from '../../check/jepsen/models.js';
import { operationsIn, type ToldOperation } from '../../check/jepsen/operations.js';
import type { Command, Result } from '../../service/b-plus-tree/index.js';
import { loadedWith } from './subjects.js';

/** An event that has no line yet. */
type Told = Omit<Event, 'line' | 'index'>;

/**
 * The events of a history of ours. What was loaded is inserted first, as far as any operation concerns it; a process has one
 * operation open at a time, as in Jepsen, and so a session becomes several. At equal times calls come first: they are concurrent.
 */
export const eventsOf = (header: Header, operations: readonly FiledOperation[]): readonly Event[] => {
  const told: Told[] = loadOf(header, operations).flatMap(([key, value]): readonly Told[] => {
    const insert = { process: 0, f: 'insert', value: [key, value].map(plain) } as const;
    return [{ ...insert, type: 'invoke' }, { ...insert, type: 'ok', result: 'inserted' }];
  });
  const instants = operations
    .flatMap((operation) => [{ at: operation.call, isReturn: false, operation }, ...(operation.type === 'completed' ? [{ at: operation.return, isReturn: true, operation }] : [])])
    .sort((a, b) => a.at - b.at || Number(a.isReturn) - Number(b.isReturn));
  const idle = new Map<number, number[]>(); // processes by session
  const processById = new Map<number, number>();
  let processes = 0;
  for (const { at, isReturn, operation } of instants) {
    const { id, session, command } = operation;
    const ofSession = idle.get(session) ?? [];
    idle.set(session, ofSession);
    const process = processById.get(id) ?? ofSession.pop() ?? processes++;
    processById.set(id, process);
    const [f, asked] = [command.type, valueOf(command)];
    const time = Math.round(at * 1e6);
    if (!isReturn) told.push({ process, type: 'invoke', f, value: asked, time });
    else if (operation.type === 'completed') {
      ofSession.push(process);
      told.push({ process, type: 'ok', f, value: foundIn(command, operation.result) ?? asked, result: wordsOf(operation.result), time });
    }
  }
  return told.map((event, index) => ({ line: index + 1, ...event, index }));
};

/** The entries that were loaded under any key that an operation concerns. */
const loadOf = ({ keys }: Header, operations: readonly FiledOperation[]): readonly (readonly [bigint, bigint])[] => {
  const loaded = loadedWith(keys);
  const values = new Map<bigint, bigint>();
  for (const { command } of operations) {
    const [from, to] = command.type === 'scan' ? [command.from, command.to] : [command.key, command.key];
    for (let key = from; key <= to && key < 2 * keys; key += 1n) {
      const value = loaded(Number(key));
      if (value !== undefined) values.set(key, value);
    }
  }
  return [...values];
};

const plain = (integer: bigint): number | bigint => (Number.isSafeInteger(Number(integer)) ? Number(integer) : integer);

const valueOf = (command: Command): readonly unknown[] => {
  if (command.type === 'scan') return [plain(command.from), plain(command.to)];
  return [plain(command.key), 'value' in command ? plain(command.value) : null];
};

/** What a read or a scan found: its value, in the words of Jepsen. */
const foundIn = (command: Command, result: Result): unknown => {
  if (result.type === 'entries') return result.entries.map((entry) => entry.map(plain));
  return command.type === 'read' && result.type === 'found' ? [plain(command.key), plain(result.value)] : undefined;
};

const wordsOf = (result: Result): unknown => {
  switch (result.type) {
    case 'absent':
    case 'inserted':
      return result.type;
    case 'found':
    case 'exists':
    case 'removed':
      return [result.type, plain(result.value)];
    case 'updated':
      return [result.type, plain(result.previous)];
    case 'entries':
      return [result.type, result.entries.map((entry) => entry.map(plain)), result.complete];
  }
};

/** The operations of a Jepsen history of an ordered map, and what they are of; or why ours cannot hold them. */
export const operationsOf = (events: readonly Event[]): E.Either<string, { readonly header: Pick<Header, 'keySpace' | 'keys' | 'slotsPerTurn'>; readonly operations: readonly FiledOperation[] }> => {
  const model = modelNamed('ordered-map', null, false);
  const read = E.isLeft(model) ? model : operationsIn(model.right, events);
  if (E.isLeft(read)) return read;
  const operations: FiledOperation[] = [];
  for (const told of read.right) {
    const operation = filed(told);
    if (operation === undefined) return E.left(`line ${told.line}: our format holds integers only, keys from 0 on, and answers that say all that was found`);
    operations.push(operation);
  }
  const last = operations.reduce((most, { command }) => Math.max(most, Number(command.type === 'scan' ? command.to : command.key)), 0);
  return E.right({ header: { keySpace: last + 1, keys: 0, slotsPerTurn: 1 }, operations });
};

const filed = (told: ToldOperation): FiledOperation | undefined => {
  const { id, session, command: call, call: at } = told;
  const command = commandOf(call);
  if (command === undefined) return undefined;
  if (told.type === 'pending') return { type: 'pending', id, session, command, call: at };
  const result = call.isBlind === true ? undefined : resultOf(told.result as readonly unknown[]);
  return result && { type: 'completed', id, session, command, call: at, return: told.return, result };
};

const commandOf = ({ f, key, value }: Call): Command | undefined => {
  const at = integer(key);
  if (at === undefined || at < 0n) return undefined;
  if (f === 'read' || f === 'delete') return { type: f, key: at };
  const other = integer(f === 'scan' ? (value as { readonly to: unknown }).to : value);
  if (other === undefined) return undefined;
  return f === 'scan' ? (other < 0n ? undefined : { type: 'scan', from: at, to: other }) : { type: f as 'insert' | 'update', key: at, value: other };
};

const resultOf = ([kind, found, complete]: readonly unknown[]): Result | undefined => {
  if (kind === 'absent' || kind === 'inserted') return { type: kind };
  if (kind === 'entries') {
    const entries = (found as readonly (readonly unknown[])[]).map((entry) => entry.map(integer));
    return entries.flat().includes(undefined) ? undefined : { type: kind, entries: entries as unknown as readonly (readonly [bigint, bigint])[], complete: complete !== false };
  }
  const value = integer(found);
  if (value === undefined) return undefined;
  return kind === 'updated' ? { type: kind, previous: value } : { type: kind as 'found' | 'exists' | 'removed', value };
};

/** An integer of 64 bits. */
const integer = (value: unknown): bigint | undefined => {
  const whole = typeof value === 'bigint' || Number.isSafeInteger(value) ? BigInt(value as number | bigint) : undefined;
  return whole !== undefined && BigInt.asIntN(64, whole) === whole ? whole : undefined;
};
