/**
 * What a trace costs, and how fast it is judged: the load of `psmr measure` on real processes with and without a trace, in turns,
 * and then every trace checked, by one thread. `npm run -s bench -- traces` prints medians and ratios; with `small`, as in
 * `node dist/properties/benchmarks/traces.js small 5` (rounds), of a load that makes many small batches: few in flight, and a tree
 * that the caches hold. On a machine with two cores everything shares them.
 */

import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { play } from '../../src/adapter/trace-reading.js';
import { expectedOf, measure } from '../../src/measure/experiment.js';
import { reporter } from '../../src/measure/progress.js';
import type { Experiment } from '../../src/measure/result.js';
import { medianOf } from '../../src/measure/statistics.js';
import { WORKLOADS } from '../../src/measure/workload.js';
import type { Level } from '../../src/trace/line.js';
import { reportOf } from '../../src/trace/report.js';

const ROUNDS = Number(process.argv.slice(2).find((argument) => /^\d+$/.test(argument)) ?? 3);

const EXPERIMENT: Experiment = {
  keys: 1_000_000,
  threads: 2,
  replicas: 2,
  acceptors: 3,
  workload: WORKLOADS.mixed,
  arrivals: { type: 'closed', clients: 8, outstanding: 256 },
  seconds: 10,
  warmup: 5,
  cooldown: 0,
  capacity: 64,
  fill: 0.7,
  lambda: 10_000,
  delta: 5,
  m: 1,
  batchBytes: 65_536,
  coordinators: 'one',
  storage: 'disk',
  seed: 1,
  commandsPerBarrier: 'batch',
  ...(process.argv.includes('small') ? { keys: 100_000, batchBytes: 8192, storage: 'memory', arrivals: { type: 'closed', clients: 8, outstanding: 64 } } : {}),
};

type Mode = 'off' | Level;
const MODES: readonly Mode[] = ['off', 'protocol', 'execution'];

const folder = mkdtempSync(join(tmpdir(), 'opt-psmr-bench-'));
const silent = reporter({ runs: ['opt-PSMR'], expected: expectedOf(EXPERIMENT), mode: 'none', columns: 80, now: () => performance.now(), write: () => undefined });

/** Thousands of commands a second, microseconds of CPU that all processes took for one, and where the trace is. */
const runOnce = async (mode: Mode, round: number): Promise<{ readonly rate: number; readonly cost: number; readonly directory: string }> => {
  const directory = join(folder, `${mode}-${round}`);
  const trace = mode === 'off' ? null : { directory, level: mode };
  const { runs } = await measure(EXPERIMENT, ['opt-psmr'], silent, new AbortController().signal, () => ({ history: null, trace }));
  const { throughput, cpu } = runs[0]!;
  return { rate: throughput, cost: (1000 * Object.values(cpu).reduce((sum, cores) => sum + cores, 0)) / throughput, directory };
};

const filesIn = (directory: string): readonly string[] => readdirSync(directory).map((name) => join(directory, name));

try {
  const rates = new Map<Mode, number[]>(MODES.map((mode) => [mode, []]));
  const costs = new Map<Mode, number[]>(MODES.map((mode) => [mode, []]));
  const checks = new Map<Mode, { readonly events: number; readonly seconds: number; readonly bytes: number }[]>(MODES.map((mode) => [mode, []]));
  for (let round = 0; round < ROUNDS; round += 1)
    for (const mode of MODES) {
      const { rate, cost, directory } = await runOnce(mode, round);
      rates.get(mode)!.push(rate);
      costs.get(mode)!.push(cost);
      if (mode === 'off') continue;
      const files = filesIn(directory);
      const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
      const start = performance.now();
      const report = reportOf(await play(files));
      const seconds = (performance.now() - start) / 1000;
      if (report.verdict !== 'ok') throw new Error(`${mode}: ${JSON.stringify(report.found ?? report.violations)}`);
      checks.get(mode)!.push({ events: report.events, seconds, bytes });
      rmSync(directory, { recursive: true });
      console.error(`round ${round + 1} of ${ROUNDS}: ${mode}, ${rate.toFixed(1)} Kcps, ${report.events} events judged in ${seconds.toFixed(1)} s`);
    }
  const result = MODES.map((mode) => ({
    trace: mode,
    'Kcps, median': Number(medianOf(rates.get(mode)!).toFixed(1)),
    'us of CPU a command': Number(medianOf(costs.get(mode)!).toFixed(2)),
    'of untraced': Number(medianOf(rates.get(mode)!.map((rate, i) => rate / rates.get('off')![i]!)).toFixed(3)),
    ...(mode === 'off'
      ? {}
      : {
          'events judged a second': Math.round(medianOf(checks.get(mode)!.map(({ events, seconds }) => events / seconds))),
          'events in a run': medianOf(checks.get(mode)!.map(({ events }) => events)),
          'bytes an event': Math.round(medianOf(checks.get(mode)!.map(({ bytes, events }) => bytes / events))),
        }),
  }));
  if (process.argv.includes('--json')) console.log(JSON.stringify(result, null, 2));
  else console.table(result);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
