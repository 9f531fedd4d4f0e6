/** What Jepsen's tests ask of: registers, maps, lists of text and locks, as sequential services. */

import { Map } from 'immutable';
import type { Model } from '../model.js';
import { growthOf } from './growth.js';
import { registersOf } from './registers.js';

/** An operation as it was invoked. `key` says which of many registers, where there are many. */
export type Call = { readonly f: string; readonly value: unknown; readonly key: string };

/** What an operation was answered; `UNKNOWN` where nobody wrote it down. */
export type Answer = unknown;

export const UNKNOWN = Symbol('unknown');

/** What an operation does to the value under its key, and what it is answered. */
type Deed = (value: unknown, argument: unknown) => readonly [value: unknown, answer: Answer];

const read: Deed = (value) => [value, value];
const write: Deed = (_, argument) => [argument, null];
const compareAndSet: Deed = (value, argument) => {
  const [expected, next] = argument as readonly [unknown, unknown];
  return isSame(value, expected) ? [next, true] : [value, false];
};
const append: Deed = (value, argument) => [`${(value as string | null) ?? ''}${String(argument)}`, null];
const text: Deed = (value) => [value, value ?? ''];
const remove: Deed = () => [null, null];
const acquire: Deed = (value) => (value === true ? [value, false] : [true, true]);
const release: Deed = (value) => (value === true ? [false, true] : [value, false]);

const DEEDS: Readonly<Record<string, Readonly<Record<string, Deed>>>> = {
  register: { read, write },
  'cas-register': { read, write, cas: compareAndSet },
  map: { read, get: read, write, put: write, insert: write, update: write, cas: compareAndSet, delete: remove, remove },
  append: { get: text, read: text, put: write, write, append },
  mutex: { acquire, lock: acquire, release, unlock: release },
};

export const MODELS: readonly string[] = Object.keys(DEEDS);

const READS: readonly string[] = ['read', 'get'];

/** What a completed operation that says nothing of its answer must have been answered. */
const expectedOf = (f: string): Answer => (['cas', 'acquire', 'lock', 'release', 'unlock'].includes(f) ? true : null);

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

export type JepsenModel = Model<Map<string, unknown>, Call, Answer> & {
  /** Why an operation is none of this model's, or `undefined` if it is one. */
  readonly flawIn: (call: Call) => string | undefined;
  /** The answer that an operation which ended with `value` was given. */
  readonly answerOf: (f: string, value: unknown) => Answer;
};

/** The model of a name. A `nil` that was read is a value, or, if `isNilUnknown`, a value that nobody wrote down. */
export const jepsenModel = (name: string, initial: unknown, isNilUnknown: boolean): JepsenModel | undefined => {
  const deeds = DEEDS[name];
  if (deeds === undefined) return undefined;
  return {
    initial: Map(),
    apply: (state, { f, value, key }) => {
      const before = state.has(key) ? state.get(key) : initial;
      const [after, answer] = deeds[f]!(before, value);
      return [isSame(before, after) ? state : state.set(key, after), answer];
    },
    sameResult: (a, b) => a === UNKNOWN || b === UNKNOWN || isSame(a, b),
    stateKey: (state) => JSON.stringify([...state].sort(([a], [b]) => (a < b ? -1 : 1))),
    commandKey: ({ f, value, key }) => JSON.stringify([f, value, key]),
    spansOf: ({ key }) => [{ from: key, to: key }],
    isReadOnly: ({ f }) => READS.includes(f),
    ...(name === 'append' ? { growth: growthOf(initial, (answer) => answer === UNKNOWN) } : { registers: registersOf(initial, (answer) => answer === UNKNOWN) }),
    flawIn: ({ f, value }) => {
      if (deeds[f] === undefined) return `f: ${f} is none of ${Object.keys(deeds).join(', ')}, which a ${name} knows`;
      return f === 'cas' && !(Array.isArray(value) && value.length === 2) ? 'value: a cas takes what is expected and what is to be: [1 2]' : undefined;
    },
    answerOf: (f, value) => (READS.includes(f) ? (value === null && isNilUnknown ? UNKNOWN : value) : expectedOf(f)),
  };
};
