/** Events as Jepsen writes them: a map a line, in EDN or JSON, which the reader reads as the same events. */

import { writeEdn, writeJson, type Notation } from './edn.js';
import type { Event } from './events.js';

export const writeEvent = (notation: Notation, event: Event): string => {
  const { line: _, process, type, f, value, key, result, error, time, index } = event;
  const rest = { ...(key === undefined ? {} : { key }), ...(result === undefined ? {} : { result }), ...(error === undefined ? {} : { error }), ...(time === undefined ? {} : { time }), ...(index === undefined ? {} : { index }) };
  if (notation === 'json') return writeJson({ process, type, f, value, ...rest });
  const fields: readonly (readonly [string, string])[] = [
    ['process', typeof process === 'string' ? keyword(process) : writeEdn(process)],
    ['type', `:${type}`],
    ['f', keyword(f)],
    ['value', writeEdn(value)],
    ...Object.entries(rest).map(([name, inner]) => [name, writeEdn(inner)] as const),
  ];
  return `{${fields.map(([name, text]) => `:${name} ${text}`).join(', ')}}`;
};

/** A name as a keyword, unless a keyword cannot be called so. */
const keyword = (name: string): string => (/^[A-Za-z][\w.-]*$/.test(name) ? `:${name}` : JSON.stringify(name));
