/**
 * What ordering costs by itself: three acceptors and two learners, real processes on this machine, that decide and deliver
 * batches which nobody executes. `npm run -s bench -- ordering`; `node dist/properties/benchmarks/ordering.js` takes
 * `--seconds 5`, `--rate 100000` for so many commands a second instead of as many as it takes, and `--json`.
 *
 * The client's batches are made beforehand, so that what it uses is the cost of sending them. Every learner answers with
 * how much it has delivered, once a turn at most.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as E from 'fp-ts/lib/Either.js';
import { clusterOf, local, read, type Config } from '../../src/adapter/config.js';
import { PROTOCOL } from '../../src/adapter/hello.js';
import { silent } from '../../src/adapter/log.js';
import { links } from '../../src/adapter/tcp/links.js';
import { serve } from '../../src/adapter/tcp/serve.js';
import { decode } from '../../src/adapter/wire.js';
import type { ProcessId } from '../../src/consensus/ballot.js';
import { freePorts } from '../../src/measure/cluster.js';
import { coresBetween, sampleCpu } from '../../src/measure/cpu.js';
import { acceptorFor } from '../../src/node.js';
import { encodeCommand, encodeReply, G_ALL, join, replyAt } from '../../src/record.js';

const SESSION = 7;
const CLI = fileURLToPath(new URL('../../src/cli.js', import.meta.url));
const SELF = fileURLToPath(import.meta.url);

const command = encodeCommand({ kind: 1, attempt: 0, session: SESSION, sequence: 1, floor: 1, payload: new Uint8Array(8) });

/** A replica that counts what it delivers, and tells the client. */
const learn = async (config: Config, id: string): Promise<void> => {
  let delivered = 0;
  await serve(config, id, { log: silent, onFailure: (error) => { throw error; } }, (_config, _me, _spin, { onReplies }) => {
    let isTelling = false;
    const tell = (): void => {
      isTelling = false;
      onReplies(encodeReply({ status: 'Executed', attempt: 0, session: SESSION, sequence: 1, position: { group: 0, slot: delivered, offset: 0 }, payload: new Uint8Array() }));
    };
    return {
      feed: (_group, value) => {
        if (value.type !== 'Batch') return;
        delivered += value.commands.length / command.length;
        if (!isTelling) setImmediate(tell);
        isTelling = true;
      },
      wake: () => undefined,
      flush: () => undefined,
      close: () => Promise.resolve(),
    };
  });
};

type Figures = {
  readonly batchBytes: number;
  readonly commandsPerSecond: number;
  readonly batchesPerSecond: number;
  /** Microseconds of CPU per command, by process. */
  readonly cost: Readonly<Record<string, number>>;
  /** Of the five processes that order, together. */
  readonly ordering: number;
};

/** Orders for some seconds, at a rate or as fast as it goes with so many bytes under way. */
const measure = async (batchBytes: number, seconds: number, rate: number): Promise<Figures> => {
  const directory = mkdtempSync(path(tmpdir(), 'ordering-'));
  const file = path(directory, 'cluster.json');
  const config = local({ technique: 'smr', threads: 1, acceptors: 3, replicas: 2, ports: await freePorts(5), storage: 'memory', ring: { batchBytes, window: 32 } });
  writeFileSync(file, JSON.stringify(config));
  const children: (readonly [string, ChildProcess])[] = config.processes.map(({ id, role }) => [
    id,
    role === 'acceptor' ? fork(CLI, ['node', '--config', file, '--id', id], { stdio: 'ignore' }) : fork(SELF, ['learner', file, id], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }),
  ]);
  try {
    await Promise.all(children.map(([, child]) => new Promise((ready) => child.once('message', ready))));
    const pids = Object.fromEntries([...children.map(([id, { pid }]) => [id, pid ?? 0] as const), ['client', process.pid]]);
    const client = pump(config, batchBytes, rate);
    await sleep(1500);
    const [before, began, cpu] = [client.delivered(), performance.now(), sampleCpu(pids, performance.now())];
    await sleep(1000 * seconds);
    const commands = client.delivered() - before;
    const elapsed = (performance.now() - began) / 1000;
    const cores = coresBetween(cpu, sampleCpu(pids, performance.now()));
    await client.close();
    const cost = Object.fromEntries(Object.entries(cores).map(([id, used]) => [id, (used * elapsed * 1e6) / commands]));
    const ordering = Object.entries(cost).reduce((sum, [id, one]) => (id === 'client' ? sum : sum + one), 0);
    return { batchBytes, commandsPerSecond: commands / elapsed, batchesPerSecond: commands / elapsed / client.perBatch, cost, ordering };
  } finally {
    for (const [, child] of children) child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
};

