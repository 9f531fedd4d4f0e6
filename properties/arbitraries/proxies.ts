/** What a client asks its proxy and what the proxy is answered, however often and out of order; and what always holds of it. */

import * as fc from 'fast-check';
import * as Proxy from '../../src/client/proxy.js';
import type { Outstanding } from '../../src/client/outstanding.js';
import { commandAt, encodeCall, encodeReply, join, recordsOf, sequenceAt, type Command, type Reply, type Status } from '../../src/record.js';
import { invariantsOf, over, walk, type Clauses, type Walk } from '../check.js';

const SETTINGS: Proxy.Settings = { window: 3, retryAfter: 50 };
const SESSION = 7;
const FALLBACK = 0;

/** What comes next: calls of one group, answers to some of what was sent, an answer that fits nothing, or time. */
type Turn =
  | { readonly type: 'Calls'; readonly group: number; readonly count: number }
  | { readonly type: 'Answers'; readonly picks: readonly number[] }
  | { readonly type: 'Stray'; readonly reply: Reply }
  | { readonly type: 'Tick'; readonly ms: number };

export type Plan = { readonly turns: readonly Turn[]; /** What becomes of the first attempt of each command. */ readonly fates: readonly Status[] };

const stray: fc.Arbitrary<Reply> = fc.record({
  status: fc.constantFrom<Status>('Executed', 'Failed', 'Refused'),
  attempt: fc.constantFrom(0, 1),
  session: fc.constantFrom(SESSION + 1, SESSION + 2),
  sequence: fc.integer({ min: 1, max: 6 }),
  position: fc.constant({ group: 1, slot: 0, offset: 0 }),
  payload: fc.constant(new Uint8Array()),
});

export const plan: fc.Arbitrary<Plan> = fc.record({
  turns: fc.array(
    fc.oneof<fc.MaybeWeightedArbitrary<Turn>[]>(
      { weight: 3, arbitrary: fc.record({ type: fc.constant('Calls'), group: fc.integer({ min: 1, max: 2 }), count: fc.integer({ min: 1, max: 5 }) }) },
      { weight: 5, arbitrary: fc.record({ type: fc.constant('Answers'), picks: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }) }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('Stray'), reply: stray }) },
      { weight: 2, arbitrary: fc.record({ type: fc.constant('Tick'), ms: fc.oneof({ weight: 5, arbitrary: fc.nat({ max: 80 }) }, { weight: 1, arbitrary: fc.integer({ min: 300, max: 900 }) }) }) },
    ),
    { size: '+1', maxLength: 80 },
  ),
  fates: fc.array(fc.constantFrom<Status>('Executed', 'Failed', 'Refused'), { minLength: 1, maxLength: 8 }),
});

type Sent = { readonly group: number; readonly turn: number; readonly command: Command };
/** A call, by its place among all of them: the first is call 0, and will be number 1. */
type Call = { readonly group: number; readonly payload: Uint8Array };
/** The steps of the proxy, what it sent, and what it was asked. */
export type Run = { readonly steps: Walk<Proxy.Proxy, Proxy.Effect>; readonly sent: readonly Sent[]; readonly calls: readonly Call[] };

/** What a step sends, by number: what goes to several groups leaves in no order. */
export const sentIn = (effects: readonly Proxy.Effect[]): readonly Sent[] =>
  effects
    .flatMap((effect) => (effect.type === 'Multicast' ? [...recordsOf(effect.records)].map((at) => ({ group: effect.group, turn: effect.turn, command: commandAt(effect.records, at) })) : []))
    .sort((a, b) => a.command.sequence - b.command.sequence);

const answersIn = (effects: readonly Proxy.Effect[]) =>
  effects.flatMap((effect) => (effect.type === 'Answers' ? effect.calls.map((call, i) => ({ call, sequence: sequenceAt(effect.replies, effect.places[i]!) })) : []));

const failedIn = (effects: readonly Proxy.Effect[]): readonly number[] => effects.flatMap((effect) => (effect.type === 'Failed' ? [effect.call] : []));

/** Every third payload is longer than what the proxy keeps room for. */
const payloadOf = (call: number): Uint8Array => new Uint8Array(call % 3 === 2 ? 70 : 1 + (call % 9)).fill(call);

/** Answers whatever was sent, in any order and again and again, an attempt always in the same way. */
export const conversation = ({ turns, fates }: Plan, onEvent = Proxy.onEvent, outstanding?: Outstanding): Run => {
  const sent: Sent[] = [];
  const calls: Call[] = [];
  const steps: Walk<Proxy.Proxy, Proxy.Effect>[number][] = [];
  let now = 1;
  for (const turn of turns) {
    const event = eventFor(turn);
    if (event === undefined) continue;
    const [taken] = walk(steps.at(-1)?.after ?? Proxy.initial(SESSION, SETTINGS, outstanding), onEvent, [event]);
    steps.push(taken!);
    sent.push(...sentIn(taken!.effects));
  }
  return { steps, sent, calls };

  function eventFor(turn: Turn): Proxy.Event | undefined {
    switch (turn.type) {
      case 'Calls': {
        const first = calls.length;
        const called = Array.from({ length: turn.count }, (_, i): Call => ({ group: turn.group, payload: payloadOf(first + i) }));
        calls.push(...called);
        return { type: 'Calls', calls: { first, group: turn.group, fallback: FALLBACK, commands: join(called.map(({ payload }) => encodeCall(1, payload))) } };
      }
      case 'Answers': {
        const replies = sent.length === 0 ? [] : turn.picks.map((pick) => answerTo(sent[pick % sent.length]!));
        return replies.length === 0 ? undefined : { type: 'Replies', replies: join(replies) };
      }
      case 'Stray':
        return { type: 'Replies', replies: encodeReply(turn.reply) };
      case 'Tick':
        now += turn.ms;
        return { type: 'Tick', now };
    }
  }

  function answerTo({ group, command: { attempt, session, sequence } }: Sent): Uint8Array {
    const status = attempt === 0 ? fates[sequence % fates.length]! : 'Executed';
    return encodeReply({ status, attempt, session, sequence, position: { group, slot: sequence, offset: 0 }, payload: new Uint8Array() });
  }
};

