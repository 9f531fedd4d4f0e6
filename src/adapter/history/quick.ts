/**
 * Lines of a history as the codec writes them, read three times as fast as JSON is. What is written in any other way, or is
 * wrong, is left to the codec, which can say what is wrong; a property keeps that both read the same.
 */
import type { Position } from '../../record.js';
import type { Command, Result } from '../../service/b-plus-tree/commands.js';
import type { FiledOperation } from './codec.js';

/** Fifteen digits are exact as a number; eighteen, in quotes, fit in 64 bits. */
const INTEGER = '(0|-?[1-9]\\d{0,14}|"-?[1-9]\\d{15,17}")';
const NATURAL = '(0|[1-9]\\d{0,14})';
const TIME = '(-?(?:0|[1-9]\\d{0,14})(?:\\.\\d{1,20})?)';

const LINE = new RegExp(
  `^\\{"id":${NATURAL},"session":${NATURAL},` +
    `"command":\\{"type":"(read|delete|insert|update)","key":${NATURAL}(?:,"value":${INTEGER})?\\},` +
    `"call":${TIME},"return":(?:null|${TIME},"result":\\{"type":"(absent|inserted|found|exists|removed|updated)"(?:,"(value|previous)":${INTEGER})?\\})` +
    `(?:,"position":\\{"group":${NATURAL},"slot":${NATURAL},"offset":${NATURAL}\\})?\\}$`,
);

/** The operation in a line, or `undefined` if the codec has to look at it. Who has a better name for it gives its `id`. */
export const readQuickly = (line: string, keySpace: number, id?: number): FiledOperation | undefined => {
  const read = LINE.exec(line);
  if (read === null) return undefined;
  const [, ownId, session, kind, key, value, call, end, outcome, name, told, group, slot, offset] = read as unknown as Captured;
  const command = commandOf(kind, Number(key), value);
  if (command === undefined || Number(key) >= keySpace) return undefined;
  const known = { id: id ?? Number(ownId), session: Number(session), command, call: Number(call) };
  const position = group === undefined ? undefined : { group: Number(group), slot: Number(slot), offset: Number(offset) };
  if (end === undefined || outcome === undefined) return pendingOf(known, position);
  const result = resultOf(outcome, name, told);
  return result === undefined || Number(end) < known.call ? undefined : completedOf(known, Number(end), result, position);
};

type Known = Pick<FiledOperation, 'id' | 'session' | 'command' | 'call'>;

// Written out field by field: a spread takes as long as all the rest.
const pendingOf = ({ id, session, command, call }: Known, position: Position | undefined): FiledOperation =>
  position === undefined ? { type: 'pending', id, session, command, call } : { type: 'pending', id, session, command, call, position };

const completedOf = ({ id, session, command, call }: Known, end: number, result: Result, position: Position | undefined): FiledOperation =>
  position === undefined
    ? { type: 'completed', id, session, command, call, return: end, result }
    : { type: 'completed', id, session, command, call, return: end, result, position };

/** What the groups of `LINE` caught: what stands in any line, and what need not. */
type Captured = readonly [
  string, string, string, Exclude<Command['type'], 'scan'>, string, string | undefined, string,
  string | undefined, Exclude<Result['type'], 'entries'> | undefined, 'value' | 'previous' | undefined, string | undefined,
  string | undefined, string | undefined, string | undefined,
];

const commandOf = (type: Exclude<Command['type'], 'scan'>, key: number, value: string | undefined): Command | undefined => {
  if (type === 'read' || type === 'delete') return value === undefined ? { type, key: BigInt(key) } : undefined;
  return value === undefined ? undefined : { type, key: BigInt(key), value: integerOf(value) };
};

const resultOf = (type: Exclude<Result['type'], 'entries'>, name: 'value' | 'previous' | undefined, told: string | undefined): Result | undefined => {
  switch (type) {
    case 'absent':
    case 'inserted':
      return told === undefined ? (type === 'absent' ? ABSENT : INSERTED) : undefined;
    case 'found':
    case 'exists':
    case 'removed':
      return name === 'value' && told !== undefined ? { type, value: integerOf(told) } : undefined;
    case 'updated':
      return name === 'previous' && told !== undefined ? { type, previous: integerOf(told) } : undefined;
  }
};

/** Said so often that one of each is enough. */
const ABSENT: Result = { type: 'absent' };
const INSERTED: Result = { type: 'inserted' };

const integerOf = (digits: string): bigint => BigInt(digits.startsWith('"') ? digits.slice(1, -1) : Number(digits));
