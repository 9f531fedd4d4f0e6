/**
 * A whole cluster in virtual time, under faults: the same machines as over TCP, driven by an agenda instead of sockets,
 * disks and threads. Everything that happens follows from the seed.
 *
 * Messages are lost, doubled, late and out of order; processes crash and come back with what their disk had made durable;
 * worker threads take one command at a time, in any interleaving.
 */
import { Map as Persistent } from 'immutable';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Vote, Learned } from '../../../spec/consensus.js';
import type { Delivery } from '../../../spec/multicast.js';
import type { Execution } from '../../../spec/replica.js';
import type { Access } from '../../../spec/safety-check.js';
import * as Proxy from '../../client/proxy.js';
import type { ProcessId } from '../../consensus/ballot.js';
import type { Durable, Message } from '../../consensus/messages.js';
import { subscriptionsOf } from '../../multicast/groups.js';
import { roundOf } from '../../multicast/merge.js';
import * as Node from '../../node.js';
import { G_ALL, recordsOf, replyAt, type Group, type Reply } from '../../record.js';
import { persistentBoard } from '../../replica/barrier.js';
import { persistentSessions, type Limits } from '../../replica/sessions.js';
import type { Shared } from '../../replica/worker.js';
import { decodeCondition } from '../../replica/worker.js';
import type { Service, Store } from '../../service/service.js';
import { outbox, type Outbox } from '../outbox.js';
import { agenda } from './agenda.js';
import { hex, nameOf, namesIn, textOf, type Called, type Recording } from './recording.js';

export type Crash = { readonly process: ProcessId; readonly at: number; readonly down: number };

export type Faults = {
  /** Chances of a message, 0 to 1. */
  readonly loss: number;
  readonly duplication: number;
  /** Longest that a message travels and that a disk takes to sync, ms. */
  readonly delay: number;
  readonly crashes: readonly Crash[];
  /** From then on nothing is lost or doubled, ms. */
  readonly until: number;
};

export type Client<C> = { readonly session: number; readonly commands: readonly C[]; readonly outstanding: number };

/** The machines that a world is made of: the real ones, unless a test breaks one. */
export type Machines<C, R> = {
  readonly onProcessEvent: typeof Node.onProcessEvent;
  readonly onThreadEvent: typeof Node.onThreadEvent<C, R>;
  readonly onProxyEvent: typeof Proxy.onEvent;
};

export type World<C, R> = {
  readonly seed: number;
  readonly cluster: Node.Cluster;
  readonly service: Service<C, R>;
  /** A fresh store, loaded. The shared form tells which nodes are touched. */
  readonly newStore: (observe: (node: number, mode: 'read' | 'write') => void) => Store<C, R>;
  readonly limits: Limits;
  readonly proxy: Proxy.Settings;
  readonly faults: Faults;
  readonly clients: readonly Client<C>[];
  /** Virtual time at which a run is given up, ms. */
  readonly limit: number;
  readonly machines?: Partial<Machines<C, R>>;
  readonly tell?: (time: number, line: string) => void;
};

const TICK = 5;
/** How long the world goes on when all clients have been answered and nothing is lost any more, ms. */
const SETTLE = 600;

/** A run with more events is given up: messages go round for ever. */
const MOST_EVENTS = 2_000_000;

type Disk = { records: (readonly [Group, Durable])[]; durable: number; isSyncing: boolean };
type Crew<C, R> = { shared: Shared<C, R>; threads: Node.Thread<C, R>[]; fed: number[]; isScheduled: boolean[]; known: Map<string, number> };
type Host<C, R> = { readonly id: ProcessId; life: number; isUp: boolean; process: Node.Process; outbox: Outbox; readonly disk: Disk; crew: Crew<C, R> | null };

