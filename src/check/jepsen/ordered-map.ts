/**
 * An ordered map: read, insert, update and delete under a key, and scan a range at one instant. What an operation found is
 * its answer. A `result`, as ours write it, says all of that; without one, `ok` means that the operation did what it is
 * called, and a value says what was read.
 */

import * as E from 'fp-ts/lib/Either.js';
import { Map } from 'immutable';
import type { Key } from '../model.js';
import type { Answer, Asked, Call, Ended, JepsenModel, State } from './call.js';
import { isSame, keyOf, writeEdn } from './edn.js';
import { ANSWERS, orderedRegisters } from './ordered-registers.js';
import { stateKeyOf } from './state.js';
import { isKnown, unknownWord } from './words.js';

type Entry = readonly [key: Key, value: unknown];

/** How far a scan goes, and how many entries it gave if it was cut short. */
type Range = { readonly to: Key; readonly limit?: number };

const KINDS = [...new Set(Object.values(ANSWERS).flat())];

/** The map that holds these entries at first. */
export const jepsenOrderedMap = (initial: unknown, isNilUnknown: boolean): E.Either<string, JepsenModel> => {
  const entries = initial === null ? [] : entriesIn(initial);
  if (entries === undefined) return E.left('expected a list of entries, [[1 10] [2 20]], or nil');
  if (new Set(entries.map(([key]) => key)).size < entries.length) return E.left('expected one entry for each key');
  if (entries.some(([, value]) => value === null)) return E.left('expected a value other than nil in each entry');
  return E.right({
    name: 'ordered-map',
    initial: Map(entries),
    apply: (state, { f, key, value, isBlind }) => {
      if (f === 'scan') return [state, isBlind === true ? [] : scan(state, key, value as Range)];
      const [after, kind, found] = carryOut(state, f, key, value);
      if (isBlind !== true) return [after, found === undefined ? [kind] : [kind, found]];
      return [after, f === 'read' ? [] : [kind]];
    },
    sameResult: isSame,
    stateKey: stateKeyOf,
    commandKey: ({ f, key, value, isBlind = false }) => `${f} ${key} ${keyOf(value)} ${isBlind}`,
    spansOf: ({ f, key, value }) => [{ from: key, to: f === 'scan' ? (value as Range).to : key }],
    isReadOnly: ({ f }, result) => f === 'read' || f === 'scan' || (result as readonly unknown[])[0] === 'absent' || (result as readonly unknown[])[0] === 'exists',
    registers: orderedRegisters(Map(entries)),
    callOf,
    answered: (call, ended) => answered(call, ended, isNilUnknown),
  });
};

/** What is there then, what the answer is called, and what was there before. */
const carryOut = (state: State, f: string, key: Key, value: unknown): readonly [State, kind: string, found?: unknown] => {
  const found = state.get(key);
  if (f === 'insert') return found === undefined ? [state.set(key, value), 'inserted'] : [state, 'exists', found];
  if (found === undefined) return [state, 'absent'];
  if (f === 'read') return [state, 'found', found];
  return f === 'delete' ? [state.delete(key), 'removed', found] : [isSame(found, value) ? state : state.set(key, value), 'updated', found];
};

const scan = (state: State, from: Key, { to, limit }: Range): Answer => {
  const found = [...state].filter(([key]) => key >= from && key <= to).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return limit === undefined ? ['entries', found, true] : ['entries', found.slice(0, limit), found.length <= limit];
};

const callOf = ({ f, key, value }: Asked): E.Either<string, Call> => {
  if (!isKnown('ordered-map', f)) return E.left(unknownWord('ordered-map', f));
  if (f === 'scan') {
    const [from, to] = pairIn(value) ?? [];
    return isKey(from) && isKey(to) ? E.right({ f, key: from, value: { to } }) : E.left('value: a scan takes both ends of its range: [1 9]');
  }
  const isWrite = f === 'insert' || f === 'update';
  const pair = key === undefined ? (pairIn(value) ?? [isWrite ? undefined : value, null]) : [key, value];
  if (!isKey(pair[0])) return E.left(`value: ${isWrite ? `an ${f} takes a key and a value: [1 10]` : `a ${f} takes a key, which is a number or a text`}`);
  if (isWrite && pair[1] === null) return E.left(`value: an ${f} takes a value other than nil`);
  return E.right({ f, key: pair[0], value: isWrite ? pair[1] : null });
};

const answered = (call: Call, { value, result }: Ended, isNilUnknown: boolean): E.Either<string, { readonly command: Call; readonly result: Answer }> => {
  const { f, key } = call;
  const blind = (answer: Answer) => E.right({ command: { ...call, isBlind: true } as const, result: answer });
  if (result !== undefined && result !== null) return withResult(call, result);
  switch (f) {
    case 'read': {
      const pair = pairIn(value);
      const found = pair !== undefined && isSame(pair[0], key) ? pair[1] : value;
      if (found === null) return isNilUnknown ? blind([]) : E.right({ command: call, result: ['absent'] });
      return E.right({ command: call, result: ['found', found] });
    }
    case 'insert':
      return E.right({ command: call, result: ['inserted'] });
    case 'scan': {
      if (value === null) return blind([]);
      const entries = entriesIn(value);
      return entries === undefined ? E.left('value: a scan finds a list of entries: [[1 10] [2 20]]') : E.right({ command: call, result: ['entries', entries, true] });
    }
    default:
      return blind([f === 'update' ? 'updated' : 'removed']);
  }
};

/** A result of our own: a word, and after it what was found. */
const withResult = (call: Call, result: unknown): E.Either<string, { readonly command: Call; readonly result: Answer }> => {
  const told: readonly unknown[] = Array.isArray(result) ? (result as readonly unknown[]) : [result];
  const [kind, found, isComplete = true] = told;
  const isNothing = kind === 'absent' || kind === 'inserted';
  // An answer that no such operation is ever given is no flaw of the file, but of whoever gave it.
  if (typeof kind !== 'string' || !KINDS.includes(kind) || (!isNothing && (found === undefined || found === null)))
    return E.left(`result: ${writeEdn(result)} is none of ${KINDS.join(', ')}, with what was found`);
  if (kind !== 'entries') return E.right({ command: call, result: isNothing ? [kind] : [kind, found] });
  const entries = entriesIn(found);
  if (entries === undefined) return E.left('result: expected a list of entries, [[1 10] [2 20]]');
  const command = isComplete === false && call.f === 'scan' ? { ...call, value: { ...(call.value as Range), limit: entries.length } } : call;
  return E.right({ command, result: ['entries', entries, isComplete] });
};

const isKey = (value: unknown): value is Key => typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string';

const pairIn = (value: unknown): readonly unknown[] | undefined => (Array.isArray(value) && value.length === 2 ? (value as readonly unknown[]) : undefined);

const entriesIn = (value: unknown): readonly Entry[] | undefined =>
  Array.isArray(value) && value.every((entry) => pairIn(entry) !== undefined && isKey((entry as readonly unknown[])[0])) ? (value as readonly Entry[]) : undefined;
