/** Operations out of events: each from its invocation to its end. Time is the order of events. */

import * as E from 'fp-ts/lib/Either.js';
import type { Operation } from '../history.js';
import type { Answer, Asked, Call, JepsenModel } from './call.js';
import { isSame, isTagged } from './edn.js';
import type { Event } from './events.js';

/** An operation, and the lines that it was told in. */
export type ToldOperation = Operation<Call, Answer> & {
  readonly line: number;
  /** Where it ended, if it did; what ended in `info` has an end, and is pending all the same. */
  readonly endLine: number | null;
};

/** Whether a value is a pair: one of many registers, and what with it. */
export const KEYINGS = ['auto', 'yes', 'no'] as const;
export type Keying = (typeof KEYINGS)[number];

export type Pairing = {
  /** The operations that these events end, or what makes no sense, and in which line. */
  readonly push: (events: readonly Event[]) => E.Either<string, readonly ToldOperation[]>;
  /** Those that never end. */
  readonly end: () => E.Either<string, readonly ToldOperation[]>;
};

type Open = { readonly id: number; readonly time: number; readonly event: Event; readonly call: Call };

/**
 * The operations that events tell. What failed did not take effect and is left out; what ended in nobody knows what stays
 * open, as does what never ended. Who has no number is no client.
 */
export const pairing = (model: JepsenModel, keying: Keying = 'no'): Pairing => {
  const open = new Map<number, Open>();
  let held: readonly Event[] = []; // until it is known whether values are pairs
  let areKeyed = keying === 'auto' ? undefined : keying === 'yes';
  let time = 0;
  let invocations = 0;

  const onEvent = (event: Event, operations: ToldOperation[]): string | undefined => {
    const { process, type, line } = event;
    time += 1;
    if (typeof process !== 'number') return undefined;
    const invoked = open.get(process);
    if (type === 'invoke') {
      if (invoked !== undefined) return `process ${process} invokes ${event.f} before its ${invoked.event.f} of line ${invoked.event.line} has ended`;
      const asked = askedIn(event, areKeyed === true);
      const call = E.isLeft(asked) ? asked : model.callOf(asked.right);
      if (E.isLeft(call)) return call.left;
      open.set(process, { id: invocations, time, event, call: call.right });
      invocations += 1;
      return undefined;
    }
    // A client may say that it has crashed, without an operation.
    if (invoked === undefined) return type === 'info' ? undefined : `process ${process} ends a ${event.f} that it never invoked`;
    open.delete(process);
    if (invoked.event.f !== event.f) return `process ${process} ends a ${event.f}, and has invoked a ${invoked.event.f} in line ${invoked.event.line}`;
    if (type === 'info') operations.push(pendingOf(invoked, process, line));
    if (type !== 'ok') return undefined;
    const value = withoutKey(event.value, invoked, areKeyed === true);
    const outcome = model.answered(invoked.call, event.result === undefined ? { value } : { value, result: event.result });
    if (E.isLeft(outcome)) return outcome.left;
    const { command, result } = outcome.right;
    const { id, time: call, event: begun } = invoked;
    operations.push({ type: 'completed', id, session: process, command, result, call, return: time, line: begun.line, endLine: line });
    return undefined;
  };

  const goOn = (events: readonly Event[]): E.Either<string, readonly ToldOperation[]> => {
    const operations: ToldOperation[] = [];
    for (const event of events) {
      const flaw = onEvent(event, operations);
      if (flaw !== undefined) return E.left(`line ${event.line}: ${flaw}`);
    }
    return E.right(operations);
  };

  return {
    push: (events) => {
      if (areKeyed !== undefined) return goOn(events);
      held = [...held, ...events];
      areKeyed = areKeyedIn(model.name, events);
      return areKeyed === undefined ? E.right([]) : goOn(held);
    },
    end: () => {
      const rest = areKeyed === undefined ? goOn(held) : E.right([]);
      return E.map((operations: readonly ToldOperation[]) => [...operations, ...[...open].map(([process, one]) => pendingOf(one, process, null))])(rest);
    },
  };
};

/** The operations of a whole history, in the order of their ends. */
export const operationsIn = (model: JepsenModel, events: readonly Event[], keying: Keying = 'no'): E.Either<string, readonly ToldOperation[]> => {
  const { push, end } = pairing(model, keying);
  return E.chain((ended: readonly ToldOperation[]) => E.map((open: readonly ToldOperation[]) => [...ended, ...open])(end()))(push(events));
};

const pendingOf = ({ id, time, event, call }: Open, session: number, endLine: number | null): ToldOperation => ({
  type: 'pending',
  id,
  session,
  command: call,
  call: time,
  line: event.line,
  endLine,
});

/** Models of one register, of which there may be many; those of many keys have their own words for a key. */
const ONE_REGISTER: readonly string[] = ['register', 'cas-register', 'append', 'map', 'mutex'];

/** Operations that are invoked without a value. */
const NOTHING_TO_SAY: readonly string[] = ['read', 'get', 'delete', 'remove', 'acquire', 'lock', 'release', 'unlock'];

/**
 * Whether values are pairs, as the first events show: a register that is read is invoked with nothing, or with a key and
 * nothing; a compare-and-set with two values, or with a key and two values. A write may be either.
 */
const areKeyedIn = (model: string, events: readonly Event[]): boolean | undefined => {
  if (!ONE_REGISTER.includes(model)) return false;
  for (const { process, type, f, value, key } of events) {
    if (typeof process !== 'number' || type !== 'invoke') continue;
    if (key !== undefined || isPair(value) !== Array.isArray(value)) return false;
    if (NOTHING_TO_SAY.includes(f)) return isPair(value) && value[1] === null;
    if (f === 'cas' && isPair(value)) return isPair(value[1]);
    if (!isPair(value) && !isTuple(value)) return false;
  }
  return undefined;
};

const isPair = (value: unknown): value is readonly [unknown, unknown] => Array.isArray(value) && value.length === 2;

/** However a history has written down that it is a pair: `#jepsen.independent.Tuple[k v]`. */
const isTuple = (value: unknown): value is { readonly tag: string; readonly val: readonly [unknown, unknown] } =>
  isTagged(value) && /tuple$/i.test(value.tag) && isPair(value.val);

const askedIn = (event: Event, areKeyed: boolean): E.Either<string, Asked> => {
  const { f, value, key } = event;
  if (key !== undefined) return E.right({ f, value, key });
  if (isTuple(value)) return E.right({ f, key: value.val[0], value: value.val[1] });
  if (!areKeyed) return E.right({ f, value });
  return isPair(value) ? E.right({ f, key: value[0], value: value[1] }) : E.left('value: expected a key and what is done with it: [k v]');
};

/** An end may name the key once more. */
const withoutKey = (value: unknown, { event }: Open, areKeyed: boolean): unknown => {
  const pair = isTuple(value) ? value.val : value;
  const begun = isTuple(event.value) ? event.value.val : event.value;
  const isKeyed = isTuple(event.value) || (areKeyed && event.key === undefined);
  return isKeyed && isPair(pair) && isPair(begun) && isSame(pair[0], begun[0]) ? pair[1] : pair;
};
