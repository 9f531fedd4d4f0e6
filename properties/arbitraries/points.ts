/** Points made up for the laboratory's report: numbers that somebody chose, of runs that nobody made. */
import { machine, versions } from '../../src/measure/machine.js';
import { resume, type Plan } from '../../src/measure/plan.js';
import { POINT, type ExperimentName, type Kind, type Point } from '../../src/measure/point.js';
import { UNITS, type Experiment, type Latency, type Technique } from '../../src/measure/result.js';
import { dependent, type Arrivals } from '../../src/measure/workload.js';

export const BASE: Experiment = {
  keys: 10_000_000,
  threads: 8,
  replicas: 2,
  acceptors: 3,
  workload: dependent(50),
  arrivals: { type: 'closed', clients: 16, outstanding: 32 },
  seconds: 50,
  warmup: 5,
  cooldown: 5,
  capacity: 64,
  fill: 0.7,
  lambda: 10_000,
  delta: 5,
  m: 1,
  batchBytes: 8192,
  coordinators: 'one',
  storage: 'memory',
  seed: 1,
  commandsPerBarrier: 'batch',
};

/** What somebody chose of a point; all else is as it may be. */
export type Chosen = {
  readonly experiment: ExperimentName;
  readonly technique?: Technique;
  readonly kind?: Kind;
  readonly cores?: number;
  readonly threads?: number;
  readonly dependent?: number;
  readonly step?: number;
  readonly repeat?: number;
  readonly inFlight?: number;
  /** Kcps, ms, and part of all commands. */
  readonly throughput?: number;
  readonly latency?: number;
  readonly passed?: number;
  readonly failed?: number;
  readonly failedRatio?: number;
  /** Cores of each replica. */
  readonly cpu?: number;
  /** Commands in each half second. */
  readonly series?: readonly number[];
  readonly verdict?: 'ok' | 'lost' | 'unknown';
  /** Whatever else was asked. */
  readonly asked?: Partial<Experiment>;
};

const latencyOf = (mean: number | undefined): Latency =>
  mean === undefined
    ? { count: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 }
    : { count: 1000, mean, p50: mean * 0.9, p90: mean * 1.5, p99: mean * 3, p999: mean * 5, max: mean * 8 };

export const pointOf = (chosen: Chosen): Point => {
  const { experiment, technique = 'opt-psmr', kind = 'measured', cores = 8, threads = 8, step = 0, repeat = 1, inFlight = 512 } = chosen;
  const { throughput = 100, latency = 5, passed = latency, failed, failedRatio = 0, cpu, series = Array.from({ length: 120 }, () => 50_000), verdict = 'ok' } = chosen;
  const arrivals: Arrivals = { type: 'closed', clients: 1, outstanding: inFlight };
  return {
    format: POINT,
    kind,
    experiment,
    step,
    repeat,
    versions: versions(),
    machine: { ...machine(), cores },
    parameters: { ...BASE, threads, arrivals, workload: dependent(chosen.dependent ?? 100), ...chosen.asked },
    units: UNITS,
    probes: [],
    model: kind === 'simulated' ? { 'check, ns': 300, 'barrier, ns': 900 } : null,
    run: {
      technique,
      throughput,
      failedRatio,
      latency: latencyOf(latency),
      passed: latencyOf(passed),
      failed: latencyOf(failed),
      histogram: '',
      series: series.map((commands) => ({ commands, failed: 0 })),
      sent: { messages: 1000, bytes: 64_000 },
      received: { messages: 2000, bytes: 96_000 },
      commands: 1000,
      cpu: cpu === undefined ? {} : { 'replica-1': cpu, 'replica-2': cpu, client: 1 },
      memory: { 'replica-1': { resident: 700, peak: 800 } },
      verdict,
      judgements: [{ judge: 'replicas agree', verdict, detail: 'made up' }],
    },
  };
};

/** Figures as the paper tells them: every claim that its words make is true of these. */
export const asInThePaper = (kind: Kind = 'measured', cores = 8, times = 1): readonly Point[] => [
  ...[1, 2, 3, 4, 5, 6].map((step) =>
    pointOf({ experiment: 'failed-commands', kind, cores, step, inFlight: 8 * 4 ** step, throughput: times * 60 * step, failedRatio: 0.03 / Math.sqrt(step), latency: 1 + step * 0.62, passed: 1 + step * 0.6, failed: 2 * (1 + step * 0.6) }),
  ),
  ...[0, 10, 25, 50, 75, 100].flatMap((dependent) => [
    pointOf({ experiment: 'dependent-commands', kind, cores, technique: 'smr', dependent, throughput: times * 150, latency: 3 }),
    pointOf({ experiment: 'dependent-commands', kind, cores, technique: 'p-smr', dependent, throughput: (times * 400) / (1 + dependent / 30), latency: 3.5 }),
    pointOf({ experiment: 'dependent-commands', kind, cores, dependent, throughput: times * (402 - dependent / 5), failedRatio: dependent / 10_000, latency: 4.5 }),
  ]),
  pointOf({ experiment: 'threads', kind, cores, technique: 'smr', threads: 1, throughput: times * 150, latency: 3, cpu: 1.2 }),
  ...[1, 2, 4, 8].flatMap((threads) => [
    pointOf({ experiment: 'threads', kind, cores, technique: 'p-smr', threads, throughput: times * (150 - 12 * threads), latency: 4, cpu: 1 + threads / 8 }),
    pointOf({ experiment: 'threads', kind, cores, threads, throughput: times * 140 * threads ** 0.7, latency: 4.5, cpu: 1 + threads * 0.7 }),
  ]),
];

/** What a point is made with on this machine. */
export const BENCH = { kind: 'measured', machine: machine(), versions: versions(), model: null } as const;

/** A point that comes of a run of a plan. */
export const pointFor = (plan: Plan, { technique, step, repeat, parameters }: Plan['runs'][number]): Point => ({ ...pointOf({ experiment: plan.experiment, technique, step, repeat }), ...BENCH, parameters });

/** What is left of a plan, or of another one, when so many of its runs are done. */
export const resumed = (plan: Plan, done: number, other: Plan = plan): ReturnType<typeof resume> =>
  resume(other, BENCH, new Map(plan.runs.slice(0, done).map((run) => [`dir/${run.file}`, pointFor(plan, run)])));

/** Elements of a page that are opened and not closed, or closed and not open. */
export const unclosed = (text: string): readonly string[] => {
  const open: string[] = [];
  for (const [, closes, name, empty] of text.replace(/<!doctype html>|<style>[^]*?<\/style>/gi, '').matchAll(/<(\/?)([a-zA-Z]+\d?)(?:"[^"]*"|[^">])*?(\/?)>/g)) {
    if (empty === '/' || name === 'meta') continue;
    if (closes === '') open.push(name!);
    else if (open.pop() !== name) return [`/${name}`];
  }
  return open;
};
