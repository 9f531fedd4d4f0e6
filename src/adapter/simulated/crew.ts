/** The threads of a replica in a simulated world: each takes one command at a time, in any interleaving with the others. */
import type { List } from 'immutable';
import type { ProcessId } from '../../consensus/ballot.js';
import { subscriptionsOf } from '../../multicast/groups.js';
import { roundOf, type Decided } from '../../multicast/merge.js';
import { advance } from '../../multicast/skip.js';
import type { Thread, ThreadEvent } from '../../node.js';
import { G_ALL, recordsOf, replyAt, type Group, type Reply } from '../../record.js';
import { persistentBoard } from '../../replica/barrier.js';
import type { Scheduler } from '../../replica/scheduler.js';
import { persistentSessions, type Sessions } from '../../replica/sessions.js';
import { isScheduled } from '../../replica/techniques.js';
import { decodeCondition, type Shared } from '../../replica/worker.js';
import { engineOf } from '../../service/engine.js';
import type { Store } from '../../service/service.js';
import { nameOf, namesIn } from '../../trace/batch.js';
import { dealingOf } from '../../trace/dealing.js';
import { schedulerIn } from '../../trace/line.js';
import { recordScheduler, recordThread } from '../../trace/recorder.js';
import { hex } from './recording.js';
import type { Stage } from './stage.js';

/** A crew when the run is over. */
export type Standing = { readonly replica: string; readonly digest: string; readonly isAtRest: boolean; readonly learners: readonly string[] };

export type Crew = {
  /** What the next instance of a group's ring decided. Each thread hears of it in its own time. */
  readonly feed: (group: Group, value: Decided) => void;
  readonly standing: () => Standing;
};

type Member = {
  /** i of t_i. */
  readonly number: number;
  readonly subscriptions: readonly Group[];
  thread: Thread;
  /** The time at which it hears of what it was fed last. */
  fed: number;
  isScheduled: boolean;
  readonly trace: ReturnType<typeof recordThread> | undefined;
};

