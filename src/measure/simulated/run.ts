/**
 * A whole cluster and its client in simulated time: the machines that run over sockets, under the costs of some machine and
 * on as many cores as one likes. Nothing fails here; what is asked is how fast it goes.
 */
import type { ProcessId } from '../../consensus/ballot.js';
import type { Cluster } from '../../node.js';
import { join, nextRecord, sessionAt } from '../../record.js';
import { sharedSessions, sessionsBytes } from '../../replica/sessions.js';
import type { Engine } from '../../service/engine.js';
import type { Digest, Service } from '../../service/service.js';
import { startClient, type Watcher } from './client.js';
import type { Traffic } from '../control.js';
import { machine, time, type Machine, type Thread } from './cores.js';
import { costAt, total, type Costs } from './costs.js';
import { startCrew } from './crew.js';
import { countOf, startProcess, type Process } from './process.js';

/** What is to be simulated. Times in microseconds. */
export type Setting<C, R> = {
  readonly cluster: Cluster;
  readonly costs: Costs;
  readonly service: Service<C, R>;
  /** A fresh state, one for each replica. */
  readonly newEngine: () => Engine;
  /** Whether commands of a kind change nothing. */
  readonly isRead: (kind: number) => boolean;
  /** Keys in the tree: what a command costs depends on it. */
  readonly keys: number;
  /** Client processes, what each draws by its number from 1 on, and the commands that it keeps in flight. */
  readonly clients: number;
  readonly drawOf: (client: number) => () => C;
  readonly outstanding: number;
  /** Cores of each machine. `together`: all processes share one machine; `apart`: each process, and the client, has its own. */
  readonly cores: number;
  readonly place: 'together' | 'apart';
  readonly warmup: number;
  readonly duration: number;
};

export type Outcome = {
  /** Commands answered in the measured time, and how many of them had failed their check at first. */
  readonly commands: number;
  readonly failed: number;
  /** Latencies of these, microseconds, in the order of the answers. */
  readonly passedLatencies: readonly number[];
  readonly failedLatencies: readonly number[];
  /** Cores used in the measured time, by process: the threads of a replica beside its network thread are its `crew`. */
  readonly cpu: Readonly<Record<string, number>>;
  /** Frames of the clients, and bytes, in the measured time. */
  readonly sent: Traffic;
  readonly received: Traffic;
  /** Commands answered in each half second from the first on. */
  readonly series: readonly { readonly commands: number; readonly failed: number }[];
  /** What the state of each replica is when all have executed everything. */
  readonly digests: readonly Digest[];
};

