/** Rings whose ballots compete: messages travel for longer than a silence is borne, and acceptors crash and come back. */

import * as fc from 'fast-check';
import { Map } from 'immutable';
import type { Event as AcceptorEvent } from '../../src/consensus/acceptor.js';
import type { Ballot, Membership } from '../../src/consensus/ballot.js';
import type { Event as CoordinatorEvent } from '../../src/consensus/coordinator.js';
import type { Durable, Entry, Message, Value } from '../../src/consensus/messages.js';
import type { Event as RingEvent, Settings } from '../../src/consensus/ring.js';
import type { Facts } from '../../spec/consensus.js';
import { namesIn, textOf } from '../../src/adapter/simulated/recording.js';
import type { World } from '../../src/adapter/simulated/world.js';
import * as Node from '../../src/node.js';
import { encodeCommand, G_ALL } from '../../src/record.js';
import type { Command, Result } from '../../src/service/b-plus-tree/index.js';
import { rough, type Change, type Plan } from './world.js';

const crash = fc.record({ process: fc.constantFrom(0, 1, 2), at: fc.integer({ min: 10, max: 900 }), down: fc.integer({ min: 1, max: 80 }) });

/** Plans for `hasty` worlds. */
export const duel: fc.Arbitrary<Plan> = fc
  .record({ plan: rough, loss: fc.constantFrom(0, 0, 0.05), crashes: fc.array(crash, { maxLength: 8 }) })
  .map(({ plan, ...faults }): Plan => ({ ...plan, ...faults, technique: 'smr', threads: 1, delay: 120, duplication: 0.2, clients: plan.clients.slice(0, 2) }));

/** Coordinators that suspect each other at the slightest delay. Nobody minds if clients are left without an answer. */
export const hasty: Change = (world) => ({
  ...world,
  limit: 3000,
  cluster: { ...world.cluster, ring: { ...world.cluster.ring, heartbeat: 10, suspectAfter: 60, resendAfter: 60 } },
});

// The machines of a ring, one by one. Ballots are low, so that they meet.

export const MEMBERSHIP: Membership = { acceptors: [0, 1, 2], learners: [3] };
export const SETTINGS: Settings = { batchBytes: 16, backlogBytes: 64, window: 2, heartbeat: 20, suspectAfter: 50, resendAfter: 30, askAfter: 20, askFor: 4 };

const process = fc.constantFrom(...MEMBERSHIP.acceptors);
const ballot: fc.Arbitrary<Ballot> = fc.record({ round: fc.integer({ min: 1, max: 3 }), process });
const instance = fc.nat({ max: 3 });
const ring = fc.constantFrom([0, 1, 2, 3], [1, 2, 3], [2, 0], [0, 2, 3]);

/** What a coordinator says in a ballot: one id for an instance, and one value for an id. */
const choiceIn = (ballots: fc.Arbitrary<Ballot>) =>
  fc.record({ of: ballots, at: instance, along: ring }).map(({ of, at, along }) => {
    const id = `${of.round}.${of.process}.${at}`;
    const value: Value = at === 3 ? { type: 'Skip', to: 8 * of.round } : { type: 'Batch', commands: Uint8Array.of(of.round, of.process, at) };
    return { ballot: of, ring: along, instance: at, id, value };
  });
const choice = choiceIn(ballot);

/** What acceptors report to coordinator 0, which has not been there before. */
const entry: fc.Arbitrary<Entry> = choiceIn(fc.record({ round: fc.integer({ min: 1, max: 3 }), process: fc.constantFrom(1, 2) })).chain(({ ballot: of, id, value }) =>
  fc.constantFrom<Entry>({ type: 'Voted', ballot: of, id, value }, { type: 'Decided', id, value }),
);