/** Bytes that may be on their way at once. */
const UNDER_WAY = 4 * 2 ** 20;
const TICK = 2;

/** A client that keeps the ring busy. */
const pump = (config: Config, batchBytes: number, rate: number) => {
  const to = acceptorFor(clusterOf(config), G_ALL, 0);
  const ticked = Number.isFinite(rate) ? Math.max(1, Math.round((rate * TICK) / 1000)) : Infinity;
  const perBatch = Math.min(Math.max(1, Math.floor(batchBytes / command.length)), ticked);
  const batch = join(Array.from({ length: perBatch }, () => command));
  const deliveredBy = new Map<ProcessId, number>(clusterOf(config).membership.learners.map((id) => [id, 0]));
  const delivered = (): number => Math.min(...deliveredBy.values());
  let sent = 0;
  const isRoom = (): boolean => (sent - delivered()) * command.length + batch.length <= Math.max(UNDER_WAY, 2 * batch.length);
  const began = performance.now();
  const fill = (): void => {
    while (isRoom() && sent < ((performance.now() - began) / 1000) * rate) {
      peers.send(to, { type: 'Message', group: G_ALL, message: { type: 'Submit', commands: batch } });
      sent += perBatch;
    }
  };
  const peers = links(config, { type: 'Client', protocol: PROTOCOL, cluster: config.name, sessions: [SESSION] }, silent, (from, payload) => {
    const frame = decode(payload);
    if (E.isLeft(frame)) return frame;
    if (frame.right.type === 'Replies') deliveredBy.set(from, replyAt(frame.right.replies, 0).position.slot);
    fill();
    return E.right(undefined);
  });
  deliveredBy.forEach((_, learner) => peers.open(learner));
  const ticking = setInterval(fill, TICK);
  return {
    perBatch,
    delivered,
    close: async (): Promise<void> => {
      clearInterval(ticking);
      await peers.close();
    },
  };
};

const optionOf = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};

const main = async (): Promise<void> => {
  const seconds = optionOf('--seconds', 4);
  const rate = optionOf('--rate', Infinity);
  const only = optionOf('--batch-bytes', 0);
  const isJson = process.argv.includes('--json');
  const figures: Figures[] = [];
  if (!isJson) console.log(`records of ${command.length} bytes; microseconds of CPU per command\n${['batch', 'commands/s', 'batches/s', 'ordering', 'a1', 'a2', 'a3', 'r1', 'r2', 'client'].map((word) => word.padStart(10)).join('')}`);
  for (const batchBytes of only > 0 ? [only] : [8, 16, 32, 64, 128].map((kib) => kib * 1024)) {
    const found = await measure(batchBytes, seconds, rate);
    figures.push(found);
    const { commandsPerSecond, batchesPerSecond, ordering, cost } = found;
    const costs = [ordering, ...['a1', 'a2', 'a3', 'r1', 'r2', 'client'].map((id) => cost[id] ?? NaN)].map((one) => one.toFixed(3));
    if (!isJson) console.log([batchBytes, commandsPerSecond.toFixed(0), batchesPerSecond.toFixed(0), ...costs].map((word) => String(word).padStart(10)).join(''));
  }
  if (isJson) console.log(JSON.stringify({ unit: 'us of CPU per command', bytesPerCommand: command.length, figures }, null, 2));
};

const [role, file = '', id = ''] = process.argv.slice(2);
if (role === 'learner') {
  const config = read(file);
  if (E.isLeft(config)) throw new Error(config.left);
  await learn(config.right, id);
  process.once('disconnect', () => process.exit());
  process.send?.({ type: 'Ready' });
} else await main();
