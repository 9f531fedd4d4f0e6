/**
 * Jepsen histories, whatever they are written in: operation maps in EDN or JSON, in a list or not, and the operation lines
 * of a Jepsen log. Every operation is told twice, when it is invoked and when it ends: `ok`, `fail` (it did not take
 * effect), or `info` (nobody knows).
 */

import * as E from 'fp-ts/lib/Either.js';
import { isObject, isTagged, read, type Notation } from './edn.js';
import { firstForm, formSplitter, type Form } from './forms.js';
import { quickMap } from './quick.js';

export type Format = Notation | 'log';

export type Event = {
  /** The line that it starts in, from 1. */
  readonly line: number;
  /** A client, by number; others (the nemesis) by name. */
  readonly process: number | string | null;
  readonly type: 'invoke' | 'ok' | 'fail' | 'info';
  readonly f: string;
  readonly value: unknown;
  readonly key?: unknown;
  /** What ours say of an answer beyond a value. */
  readonly result?: unknown;
  readonly error?: unknown;
  readonly time?: number;
  readonly index?: number;
};

const TYPES: readonly string[] = ['invoke', 'ok', 'fail', 'info'];

/** Reads a text that comes in pieces. A flaw names its line and its field, and ends the reading. */
export type Reader = {
  readonly push: (piece: string) => E.Either<string, readonly Event[]>;
  readonly end: () => E.Either<string, readonly Event[]>;
  /** What the text is written in, once enough of it is seen. */
  readonly format: () => Format;
};

/** So much of a text shows what it is written in, after spaces and comments. */
const HEAD = 4096;
const LEADING = /^(?:[\s,\ufeff]|;.*)+/;

export const eventReader = (): Reader => {
  let format: Format = 'edn';
  let reader: Pick<Reader, 'push' | 'end'> | undefined;
  let head = '';
  const start = (): E.Either<string, readonly Event[]> => {
    format = formatOf(head);
    reader = format === 'log' ? logReader() : mapReader(format);
    return reader.push(head);
  };
  return {
    push: (piece) => {
      if (reader !== undefined) return reader.push(piece);
      head += piece;
      return head.replace(LEADING, '').length < HEAD ? E.right([]) : start();
    },
    end: () => {
      const first = reader === undefined ? start() : E.right([]);
      return E.chain((before: readonly Event[]) => E.map((after: readonly Event[]) => [...before, ...after])(reader!.end()))(first);
    },
    format: () => format,
  };
};

/** The events of a whole text, in the order in which they happened. */
export const eventsIn = (text: string): E.Either<string, { readonly format: Format; readonly events: readonly Event[] }> => {
  const reader = eventReader();
  return E.chain((before: readonly Event[]) => E.map((after: readonly Event[]) => ({ format: reader.format(), events: [...before, ...after] }))(reader.end()))(reader.push(text));
};

