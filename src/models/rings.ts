/**
 * Three rings and two merges: one acceptor orders g_all, g_1 and g_2; at each of two learners, t_1 merges the first two
 * rings and t_2 the first and the last. A ring that has nothing to order is skipped forward when a batch of another one waits
 * for it, or when a timer runs out.
 */

import { byRing } from '../../spec/consensus.js';
import * as Spec from '../../spec/multicast.js';
import * as Abstract from '../../spec/refinement.js';
import { composed, type Bounds, type Happening, type World } from '../check/explore/composition.js';
import type { System } from '../check/explore/system.js';
import type { Durable, Message } from '../consensus/messages.js';
import { groupsOf, sayGroup, subscriptionsOf } from '../multicast/groups.js';
import * as Merge from '../multicast/merge.js';
import * as Node from '../node.js';
import type { Group } from '../record.js';
import { asked } from './asked.js';

const ACCEPTOR = 0;
const LEARNERS = [1, 2];
const THREADS = 2;
const CLIENT = -1;

/** Between two looks at the clock, ms; a ring is expected to order one value in that time. */
const STEP = 10;

const CLUSTER: Node.Cluster = {
  membership: { acceptors: [ACCEPTOR], learners: LEARNERS },
  technique: 'opt-psmr',
  threads: THREADS,
  ring: { batchBytes: 1, backlogBytes: 1000, window: 4, heartbeat: Infinity, suspectAfter: Infinity, resendAfter: Infinity, askAfter: Infinity, askFor: 4 },
  skip: { lambda: 1000 / STEP, delta: STEP, origin: 0 },
  m: 1,
  commandsPerBarrier: 1,
  homes: [ACCEPTOR, ACCEPTOR, ACCEPTOR],
};

/** A process, and what merges its rings if it is a learner. */
type Member = { readonly process: Node.Process; readonly merges: readonly Merge.Merge[]; readonly now: number };

type Sight = { readonly thread: number; readonly delivered: Merge.Effect };
type Effect = Node.ProcessEffect | { readonly type: 'Delivered'; readonly sight: Sight };

type Seen = {
  /** What each learner's threads have delivered, in order. */
  readonly deliveries: readonly (readonly Spec.Delivery[])[];
  readonly abstract: Abstract.Orders | string;
};

/** A message of one of the rings. */
type Grouped = { readonly type: string; readonly group: Group; readonly message: Message };

export type RingsWorld = World<Member, Grouped, Durable & { readonly group: Group }, Seen>;

/** What clients multicast, in this order: to g_1, to g_all, to g_2, and to g_1 once more. */
const TARGETS: readonly Group[] = [1, 0, 2, 1];

