/**
 * Marks: what the runs of one point of a figure say together. The report reads nothing else, so that what was simulated and
 * what was measured are told apart here once, by `kind`, and never mixed.
 */
import type { Technique } from '../replica/techniques.js';
import { settingOf, type Setting } from './growth.js';
import type { ExperimentName, Kind, Point } from './point.js';
import { NAMES, type Latency, type Run, type Traffic, type Verdict } from './result.js';
import { driftOf, estimate, type Estimate } from './statistics.js';
import type { Arrivals } from './workload.js';

/** Where a mark stands. */
export type Place = {
  readonly kind: Kind;
  readonly experiment: ExperimentName;
  readonly technique: Technique;
  /** Cores of the machine, real or simulated. */
  readonly cores: number;
  readonly keys: number;
  /** Worker threads of a replica under the techniques that have several. */
  readonly threads: number;
  /** Inserts and deletes, % of the commands. */
  readonly dependent: number;
  /** The step of the load, from 1, where the load is what varies; else 0. */
  readonly step: number;
  /** All that may vary, where one quantity after another does; else `null`. */
  readonly setting: Setting | null;
};

export type Mark = Place & {
  /** Commands in flight, of all sessions; or how many a second arrive. */
  readonly load: string;
  /** Kcps. */
  readonly throughput: Estimate;
  /** 0 to 1. */
  readonly failedRatio: Estimate;
  /** Failed commands, thousands a second. */
  readonly failedRate: Estimate;
  /** Means, ms: of all commands, and of those that passed or failed their check, where there were any. */
  readonly latency: { readonly all: Estimate; readonly passed: Estimate | undefined; readonly failed: Estimate | undefined };
  /** 99th percentile of all commands, ms. */
  readonly p99: Estimate;
  /** Cores that a replica used, the mean of all replicas, where it is known. */
  readonly cpu: Estimate | undefined;
  /** Processor time of all processes for each command, microseconds, where it is known. */
  readonly effort: Estimate | undefined;
  /** Frames that the client sent and received, and their bytes, for each command; where they are known. */
  readonly traffic: { readonly messages: Estimate | undefined; readonly bytes: Estimate | undefined };
  /** By how much throughput drifted in the run where it drifted most, as a part; where it is known. */
  readonly drift: number | undefined;
  /** The first verdict that is not `ok`, of all runs. */
  readonly verdict: Verdict;
  readonly points: readonly Point[];
};

export const placeOf = ({ kind, experiment, step, machine, parameters, run }: Point): Place => ({
  kind,
  experiment,
  technique: run.technique,
  cores: machine.cores,
  keys: parameters.keys,
  threads: parameters.threads,
  dependent: parameters.workload.mix.insert + parameters.workload.mix.delete,
  step,
  setting: experiment === 'growth' ? settingOf(parameters) : null,
});

/** One mark for each place, in the order of threads, share of dependent commands, load and technique. */
export const marksOf = (points: readonly Point[]): readonly Mark[] => {
  const pointsByPlace = new Map<string, Point[]>();
  for (const point of points) {
    const key = JSON.stringify(placeOf(point));
    const others = pointsByPlace.get(key);
    if (others === undefined) pointsByPlace.set(key, [point]);
    else others.push(point);
  }
  return [...pointsByPlace.values()].map(markOf).sort((a, b) => a.threads - b.threads || a.dependent - b.dependent || a.step - b.step || ORDER.indexOf(a.technique) - ORDER.indexOf(b.technique));
};

const ORDER = Object.keys(NAMES);

const markOf = (points: readonly Point[]): Mark => {
  const of = (value: (point: Point) => number | undefined): Estimate | undefined =>
    estimate(points.map(value).filter((one) => one !== undefined));
  const always = (value: (point: Point) => number): Estimate => of(value)!; // a place has a point
  const drifts = points.flatMap((point) => driftOf(measured(point)) ?? []);
  return {
    ...placeOf(points[0]!),
    load: sayLoad(points[0]!.parameters.arrivals),
    throughput: always(({ run }) => run.throughput),
    failedRatio: always(({ run }) => run.failedRatio),
    failedRate: always(({ run }) => run.failedRatio * run.throughput),
    latency: {
      all: always(({ run }) => run.latency.mean),
      passed: of(({ run }) => meanIn(run.passed)),
      failed: of(({ run }) => meanIn(run.failed)),
    },
    p99: always(({ run }) => run.latency.p99),
    cpu: of(({ run }) => replicaCores(run.cpu)),
    effort: of(({ run }) => effortOf(run)),
    traffic: { messages: of(({ run }) => perCommand(run, 'messages')), bytes: of(({ run }) => perCommand(run, 'bytes')) },
    drift: drifts.reduce<number | undefined>((worst, drift) => (worst === undefined || Math.abs(drift) > Math.abs(worst) ? drift : worst), undefined),
    verdict: points.find(({ run }) => run.verdict !== 'ok')?.run.verdict ?? 'ok',
    points,
  };
};