const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({ type: fc.constant('Prepare' as const), ballot, from: instance }),
  fc.record({ type: fc.constant('Promise' as const), ballot, entries: fc.array(fc.tuple(instance, entry), { maxLength: 2 }) }),
  fc.record({ type: fc.constant('Refuse' as const), promised: ballot }),
  { weight: 3, arbitrary: choice.map(({ instance: _, ...said }): Message => ({ type: 'Value', ...said })) },
  {
    weight: 3,
    arbitrary: fc
      .record({ said: choice, voters: fc.subarray([...MEMBERSHIP.acceptors], { maxLength: 1 }) })
      .map(({ said: { value: _, ...said }, voters }): Message => ({ type: 'Phase2', ...said, voters })),
  },
  fc.record({ said: choice, decider: process }).map(({ said: { value: _, ...said }, decider }): Message => ({ type: 'Decision', ...said, decider })),
  fc.record({ type: fc.constant('Ask' as const), from: instance, to: instance }),
  choice.map(({ instance: at, id, value }): Message => ({ type: 'Chosen', instance: at, id, value })),
  fc.record({ type: fc.constant('Alive' as const), ballot, decided: instance }),
  fc.constant<Message>({ type: 'Here' }),
  fc.uint8Array({ minLength: 1, maxLength: 24 }).map((commands): Message => ({ type: 'Submit', commands })),
);

/** Time passes from event to event, and is part of the world. */
const timed = <E>(event: fc.Arbitrary<E>): fc.Arbitrary<readonly (E | { readonly type: 'Tick'; readonly now: number })[]> =>
  fc
    .array(fc.oneof({ weight: 3, arbitrary: event }, { weight: 1, arbitrary: fc.nat({ max: 200 }).map((ms) => ({ type: 'Tick' as const, now: ms })) }), { size: '+1', maxLength: 60 })
    .map((events) => {
      let now = 1;
      return events.map((each) => (isTick(each) ? { type: 'Tick' as const, now: (now += each.now) } : each));
    });

const isTick = (event: unknown): event is { readonly type: 'Tick'; readonly now: number } => (event as { readonly type?: string }).type === 'Tick';

export const ringEvents: fc.Arbitrary<readonly RingEvent[]> = timed<RingEvent>(
  fc.oneof(
    { weight: 6, arbitrary: fc.record({ type: fc.constant('Received' as const), from: process, message }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('Skip' as const), to: fc.nat({ max: 40 }) }) },
  ),
);

const proposals: fc.Arbitrary<readonly AcceptorEvent[]> = fc
  .record({ said: choice, voters: fc.subarray([0, 2], { maxLength: 1 }) })
  .chain(({ said: { instance: at, value, ...said }, voters }) => {
    const first: AcceptorEvent = { type: 'Value', ...said, value };
    const second: AcceptorEvent = { type: 'Phase2', ...said, instance: at, voters };
    return fc.constantFrom([first, second], [first, second], [second, first], [first], [second]);
  });

const prepare: fc.Arbitrary<AcceptorEvent> = fc.record({ type: fc.constant('Prepare'), ballot, from: instance });
const learned: fc.Arbitrary<AcceptorEvent> = choice.map(({ instance: at, id, value }) => ({ type: 'Learned', instance: at, id, value }));
const question: fc.Arbitrary<AcceptorEvent> = fc.record({ type: fc.constant('Ask'), from: instance, to: instance, learner: fc.constant(3) });

export const acceptorEvents: fc.Arbitrary<readonly AcceptorEvent[]> = fc
  .array(fc.oneof({ weight: 6, arbitrary: proposals }, ...[prepare, learned, question].map((one) => one.map((event) => [event]))), { size: '+1', maxLength: 40 })
  .map((groups) => groups.flat());

/** Promises of one ballot of coordinator 0, its own first. */
const promises: fc.Arbitrary<readonly CoordinatorEvent[]> = fc
  .record({ round: fc.integer({ min: 1, max: 3 }), reports: fc.array(fc.array(fc.tuple(instance, entry), { maxLength: 2 }), { minLength: 1, maxLength: 3 }) })
  .map(({ round, reports }) => reports.map((entries, acceptor) => ({ type: 'Promise', ballot: { round, process: 0 }, entries, acceptor })));

