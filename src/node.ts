/**
 * The machines in a row: decided -> delivered -> executed. The effect of one is the event of the next.
 *
 * A `Process` is what one process does on the network: its part in every ring, and the levelling of those that it may come
 * to coordinate. A `Thread` is what one worker thread of a replica does with what the process learns: merge and execute.
 * Adapters drive both, and the clients' proxies, over a simulated network or a real one.
 */
import { Map } from 'immutable';
import type { Membership, ProcessId } from './consensus/ballot.js';
import type { Durable, Effect as RingEffect, Message, Value } from './consensus/messages.js';
import * as Ring from './consensus/ring.js';
import * as Coordinator from './consensus/coordinator.js';
import * as Demand from './multicast/demand.js';
import { groupsOf, subscriptionsOf } from './multicast/groups.js';
import * as Merge from './multicast/merge.js';
import * as Skip from './multicast/skip.js';
import { G_ALL, type Group } from './record.js';
import { groupFor, isScheduled, type Technique } from './replica/techniques.js';
import * as Worker from './replica/worker.js';
import type { Service } from './service/service.js';
import { step, type Step } from './step.js';

/** What every process of a cluster must agree on. */
export type Cluster = {
  readonly membership: Membership;
  readonly technique: Technique;
  /** Worker threads of a replica; 1 under SMR and pipelined SMR. */
  readonly threads: number;
  readonly ring: Ring.Settings;
  readonly skip: Skip.Settings;
  /** M of the merge: slots of a ring in one round. 1 where a scheduler deals: its lanes go slot by slot. */
  readonly m: number;
  /** Commands of g_all executed under one barrier: 1 as in the paper, Infinity for all of a batch. */
  readonly commandsPerBarrier: number;
  /** The acceptor that is the first to coordinate each group's ring, by group. */
  readonly homes: readonly ProcessId[];
};

/** The groups that are ordered by a ring of their own. Where a scheduler deals, there is one order. */
export const ringsOf = ({ technique, threads }: Pick<Cluster, 'technique' | 'threads'>): readonly Group[] =>
  isScheduled(technique) ? [G_ALL] : groupsOf(threads);

// A process on the network

/** What a process does in one ring. */
export type Part = { readonly ring: Ring.Ring; readonly leveller: Skip.Leveller | null };

export type Process = {
  /** By group: rings are numbered from 0. */
  readonly parts: readonly Part[];
  /** Slots of a ring in one round of the merge. */
  readonly m: number;
};

export type ProcessEvent =
  | { readonly type: 'Received'; readonly group: Group; readonly from: ProcessId; readonly message: Message }
  | { readonly type: 'Tick'; readonly now: number };

export type ProcessEffect =
  | { readonly type: 'Persist'; readonly group: Group; readonly record: Durable }
  | { readonly type: 'Send'; readonly group: Group; readonly to: ProcessId; readonly message: Message; readonly after: number }
  /** The next instance of the group's ring, in order and once. */
  | { readonly type: 'Decided'; readonly group: Group; readonly instance: number; readonly id: string; readonly value: Value };

/** The process `me`, new, or with what it had persisted in each group before a crash. */
export const startProcess = (cluster: Cluster, me: ProcessId, records: Map<Group, readonly Durable[]> = Map()): Process => ({
  m: cluster.m,
  parts: ringsOf(cluster).map((group) => {
    const ring = Ring.start(me, ringMembership(cluster, group), cluster.ring, records.get(group, []));
    // A single ring is never merged with another, so that nothing waits for it.
    return { ring, leveller: ring.voting === null || ringsOf(cluster).length === 1 ? null : Skip.recover(cluster.skip, Ring.learned(ring)) };
  }),
});

/** The processes of a group's ring: its first coordinator first. */
export const ringMembership = ({ membership, homes }: Cluster, group: Group): Membership => {
  const { acceptors } = membership;
  const home = Math.max(0, acceptors.indexOf(homes[group] ?? -1));
  return { ...membership, acceptors: [...acceptors.slice(home), ...acceptors.slice(0, home)] };
};

export const onProcessEvent = (process: Process, event: ProcessEvent): Step<Process, ProcessEffect> => {
  switch (event.type) {
    case 'Received':
      return catchUp(process, event.group, within(process, event.group, (part) => drive(part, event)));
    case 'Tick': {
      const led = standingsOf(process);
      return process.parts.reduce<Step<Process, ProcessEffect>>(
        (whole, _, group) => {
          const level: Skip.Event = led.length < process.parts.length ? event : { type: 'Tick', now: event.now, enough: Demand.enoughFor(group, led, process.m) };
          return and(whole, (next) => within(next, group, (part) => tick(part, event, level)));
        },
        step(process),
      );
    }
  }
};

/** MUL-7: what was proposed in one ring, or has ended in it, may be waited for in another. */
const catchUp = (before: Process, group: Group, [process, effects]: Step<Process, ProcessEffect>): Step<Process, ProcessEffect> => {
  const [known, part] = [before.parts[group], process.parts[group]];
  const isIdle = part?.leveller === null || (known?.leveller === part?.leveller && known?.ring.voting?.coordinator.role === part?.ring.voting?.coordinator.role);
  if (isIdle) return [process, effects];
  return Demand.demands(standingsOf(process), process.m).reduce<Step<Process, ProcessEffect>>(
    (whole, { group: idle, to }) => and(whole, (next) => within(next, idle, (one) => drive(one, { type: 'Skip', to }))),
    [process, effects],
  );
};

