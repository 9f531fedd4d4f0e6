/** The models that Jepsen's tests name, as sequential services: registers, one or many, lists of text, locks, and more. */

import * as E from 'fp-ts/lib/Either.js';
import { Map } from 'immutable';
import { UNKNOWN, type Answer, type JepsenModel } from './call.js';
import { isSame, keyOf, writeEdn, writeJson } from './edn.js';
import { growthOf } from './growth.js';
import { multiRegister } from './multi-register.js';
import { jepsenOrderedMap } from './ordered-map.js';
import { registersOf } from './registers.js';
import { stateKeyOf } from './state.js';
import { isKnown, MODELS, unknownWord, type ModelName, type WORDS } from './words.js';

export { UNKNOWN, type Answer, type Call, type JepsenModel } from './call.js';
export { MODELS } from './words.js';

/** What an operation does to the value under its key, and what it is answered. */
type Deed = (value: unknown, argument: unknown) => readonly [value: unknown, answer: Answer];

const read: Deed = (value) => [value, value];
const write: Deed = (_, argument) => [argument, null];
const compareAndSet: Deed = (value, argument) => {
  const [expected, next] = argument as readonly [unknown, unknown];
  return isSame(value, expected) ? [next, true] : [value, false];
};
const append: Deed = (value, argument) => [`${textOf(value)}${textOf(argument)}`, null];
const text: Deed = (value) => [value, value ?? ''];
const remove: Deed = () => [null, null];
const acquire: Deed = (value) => (value === true ? [value, false] : [true, true]);
const release: Deed = (value) => (value === true ? [false, true] : [value, false]);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : value === null ? '' : writeJson(value));

/** The models of registers that are told apart by nothing but their operations. */
type RegisterLike = Exclude<ModelName, 'ordered-map' | 'multi-register'>;

const DEEDS: { readonly [M in RegisterLike]: Readonly<Record<(typeof WORDS)[M][number], Deed>> } = {
  register: { read, write },
  'cas-register': { read, write, cas: compareAndSet },
  map: { read, get: read, write, put: write, insert: write, update: write, cas: compareAndSet, delete: remove, remove },
  append: { get: text, read: text, put: write, write, append },
  mutex: { acquire, lock: acquire, release, unlock: release },
};

const isUnknown = (answer: Answer): boolean => answer === UNKNOWN;

const READS: readonly string[] = ['read', 'get'];

/** What a completed operation that says nothing of its answer must have been answered. */
const expectedOf = (f: string): Answer => (['cas', 'acquire', 'lock', 'release', 'unlock'].includes(f) ? true : null);

/** The model of a name, if there is one. A `nil` that was read is a value, or, if `isNilUnknown`, one that nobody wrote down. */
export const jepsenModel = (name: string, initial: unknown, isNilUnknown: boolean): JepsenModel | undefined => {
  const model = modelNamed(name, initial, isNilUnknown);
  return E.isRight(model) ? model.right : undefined;
};

/** The model of a name that a person gave, or why there is none. */
export const modelNamed = (name: string, initial: unknown, isNilUnknown: boolean): E.Either<string, JepsenModel> => {
  if (name === 'ordered-map') return jepsenOrderedMap(initial, isNilUnknown);
  if (name === 'multi-register') return E.right(multiRegister(initial, isNilUnknown));
  if (!isRegisterLike(name)) return E.left(`no such model; there are ${MODELS.join(', ')}`);
  if (name === 'mutex' && initial !== null && typeof initial !== 'boolean') return E.left(`expected true, if the mutex is held at first, false or nil, got ${writeEdn(initial)}`);
  if (name === 'append' && initial !== null && typeof initial !== 'string') return E.left(`expected a text or nil, got ${writeEdn(initial)}`);
  return E.right(registerLike(name, DEEDS[name], initial, isNilUnknown));
};

const isRegisterLike = (name: string): name is RegisterLike => Object.hasOwn(DEEDS, name);

const registerLike = (name: RegisterLike, deeds: Readonly<Record<string, Deed>>, initial: unknown, isNilUnknown: boolean): JepsenModel => ({
  name,
  initial: Map(),
  apply: (state, { f, value, key, isBlind }) => {
    if (isBlind === true) return [state, UNKNOWN];
    const before = state.has(key) ? state.get(key) : initial;
    const [after, answer] = deeds[f]!(before, value);
    return [isSame(before, after) ? state : state.set(key, after), answer];
  },
  sameResult: isSame,
  stateKey: stateKeyOf,
  commandKey: ({ f, value, key, isBlind = false }) => `${f} ${key} ${keyOf(value)} ${isBlind}`,
  spansOf: ({ key }) => [{ from: key, to: key }],
  isReadOnly: ({ f }) => READS.includes(f),
  ...(name === 'append' ? { growth: growthOf(initial, isUnknown, textOf) } : { registers: registersOf(initial, isUnknown) }),
  callOf: ({ f, value, key }) => {
    const isPair = Array.isArray(value) && value.length === 2;
    if (f === 'txn') return E.left(`f: txn, a transaction of several operations, is none of ${name}; --model multi-register takes those that read and write`);
    if (!isKnown(name, f)) return E.left(unknownWord(name, f));
    if (f === 'cas' && !isPair) return E.left('value: a cas takes what is expected and what is to be: [1 2]');
    return E.right({ f, value: READS.includes(f) ? null : value, key: key === undefined ? '' : keyOf(key) });
  },
  answered: (command, { value }) => {
    if (!READS.includes(command.f)) return E.right({ command, result: expectedOf(command.f) });
    return E.right(value === null && isNilUnknown ? { command: { ...command, isBlind: true }, result: UNKNOWN } : { command, result: value });
  },
});