export const simulate = <C, R>(world: World<C, R>): Recording<C> => {
  const { cluster, service, faults } = world;
  const machines: Machines<C, R> = {
    onProcessEvent: Node.onProcessEvent,
    onThreadEvent: Node.onThreadEvent,
    onProxyEvent: Proxy.onEvent,
    ...world.machines,
  };
  const { acceptors, learners } = cluster.membership;
  const random = xoroshiro128plus(world.seed);
  const chance = (): number => uniformFloat64(random);
  const { plan, next } = agenda();
  const sights: Record<string, number> = {};
  const see = (sight: string): void => void (sights[sight] = (sights[sight] ?? 0) + 1);

  const votes: Vote[] = [];
  const learned: Learned[] = [];
  const submitted: { ring: Group; command: string }[] = [];
  const deliveries: Delivery[] = [];
  const executions: Execution[] = [];
  const accesses: Access[] = [];
  const history: Called<C>[] = [];

  let now = 0;
  let quietSince: number | null = null;
  const later = (delay: number, deed: () => void): void => plan(now + delay, deed);
  const tell = (who: string, what: string): void => world.tell?.(now, `${who} ${what}`);
  const nameOfProcess = (id: ProcessId): string => (acceptors.includes(id) ? `acceptor ${id}` : `replica ${id}`);

  // The network

  const travel = (arrive: () => void): void => {
    const isRough = now < faults.until;
    if (isRough && chance() < faults.loss) return see('a message was lost');
    if (isRough && chance() < faults.duplication) {
      see('a message was doubled');
      later(chance() * faults.delay, arrive);
    }
    later(chance() * faults.delay, arrive);
  };

  const transmit = (from: ProcessId, to: ProcessId, group: Group, message: Message): void => {
    const arrive = (): void => {
      const host = hosts.get(to);
      if (host?.isUp === true) handle(host, { type: 'Received', group, from, message });
    };
    if (from === to) later(0, arrive);
    else travel(arrive);
  };

  // Processes

  const hosts = new Map<ProcessId, Host<C, R>>();

  const boot = (id: ProcessId, life: number, disk: Disk): void => {
    const recordsByGroup = disk.records.reduce((known, [group, record]) => known.set(group, [...known.get(group, []), record]), Persistent<Group, Durable[]>());
    const release = ({ to, group, message }: { readonly to: ProcessId; readonly group: Group; readonly message: Message }): void => {
      if (host.life === life && host.isUp) transmit(id, to, group, message);
    };
    const host: Host<C, R> = {
      id,
      life,
      isUp: true,
      process: Node.startProcess(cluster, id, recordsByGroup),
      outbox: outbox(new Map(recordsByGroup.map((records) => records.length)), release),
      disk,
      crew: acceptors.includes(id) ? null : newCrew(id, life),
    };
    hosts.set(id, host);
    const tick = (): void => {
      if (host.life !== life || !host.isUp) return;
      handle(host, { type: 'Tick', now: Math.floor(now) + 1 });
      later(TICK, tick);
    };
    later(chance() * TICK, tick);
  };

  const handle = (host: Host<C, R>, event: Node.ProcessEvent): void => {
    const [process, effects] = machines.onProcessEvent(host.process, event);
    host.process = process;
    for (const effect of effects)
      switch (effect.type) {
        case 'Send':
          if (effect.message.type === 'Prepare' && effect.to === host.id) {
            see(effect.message.ballot.round > 1 ? 'a coordinator took over or formed a new ring' : 'a first ballot began');
            tell(nameOfProcess(host.id), `campaigns in g${effect.group} with ballot ${effect.message.ballot.round}`);
          }
          if (effect.message.type === 'Chosen') see('a learner was told what it had missed');
          host.outbox.send(effect);
          break;
        case 'Persist':
          host.disk.records.push([effect.group, effect.record]);
          host.outbox.written(effect.group);
          sync(host);
          break;
        case 'Decided':
          learn(host, effect);
          break;
      }
  };

  const learn = (host: Host<C, R>, { group, instance, id, value }: Extract<Node.ProcessEffect, { type: 'Decided' }>): void => {
    const commands = value.type === 'Batch' ? namesIn(value.commands) : [];
    learned.push({ ring: group, process: host.id, life: host.life, instance, id, value: textOf(value), commands });
    if (value.type === 'Noop') see('a hole was filled with a no-op');
    if (value.type === 'Batch') tell(nameOfProcess(host.id), `learns instance ${instance} of g${group}: ${textOf(value)}`);
    feed(host, group, value);
  };

  const sync = (host: Host<C, R>): void => {
    const { disk, life } = host;
    if (disk.isSyncing || disk.durable === disk.records.length) return;
    disk.isSyncing = true;
    const upTo = disk.records.length;
    later((chance() * faults.delay) / 2, () => {
      if (host.life !== life || !host.isUp) return;
      disk.isSyncing = false;
      endure(host.id, disk, upTo);
      host.outbox.durable(upTo);
      sync(host);
    });
  };

  const endure = (process: ProcessId, disk: Disk, upTo: number): void => {
    for (const [ring, record] of disk.records.slice(disk.durable, upTo))
      if (record.type === 'Voted') votes.push({ ring, process, instance: record.instance, ballot: record.ballot, id: record.id });
    disk.durable = Math.max(disk.durable, upTo);
  };

  /** What was not durable is lost, though some of it may have reached the disk all the same. */
  const crash = ({ process: id, down }: Crash): void => {
    const host = hosts.get(id);
    if (host?.isUp !== true) return;
    see(acceptors.includes(id) ? 'an acceptor crashed' : 'a replica crashed');
    tell(nameOfProcess(id), `crashes for ${Math.round(down)} ms`);
    host.isUp = false;
    const { disk } = host;
    const kept = disk.durable + Math.floor(chance() * (disk.records.length - disk.durable + 1));
    if (kept < disk.records.length) see('a crash lost what was not durable');
    endure(id, disk, kept);
    later(down, () => {
      tell(nameOfProcess(id), 'is back');
      boot(id, host.life + 1, { records: disk.records.slice(0, kept), durable: kept, isSyncing: false });
    });
  };

  // The threads of a replica

  /** Whose node accesses are being observed, if they are: what happens under the barrier has everyone to itself. */
  let observed: { readonly epoch: number; readonly thread: number } | null = null;
  let isCarriedOut = false;

  const newCrew = (id: ProcessId, life: number): Crew<C, R> => {
    const store = world.newStore((node, mode) => {
      if (observed !== null) accesses.push({ ...observed, part: `node ${node} of replica ${id}, life ${life}`, mode });
    });
    const shared = { store: noticed(store), sessions: persistentSessions(world.limits), board: persistentBoard(cluster.threads) };
    const numbers = Array.from({ length: cluster.threads }, (_, index) => index + 1);
    return {
      shared,
      threads: numbers.map((thread) => Node.startThread(cluster, service, thread, shared)),
      fed: numbers.map(() => 0),
      isScheduled: numbers.map(() => false),
      known: new Map(),
    };
  };

  /** The same store, noting that it was asked: an answer out of a session's table asks no store. */
  const noticed = (store: Store<C, R>): Store<C, R> => ({
    check: (thread, command) => {
      isCarriedOut = true;
      return store.check(thread, command);
    },
    execute: (command) => {
      isCarriedOut = true;
      const [after, result] = store.execute(command);
      return [noticed(after), result];
    },
    digest: store.digest,
  });

  /** Each thread hears of decisions in order, in its own time. */
  const feed = (host: Host<C, R>, group: Group, value: Extract<Node.ProcessEffect, { type: 'Decided' }>['value']): void => {
    const { crew, life } = host;
    crew?.threads.forEach((_, index) => {
      if (!subscriptionsOf(index + 1, cluster.threads).includes(group)) return;
      const at = Math.max(crew.fed[index] ?? 0, now + chance());
      crew.fed[index] = at;
      if (value.type === 'Batch') crew.known.set(namesIn(value.commands).join(' '), now);
      plan(at, () => {
        if (host.life === life && host.isUp) hear(host, crew, index, { type: 'Decided', group, value });
      });
    });
  };

  const hear = (host: Host<C, R>, crew: Crew<C, R>, index: number, event: Node.ThreadEvent): void => {
    const before = crew.threads[index];
    if (before === undefined) return;
    const [thread] = machines.onThreadEvent(before, event);
    crew.threads[index] = thread;
    thread.worker.queue.skip(before.worker.queue.size).forEach(({ group, slot, commands }) => {
      const names = namesIn(commands);
      deliveries.push({
        learner: learnerName(host, index),
        subscription: subscriptionsOf(index + 1, cluster.threads).join(),
        group,
        slot,
        commands: names,
        known: crew.known.get(names.join(' ')) ?? now,
        delivered: now,
      });
    });
    wake(host, crew, index);
  };

  const learnerName = ({ id, life }: Host<C, R>, index: number): string => `t${index + 1} of replica ${id}, life ${life}`;

  const wake = (host: Host<C, R>, crew: Crew<C, R>, index: number): void => {
    if (crew.isScheduled[index] === true) return;
    crew.isScheduled[index] = true;
    const { life } = host;
    later(chance(), () => {
      if (host.life !== life || !host.isUp) return;
      crew.isScheduled[index] = false;
      work(host, crew, index);
    });
  };

  const work = (host: Host<C, R>, crew: Crew<C, R>, index: number): void => {
    const known = crew.threads[index];
    if (known === undefined) return;
    const before = { ...known, worker: { ...known.worker, shared: crew.shared } };
    const head = before.worker.queue.first();
    const isAlone = head?.group === G_ALL;
    isCarriedOut = false;
    observed = isAlone ? null : { epoch: before.worker.generation, thread: index + 1 };
    const [thread, effects] = machines.onThreadEvent(before, { type: 'Run', budget: 1 });
    observed = null;
    crew.threads[index] = thread;
    crew.shared = thread.worker.shared;
    for (const effect of effects)
      switch (effect.type) {
        case 'Reply':
          for (const at of recordsOf(effect.replies)) answer(host, index, replyAt(effect.replies, at));
          break;
        case 'Rest':
          return;
        case 'Wait':
          see('a thread waited at a barrier');
          break;
      }
    wake(host, crew, index);
  };

  const answer = (host: Host<C, R>, index: number, reply: Reply): void => {
    const { session, status, position, payload, attempt } = reply;
    if (isCarriedOut) {
      const condition = status === 'Failed' ? decodeCondition(payload) : undefined;
      if (condition !== undefined) see(`a check failed: ${condition}`);
      else if (attempt === 1) see('a resubmission was executed');
      else if (position.group === G_ALL) see('a command of g_all was executed');
      else see('a command of a group of its own was executed');
      tell(`${nameOfProcess(host.id)} t${index + 1}`, condition === undefined ? `executes ${nameOf(reply)}` : `fails ${nameOf(reply)}: ${condition}`);
      executions.push({
        replica: `replica ${host.id}, life ${host.life}`,
        thread: index + 1,
        command: `${session}.${reply.sequence}`,
        attempt,
        outcome: `${status} ${hex(payload)}`,
        isEffective: status === 'Executed',
        round: roundOf(position.slot, cluster.m),
        ...position,
      });
    } else see(status === 'Refused' ? 'a command was refused' : 'a duplicate was answered from memory');
    travel(() => callers.get(session)?.(reply));
  };

  // Clients

  const callers = new Map<number, (reply: Reply) => void>();
  let waitedFor = 0;

  const start = ({ session, commands, outstanding }: Client<C>): void => {
    let proxy = Proxy.initial(session, world.proxy);
    let called = 0;
    const firstCall = history.length;
    waitedFor += commands.length;
    commands.forEach((command, call) => history.push({ session, call, command, called: Infinity, answer: null }));

    const perform = (event: Proxy.Event): void => {
      const [state, effects] = machines.onProxyEvent(proxy, event);
      proxy = state;
      for (const effect of effects)
        switch (effect.type) {
          case 'Multicast': {
            const to = Node.acceptorFor(cluster, effect.group, effect.turn);
            for (const command of namesIn(effect.record)) {
              submitted.push({ ring: effect.group, command });
              tell(`client ${session}`, `multicasts ${command} to g${effect.group}`);
            }
            travel(() => {
              const host = hosts.get(to);
              if (host?.isUp === true) handle(host, { type: 'Received', group: effect.group, from: -1, message: { type: 'Submit', commands: effect.record } });
            });
            break;
          }
          case 'Failed':
            see('a client resubmitted a command');
            break;
          case 'Answer': {
            const entry = history[firstCall + effect.call];
            if (entry !== undefined) history[firstCall + effect.call] = { ...entry, answer: { reply: effect.reply, at: now } };
            tell(`client ${session}`, `has its answer to ${nameOf(effect.reply)}: ${effect.reply.status}`);
            waitedFor -= 1;
            callNext();
            break;
          }
        }
    };
    const callNext = (): void => {
      const command = commands[called];
      const entry = history[firstCall + called];
      if (command === undefined || entry === undefined) return;
      const call = called;
      called += 1;
      history[firstCall + call] = { ...entry, called: now };
      const { codec } = service;
      perform({ type: 'Call', call, kind: codec.kindOf(command), payload: codec.encode(command), ...Node.routeOf(cluster, service, command) });
    };
    const tick = (): void => {
      perform({ type: 'Tick', now });
      if (waitedFor > 0) later(4 * TICK, tick);
    };
    callers.set(session, (reply) => perform({ type: 'Reply', ...reply }));
    later(chance() * TICK, () => {
      tick();
      for (let count = 0; count < outstanding; count += 1) callNext();
    });
  };

  // The run

  [...acceptors, ...learners].forEach((id) => boot(id, 0, { records: [], durable: 0, isSyncing: false }));
  faults.crashes.forEach((one) => plan(one.at, () => crash(one)));
  world.clients.forEach(start);

  const isQuiet = (): boolean => waitedFor === 0 && [...hosts.values()].every(({ isUp }) => isUp) && faults.crashes.every(({ at }) => at < now);
  let events = 0;
  for (let planned = next(); planned !== undefined && planned.time <= world.limit && events < MOST_EVENTS; planned = next()) {
    now = planned.time;
    planned.deed();
    events += 1;
    quietSince = isQuiet() ? (quietSince ?? now) : null;
    if (quietSince !== null && now > Math.max(quietSince, faults.until) + SETTLE) break;
  }

  const standing = [...hosts.values()].flatMap((host) => {
    const { crew, id, life } = host;
    if (crew === null || !host.isUp || !isQuiet()) return [];
    const { entries, high, low } = crew.shared.store.digest();
    const isAtRest = crew.threads.every(({ worker }) => worker.queue.isEmpty() && worker.phase.type === 'Running');
    const learnersOf = crew.threads.map((_, index) => learnerName(host, index));
    return [{ replica: `replica ${id}, life ${life}`, digest: `${entries} entries, ${high}:${low}`, isAtRest, learners: learnersOf }];
  });
  const isCalm = faults.loss === 0 && faults.crashes.length === 0;
  const { skip } = cluster;
  return {
    ended: now,
    isQuiet: isQuiet(),
    events,
    consensus: { acceptors: acceptors.length, submitted, votes, learned },
    multicast: { submitted, deliveries, standing, lag: isCalm ? 4 * skip.delta + 40 * faults.delay : null },
    replica: {
      executions,
      standing,
      unanswered: history.filter((one) => one.answer === null).map(({ session, call }) => `call ${call} of session ${session}`),
    },
    accesses,
    history: history.filter(({ called }) => called < Infinity),
    sights,
  };
};
