/**
 * Jepsen histories, whatever they are written in: operation maps in EDN or JSON, as a list or one a line, and the operation
 * lines of a Jepsen log. Every operation is told twice, when it is invoked and when it ends: `ok`, `fail` (it did not take
 * effect), or `info` (nobody knows).
 */

import { parseEDNString } from 'edn-data';
import * as E from 'fp-ts/lib/Either.js';

export type Format = 'edn' | 'json' | 'log';

export type Event = {
  /** The line that it stands in, from 1; in a list, its place in the list. */
  readonly line: number;
  /** A client, by number; others (the nemesis) by name. */
  readonly process: number | string;
  readonly type: 'invoke' | 'ok' | 'fail' | 'info';
  readonly f: string;
  readonly value: unknown;
  readonly key?: unknown;
};

const TYPES: readonly string[] = ['invoke', 'ok', 'fail', 'info'];

/** The events of a history, in the order in which they happened, or what is wrong with the text, and where. */
export const eventsIn = (text: string): E.Either<string, { readonly format: Format; readonly events: readonly Event[] }> => {
  const start = text.search(/[^\s;]/);
  const lines = text.split('\n').map((line, i) => [i + 1, line] as const);
  if (/\bjepsen[.\w]* - .*\t:(?:invoke|ok|fail|info)\b/.test(text) || /^INFO /m.test(text)) return all('log', lines.flatMap(([line, content]) => loggedIn(line, content)));
  const isList = /^\s*(?:;.*\n\s*)*\[/.test(text);
  const isJson = isList ? /^\s*\[\s*(?:\{\s*"|\])/.test(text) : /^\s*\{\s*"/.test(text);
  if (start < 0) return E.right({ format: 'edn', events: [] });
  if (isList) {
    const list = parsed(isJson, text, 1);
    if (E.isLeft(list)) return list;
    return Array.isArray(list.right) ? all(isJson ? 'json' : 'edn', list.right.map((map: unknown, i) => eventOf(i + 1, map))) : E.left('line 1: expected a list of operations');
  }
  const maps = lines.filter(([, content]) => !/^\s*(?:;.*)?$/.test(content));
  return all(isJson ? 'json' : 'edn', maps.map(([line, content]) => E.chain((map) => eventOf(line, map))(parsed(isJson, content, line))));
};

const all = (format: Format, some: readonly E.Either<string, Event>[]): E.Either<string, { readonly format: Format; readonly events: readonly Event[] }> => {
  const flaw = some.find(E.isLeft);
  return flaw ?? E.right({ format, events: some.flatMap((one) => (E.isRight(one) ? [one.right] : [])) });
};

const parsed = (isJson: boolean, text: string, line: number): E.Either<string, unknown> =>
  E.tryCatch(
    () => (isJson ? (JSON.parse(text) as unknown) : (parseEDNString(text, { mapAs: 'object', keywordAs: 'string', listAs: 'array', setAs: 'array' }))),
    (error) => `line ${line}: not ${isJson ? 'JSON' : 'EDN'}: ${error instanceof Error ? error.message : String(error)}`,
  );

const eventOf = (line: number, map: unknown): E.Either<string, Event> => {
  if (typeof map !== 'object' || map === null || Array.isArray(map)) return E.left(`line ${line}: expected a map with process, type, f and value`);
  const { process, type, f, value = null, key } = map as Readonly<Record<string, unknown>>;
  if (typeof process !== 'number' && typeof process !== 'string') return E.left(`line ${line}: process: expected a number or a name`);
  if (typeof type !== 'string' || !TYPES.includes(type)) return E.left(`line ${line}: type: expected one of ${TYPES.join(', ')}`);
  if (typeof f !== 'string') return E.left(`line ${line}: f: expected the name of an operation`);
  return E.right({ line, process, type: type as Event['type'], f, value, ...(key === undefined ? {} : { key }) });
};

/** `INFO  jepsen.util - 0 :invoke :cas [1 2]`, its fields separated by tabs or spaces. Other lines of a log say nothing. */
const loggedIn = (line: number, content: string): readonly E.Either<string, Event>[] => {
  const [, process, type, f, value] = /(?:^|\s-\s+)(\S+)\s+:(invoke|ok|fail|info)\s+:([\w-]+)\s+(.*?)\s*$/.exec(content) ?? [];
  if (process === undefined || type === undefined || f === undefined) return [];
  const known = parsed(false, value === undefined || value === '' ? 'nil' : value, line);
  return [E.map((read: unknown): Event => ({ line, process: /^\d+$/.test(process) ? Number(process) : process.replace(/^:/, ''), type: type as Event['type'], f, value: read }))(known)];
};