/** A map or a list starts with a bracket. So may a line of a log, but what a log calls itself no map does. */
const formatOf = (head: string): Format => {
  if (/\bjepsen[.\w]*(?: -|:)\s.*\s:(?:invoke|ok|fail|info)\s/.test(head)) return 'log';
  const text = head.replace(LEADING, '');
  if (text !== '' && !'{[(#'.includes(text.charAt(0))) return 'log';
  return /^[[(]?[\s,]*\{\s*"(?:[^"\\]|\\.)*"\s*:/.test(text) ? 'json' : 'edn';
};

const collected = <A>(many: readonly A[], eventOf: (one: A) => E.Either<string, Event | undefined>): E.Either<string, readonly Event[]> => {
  const events: Event[] = [];
  for (const one of many) {
    const event = eventOf(one);
    if (E.isLeft(event)) return event;
    if (event.right !== undefined) events.push(event.right);
  }
  return E.right(events);
};

const mapReader = (notation: Notation): Pick<Reader, 'push' | 'end'> => {
  const { push, end } = formSplitter(notation === 'edn' ? quickMap : undefined);
  const eventIn = (told: Form): E.Either<string, Event> => {
    const { line } = told;
    if ('map' in told) return eventOf(line, told.map);
    const form = read(notation, told.text);
    return E.isLeft(form) ? E.left(`line ${line}: ${form.left}`) : eventOf(line, form.right);
  };
  const eventsOf = E.chain((forms: readonly Form[]) => collected(forms, eventIn));
  return { push: (piece) => eventsOf(push(piece)), end: () => eventsOf(end()) };
};

/** A map, or a record of one: `#jepsen.history.Op{:process 0, …}`. */
const eventOf = (line: number, form: unknown): E.Either<string, Event> => {
  const map = isTagged(form) ? form.val : form;
  if (!isObject(map)) return E.left(`line ${line}: expected a map with process, type, f and value`);
  const { process = null, type, f, value = null, key, result, error, time, index } = 'type' in map ? map : withoutNamespaces(map);
  if (typeof process !== 'number' && typeof process !== 'string' && process !== null) return E.left(`line ${line}: process: expected a number or a name`);
  const known = nameOf(type);
  if (known === undefined || !TYPES.includes(known)) return E.left(`line ${line}: type: expected one of ${TYPES.join(', ')}`);
  const asked = nameOf(f) ?? (typeof process === 'number' ? undefined : '');
  if (asked === undefined) return E.left(`line ${line}: f: expected the name of an operation`);
  const event: Mutable<Event> = { line, process: typeof process === 'string' && /^\d+$/.test(process) ? Number(process) : process, type: known as Event['type'], f: asked, value };
  if (key !== undefined) event.key = key;
  if (result !== undefined) event.result = result;
  if (error !== undefined) event.error = error;
  if (typeof time === 'number') event.time = time;
  if (typeof index === 'number') event.index = index;
  return E.right(event);
};

type Mutable<A> = { -readonly [K in keyof A]: A[K] };

/** A keyword or a text; in JSON a keyword may have kept its colon. */
const nameOf = (name: unknown): string | undefined => (typeof name !== 'string' ? undefined : name.startsWith(':') ? name.slice(1) : name);

const withoutNamespaces = (map: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(map).map(([name, value]) => [name.replace(/^:?(?:.*\/)?/, ''), value]));

const LOGGED = /(?:^|\s)(:?[\w.-]+)\s+:(invoke|ok|fail|info)\s+:?([^\s\t]+)(?:([ \t]+)(.*?))?\s*$/;

const logReader = (): Pick<Reader, 'push' | 'end'> => {
  let rest = '';
  let line = 0;
  let seen = 0;
  const eventIn = (content: string): E.Either<string, Event | undefined> => {
    line += 1;
    const event = loggedIn(line, content);
    if (E.isRight(event) && event.right !== undefined) seen += 1;
    return event;
  };
  return {
    push: (piece) => {
      const lines = (rest + piece).split('\n');
      rest = lines.pop() ?? '';
      return collected(lines, eventIn);
    },
    end: () => {
      const last = collected(rest === '' ? [] : [rest], eventIn);
      if (E.isRight(last) && seen === 0) return E.left('line 1: no history: expected operation maps in EDN or JSON, the lines of a Jepsen log, or the header of a history of ours');
      return last;
    },
  };
};

/** What says nothing in a log without its value: most often the line was cut. An operation asks by its value, a read is answered by it. */
const NEEDS_VALUE: Readonly<Record<Event['type'], readonly string[]>> = {
  invoke: ['write', 'put', 'append', 'insert', 'update', 'cas', 'txn', 'scan'],
  ok: ['read', 'get', 'txn', 'scan'],
  fail: [],
  info: [],
};

/** `INFO  jepsen.util - 0 :invoke :cas [1 2]`, its fields separated by tabs or spaces. Other lines of a log say nothing. */
const loggedIn = (line: number, content: string): E.Either<string, Event | undefined> => {
  const [, process, type, f, , told = ''] = LOGGED.exec(content) ?? [];
  if (process === undefined || type === undefined || f === undefined) return E.right(undefined);
  const tab = told.indexOf('\t');
  const [text, error] = tab < 0 ? firstForm(told) : [told.slice(0, tab).trim(), told.slice(tab).trim()];
  const isClient = /^\d+$/.test(process);
  const event = (value: unknown): Event => ({
    line,
    process: isClient ? Number(process) : process.replace(/^:/, ''),
    type: type as Event['type'],
    f,
    value,
    ...(error === '' ? {} : { error }),
  });
  if (text === '' && isClient && NEEDS_VALUE[type as Event['type']].includes(f)) return E.left(`line ${line}: value: missing`);
  const value = read('edn', text === '' ? 'nil' : text);
  // What nobody knows, or what had no effect, may be told in any words.
  if (E.isLeft(value) && (type === 'fail' || type === 'info')) return E.right(event(told));
  return E.bimap((reason: string) => `line ${line}: value: ${reason}`, event)(value);
};