const heard = message.filter((said): said is Extract<Message, { type: 'Refuse' | 'Prepare' | 'Alive' | 'Decision' | 'Submit' }> =>
  ['Refuse', 'Prepare', 'Alive', 'Decision', 'Submit'].includes(said.type),
);
const here: fc.Arbitrary<CoordinatorEvent> = process.map((each) => ({ type: 'Here', process: each }));
const skip: fc.Arbitrary<CoordinatorEvent> = fc.record({ type: fc.constant('Skip'), to: fc.nat({ max: 40 }) });
const known: fc.Arbitrary<CoordinatorEvent> = instance.map((decided) => ({ type: 'Learned', decided }));

export const coordinatorEvents: fc.Arbitrary<readonly CoordinatorEvent[]> = timed<readonly CoordinatorEvent[]>(
  fc.oneof({ weight: 6, arbitrary: promises }, ...[heard, heard, here, skip, skip, known].map((one) => one.map((event) => [event]))),
).map((groups) => groups.flat());

// Three acceptors without a clock: messages come in any order, and a process campaigns when it is told to.

export type Move =
  /** One of the messages on their way arrives: counted from the newest, so that old ones are overtaken. It may come again. */
  | { readonly type: 'Arrive'; readonly pick: number; readonly isKept: boolean }
  | { readonly type: 'Lose'; readonly pick: number }
  /** So much time passes at a process that it loses patience, or sends again what is open. */
  | { readonly type: 'Wait'; readonly process: number }
  /** A client calls one of those that lead, by their own lights. */
  | { readonly type: 'Submit'; readonly pick: number }
  /** The process that was told something last crashes, and comes back. */
  | { readonly type: 'Crash' };

const pick = fc.oneof({ weight: 4, arbitrary: fc.nat({ max: 2 }) }, { weight: 1, arbitrary: fc.nat({ max: 60 }) });

export const schedule: fc.Arbitrary<readonly Move[]> = fc.array(
  fc.oneof<fc.MaybeWeightedArbitrary<Move>[]>(
    { weight: 24, arbitrary: fc.record({ type: fc.constant('Arrive'), pick, isKept: fc.nat({ max: 5 }).map((n) => n === 0) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('Lose'), pick }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('Wait'), process }) },
    { weight: 3, arbitrary: fc.record({ type: fc.constant('Submit'), pick }) },
    { weight: 1, arbitrary: fc.constant({ type: 'Crash' }) },
  ),
  { minLength: 20, maxLength: 160, size: 'max' },
);

const moveOf = (text: string): Move => {
  const at = Number.parseInt(text.slice(1));
  if (text.startsWith('a')) return { type: 'Arrive', pick: at, isKept: text.endsWith('+') };
  if (text.startsWith('w')) return { type: 'Wait', process: at };
  return text.startsWith('s') ? { type: 'Submit', pick: at } : { type: 'Crash' };
};

/**
 * Schedules that chance seldom meets, shortened: mistakes in what is promised show in them. An `a` is an
 * arrival (`+`: it may come again), a `w` a wait, an `s` a submission, a `c` a crash.
 */
export const narrow: readonly (readonly Move[])[] = [
  'w2 a1 a0 s0 a3 c a4 a2 a0 s0 a1 a1 a7', // a promise is lost in a crash
  'w0 a0 w2 a0 a0 s0 a0 a0 a5 c w2 w2 a0 a0 s0 a2 a0', // a lower ballot is promised
  'w2 a3 a0+ s0 a1 a6 a6 a0+ s0 s0 w0 w0 a0+ a0+ a2 a0 a19', // a promise is not recorded
  'a0+ a2 w2 a0 a0 s0 s0 w1 a3 a1 a1 a0 a2+ w2 w0 w2 w2 a22 s0 a1 a1', // promises of an older ballot are counted
].map((text) => text.split(' ').map(moveOf));

