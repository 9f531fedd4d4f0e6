/** What a check finds: the first thing that is wrong with a line, and why a line cannot be judged yet. */
import { tailOf, type Done, type Line } from './line.js';
import { isObject } from './shape.js';

/** What must hold of a trace, beside the clauses of the spec. */
export const CLAUSES = {
  whole: 'TRC-1: a trace is whole, line after line',
  step: 'TRC-2: a machine that is given what it was given does what it did',
  sent: 'TRC-3: nothing is received that was not sent',
  durable: 'TRC-4: what others were told of survives a crash',
  decided: 'TRC-5: a thread hears what its process has learned, in that order',
  barrier: 'REP-4: everyone has arrived at a barrier before anyone goes on',
} as const;

export type Breach = {
  readonly clause: string;
  /** The field of the line that is wrong; empty if it is the whole line. */
  readonly field: string;
  readonly expected: string;
  readonly found: string;
};

export type Played = { readonly type: 'Played' };

/** A line that has to wait for one of these (a process, or a thread of one), in which all of `needles` stand. */
export type Blocked = { readonly type: 'Blocked'; readonly on: readonly string[]; readonly clause: string; readonly what: string; readonly needles: readonly string[] };

export type Broken = { readonly type: 'Broken'; readonly breach: Breach };

/** What came of the attempt to play a line. */
export type Outcome = Played | Blocked | Broken;

/** A line that has to wait: for what, a closer look says. */
export type Waiting = { readonly type: 'Waiting' };

/** What came of a glance at a line. It may take a closer look. */
export type Glance = Played | Waiting | Broken | { readonly type: 'Unclear' };

export const PLAYED: Played = { type: 'Played' };
export const WAITING: Waiting = { type: 'Waiting' };
export const UNCLEAR: Glance = { type: 'Unclear' };

export const broken = (clause: string, field: string, expected: string, found: string): Broken => ({ type: 'Broken', breach: { clause, field, expected, found } });

/** What a machine does, held against what a line says that it did: the same text, or a breach that names the field. */
export const compared = (line: Line, done: Done): Broken | undefined => {
  const expected = tailOf(done, line.said);
  if (line.tail === expected) return undefined;
  const found = fieldsIn(line.tail);
  if (found === undefined) return broken(CLAUSES.whole, 'effects', 'JSON to the end of the line', line.tail.slice(-40));
  const flaw = difference(fieldsIn(expected), found, '');
  if (flaw === undefined) return broken(CLAUSES.whole, '', 'a line as it was written', 'the same in other letters');
  return broken(CLAUSES.step, flaw.field.replace(/^\./, ''), flaw.expected, flaw.found);
};

const fieldsIn = (tail: string): unknown => {
  try {
    return JSON.parse(`{${tail.slice(1)}`) as unknown;
  } catch {
    return undefined;
  }
};

/** The first field in which two JSON values differ, by its path, and what is there on either side. */
const difference = (expected: unknown, found: unknown, field: string): { readonly field: string; readonly expected: string; readonly found: string } | undefined => {
  if (Object.is(expected, found)) return undefined;
  const isList = Array.isArray(expected) && Array.isArray(found);
  if (isList || (isObject(expected) && isObject(found))) {
    const [a, b] = [expected, found] as unknown as readonly [Readonly<Record<string, unknown>>, Readonly<Record<string, unknown>>];
    for (const name of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const inside = difference(a[name], b[name], isList ? `${field}[${name}]` : `${field}.${name}`);
      if (inside !== undefined) return inside;
    }
    return undefined;
  }
  return { field, expected: say(expected), found: say(found) };
};

const say = (value: unknown): string => {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 197)}...` : text;
};
