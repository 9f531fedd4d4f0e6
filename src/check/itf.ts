/**
 * ITF, the Informal Trace Format of Apalache and Quint (Apalache's ADR 015): what their tools show and replay.
 *
 * A trace is a list of states, and every state has a value for every variable. Whoever reads JSON may round its numbers, so
 * an integer is `{"#bigint": "5"}`; maps, sets and tuples have their own signs; what ITF knows nothing of, such as bytes, is
 * `{"#unserializable": ".."}`, which tools show and do not look into.
 */
import * as E from 'fp-ts/lib/Either.js';
import { isIndexed, isKeyed, isRecord as isImmutableRecord, type Collection } from 'immutable';

export type Itf = {
  readonly '#meta': Readonly<Record<string, unknown>> & { readonly format: 'ITF' };
  readonly vars: readonly string[];
  readonly states: readonly Readonly<Record<string, unknown>>[];
};

/** A run: the values of the same variables, state by state; and whatever else is to be known of it, as JSON. */
export type Told = { readonly meta: Readonly<Record<string, unknown>>; readonly states: readonly Readonly<Record<string, unknown>>[] };

export const toItf = ({ meta, states }: Told): Itf => {
  const vars = Object.keys(states[0] ?? {});
  return {
    '#meta': { ...meta, format: 'ITF' },
    vars,
    states: states.map((state, index) => ({ '#meta': { index }, ...Object.fromEntries(vars.map((name) => [name, toValue(state[name])])) })),
  };
};

/** The run that a JSON value tells in ITF, or what is wrong with it. */
export const fromItf = (json: unknown): E.Either<string, Told> => {
  if (!isRecord(json) || !Array.isArray(json['vars']) || !Array.isArray(json['states'])) return E.left('not ITF: expected vars and states');
  const vars = json['vars'] as readonly unknown[];
  if (!vars.every((name) => typeof name === 'string')) return E.left('vars: expected names');
  const states: Readonly<Record<string, unknown>>[] = [];
  for (const [i, state] of (json['states'] as readonly unknown[]).entries()) {
    if (!isRecord(state)) return E.left(`states[${i}]: expected an object`);
    const missing = vars.find((name) => !Object.hasOwn(state, name));
    if (missing !== undefined) return E.left(`states[${i}]: nothing is said of ${missing}`);
    states.push(Object.fromEntries(vars.map((name) => [name, fromValue(state[name])])));
  }
  const { format: _, ...meta } = isRecord(json['#meta']) ? json['#meta'] : {};
  return E.right({ meta, states });
};

/** A value as ITF has it. Of functions nothing is said: they are no values. */
export const toValue = (value: unknown): unknown => {
  if (typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'bigint' || (Number.isSafeInteger(value) && !Object.is(value, -0))) return { '#bigint': String(value) };
  if (typeof value !== 'object' || value === null) return { '#unserializable': Object.is(value, -0) ? '-0' : String(typeof value === 'function' ? 'function' : value) };
  if (value instanceof Uint8Array) return { '#unserializable': `${BYTES}${[...value].map((byte) => byte.toString(16).padStart(2, '0')).join('')}` };
  if (isImmutableRecord(value)) return toValue(value.toObject());
  if (Array.isArray(value) || isIndexed(value) || ArrayBuffer.isView(value)) return [...(value as unknown as Iterable<unknown>)].map(toValue);
  if (value instanceof Map || isKeyed(value)) return { '#map': [...(value as ReadonlyMap<unknown, unknown> | Collection.Keyed<unknown, unknown>).entries()].map(([key, one]) => [toValue(key), toValue(one)]) };
  if (Symbol.iterator in value) return { '#set': [...(value as Iterable<unknown>)].map(toValue) };
  return Object.fromEntries(Object.entries(value).flatMap(([name, one]) => (typeof one === 'function' ? [] : [[name.startsWith('#') ? `#${name}` : name, toValue(one)]])));
};

/**
 * The value that ITF tells: maps and sets as those of JavaScript, integers as numbers where they are safe. What ITF does not
 * know, and we have not written, stays as it is.
 */
export const fromValue = (itf: unknown): unknown => {
  if (Array.isArray(itf)) return itf.map(fromValue);
  if (!isRecord(itf)) return itf;
  const [sign, inside] = Object.entries(itf)[0] ?? [];
  if (sign === '#bigint' && typeof inside === 'string' && /^-?\d+$/.test(inside)) return Number.isSafeInteger(Number(inside)) ? Number(inside) : BigInt(inside);
  if (sign === '#tup' && Array.isArray(inside)) return inside.map(fromValue);
  if (sign === '#set' && Array.isArray(inside)) return new Set(inside.map(fromValue));
  if (sign === '#map' && Array.isArray(inside)) return new Map((inside as readonly (readonly unknown[])[]).map((pair) => [fromValue(pair[0]), fromValue(pair[1])]));
  if (sign === '#unserializable' && typeof inside === 'string') return fromText(inside);
  return Object.fromEntries(Object.entries(itf).map(([name, one]) => [name.startsWith('##') ? name.slice(1) : name, fromValue(one)]));
};

const BYTES = 'bytes ';

const fromText = (text: string): unknown => {
  if (text === 'null') return null;
  if (text === 'undefined') return undefined;
  if (text.startsWith(BYTES)) return Uint8Array.from(text.slice(BYTES.length).match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
  return text.trim() === '' || (text !== 'NaN' && Number.isNaN(Number(text))) ? { '#unserializable': text } : Number(text);
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);
