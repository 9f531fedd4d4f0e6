/** What a client asks its proxy and what the proxy is answered, however often and out of order; and what always holds of it. */

import * as fc from 'fast-check';
import * as Proxy from '../../src/client/proxy.js';
import { commandAt, type Command, type Reply, type Status } from '../../src/record.js';
import { invariantsOf, over, walk, type Clauses, type Walk } from '../check.js';

const SETTINGS: Proxy.Settings = { window: 3, retryAfter: 50 };
const SESSION = 7;
const FALLBACK = 0;

/** What comes next: a call, the answer to something that was sent, an answer that fits nothing, or time. */
type Turn =
  | { readonly type: 'Call'; readonly group: number }
  | { readonly type: 'Answer'; readonly pick: number }
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
      { weight: 3, arbitrary: fc.record({ type: fc.constant('Call'), group: fc.integer({ min: 1, max: 2 }) }) },
      { weight: 5, arbitrary: fc.record({ type: fc.constant('Answer'), pick: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ type: fc.constant('Stray'), reply: stray }) },
      { weight: 2, arbitrary: fc.record({ type: fc.constant('Tick'), ms: fc.nat({ max: 80 }) }) },
    ),
    { size: '+1', maxLength: 80 },
  ),
  fates: fc.array(fc.constantFrom<Status>('Executed', 'Failed', 'Refused'), { minLength: 1, maxLength: 8 }),
});

type Sent = { readonly group: number; readonly turn: number; readonly command: Command };
/** The steps of the proxy, what it sent, and what it was asked. */
export type Run = { readonly steps: Walk<Proxy.Proxy, Proxy.Effect>; readonly sent: readonly Sent[]; readonly calls: readonly Proxy.Call[] };

const sentIn = (effects: readonly Proxy.Effect[]): readonly Sent[] =>
  effects.flatMap((effect) => (effect.type === 'Multicast' ? [{ group: effect.group, turn: effect.turn, command: commandAt(effect.record, 0) }] : []));

/** Answers whatever was sent, in any order and again and again, an attempt always in the same way. */
export const conversation = ({ turns, fates }: Plan, onEvent = Proxy.onEvent): Run => {
  const sent: Sent[] = [];
  const calls: Proxy.Call[] = [];
  const steps: Walk<Proxy.Proxy, Proxy.Effect>[number][] = [];
  let now = 1;
  for (const turn of turns) {
    const event = eventFor(turn);
    if (event === undefined) continue;
    const [taken] = walk(steps.at(-1)?.after ?? Proxy.initial(SESSION, SETTINGS), onEvent, [event]);
    steps.push(taken!);
    sent.push(...sentIn(taken!.effects));
  }
  return { steps, sent, calls };

  function eventFor(turn: Turn): Proxy.Event | undefined {
    switch (turn.type) {
      case 'Call': {
        const call = { call: calls.length, kind: 1, payload: Uint8Array.of(calls.length), group: turn.group, fallback: FALLBACK };
        calls.push(call);
        return { type: 'Call', call };
      }
      case 'Answer': {
        const asked = sent[turn.pick % Math.max(1, sent.length)];
        if (asked === undefined) return undefined;
        const { attempt, session, sequence } = asked.command;
        const status = attempt === 0 ? fates[sequence % fates.length]! : 'Executed';
        return { type: 'Reply', reply: { status, attempt, session, sequence, position: { group: asked.group, slot: sequence, offset: 0 }, payload: new Uint8Array() } };
      }
      case 'Stray':
        return { type: 'Reply', reply: turn.reply };
      case 'Tick':
        now += turn.ms;
        return { type: 'Tick', now };
    }
  }
};

export const clauses: Clauses<Run> = {
  'REP-3: a call is answered once, whatever is repeated, late or out of order': ({ steps }) => {
    const answered = steps.flatMap(({ effects }) => effects.flatMap((effect) => (effect.type === 'Answer' ? [effect.call] : [])));
    return answered.filter((call, i) => answered.indexOf(call) < i).map((call) => `call ${call} again`);
  },
  'REP-3: a call gets the answer to its own command': ({ steps, calls }) =>
    steps.flatMap(({ effects, before }) =>
      effects.flatMap((effect) => (effect.type === 'Answer' && before.outstanding.get(effect.reply.sequence)?.call !== calls[effect.call] ? [`call ${effect.call} got ${effect.reply.sequence}`] : [])),
    ),
  'REP-3: a command is resubmitted once at most, after it has failed, to its fallback': ({ steps }) => {
    const resubmitted = steps.flatMap(({ effects }) => (effects[0]?.type === 'Failed' ? [{ call: effects[0].call, sent: sentIn(effects) }] : []));
    return [
      ...resubmitted.filter(({ call }, i) => resubmitted.findIndex((other) => other.call === call) < i).map(({ call }) => `call ${call} again`),
      ...resubmitted.filter(({ sent }) => sent.length !== 1 || sent[0]!.group !== FALLBACK || sent[0]!.command.attempt !== 1).map(({ call }) => `call ${call} elsewhere`),
    ];
  },
  'REP-3: a command keeps its name and its content, however often it is sent': ({ sent, calls }) =>
    sent
      .filter(({ command: { session, sequence, payload } }) => session !== SESSION || payload[0] !== calls[sequence - 1]?.payload[0])
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
    steps.flatMap(({ after }) => [...after.outstanding].filter(([, { sent }]) => after.now - sent >= SETTINGS.retryAfter + 80).map(([sequence]) => `${sequence} is forgotten`)),
  ...over(invariantsOf<Proxy.Proxy>(Proxy), ({ steps }: Run) => steps),
};
