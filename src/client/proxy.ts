/**
 * The client's proxy (P-SMR; opt-PSMR): it names commands, multicasts each to its group, sends it again under the same
 * name when no answer comes, resubmits it once to g_all when its safety check failed, and takes the first answer. REP-3.
 *
 * Of an answer that did not come it cannot tell whose it was to give: after one, it asks all replicas for a while. REP-8.
 *
 * It works by the batch: commands for a group come together and leave together, and replies are taken as they arrive. The
 * service and the technique have chosen the groups before a command comes here: the proxy knows neither.
 */
import { List, Map } from 'immutable';
import * as Wire from '../record.js';
import type { Group, Sheet } from '../record.js';
import { changing, step, type Step } from '../step.js';
import { persistentOutstanding, type Outstanding } from './outstanding.js';

export type Settings = {
  /** Commands that may be outstanding at once: as many as the replicas remember of a session. */
  readonly window: number;
  /** How long to wait for an answer before asking again, ms. */
  readonly retryAfter: number;
};

/** Commands as the user of the proxy gives them, all for one group. */
export type Calls = {
  /** The user's own name for the first; the others count on from it. */
  readonly first: number;
  readonly group: Group;
  /** Where a command goes when it fails in `group`. */
  readonly fallback: Group;
  /** Their records, with kind and payload and not yet a name. These bytes must not change any more. */
  readonly commands: Uint8Array;
};

export type Proxy = {
  readonly session: number;
  readonly settings: Settings;
  readonly now: number;
  /** The number of the next command. */
  readonly next: number;
  /** Every number below this one is answered. */
  readonly floor: number;
  readonly outstanding: Outstanding;
  /** Calls that wait for room in the window. */
  readonly waiting: List<Calls>;
  /** How often commands to a group have had to be sent again: each time to the next of its acceptors. */
  readonly turns: Map<Group, number>;
  /** Since an answer was missed: until when all replicas are asked for theirs, and how long that is, ms. */
  readonly doubt: { readonly until: number; readonly length: number };
};

export type Event =
  | { readonly type: 'Calls'; readonly calls: Calls }
  /** Replies, to whomever: those to other sessions are passed over. */
  | { readonly type: 'Replies'; readonly replies: Uint8Array }
  | { readonly type: 'Tick'; readonly now: number };

export type Effect =
  /** To an acceptor of the group's ring: the one whose turn it is. One at most of each group in a step. */
  | { readonly type: 'Multicast'; readonly group: Group; readonly turn: number; readonly records: Uint8Array }
  /** The attempt failed its safety check: the caller's answer is still to come. */
  | { readonly type: 'Failed'; readonly call: number; readonly payload: Uint8Array }
  /** Of the replies that just came, that at byte `places[i]` answers call `calls[i]`. */
  | { readonly type: 'Answers'; readonly calls: readonly number[]; readonly places: readonly number[]; readonly replies: Uint8Array };

export const initial = (session: number, settings: Settings, outstanding: Outstanding = persistentOutstanding()): Proxy => ({
  session,
  settings,
  now: 0,
  next: 1,
  floor: 1,
  outstanding,
  waiting: List(),
  turns: Map(),
  doubt: { until: 0, length: 0 },
});

const changed = changing<Proxy>(({ session, settings, now, next, floor, outstanding, waiting, turns, doubt }) => ({ session, settings, now, next, floor, outstanding, waiting, turns, doubt }));

export const onEvent = (state: Proxy, event: Event): Step<Proxy, Effect> => {
  switch (event.type) {
    case 'Calls':
      return admit(changed(state, { waiting: state.waiting.push(event.calls) }), [], newOutbox());
    case 'Replies':
      return hear(state, event.replies);
    case 'Tick':
      return retry(changed(state, { now: event.now }));
  }
};

/** How many more commands may be called before one must wait. */
export const roomOf = ({ next, floor, settings, waiting }: Proxy): number => (waiting.isEmpty() ? floor + settings.window - next : 0);

/** For how long all replicas are asked at first, in times of `retryAfter`. */
const DOUBT = 8;

const isInDoubt = ({ now, doubt }: Proxy): boolean => now < doubt.until;

/** An answer is missed. If one is again soon after the doubt has passed, it was right, and comes back twice as long. */
const doubted = ({ now, doubt: { until, length }, settings }: Proxy): Proxy['doubt'] => {
  if (now < until) return { until, length };
  const next = now - until <= length ? 2 * length : DOUBT * settings.retryAfter;
  return { until: now + next, length: next };
};

/** What a step sends, by group. */
type Outbox = globalThis.Map<Group, Sheet>;

const newOutbox = (): Outbox => new globalThis.Map<Group, Sheet>();

const sheetFor = (outbox: Outbox, group: Group, bytes: number): Sheet => {
  const known = outbox.get(group);
  if (known !== undefined) return known;
  const sheet = Wire.newSheet(bytes);
  outbox.set(group, sheet);
  return sheet;
};

const sendings = ({ turns }: Proxy, outbox: Outbox): readonly Effect[] =>
  [...outbox].map(([group, { bytes, length }]) => ({ type: 'Multicast', group, turn: turns.get(group, 0), records: bytes.subarray(0, length) }));

