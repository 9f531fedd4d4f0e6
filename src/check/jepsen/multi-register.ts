/** Several registers that are read or written at one instant: `{x 1, y 2}`, or a transaction of reads and writes in a row. */

import * as E from 'fp-ts/lib/Either.js';
import { Map } from 'immutable';
import type { Key } from '../model.js';
import type { Asked, Call, JepsenModel } from './call.js';
import { isObject, isSame, keyOf } from './edn.js';
import { stateKeyOf } from './state.js';
import { unknownWord } from './words.js';

/** One register that is read, and what was found where that is known, or one that is written. */
type Part = readonly [kind: 'r' | 'w', register: string, value: unknown];

const KINDS: Readonly<Record<string, Part[0]>> = { r: 'r', read: 'r', w: 'w', write: 'w' };

/** `initial` is what every register holds at first, or a map of what each does. A `nil` that was read may be unknown. */
export const multiRegister = (initial: unknown, isNilUnknown: boolean): JepsenModel => {
  const valueAtFirst = (register: string): unknown => (isObject(initial) ? (initial[register] ?? null) : initial);
  return {
    name: 'multi-register',
    initial: Map(),
    apply: (state, { key, value }) => {
      let after = state;
      const seen: unknown[] = [];
      for (const [kind, register, argument] of value as readonly Part[]) {
        const name = nameOf(key, register);
        const before = after.has(name) ? after.get(name) : valueAtFirst(register);
        if (kind === 'r') seen.push(before);
        else if (!isSame(before, argument)) after = after.set(name, argument);
      }
      return [after, seen];
    },
    sameResult: isSame,
    stateKey: stateKeyOf,
    commandKey: ({ key, value }) => `${key} ${keyOf(value)}`,
    spansOf: ({ key, value }) => (value as readonly Part[]).map(([, register]) => nameOf(key, register)).map((name) => ({ from: name, to: name })),
    isReadOnly: ({ value }) => (value as readonly Part[]).every(([kind]) => kind === 'r'),
    callOf: (asked) => E.map((parts: readonly Part[]): Call => ({ f: asked.f, key: asked.key === undefined ? '' : keyOf(asked.key), value: parts.map(unanswered) }))(partsOf(asked)),
    answered: (call, { value }) => {
      // A write that was answered need not be told again.
      if (call.f === 'write' && value === null) return E.right({ command: call, result: [] });
      return E.map((parts: readonly Part[]) => {
        // What nobody wrote down of a read says nothing: the command is taken for one that does not ask.
        const told = parts.filter(([kind, , found]) => kind === 'w' || !(found === null && isNilUnknown));
        return { command: { ...call, value: told.map(unanswered) }, result: told.filter(([kind]) => kind === 'r').map(([, , found]) => found) };
      })(partsOf({ f: call.f, value }));
    },
  };
};

/** Under each key there may be registers of the same names. */
const nameOf = (key: Key, register: string): string => (key === '' ? register : `${key} ${register}`);

/** A read asks the same, whatever it found. */
const unanswered = ([kind, register, value]: Part): Part => [kind, register, kind === 'r' ? null : value];

const partsOf = ({ f, value }: Pick<Asked, 'f' | 'value'>): E.Either<string, readonly Part[]> => {
  if (f === 'read' || f === 'write')
    return isObject(value)
      ? E.right(Object.entries(value).map(([register, argument]): Part => [KINDS[f]!, register, argument]))
      : E.left(`value: a ${f} of a multi-register takes a map from registers to values: {x 1, y 2}`);
  if (f !== 'txn') return E.left(unknownWord('multi-register', f));
  if (!Array.isArray(value)) return E.left('value: a txn takes its operations in a row: [[:r :x nil] [:w :y 2]]');
  const parts: Part[] = [];
  for (const part of value as readonly unknown[]) {
    const [name, register, argument = null] = Array.isArray(part) ? (part as readonly unknown[]) : [];
    const kind = typeof name === 'string' ? KINDS[name] : undefined;
    if (kind === undefined) return E.left(`value: a txn of a multi-register takes [:r register nil] and [:w register value], and nothing else, such as ${keyOf(part)}`);
    parts.push([kind, typeof register === 'string' ? register : keyOf(register), argument]);
  }
  return E.right(parts);
};