/** Nothing was counted where nothing was sent. */
const perCommand = ({ sent, received, commands }: Run, what: keyof Traffic): number | undefined =>
  commands === 0 || sent.messages === 0 ? undefined : (sent[what] + received[what]) / commands;

const meanIn = ({ count, mean }: Latency): number | undefined => (count === 0 ? undefined : mean);

/** Throughput over the measured time. */
const measured = ({ parameters: { warmup, seconds }, run }: Point): readonly number[] =>
  run.series.slice(Math.ceil(warmup * INTERVALS), Math.floor((warmup + seconds) * INTERVALS)).map(({ commands }) => commands);

/** Of a series, in a second. */
const INTERVALS = 2;

/** A load in words. */
export const sayLoad = (arrivals: Arrivals): string =>
  arrivals.type === 'closed' ? `${arrivals.clients * arrivals.outstanding} in flight` : `${arrivals.rate} a second`;

const replicaCores = (cpu: Readonly<Record<string, number>>): number | undefined =>
  estimate(Object.entries(cpu).flatMap(([name, cores]) => (name.startsWith('replica') ? [cores] : [])))?.mean;

const effortOf = ({ cpu, throughput }: Run): number | undefined => {
  const cores = Object.values(cpu);
  return throughput === 0 || cores.length === 0 ? undefined : (1000 * cores.reduce((sum, one) => sum + one, 0)) / throughput;
};

/** What the marks of a figure that may be compared with each other have in common. */
export type Setup = Pick<Place, 'kind' | 'cores'> & {
  /** `undefined` where keys are what varies. */
  readonly keys: number | undefined;
  /** `undefined` where threads are what varies. */
  readonly threads: number | undefined;
};

export type Group = { readonly setup: Setup; readonly marks: readonly Mark[] };

/** The marks of an experiment by their setup, measured ones first. */
export const groupsOf = (marks: readonly Mark[], experiment: ExperimentName): readonly Group[] => {
  const groups = new Map<string, { setup: Setup; marks: Mark[] }>();
  for (const mark of marks.filter((one) => one.experiment === experiment)) {
    const { kind, cores, keys, threads } = mark;
    const setup: Setup = { kind, cores, keys: experiment === 'growth' ? undefined : keys, threads: experiment === 'growth' || experiment === 'threads' ? undefined : threads };
    const key = JSON.stringify(setup);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { setup, marks: [mark] });
    else group.marks.push(mark);
  }
  return [...groups.values()].sort((a, b) => a.setup.kind.localeCompare(b.setup.kind) || a.setup.cores - b.setup.cores || (a.setup.threads ?? 0) - (b.setup.threads ?? 0));
};

/** How far a simulation is off where both exist, as a part of what was measured: 0.1 is 10 % too fast. */
export type Gap = { readonly simulated: Mark; readonly measured: Mark; readonly throughput: number; readonly latency: number };

export const gapsOf = (marks: readonly Mark[]): readonly Gap[] =>
  marks.flatMap((simulated) => {
    if (simulated.kind !== 'simulated') return [];
    const measured = marks.find((mark) => mark.kind === 'measured' && isSamePlace(mark, simulated));
    if (measured === undefined) return [];
    const off = (of: (mark: Mark) => Estimate): number => of(simulated).median / of(measured).median - 1;
    return [{ simulated, measured, throughput: off((mark) => mark.throughput), latency: off((mark) => mark.latency.all) }];
  });

/** At maximum throughput the load is what it takes; where the load is what varies, it must be the same. */
const isSamePlace = (a: Mark, b: Mark): boolean =>
  (['experiment', 'technique', 'cores', 'keys', 'threads', 'dependent', 'step'] as const).every((field) => a[field] === b[field]) &&
  (a.step === 0 || a.load === b.load) &&
  JSON.stringify(a.setting) === JSON.stringify(b.setting);