/** The first answer to the current attempt counts; what was answered before, or belongs to another attempt, is ignored. */
const hear = (state: Proxy, replies: Uint8Array): Step<Proxy, Effect> => {
  const { session, next } = state;
  let { outstanding, floor } = state;
  const calls: number[] = [];
  const places: number[] = [];
  const failed: Effect[] = [];
  const outbox = newOutbox();
  for (let at = 0; at < replies.length; at = Wire.nextRecord(replies, at)) {
    const sequence = Wire.sequenceAt(replies, at);
    if (outstanding.attemptOf(sequence) !== Wire.attemptAt(replies, at) || Wire.sessionAt(replies, at) !== session) continue;
    switch (Wire.statusAt(replies, at)) {
      case 'Failed':
        failed.push({ type: 'Failed', call: outstanding.callOf(sequence), payload: Wire.replyAt(replies, at).payload });
        outstanding = resubmit(state, outstanding, sequence, outbox);
        break;
      case 'Executed':
      case 'Refused':
        calls.push(outstanding.callOf(sequence));
        places.push(at);
        outstanding = outstanding.settle(sequence);
    }
  }
  if (calls.length === 0 && failed.length === 0) return step(state);
  while (floor < next && outstanding.attemptOf(floor) < 0) floor += 1;
  const answers: readonly Effect[] = calls.length === 0 ? [] : [{ type: 'Answers', calls, places, replies }];
  return admit(changed(state, { outstanding, floor }), [...failed, ...answers], outbox);
};

/** Every attempt is sent under the name of the first, so that replicas can tell what they have answered already. */
const resubmit = (state: Proxy, outstanding: Outstanding, sequence: number, outbox: Outbox): Outstanding => {
  const { session, floor, now } = state;
  const call = outstanding.callOf(sequence);
  const group = outstanding.fallbackOf(sequence);
  const sheet = sheetFor(outbox, group, 0);
  const at = outstanding.write(sequence, sheet);
  Wire.name(sheet.bytes, at, 1, session, sequence, floor);
  const resubmitted = outstanding.put(sequence, call, group, group, now, sheet.bytes, at);
  if (isInDoubt(state)) Wire.markAgain(sheet.bytes, at);
  return resubmitted;
};

/** Lets in what waits, in the order in which it came, as far as the window has room. */
const admit = (state: Proxy, effects: readonly Effect[], outbox: Outbox): Step<Proxy, Effect> => {
  const { session, now, floor, settings } = state;
  const end = floor + settings.window;
  const isToAll = isInDoubt(state);
  let { next, outstanding, waiting } = state;
  for (let calls = waiting.first(); calls !== undefined && next < end; calls = waiting.first()) {
    const { first, group, fallback, commands } = calls;
    const length = Wire.endOf(commands, end - next);
    const sheet = sheetFor(outbox, group, length);
    const from = Wire.extend(sheet, length);
    sheet.bytes.set(length === commands.length ? commands : commands.subarray(0, length), from);
    let call = first;
    for (let at = from; at < from + length; at = Wire.nextRecord(sheet.bytes, at)) {
      Wire.name(sheet.bytes, at, 0, session, next, floor);
      outstanding = outstanding.put(next, call, group, fallback, now, sheet.bytes, at);
      if (isToAll) Wire.markAgain(sheet.bytes, at);
      next += 1;
      call += 1;
    }
    const rest = waiting.shift();
    waiting = length === commands.length ? rest : rest.unshift({ first: call, group, fallback, commands: commands.subarray(length) });
  }
  const admitted = changed(state, { next, outstanding, waiting });
  return [admitted, [...effects, ...sendings(state, outbox)]];
};

/** Sends again what has waited too long, in order, to the next acceptor of its group, and says that it is not the first time. */
const retry = (state: Proxy): Step<Proxy, Effect> => {
  const { now, settings, next } = state;
  let { outstanding, turns } = state;
  const outbox = newOutbox();
  for (let sequence = state.floor; sequence < next; sequence += 1) {
    if (now - outstanding.sentOf(sequence) < settings.retryAfter) continue; // and what is answered was never sent
    const sheet = sheetFor(outbox, outstanding.groupOf(sequence), 0);
    const at = outstanding.write(sequence, sheet); // which may move the bytes
    Wire.markAgain(sheet.bytes, at);
    outstanding = outstanding.touch(sequence, now);
  }
  if (outbox.size === 0) return step(state);
  for (const group of outbox.keys()) turns = turns.set(group, turns.get(group, 0) + 1);
  const late = changed(state, { outstanding, turns, doubt: doubted(state) });
  return [late, sendings(late, outbox)];
};

/** What every reachable proxy satisfies. */
export const stateInvariants: Readonly<Record<string, (proxy: Proxy) => boolean>> = {
  'REP-3: no more commands are outstanding than the replicas remember': ({ next, floor, settings }) => next - floor <= settings.window,
  'REP-3: a command is resubmitted once at most': ({ next, floor, outstanding }) =>
    Array.from({ length: Math.min(next - floor, 64) }, (_, i) => outstanding.attemptOf(floor + i)).every((attempt) => attempt <= 1),
};