export const simulateLoad = <C, R>(setting: Setting<C, R>, tell: (finished: number) => void = () => undefined): Outcome => {
  const { cluster, costs, warmup, duration, outstanding } = setting;
  const world = { time: time(), costs, cluster };
  const slowdown = (busy: number): number => Math.max(1, costAt(costs.contention, busy));
  const common = machine(world.time, setting.cores, slowdown);
  const place = (): Machine => (setting.place === 'together' ? common : machine(world.time, setting.cores, slowdown));
  const processes = new Map<ProcessId, Process>();
  const threads = new Map<string, readonly Thread[]>();
  const engines: Engine[] = [];
  const peers = (id: ProcessId) => processes.get(id)?.inbox;

  const { acceptors, learners } = cluster.membership;
  const spins = setting.place === 'apart' ? setting.cores > cluster.threads + 1 : setting.cores > (cluster.threads + 1) * learners.length + acceptors.length + 1;
  acceptors.forEach((id, i) => {
    const process = startProcess(world, id, place(), peers);
    processes.set(id, process);
    threads.set(`acceptor-${i + 1}`, [process.thread]);
  });
  learners.forEach((id, i) => {
    const on = place();
    const limits = { tables: cluster.threads + 1, sessions: setting.clients, window: outstanding, replyBytes: 64 };
    const engine = setting.newEngine();
    engines.push(engine);
    const shared = { engine, sessions: sharedSessions(limits, new SharedArrayBuffer(sessionsBytes(limits))) };
    const process = startProcess(world, id, on, peers, (wake) => {
      const crew = startCrew(world, id, shared, { ...setting, spins }, on, wake);
      threads.set(`crew-${i + 1}`, crew.threads);
      return {
        decided: (group, value) => {
          crew.feed(group, value);
          return total(costs.replica.feed, value.type === 'Batch' ? countOf(value.commands) : 0);
        },
        release: crew.release,
        hasWork: crew.hasReplies,
        work: (out) => {
          const portions = crew.replies();
          for (const [session, replies] of bySession(portions)) {
            const client = clients[session - 1];
            if (client !== undefined) out.send(client.inbox, { from: id, content: replies, bytes: replies.length, commands: countOf(replies) });
          }
          return portions.reduce((cost, portion) => cost + total(costs.replica.reply, countOf(portion)), 0);
        },
      };
    });
    processes.set(id, process);
    threads.set(`replica-${i + 1}`, [process.thread]);
  });

  let isMeasuring = false;
  const series: { readonly commands: number; readonly failed: number }[] = [];
  const passedLatencies: number[] = [];
  const failedLatencies: number[] = [];
  const traffic = { sent: { messages: 0, bytes: 0 }, received: { messages: 0, bytes: 0 } };
  const onTraffic: Watcher['onTraffic'] = (way, frames, bytes) => {
    if (!isMeasuring) return;
    traffic[way].messages += frames;
    traffic[way].bytes += bytes;
  };
  const onAnswer = (latency: number, hasFailed: boolean): void => {
    const interval = Math.floor(world.time.now() / HALF_A_SECOND);
    const { commands, failed } = series[interval] ?? { commands: 0, failed: 0 };
    series[interval] = { commands: commands + 1, failed: failed + Number(hasFailed) };
    if (isMeasuring) (hasFailed ? failedLatencies : passedLatencies).push(latency);
  };
  const clients = Array.from({ length: setting.clients }, (_, i) => startClient(world, setting.service, i + 1, setting.drawOf(i + 1), outstanding, place(), peers, setting.isRead, { onAnswer, onTraffic }));
  threads.set('client', clients.map(({ thread }) => thread));

  const busyOf = (): Readonly<Record<string, number>> =>
    Object.fromEntries([...threads].map(([name, all]) => [name, all.reduce((sum, { busy }) => sum + busy(), 0)]));
  const pass = (from: number, to: number): void => {
    for (let i = 1; i <= STEPS; i += 1) {
      world.time.run(from + ((to - from) * i) / STEPS);
      tell((from + ((to - from) * i) / STEPS) / (warmup + duration));
    }
  };
  pass(0, warmup);
  isMeasuring = true;
  const before = busyOf();
  pass(warmup, warmup + duration);
  const cpu = Object.fromEntries(Object.entries(busyOf()).map(([name, busy]) => [name, (busy - (before[name] ?? 0)) / duration]));
  isMeasuring = false;
  clients.forEach(({ stop }) => stop());
  world.time.run(warmup + duration + DRAIN);
  const digests = engines.map((engine) => engine.digest());
  return { ...traffic, digests, series: series.slice(0, Math.ceil((warmup + duration) / HALF_A_SECOND)), commands: passedLatencies.length + failedLatencies.length, failed: failedLatencies.length, passedLatencies, failedLatencies, cpu };
};

/** Replies by the session that they are for, a frame each. */
const bySession = (portions: readonly Uint8Array[]): ReadonlyMap<number, Uint8Array> => {
  const runs = new Map<number, Uint8Array[]>();
  for (const replies of portions)
    for (let from = 0; from < replies.length; ) {
      const session = sessionAt(replies, from);
      let at = from;
      while (at < replies.length && sessionAt(replies, at) === session) at = nextRecord(replies, at);
      runs.set(session, [...(runs.get(session) ?? []), replies.subarray(from, at)]);
      from = at;
    }
  return new Map([...runs].map(([session, all]) => [session, join(all)]));
};

const HALF_A_SECOND = 500_000;

/** How long it takes at most until everything is executed that is under way when the clients stop. */
const DRAIN = 5_000_000;

/** How often progress is told in each half of a run. */
const STEPS = 10;
