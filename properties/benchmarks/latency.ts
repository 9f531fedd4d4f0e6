/**
 * How long a lone client waits: one command outstanding, real processes on this machine, under every technique.
 * A command a millisecond is few: it is compiled only after many seconds, so that the first 8 do not count, and medians of both
 * halves of what counts say whether that was enough. `npm run -s bench -- latency`; `node dist/properties/benchmarks/latency.js`
 * takes `--seconds 5`, `--warmup 8`, `--spread` for a coordinator on every acceptor, and `--json`.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as path } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { local, serviceOf } from '../../src/adapter/config.js';
import { silent } from '../../src/adapter/log.js';
import { connect } from '../../src/adapter/tcp/caller.js';
import { freePorts } from '../../src/measure/cluster.js';
import { histogram } from '../../src/measure/histogram.js';
import { commandsOf } from '../../src/measure/draws.js';
import { dependent } from '../../src/measure/workload.js';
import { isScheduled, isSequential, TECHNIQUES, type Technique } from '../../src/replica/techniques.js';

const CLI = fileURLToPath(new URL('../../src/cli.js', import.meta.url));
const KEYS = 20_000;

/** Latencies, ms: of all that counts, and medians of its two halves. */
type Figures = { readonly technique: Technique; readonly commands: number; readonly p50: number; readonly p99: number; readonly halves: readonly [number, number] };

const measure = async (technique: Technique, warmup: number, seconds: number, isSpread: boolean): Promise<Figures> => {
  const directory = mkdtempSync(path(tmpdir(), 'latency-'));
  const file = path(directory, 'cluster.json');
  const threads = isSequential(technique) ? 1 : 2;
  const groups = isSequential(technique) || isScheduled(technique) ? ['g_all'] : ['g_all', 'g_1', 'g_2'];
  const rings = isSpread ? {} : Object.fromEntries(groups.map((group) => [group, { coordinator: 'a1' }]));
  const config = local({ technique, threads, acceptors: 3, replicas: 2, ports: await freePorts(5), storage: 'memory', rings, service: { keys: KEYS, keySpace: 2 * KEYS } });
  writeFileSync(file, JSON.stringify(config));
  const children: readonly ChildProcess[] = config.processes.map(({ id }) => fork(CLI, ['node', '--config', file, '--id', id], { stdio: 'ignore' }));
  try {
    await Promise.all(children.map((child) => new Promise((ready) => child.once('message', ready))));
    const [waits, first, second] = [histogram(), histogram(), histogram()];
    const draw = commandsOf({ keys: KEYS, workload: dependent(50), seed: 1 }, 1);
    const measureFrom = performance.now() + 1000 * warmup;
    const middle = measureFrom + 500 * seconds;
    let called = 0;
    let since = performance.now();
    let isOver = false;
    const next = (): void => {
      since = performance.now();
      caller.call(0, (called += 1), draw());
    };
    const caller = connect(config, serviceOf(config).service, [7], { window: 256, retryAfter: 1000 }, {
      onAnswer: () => {
        const now = performance.now();
        if (now > measureFrom) [waits, now < middle ? first : second].forEach((into) => into.record(1000 * (now - since)));
        if (!isOver) next();
      },
      log: silent,
    });
    next();
    await sleep(1000 * (warmup + seconds));
    isOver = true;
    await caller.close();
    const { count: commands, p50, p99 } = waits.summary();
    return { technique, commands, p50, p99, halves: [first.summary().p50, second.summary().p50] };
  } finally {
    for (const child of children) child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
};

const main = async (): Promise<void> => {
  const { values: options } = parseArgs({
    options: { seconds: { type: 'string', default: '5' }, warmup: { type: 'string', default: '8' }, spread: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
  });
  const [seconds, warmup] = [Number(options.seconds), Number(options.warmup)];
  if (!(seconds > 0 && warmup >= 0)) throw new Error('--seconds, --warmup: expected numbers');
  const isJson = options.json;
  const figures: Figures[] = [];
  for (const technique of TECHNIQUES) {
    const found = await measure(technique, warmup, seconds, options.spread);
    figures.push(found);
    const { p50, p99, commands, halves } = found;
    const [first, second] = halves.map((half) => half.toFixed(2));
    if (!isJson) console.log(`${technique.padEnd(13)} ${commands} commands, one at a time: median ${p50.toFixed(2)} ms (${first} in the first half, ${second} in the second), p99 ${p99.toFixed(2)} ms`);
  }
  if (isJson) console.log(JSON.stringify({ unit: 'ms', figures }, null, 2));
};

await main();
