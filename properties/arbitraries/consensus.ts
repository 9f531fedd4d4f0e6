/** Rings whose ballots compete: messages travel for longer than a silence is borne, and acceptors crash and come back. */

import * as fc from 'fast-check';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { World } from '../../src/adapter/simulated/world.js';
import type { Run } from '../../src/check/explore/run.js';
import { randomRun } from '../../src/check/explore/walk.js';
import type { Event as AcceptorEvent } from '../../src/consensus/acceptor.js';
import type { Ballot, Membership } from '../../src/consensus/ballot.js';
import type { Event as CoordinatorEvent } from '../../src/consensus/coordinator.js';
import type { Entry, Message, Value } from '../../src/consensus/messages.js';
import type { Event as RingEvent, Settings } from '../../src/consensus/ring.js';
import { ring, type RingBounds, type RingDeed, type RingSystem, type RingWorld } from '../../src/models/ring.js';
import * as Node from '../../src/node.js';
import type { Command, Result } from '../../src/service/b-plus-tree/index.js';
import { runsOf } from './runs.js';
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
const along = fc.constantFrom([0, 1, 2, 3], [1, 2, 3], [2, 0], [0, 2, 3]);

/** What a coordinator says in a ballot: one id for an instance, and one value for an id. */
const choiceIn = (ballots: fc.Arbitrary<Ballot>) =>
  fc.record({ of: ballots, at: instance, route: along }).map(({ of, at, route }) => {
    const id = `${of.round}.${of.process}.${at}`;
    const value: Value = at === 3 ? { type: 'Skip', to: 8 * of.round } : { type: 'Batch', commands: Uint8Array.of(of.round, of.process, at) };
    return { ballot: of, ring: route, instance: at, id, value };
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

// Three acceptors without a clock: the world that the explorer searches, walked at random

/** What befalls the ring on a walk: more than can be searched in full. */
const WALKED: RingBounds = { inputs: 4, timers: 4, crashes: 1, losses: 1, duplications: 2, isTerse: true };

/** Patience is lost seldom, so that ballots are low and meet. */
const weightOf = ({ what }: RingDeed): number => (what === 'arrives' ? 8 : what === 'input' || what === 'crash' ? 3 : 1);

/** A ring of these machines. */
export const ringWith = (change: Change = (world) => world, bounds: RingBounds = WALKED): RingSystem =>
  ring(bounds, { startProcess: Node.startProcess, onProcessEvent: Node.onProcessEvent, ...change({} as World<Command, Result>).machines });

/** A run of the ring that follows from a seed. */
export const walkOf = (system: RingSystem, seed: number): Run<RingWorld, RingDeed> => {
  const random = xoroshiro128plus(seed);
  return randomRun(system, () => uniformFloat64(random), LENGTH, weightOf);
};

const LENGTH = 100;

/** Runs of the ring. */
export const walks: fc.Arbitrary<Run<RingWorld, RingDeed>> = runsOf(ringWith(), LENGTH, weightOf);
