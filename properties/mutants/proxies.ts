/** The judge of a client's proxy alone: whatever it is answered, however often and out of order. Clauses and plans are those of client.test.ts. */

import * as fc from 'fast-check';
import * as Proxy from '../../src/client/proxy.js';
import { commandAt, type Command, type Reply, type Status } from '../../src/record.js';
import { invariantsOf, type Clauses, type Walk } from '../check.js';
import { byLeavingOut, judgeOf, type Judge } from './mutant.js';

const SETTINGS: Proxy.Settings = { window: 3, retryAfter: 50 };
const SESSION = 7;
const FALLBACK = 0;

/** What comes next: a call, the answer to something that was sent, or time. */
type Turn = { readonly type: 'Call'; readonly group: number } | { readonly type: 'Answer'; readonly pick: number } | { readonly type: 'Tick'; readonly ms: number };

type Plan = { readonly turns: readonly Turn[]; /** What becomes of the first attempt of each command. */ readonly fates: readonly Status[] };

const plan: fc.Arbitrary<Plan> = fc.record({
  turns: fc.array(
    fc.oneof<fc.MaybeWeightedArbitrary<Turn>[]>(
      { weight: 3, arbitrary: fc.record({ type: fc.constant('Call'), group: fc.integer({ min: 1, max: 2 }) }) },
      { weight: 5, arbitrary: fc.record({ type: fc.constant('Answer'), pick: fc.nat() }) },
      { weight: 2, arbitrary: fc.record({ type: fc.constant('Tick'), ms: fc.nat({ max: 80 }) }) },
    ),
    { size: '+1', maxLength: 80 },
  ),
  fates: fc.array(fc.constantFrom<Status>('Executed', 'Failed', 'Refused'), { minLength: 1, maxLength: 8 }),
});

type Sent = { readonly group: number; readonly turn: number; readonly command: Command };
type Facts = { readonly steps: Walk<Proxy.Proxy, Proxy.Effect>; readonly sent: readonly Sent[]; readonly calls: readonly Proxy.Call[] };

const sentIn = (effects: readonly Proxy.Effect[]): readonly Sent[] =>
  effects.flatMap((effect) => (effect.type === 'Multicast' ? [{ group: effect.group, turn: effect.turn, command: commandAt(effect.record, 0) }] : []));

/** Answers whatever was sent, in any order and again and again, an attempt always in the same way. */
const conversation = (onEvent: typeof Proxy.onEvent, { turns, fates }: Plan): Facts => {
  const sent: Sent[] = [];
  const calls: Proxy.Call[] = [];
  const steps: Facts['steps'][number][] = [];
  let proxy = Proxy.initial(SESSION, SETTINGS);
  let now = 1;

  const call = (group: number): Proxy.Event => {
    calls.push({ call: calls.length, kind: 1, payload: Uint8Array.of(calls.length), group, fallback: FALLBACK });
    return { type: 'Call', call: calls.at(-1)! };
  };
  const answer = (pick: number): Proxy.Event | undefined => {
    const asked = sent[pick % Math.max(1, sent.length)];
    if (asked === undefined) return undefined;
    const { attempt, session, sequence } = asked.command;
    const status = attempt === 0 ? fates[sequence % fates.length]! : 'Executed';
    const reply: Reply = { status, attempt, session, sequence, position: { group: asked.group, slot: sequence, offset: 0 }, payload: new Uint8Array() };
    return { type: 'Reply', reply };
  };
  const eventOf = (turn: Turn): Proxy.Event | undefined => {
    switch (turn.type) {
      case 'Call':
        return call(turn.group);
      case 'Answer':
        return answer(turn.pick);
      case 'Tick':
        now += turn.ms;
        return { type: 'Tick', now };
    }
  };

  for (const turn of turns) {
    const event = eventOf(turn);
    if (event === undefined) continue;
    const before = proxy;
    const [after, effects] = onEvent(before, event);
    proxy = after;
    steps.push({ before, after, effects });
    sent.push(...sentIn(effects));
  }
  return { steps, sent, calls };
};

const answersIn = ({ steps }: Facts) => steps.flatMap(({ before, effects }) => effects.flatMap((effect) => (effect.type === 'Answer' ? [{ ...effect, before }] : [])));

const clauses: Clauses<Facts> = {
  'REP-3: a call is answered once, whatever is repeated, late or out of order': (facts) => {
    const answered = answersIn(facts).map(({ call }) => call);
    return answered.filter((call, i) => answered.indexOf(call) < i).map((call) => `call ${call} again`);
  },
  'REP-3: a call gets the answer to its own command': (facts) =>
    answersIn(facts)
      .filter(({ call, reply, before }) => before.outstanding.get(reply.sequence)?.call !== facts.calls[call])
      .map(({ call, reply }) => `call ${call} got ${reply.sequence}`),
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
    sent
      .filter(({ group, command: { attempt, sequence } }) => group !== (attempt === 0 ? calls[sequence - 1]?.group : FALLBACK))
      .map(({ group, command }) => `${command.sequence} to g${group}`),
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
  ...Object.fromEntries(Object.entries(invariantsOf<Proxy.Proxy>(Proxy)).map(([clause, violationsIn]) => [clause, ({ steps }: Facts) => violationsIn(steps)])),
};

export const ofProxy: Judge<typeof Proxy.onEvent> = judgeOf({
  judge: 'proxy',
  samples: plan,
  numRuns: 600,
  clauses,
  factsOf: conversation,
  lengthOf: ({ turns }) => turns.length,
  unit: 'turns',
  shorten: [byLeavingOut(({ turns }: Plan) => turns, ({ fates }, turns) => ({ turns, fates }))],
});