/** The crew of replica `id`, which has crashed `life` times. */
export const newCrew = <C, R>(stage: Stage<C, R>, id: ProcessId, life: number, isUp: () => boolean): Crew => {
  const { world, machines, clock, network, notes, see, tell } = stage;
  const { cluster, service, structureOf = () => '' } = world;
  const replica = `replica ${id}, life ${life}`;

  /** Who is at work, while what it touches matters: under the barrier the executor has everything to itself. */
  let observed: { readonly epoch: number; readonly thread: number } | null = null;
  /** The thread at work. */
  let busy = 0;
  /** Whether a command was carried out: an answer out of a session's table is none. */
  let isCarriedOut = false;

  const noticed = (store: Store<C, R>): Store<C, R> => ({
    check: store.check,
    execute: (command) => {
      const before = structureOf(store);
      const [after, result] = store.execute(command);
      if (structureOf(after) !== before) see(observed === null ? 'structure changed under a barrier' : 'structure changed outside a barrier');
      return [noticed(after), result];
    },
    digest: store.digest,
  });

  /** Whatever is carried out is remembered, whoever answers it. */
  const watched = (sessions: Sessions): Sessions => ({
    ...sessions,
    remember: (table, floor, replies, at) => {
      isCarriedOut = true;
      record(busy, replyAt(replies, at));
      return watched(sessions.remember(table, floor, replies, at));
    },
  });

  /** The nodes that the thread at work has touched. */
  let touched = new Set<string>();
  const store = world.newStore((node, mode) => {
    if (world.trace !== undefined) touched.add(`${mode.charAt(0)}${node}`);
    if (observed !== null) notes.accesses.push({ ...observed, part: `node ${node} of ${replica}`, mode });
  });
  let shared: Shared = { engine: engineOf(service, noticed(store)), sessions: watched(persistentSessions(world.limits)), board: persistentBoard(cluster.threads) };

  const members = Array.from({ length: cluster.threads }, (_, index): Member => ({
    number: index + 1,
    subscriptions: subscriptionsOf(index + 1, cluster.threads),
    thread: machines.startThread(cluster, id, index + 1, shared),
    fed: 0,
    isScheduled: false,
    trace: world.trace && recordThread({ process: world.trace.setting.names[id] ?? replica, life, thread: index + 1 }, world.trace.setting, world.trace.write),
  }));
  const learnerOf = ({ number }: Member): string => `t${number} of ${replica}`;
  const schedulerName = `scheduler of ${replica}`;
  const knownAt = new Map<string, number>(); // by the names of the commands in a batch

  // Where a scheduler deals, it is the learner of g_all, and hands on at once what threads then hear in their own time.
  const scheduler: Scheduler = { threads: cluster.threads, footprintAt: engineOf(service, store).footprintAt };
  const schedulerThread = schedulerIn(cluster);
  const schedulerTrace = schedulerThread === undefined ? undefined : world.trace && recordScheduler({ process: world.trace.setting.names[id] ?? replica, life, thread: schedulerThread }, world.trace.setting, world.trace.write);
  let slot = 0;
  const deal = (value: Decided): void => {
    const lanes = machines.deal(scheduler, value);
    schedulerTrace?.deal(value, lanes);
    if (value.type === 'Batch') {
      const commands = namesIn(value.commands);
      notes.deliveries.push({ learner: schedulerName, subscription: `${G_ALL}`, group: G_ALL, slot, commands, known: clock.now(), delivered: clock.now() });
      notes.dealings.push(dealingOf(service, cluster.threads, { replica, slot }, value.commands, lanes));
    }
    slot = advance(slot, value);
    lanes.forEach((lane, group) => hand(group, lane));
  };

  const hand = (group: Group, value: Decided): void => {
    if (value.type === 'Batch') knownAt.set(namesIn(value.commands).join(' '), clock.now());
    for (const member of members.filter(({ subscriptions }) => subscriptions.includes(group))) {
      member.fed = Math.max(member.fed, clock.now() + clock.chance());
      clock.at(member.fed, () => {
        if (isUp()) hear(member, { type: 'Decided', group, value });
      });
    }
  };

  const hear = (member: Member, event: ThreadEvent): void => {
    const before = member.thread.worker.queue;
    [member.thread] = machines.onThreadEvent(member.thread, event);
    const delivered = member.thread.worker.queue.skip(before.size);
    if (event.type === 'Decided') member.trace?.merge(event, delivered.toArray().map((one) => ({ type: 'Deliver', ...one })), member.thread.merge);
    note(member, delivered);
    wake(member);
  };

  const note = (member: Member, delivered: List<{ readonly group: Group; readonly slot: number; readonly commands: Uint8Array }>): void => {
    if (isScheduled(cluster.technique)) return; // it was the scheduler that delivered
    for (const { group, slot, commands } of delivered) {
      const names = namesIn(commands);
      const now = clock.now();
      const known = knownAt.get(names.join(' ')) ?? now;
      notes.deliveries.push({ learner: learnerOf(member), subscription: member.subscriptions.join(), group, slot, commands: names, known, delivered: now });
    }
  };

  const wake = (member: Member): void => {
    if (member.isScheduled) return;
    member.isScheduled = true;
    clock.later(clock.chance(), () => {
      if (!isUp()) return;
      member.isScheduled = false;
      work(member);
    });
  };

  const work = (member: Member): void => {
    const { worker } = member.thread;
    busy = member.number;
    isCarriedOut = false;
    touched = new Set();
    observed = worker.queue.first()?.group === G_ALL ? null : { epoch: worker.generation, thread: member.number };
    const run = { type: 'Run', budget: 1 } as const;
    const [thread, effects] = machines.onThreadEvent({ ...member.thread, worker: { ...worker, shared } }, run);
    observed = null;
    member.thread = thread;
    member.trace?.work(run, effects, [...touched], thread.worker);
    shared = thread.worker.shared;
    for (const effect of effects)
      switch (effect.type) {
        case 'Reply':
          for (const at of recordsOf(effect.replies)) answer(replyAt(effect.replies, at));
          break;
        case 'Rest':
          return;
        case 'Wait':
          see('a thread waited at a barrier');
          break;
      }
    wake(member);
  };

  const answer = (reply: Reply): void => {
    if (!isCarriedOut) see(reply.status === 'Refused' ? 'a command was refused' : 'a duplicate was answered from memory');
    network.reply(reply);
  };

  const record = (number: number, reply: Reply): void => {
    const { session, sequence, status, position, payload, attempt } = reply;
    const condition = status === 'Failed' ? decodeCondition(payload) : undefined;
    if (condition !== undefined) see(`a check failed: ${condition}`);
    else if (attempt === 1) see('a resubmission was executed');
    else if (position.group === G_ALL) see('a command of g_all was executed');
    else see('a command of a group of its own was executed');
    tell(`replica ${id} t${number}`, condition === undefined ? `executes ${nameOf(reply)}` : `fails ${nameOf(reply)}: ${condition}`);
    notes.executions.push({
      replica,
      thread: number,
      command: `${session}.${sequence}`,
      attempt,
      outcome: `${status} ${hex(payload)}`,
      isEffective: status === 'Executed',
      round: roundOf(position.slot, cluster.m),
      ...position,
    });
  };

  return {
    feed: isScheduled(cluster.technique) ? (_, value) => deal(value) : hand,
    standing: () => {
      const { entries, high, low } = shared.engine.digest();
      const isAtRest = members.every(({ thread }) => thread.worker.queue.isEmpty() && thread.worker.phase.type === 'Running');
      return { replica, digest: `${entries} entries, ${high}:${low}`, isAtRest, learners: isScheduled(cluster.technique) ? [schedulerName] : members.map(learnerOf) };
    },
  };
};
