/** The two kinds of histories that files hold: of the ordered map, as ours are, and of what Jepsen's tests ask. */
import * as E from 'fp-ts/lib/Either.js';
import { encodeOperation, operationDecoder, type Header } from '../../adapter/history/codec.js';
import { readQuickly } from '../../adapter/history/quick.js';
import { UNKNOWN, type Answer, type Call, type JepsenModel, type State as JepsenState } from '../../check/jepsen/call.js';
import { read, writeEdn, writeJson } from '../../check/jepsen/edn.js';
import type { ToldOperation } from '../../check/jepsen/operations.js';
import { evenKeys, orderedMap, sayCommand, textOf, type Command, type Result } from '../../service/b-plus-tree/index.js';
import type { State } from '../../service/b-plus-tree/ordered-map.js';
import type { Subject } from './subject.js';

/** What a tree held at first that was loaded with so many even keys. */
export const loadedWith = (keys: number): ((key: number) => bigint | undefined) => {
  const { valueAt } = evenKeys(keys);
  return (key) => (key % 2 === 0 && key < 2 * keys ? valueAt(key / 2) : undefined);
};

export const treeSubject = (header: Pick<Header, 'keySpace' | 'keys' | 'slotsPerTurn'>): Subject<State, Command, Result> => {
  const { keySpace, keys, slotsPerTurn } = header;
  const decode = operationDecoder(header);
  return {
    model: orderedMap(keySpace, loadedWith(keys)),
    slotsPerTurn,
    caller: 'session',
    sayCommand,
    sayResult: (_, result) => textOf(result),
    linesOf: ({ id }) => [id],
    write: encodeOperation,
    read: (text) => readQuickly(text, keySpace) ?? decoded(decode(text)),
  };
};

export const jepsenSubject = (model: JepsenModel): Subject<JepsenState, Call, Answer> => ({
  model,
  slotsPerTurn: 1,
  caller: 'process',
  sayCommand: ({ f, key, value }) => [f, ...(key === '' ? [] : [`${key}`]), ...(value === null ? [] : [isRange(value) ? `to ${value.to}` : sayValue(value)])].join(' '),
  linesOf: (operation) => ('line' in operation ? linesOf(operation as ToldOperation) : []),
  sayResult: ({ f }, result) => sayAnswer(model.name, f, result),
  write: (operation) => {
    const { id, session, call, line, endLine, command } = operation as ToldOperation;
    const { f, key, value, isBlind = false } = command;
    const told = operation.type === 'pending' ? [] : operation.result === UNKNOWN ? [operation.return] : [operation.return, operation.result];
    return writeJson([id, session, call, line, endLine, f, key, value, isBlind, ...told]);
  },
  read: (text) => {
    const [id, session, call, line, endLine, f, key, value, isBlind, end, ...told] = decoded(read('json', text)) as Written;
    const known = { id, session, call, line, endLine, command: { f, key, value, ...(isBlind ? { isBlind } : {}) } };
    if (end === undefined) return { type: 'pending', ...known };
    return { type: 'completed', ...known, return: end, result: told.length === 0 ? UNKNOWN : told[0] };
  },
});

/** What was answered, where that says more than that it was. */
const sayAnswer = (model: string, f: string, result: Answer): string => {
  if (result === UNKNOWN || (Array.isArray(result) && result.length === 0)) return f === 'write' ? '' : 'what nobody wrote down';
  if (model === 'ordered-map' && Array.isArray(result)) return result.filter((word) => typeof word !== 'boolean').map(sayValue).join(' ');
  return f === 'read' || f === 'get' || result === false ? sayValue(result) : f === 'txn' ? `found ${writeEdn(result)}` : '';
};

/** What a line holds that was put aside. */
type Written = readonly [
  id: number, session: number, call: number, line: number, endLine: number | null,
  f: string, key: Call['key'], value: unknown, isBlind: boolean, end: number | undefined, ...result: readonly unknown[],
];

/** Text that was an operation before it was put aside. */
const decoded = <T>(outcome: E.Either<string, T>): T => {
  if (E.isLeft(outcome)) throw new Error(`what was put aside cannot be read again: ${outcome.left}`);
  return outcome.right;
};

const linesOf = ({ line, endLine }: ToldOperation): readonly number[] => (endLine === null ? [line] : [line, endLine]);

const isRange = (value: unknown): value is { readonly to: Call['key'] } => typeof value === 'object' && value !== null && 'to' in value;

/** A value as EDN, words without quotes. */
const sayValue = (value: unknown): string => (typeof value === 'string' && /^[\w.-]+$/.test(value) ? value : writeEdn(value));