const CLUSTER: Node.Cluster = {
  membership: { acceptors: MEMBERSHIP.acceptors, learners: [] },
  technique: 'smr',
  threads: 1,
  ring: { ...SETTINGS, batchBytes: 1, backlogBytes: 1000, window: 4, heartbeat: Infinity },
  skip: { lambda: 0, delta: 1000, origin: 0 },
  m: 1,
  commandsPerBarrier: 1,
  homes: [0],
};

/** What three acceptors come to by a schedule. Their disks are quick: whatever they write is durable at once. */
export const played = (moves: readonly Move[], change: Change = (world) => world): Facts => {
  const { startProcess = Node.startProcess, onProcessEvent = Node.onProcessEvent } = change({} as World<Command, Result>).machines ?? {};
  const facts = { acceptors: 3, submitted: [] as Facts['submitted'][number][], votes: [] as Facts['votes'][number][], learned: [] as Facts['learned'][number][] };
  const hosts = MEMBERSHIP.acceptors.map((me) => ({ me, life: 0, now: 1, process: startProcess(CLUSTER, me), records: [] as Durable[] }));
  let last = hosts[0]!;
  const travelling: { readonly to: number; readonly event: Node.ProcessEvent }[] = [];

  const tell = (to: number, first: Node.ProcessEvent): void => {
    const host = (last = hosts[to]!);
    const own = [first]; // a process hears itself at once
    for (let event = own.shift(); event !== undefined; event = own.shift()) {
      const [next, effects] = onProcessEvent(host.process, event);
      host.process = next;
      for (const effect of effects)
        switch (effect.type) {
          case 'Send': {
            const received = { type: 'Received', group: G_ALL, from: to, message: effect.message } as const;
            if (effect.to === to) own.push(received);
            else travelling.push({ to: effect.to, event: received });
            break;
          }
          case 'Persist':
            host.records.push(effect.record);
            if (effect.record.type === 'Voted') facts.votes.push({ ring: G_ALL, process: to, ...effect.record });
            break;
          case 'Decided': {
            const { instance: at, id, value } = effect;
            const commands = value.type === 'Batch' ? namesIn(value.commands) : [];
            facts.learned.push({ ring: G_ALL, process: to, life: host.life, instance: at, id, value: textOf(value), commands });
          }
        }
    }
  };

  MEMBERSHIP.acceptors.forEach((me) => tell(me, { type: 'Tick', now: 1 }));
  for (const move of moves)
    switch (move.type) {
      case 'Arrive':
      case 'Lose': {
        const index = travelling.length - 1 - (move.pick % Math.max(1, travelling.length));
        const message = travelling[index];
        if (message === undefined) break;
        if (move.type === 'Lose' || !move.isKept) travelling.splice(index, 1);
        if (move.type === 'Arrive') tell(message.to, message.event);
        break;
      }
      case 'Wait': {
        const host = hosts[move.process]!;
        host.now += 10 * SETTINGS.suspectAfter;
        tell(move.process, { type: 'Tick', now: host.now });
        break;
      }
      case 'Submit': {
        const leaders = hosts.filter((host) => host.process.parts.get(G_ALL)?.ring.voting?.coordinator.role.type === 'Leading');
        const leader = leaders[move.pick % Math.max(1, leaders.length)];
        if (leader === undefined) break;
        const commands = encodeCommand({ kind: 1, attempt: 0, session: 1, sequence: facts.submitted.length + 1, floor: 1, payload: new Uint8Array() });
        facts.submitted.push(...namesIn(commands).map((command) => ({ ring: G_ALL, command })));
        tell(leader.me, { type: 'Received', group: G_ALL, from: -1, message: { type: 'Submit', commands } });
        break;
      }
      case 'Crash': {
        last.life += 1;
        last.process = startProcess(CLUSTER, last.me, Map([[G_ALL, [...last.records]]]));
        tell(last.me, { type: 'Tick', now: last.now });
      }
    }
  return facts;
};