/** The rings that this process coordinates. */
const standingsOf = ({ parts }: Process): readonly Demand.Standing[] => {
  const standings: Demand.Standing[] = [];
  parts.forEach(({ ring, leveller }, group) => {
    const underWay = ring.voting === null || leveller === null ? undefined : Coordinator.underWay(ring.voting.coordinator);
    if (underWay === undefined || leveller === null) return;
    const { position, last } = leveller;
    standings.push({ group, position, last: Demand.lastOf(position, last, underWay), isIdle: underWay.length === 0 });
  });
  return standings;
};

/** One step after another, their effects in that order. */
const and = ([process, effects]: Step<Process, ProcessEffect>, then: (process: Process) => Step<Process, ProcessEffect>): Step<Process, ProcessEffect> => {
  const [next, more] = then(process);
  return [next, more.length === 0 ? effects : effects.length === 0 ? more : [...effects, ...more]];
};

/** What every process satisfies after every step. */
export const stateInvariants: Readonly<Record<string, (process: Process) => boolean>> = {
  'MUL-7: nothing waits for a ring that is idle, where one process coordinates both': (process) => Demand.demands(standingsOf(process), process.m).length === 0,
};

const within = (process: Process, group: Group, then: (part: Part) => Step<Part, RingEffect>): Step<Process, ProcessEffect> => {
  const part = process.parts[group];
  if (part === undefined) return step(process);
  const [next, effects] = then(part);
  return [next === part ? process : { parts: process.parts.with(group, next), m: process.m }, effects.map((effect) => ofGroup(group, effect))];
};

/** Field by field: of all that is done for a batch, copying effects whole would take an eighth. */
const ofGroup = (group: Group, effect: RingEffect): ProcessEffect => {
  switch (effect.type) {
    case 'Send':
      return { type: 'Send', to: effect.to, message: effect.message, after: effect.after, group };
    case 'Persist':
      return { type: 'Persist', record: effect.record, group };
    case 'Deliver':
      return { type: 'Decided', instance: effect.instance, id: effect.id, value: effect.value, group };
  }
};

const tick = (part: Part, event: Extract<ProcessEvent, { type: 'Tick' }>, level: Skip.Event): Step<Part, RingEffect> => {
  const [ticked, effects] = drive(part, event);
  if (ticked.leveller === null) return [ticked, effects];
  const [leveller, skips] = Skip.onEvent(ticked.leveller, level);
  return skips.reduce<Step<Part, RingEffect>>(
    ([next, before], skip) => {
      const [after, more] = drive(next, skip);
      return [after, [...before, ...more]];
    },
    [{ ring: ticked.ring, leveller }, effects],
  );
};

/** Whatever a ring hands over, its leveller hears of. */
const drive = (part: Part, event: Ring.Event): Step<Part, RingEffect> => {
  const [ring, effects] = Ring.onEvent(part.ring, event);
  let { leveller } = part;
  if (leveller !== null) for (const effect of effects) if (effect.type === 'Deliver') [leveller] = Skip.onEvent(leveller, { type: 'Decided', value: effect.value });
  return [{ ring, leveller }, effects];
};

// A worker thread of a replica

export type Thread = { readonly merge: Merge.Merge; readonly worker: Worker.Worker };

export type ThreadEvent =
  | { readonly type: 'Decided'; readonly group: Group; readonly value: Merge.Decided }
  | { readonly type: 'Run'; readonly budget: number };

/** Thread t_`thread` of the replica `me`. */
export const startThread = (cluster: Cluster, me: ProcessId, thread: number, shared: Worker.Shared): Thread => {
  const { technique, threads, commandsPerBarrier, m } = cluster;
  const { learners } = cluster.membership;
  return {
    merge: Merge.initial(subscriptionsOf(thread, threads), m),
    worker: Worker.initial({ technique, threads, commandsPerBarrier, replica: learners.indexOf(me), replicas: learners.length }, thread, shared),
  };
};

export const onThreadEvent = (thread: Thread, event: ThreadEvent): Step<Thread, Worker.Effect> => {
  switch (event.type) {
    case 'Decided': {
      const [merge, delivered] = Merge.onEvent(thread.merge, event);
      const worker = delivered.reduce((next, delivery) => Worker.onEvent(next, delivery)[0], thread.worker);
      return step({ merge, worker });
    }
    case 'Run': {
      const [worker, effects] = Worker.onEvent(thread.worker, event);
      return [{ merge: thread.merge, worker }, effects];
    }
  }
};

// What a client needs to know of a cluster to call it

/** The groups of a command: where it goes, and where it goes when it fails there. */
export const routeOf = <C, R>({ technique }: Cluster, service: Service<C, R>, command: C): { readonly group: Group; readonly fallback: Group } => ({
  group: groupFor(technique, service.footprint(command)),
  fallback: G_ALL,
});

/** The acceptor that takes commands for a group, `turn` acceptors after the one that coordinates unless it has crashed. */
export const acceptorFor = (cluster: Cluster, group: Group, turn: number): ProcessId => {
  const { acceptors } = ringMembership(cluster, group);
  return acceptors[turn % acceptors.length] ?? 0;
};