export const clauses: Clauses<Run> = {
  'REP-3: a call is answered once, whatever is repeated, late or out of order': ({ steps }) => {
    const answered = steps.flatMap(({ effects }) => answersIn(effects).map(({ call }) => call));
    return answered.filter((call, i) => answered.indexOf(call) < i).map((call) => `call ${call} again`);
  },
  'REP-3: a call gets the answer to its own command': ({ steps }) =>
    steps.flatMap(({ effects }) => answersIn(effects).filter(({ call, sequence }) => sequence !== call + 1).map(({ call, sequence }) => `call ${call} got ${sequence}`)),
  'REP-3: a command is resubmitted once at most, after it has failed, to its fallback': ({ steps }) => {
    const resubmitted = steps.flatMap(({ effects }) => failedIn(effects).map((call) => ({ call, sent: sentIn(effects).filter(({ command }) => command.sequence === call + 1) })));
    return [
      ...resubmitted.filter(({ call }, i) => resubmitted.findIndex((other) => other.call === call) < i).map(({ call }) => `call ${call} again`),
      ...resubmitted.filter(({ sent }) => sent.length !== 1 || sent[0]!.group !== FALLBACK || sent[0]!.command.attempt !== 1).map(({ call }) => `call ${call} elsewhere`),
    ];
  },
  'REP-3: a command keeps its name and its content, however often it is sent': ({ sent, calls }) =>
    sent
      .filter(({ command: { session, sequence, kind, payload } }) => session !== SESSION || kind !== 1 || payload.join() !== calls[sequence - 1]?.payload.join())
      .map(({ command }) => `${command.sequence} is not what was called`),
  'REP-3: a first attempt goes to the group of its call, a second one to the fallback': ({ sent, calls }) =>
    sent.filter(({ group, command: { attempt, sequence } }) => group !== (attempt === 0 ? calls[sequence - 1]?.group : FALLBACK)).map(({ group, command }) => `${command.sequence} to g${group}`),
  'REP-3: a command is sent within the window of its floor, and never below it': ({ sent }) =>
    sent
      .filter(({ command: { sequence, floor } }) => sequence < floor || sequence >= floor + SETTINGS.window)
      .map(({ command: { sequence, floor } }) => `${sequence} with floor ${floor}`),
  'calls are let in in the order in which they came': ({ sent, calls }) => {
    const first = sent.filter(({ command }, i) => sent.findIndex((other) => other.command.sequence === command.sequence) === i);
    return first.filter(({ command }, i) => command.sequence !== i + 1 || command.payload[0] !== calls[i]?.payload[0]).map(({ command }) => `${command.sequence} out of order`);
  },
  'no call waits while there is room': ({ steps }) =>
    steps.filter(({ after }) => !after.waiting.isEmpty() && after.next < after.floor + SETTINGS.window).map(({ after }) => `${after.waiting.size} wait at ${after.next}`),
  'what is sent again goes to the next acceptor of its group': ({ steps }) =>
    steps.flatMap(({ before, after, effects }) =>
      effects[0]?.type === 'Multicast' && after.now > before.now
        ? sentIn(effects).filter(({ group, turn }) => turn !== before.turns.get(group, 0) + 1).map(({ group, turn }) => `g${group}: turn ${turn} after ${before.turns.get(group, 0)}`)
        : [],
    ),
  'what has waited for long is sent again': ({ steps }) =>
    steps.flatMap(({ after: { floor, next, now, outstanding } }) =>
      Array.from({ length: next - floor }, (_, i) => floor + i).filter((sequence) => now - outstanding.sentOf(sequence) >= SETTINGS.retryAfter + 80).map((sequence) => `${sequence} is forgotten`),
    ),
  'REP-8: all replicas are asked for what is sent again, and for everything a while after that': ({ steps }) =>
    steps.flatMap(({ before, after, effects }) =>
      sentIn(effects).filter(({ command }) => (command.isAgain ?? false) !== (after.now > before.now || after.now < before.doubt.until)).map(({ command }) => `${command.sequence} says otherwise`),
    ),
  'after a missing answer there is doubt, for twice as long if the last was right': ({ steps }) =>
    steps.flatMap(({ before, after, effects }) => {
      const isMissing = after.now > before.now && sentIn(effects).length > 0;
      if (!isMissing || after.now < before.doubt.until) return after.doubt === before.doubt || after.doubt.until === before.doubt.until ? [] : [`doubt out of nothing at ${after.now}`];
      const isRight = before.doubt.length > 0 && after.now <= before.doubt.until + before.doubt.length;
      return after.doubt.until === after.now + (isRight ? 2 * before.doubt.length : 8 * SETTINGS.retryAfter) ? [] : [`doubt until ${after.doubt.until} at ${after.now}`];
    }),
  'a step sends no group more than one batch': ({ steps }) =>
    steps.flatMap(({ effects }) => {
      const groups = effects.flatMap((effect) => (effect.type === 'Multicast' ? [effect.group] : []));
      return groups.filter((group, i) => groups.indexOf(group) < i).map((group) => `g${group}`);
    }),
  ...over(invariantsOf<Proxy.Proxy>(Proxy), ({ steps }: Run) => steps),
};