export const rings = (bounds: Bounds, merge: typeof Merge.onEvent = Merge.onEvent): System<RingsWorld, Happening<Node.ProcessEvent, Grouped>> =>
  composed<Member, Node.ProcessEvent, Effect, Grouped, Durable & { readonly group: Group }, Sight, Seen>({
    name: 'rings',
    processes: 1 + LEARNERS.length,
    start: (me) => ({
      process: Node.startProcess(CLUSTER, me),
      merges: me === ACCEPTOR ? [] : Array.from({ length: THREADS }, (_, i) => Merge.initial(subscriptionsOf(i + 1, THREADS), CLUSTER.m)),
      now: 1,
    }),
    onEvent: (member, event) => {
      const [process, effects] = Node.onProcessEvent(member.process, event);
      const now = event.type === 'Tick' ? event.now : member.now;
      return effects.reduce<readonly [Member, readonly Effect[]]>(([next, before], effect) => {
        const [fed, more] = effect.type === 'Decided' ? feed(next, effect.group, effect.value, merge) : [next, []];
        return [fed, [...before, effect, ...more]];
      }, [{ ...member, process, now }, []]);
    },
    asks: (effect) => {
      switch (effect.type) {
        case 'Send':
          return { type: 'Send', to: effect.to, message: { type: effect.message.type, group: effect.group, message: effect.message }, after: 0 };
        case 'Persist':
          return { type: 'Persist', record: { ...effect.record, group: effect.group } };
        case 'Delivered':
          return { type: 'Show', what: effect.sight };
        case 'Decided':
          return undefined;
      }
    },
    received: ({ group, message }, from) => ({ type: 'Received', group, from, message }),
    wakes: () => [{ type: 'Tick', now: 1 }],
    timers: ({ now }, me) => (me === ACCEPTOR ? [{ type: 'Tick', now: now + STEP }] : []),
    inputs: (_, me, count) => {
      const group = TARGETS[count];
      if (me !== ACCEPTOR || group === undefined) return [];
      return [{ type: 'Received', group, from: CLIENT, message: { type: 'Submit', commands: Uint8Array.of(count + 1) } }];
    },
    bounds,
    isOrdered: true,
    isMuted: ({ type }) => type === 'Alive' || type === 'Here',
    observer: {
      initial: { deliveries: LEARNERS.flatMap(() => groupsOf(THREADS).slice(1).map(() => [])), abstract: Abstract.multicast.initial },
      observe: ({ deliveries, abstract }, { thread, delivered }, process) => {
        const learner = (process - 1) * THREADS + thread - 1;
        const { group, slot, commands } = delivered;
        const one: Spec.Delivery = {
          learner: `t${thread} of ${process}`,
          subscription: subscriptionsOf(thread, THREADS).join(),
          group,
          slot,
          commands: Array.from(commands, String),
          known: 0,
          delivered: 0,
        };
        return {
          deliveries: deliveries.with(learner, [...deliveries[learner]!, one]),
          abstract: typeof abstract === 'string' ? abstract : Abstract.multicast.onSight(abstract, { ...one, content: one.commands.join(' ') }),
        };
      },
    },
    clauses: {
      always: {
        ...asked(Spec.clauses, factsOf),
        ...ofProcesses,
        'every step is one of the abstract machine, or none': ({ seen }) => typeof seen.abstract !== 'string',
        'what waits in a merge was never delivered': ({ processes, seen }) =>
          processes.slice(1).every(({ machine }, i) =>
            machine.merges.every(({ lanes }, thread) => {
              const delivered = new Set(seen.deliveries[i * THREADS + thread]!.map(({ group, slot }) => `${group}/${slot}`));
              return lanes.every(({ group, waiting }) => waiting.every(({ slot }) => !delivered.has(`${group}/${slot}`)));
            }),
          ),
      },
      sometimes: {
        'all that a thread subscribes to is delivered to it': ({ seen, spent }) =>
          spent.inputs > 0 && seen.deliveries.every((one, i) => one.length === TARGETS.slice(0, spent.inputs).filter((group) => subscriptionsOf((i % THREADS) + 1, THREADS).includes(group)).length),
        'something waits for another ring': ({ processes }) => processes.some(({ machine }) => machine.merges.some((one) => Merge.lagOf(one) > 0)),
        'two learners are not equally far': ({ seen }) => seen.deliveries[0]!.length !== seen.deliveries[THREADS]!.length,
      },
    },
    say: ({ group, message }) => `${message.type} of ${sayGroup(group)}`,
    sayEvent: (event) => (event.type === 'Tick' ? `looks at the clock: ${event.now} ms` : `is given a command for ${sayGroup(event.group)}`),
  });

const ofProcesses = Object.fromEntries(
  Object.entries(Node.stateInvariants).map(([clause, holds]) => [clause, ({ processes }: RingsWorld) => processes.every(({ machine }) => holds(machine.process))]),
);

const feed = ({ process, merges, now }: Member, group: Group, value: Merge.Decided, onEvent: typeof Merge.onEvent): readonly [Member, readonly Effect[]] => {
  const stepped = merges.map((one, i) => (subscriptionsOf(i + 1, THREADS).includes(group) ? onEvent(one, { type: 'Decided', group, value }) : ([one, []] as const)));
  const sights = stepped.flatMap(([, delivered], i) => delivered.map((one): Effect => ({ type: 'Delivered', sight: { thread: i + 1, delivered: one } })));
  return [{ process, now, merges: stepped.map(([one]) => one) }, sights];
};

const factsOf = ({ spent, seen }: RingsWorld): Spec.Facts => ({
  submitted: byRing(TARGETS.slice(0, spent.inputs).map((group, count) => [group, [String(count + 1)]] as const)),
  deliveries: seen.deliveries.flat(),
  lag: null,
  standing: [],
});
