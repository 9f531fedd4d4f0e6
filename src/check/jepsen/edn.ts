/** Values in EDN and JSON as plain ones: a keyword is its name, a set a list, a map an object. No integer is rounded. */

import { parseEDNString } from 'edn-data';
import * as E from 'fp-ts/lib/Either.js';
import { isBalanced } from './forms.js';

export type Notation = 'edn' | 'json';

/** What a tag stood before: `#tag value`. */
export type Tagged = { readonly tag: string; readonly val: unknown };

export const isTagged = (value: unknown): value is Tagged => isObject(value) && 'tag' in value && 'val' in value && Object.keys(value).length === 2;

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** One value, or why the text is none. */
export const read = (notation: Notation, text: string): E.Either<string, unknown> =>
  E.tryCatch(
    () => (notation === 'json' ? readJson(text) : readEdn(text)),
    (error) => `not ${notation.toUpperCase()}: ${error instanceof Error ? error.message : String(error)}`,
  );

/** Digits that a number may not hold exactly. */
const LONG = /\d{16}/;
const LONG_IN_JSON = /("(?:[^"\\]|\\.)*")|(?<![\w.+-])(-?\d{16,})(?![\d.eE])/g;
const LONG_IN_EDN = /("(?:[^"\\]|\\.)*")|(?<![\w.:+\-/#\\])([+-]?[1-9]\d{15,})(?=[\s,;()[\]{}"]|$)/g;

const readJson = (text: string): unknown => {
  const rounded: unknown = JSON.parse(text);
  if (isExact(rounded)) return rounded;
  const marked = text.replace(LONG_IN_JSON, (all, quoted: string | undefined, digits: string) => (quoted === undefined ? `{"${INTEGER}":"${digits}"}` : all));
  return JSON.parse(marked, (_, value: unknown) => (isObject(value) && typeof value[INTEGER] === 'string' ? exact(BigInt(value[INTEGER])) : value));
};

const INTEGER = '#integer';

/** Whether no number of a value is an integer so large that it may have been rounded. */
const isExact = (value: unknown): boolean => {
  if (typeof value === 'number') return Math.abs(value) <= Number.MAX_SAFE_INTEGER;
  if (typeof value !== 'object' || value === null) return true;
  if (Array.isArray(value)) return value.every(isExact);
  for (const name in value) if (!isExact((value as Readonly<Record<string, unknown>>)[name])) return false;
  return true;
};

const readEdn = (text: string): unknown => {
  if (!isBalanced(text)) throw new Error(`a bracket or a text is not closed in ${text.slice(0, 60)}`); // edn-data would not mind
  const marked = LONG.test(text) ? text.replace(LONG_IN_EDN, (all, quoted: string | undefined) => (quoted === undefined ? `${all}N` : all)) : text;
  const known = { mapAs: 'object', objectKeysAs: 'string', keywordAs: 'string', symbolAs: 'string', charAs: 'string', listAs: 'array', setAs: 'array' } as const;
  return plain(parseEDNString(marked, { ...known, tagHandlers: { inst: (value) => value } }));
};

/** A number where it is exact. */
const exact = (integer: bigint): number | bigint => (Number.isSafeInteger(Number(integer)) ? Number(integer) : integer);

/** What edn-data makes of a value, with exact numbers and without namespaces of maps: `#:a{:b 1}` says nothing but `{:a/b 1}`. */
const plain = (value: unknown): unknown => {
  if (typeof value === 'bigint') return exact(value);
  if (Array.isArray(value)) return value.map(plain);
  if (!isObject(value)) return value;
  if (isTagged(value) && value.tag.startsWith(':') && isObject(value.val))
    return Object.fromEntries(Object.entries(value.val).map(([name, inner]) => [`${value.tag.slice(1)}/${name}`, plain(inner)]));
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
};

/** A value in EDN. What was a keyword is written as a text, for nobody knows any more that it was one. */
export const writeEdn = (value: unknown): string => {
  if (value === null || value === undefined) return 'nil';
  if (typeof value === 'bigint') return `${value}`;
  if (Array.isArray(value)) return `[${value.map(writeEdn).join(' ')}]`;
  if (isTagged(value)) return `#${value.tag} ${writeEdn(value.val)}`;
  if (isObject(value)) return `{${Object.entries(value).map(([name, inner]) => `${writeEdn(name)} ${writeEdn(inner)}`).join(', ')}}`;
  return JSON.stringify(value);
};

/** A value in JSON, its integers exact. */
export const writeJson = (value: unknown): string => {
  if (value === undefined) return 'null';
  if (typeof value === 'bigint') return `${value}`;
  if (Array.isArray(value)) return `[${value.map(writeJson).join()}]`;
  if (isObject(value)) return `{${Object.entries(value).map(([name, inner]) => `${JSON.stringify(name)}:${writeJson(inner)}`).join()}}`;
  return JSON.stringify(value);
};

/** Equal if and only if the values are: a map is the same in whatever order it is written. */
export const keyOf = (value: unknown): string => {
  if (Number.isSafeInteger(value)) return `${value as number}`; // what most keys are
  if (Array.isArray(value)) return `[${value.map(keyOf).join()}]`;
  if (isObject(value)) return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${keyOf(value[name])}`).join()}}`;
  return writeJson(value);
};

export const isSame = (a: unknown, b: unknown): boolean => a === b || (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null && keyOf(a) === keyOf(b));
