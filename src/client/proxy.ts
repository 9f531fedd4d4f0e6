/**
 * The client's proxy (P-SMR; opt-PSMR): it names commands, multicasts each to its group, sends it again under the same
 * name when no answer comes, resubmits it once to g_all when its safety check failed, and takes the first answer. REP-3.
 *
 * The service and the technique have chosen the groups before a command comes here: the proxy knows neither.
 */
import { List, Map } from 'immutable';
import { encodeCommand, type Group, type Reply } from '../record.js';
import { step, type Step } from '../step.js';

export type Settings = {
  /** Commands that may be outstanding at once: as many as the replicas remember of a session. */
  readonly window: number;
  /** How long to wait for an answer before asking again, ms. */
  readonly retryAfter: number;
};

/** A command as the user of the proxy gives it. `call` is the user's own name for it. */
export type Call = {
  readonly call: number;
  readonly kind: number;
  readonly payload: Uint8Array;
  readonly group: Group;
  /** Where the command goes when it fails in `group`. */
  readonly fallback: Group;
};

type Outstanding = { readonly call: Call; readonly group: Group; readonly attempt: number; readonly record: Uint8Array; readonly sent: number };

export type Proxy = {
  readonly session: number;
  readonly settings: Settings;
  readonly now: number;
  /** The number of the next command. */
  readonly next: number;
  /** Every number below this one is answered. */
  readonly floor: number;
  readonly outstanding: Map<number, Outstanding>; // by sequence
  /** Calls that wait for room in the window. */
  readonly waiting: List<Call>;
  /** How often commands to a group have had to be sent again: each time to the next of its acceptors. */
  readonly turns: Map<Group, number>;
};

export type Event =
  | { readonly type: 'Call'; readonly call: Call }
  | { readonly type: 'Reply'; readonly reply: Reply }
  | { readonly type: 'Tick'; readonly now: number };

export type Effect =
  /** To an acceptor of the group's ring: the one whose turn it is. */
  | { readonly type: 'Multicast'; readonly group: Group; readonly turn: number; readonly record: Uint8Array }
  /** The attempt failed its safety check: the caller's answer is still to come. */
  | { readonly type: 'Failed'; readonly call: number; readonly payload: Uint8Array }
  | { readonly type: 'Answer'; readonly call: number; readonly reply: Reply };

export const initial = (session: number, settings: Settings): Proxy => ({
  session,
  settings,
  now: 0,
  next: 1,
  floor: 1,
  outstanding: Map(),
  waiting: List(),
  turns: Map(),
});

export const onEvent = (state: Proxy, event: Event): Step<Proxy, Effect> => {
  switch (event.type) {
    case 'Call':
      return hasRoom(state) && state.waiting.isEmpty() ? begin(state, event.call) : step({ ...state, waiting: state.waiting.push(event.call) });
    case 'Reply':
      return hear(state, event.reply);
    case 'Tick':
      return retry({ ...state, now: event.now });
  }
};

const hasRoom = ({ next, floor, settings }: Proxy): boolean => next < floor + settings.window;

const begin = (state: Proxy, call: Call): Step<Proxy, Effect> => multicast({ ...state, next: state.next + 1 }, state.next, call, call.group, 0);

/** Every attempt is sent under the name of the first, so that replicas can tell what they have answered already. */
const multicast = (state: Proxy, sequence: number, call: Call, group: Group, attempt: number): Step<Proxy, Effect> => {
  const { session, floor, now } = state;
  const record = encodeCommand({ kind: call.kind, attempt, session, sequence, floor, payload: call.payload });
  const outstanding = state.outstanding.set(sequence, { call, group, attempt, record, sent: now });
  return step({ ...state, outstanding }, sending(state, group, record));
};

const sending = ({ turns }: Proxy, group: Group, record: Uint8Array): Effect => ({ type: 'Multicast', group, turn: turns.get(group, 0), record });

/** The first answer to the current attempt counts; what was answered before, or belongs to another attempt, is ignored. */
const hear = (state: Proxy, reply: Reply): Step<Proxy, Effect> => {
  const asked = state.outstanding.get(reply.sequence);
  if (asked === undefined || reply.session !== state.session || reply.attempt !== asked.attempt) return step(state);
  const { call } = asked;
  switch (reply.status) {
    case 'Failed': {
      const [next, effects] = multicast(state, reply.sequence, call, call.fallback, 1);
      return step(next, { type: 'Failed', call: call.call, payload: reply.payload }, ...effects);
    }
    case 'Executed':
    case 'Refused':
      return admit(settle(state, reply.sequence), { type: 'Answer', call: call.call, reply });
  }
};

const settle = (state: Proxy, sequence: number): Proxy => {
  const outstanding = state.outstanding.delete(sequence);
  let { floor } = state;
  while (floor < state.next && !outstanding.has(floor)) floor += 1;
  return { ...state, outstanding, floor };
};

/** Room in the window lets waiting calls in. */
const admit = (state: Proxy, ...effects: readonly Effect[]): Step<Proxy, Effect> => {
  const admitted = [...effects];
  let proxy = state;
  for (let call = proxy.waiting.first(); call !== undefined && hasRoom(proxy); call = proxy.waiting.first()) {
    const [next, more] = begin({ ...proxy, waiting: proxy.waiting.shift() }, call);
    proxy = next;
    admitted.push(...more);
  }
  return [proxy, admitted];
};

/** Sends again what has waited too long, in order, to the next acceptor of its group. */
const retry = (state: Proxy): Step<Proxy, Effect> => {
  const { now, settings, outstanding } = state;
  const late = outstanding.filter(({ sent }) => now - sent >= settings.retryAfter);
  if (late.isEmpty()) return step(state);
  const turns = late.toSeq().map(({ group }) => group).toSet().reduce((known, group) => known.set(group, known.get(group, 0) + 1), state.turns);
  const next = { ...state, turns, outstanding: outstanding.merge(late.map((asked) => ({ ...asked, sent: now }))) };
  return [next, late.sortBy((_, sequence) => sequence).valueSeq().map(({ group, record }) => sending(next, group, record)).toArray()];
};

/** What every reachable proxy satisfies. */
export const stateInvariants: Readonly<Record<string, (proxy: Proxy) => boolean>> = {
  'REP-3: no more commands are outstanding than the replicas remember': ({ next, floor, settings }) => next - floor <= settings.window,
  'REP-3: a command is resubmitted once at most': ({ outstanding }) => outstanding.every(({ attempt }) => attempt <= 1),
};
