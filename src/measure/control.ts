/** What the processes of a measurement say to each other, beside the protocol: JSON over the channel to the parent. */
import { failure } from 'io-ts/lib/PathReporter.js';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as t from 'io-ts';
import type { Tracing } from '../adapter/trace-files.js';
import { Interval, Judgement, Latency, Traffic } from './result.js';
import { Arrivals, Workload } from './workload.js';

export type { Interval, Traffic } from './result.js';

/** What the client process is to do. The configuration of the cluster is in a file of its own. */
export type Job = {
  readonly config: string;
  /** Loaded before the first command. */
  readonly keys: number;
  readonly workload: Workload;
  readonly seed: number;
  /** Of the sessions that measure. Two more audit. */
  readonly arrivals: Arrivals;
  /** Bounds of the partitions that auditors look at: the same for every technique. */
  readonly bounds: readonly number[];
  /** Seconds before, of, and after the measured time. Commands go on all along. */
  readonly warmup: number;
  readonly seconds: number;
  readonly cooldown: number;
  /** Where the history of the audited keys goes, if anywhere. */
  readonly history: string | null;
  /** Where the client writes down what its proxies do, if anywhere, and how much of it. */
  readonly trace: Tracing | null;
};

/** What it found in the measured time. Latencies in ms, from the intended call to the final answer. */
export type Report = {
  readonly commands: number;
  /** First attempts that failed their check. */
  readonly failed: number;
  readonly seconds: number;
  /** Of all commands; of those answered at their first attempt; of those whose first attempt failed. */
  readonly latency: { readonly all: Latency; readonly passed: Latency; readonly failed: Latency };
  /** The latencies of all commands in microseconds: an HDR histogram, compressed, in base64. */
  readonly histogram: string;
  /** The whole run from its first command, warm-up and cool-down included, in pieces of 500 ms. */
  readonly series: readonly Interval[];
  readonly sent: Traffic;
  readonly received: Traffic;
  /** Resident memory of the client at the end of the measured time, MiB. */
  readonly memory: number;
  readonly judgements: readonly Judgement[];
};

/** What a child process tells its parent. */
export type Told =
  | { readonly type: 'Ready' }
  | { readonly type: 'Stage'; readonly stage: 'load' | 'warm up' | 'measure' | 'cool down' | 'judge' }
  | { readonly type: 'Note'; readonly finished: number; readonly note: string }
  | { readonly type: 'Done'; readonly report: Report }
  | { readonly type: 'Broken'; readonly reason: string };

const Report: t.Type<Report, unknown> = t.strict({
  commands: t.number,
  failed: t.number,
  seconds: t.number,
  latency: t.strict({ all: Latency, passed: Latency, failed: Latency }),
  histogram: t.string,
  series: t.readonlyArray(Interval),
  sent: Traffic,
  received: Traffic,
  memory: t.number,
  judgements: t.readonlyArray(Judgement),
});

const Told: t.Type<Told, unknown> = t.union([
  t.strict({ type: t.literal('Ready') }),
  t.strict({ type: t.literal('Stage'), stage: t.keyof({ load: null, 'warm up': null, measure: null, 'cool down': null, judge: null }) }),
  t.strict({ type: t.literal('Note'), finished: t.number, note: t.string }),
  t.strict({ type: t.literal('Done'), report: Report }),
  t.strict({ type: t.literal('Broken'), reason: t.string }),
]);

const Job: t.Type<Job, unknown> = t.strict({
  config: t.string,
  keys: t.number,
  workload: Workload,
  seed: t.number,
  arrivals: Arrivals,
  bounds: t.readonlyArray(t.number),
  warmup: t.number,
  seconds: t.number,
  cooldown: t.number,
  history: t.union([t.string, t.null]),
  trace: t.union([t.strict({ directory: t.string, level: t.keyof({ protocol: null, execution: null }) }), t.null]),
});

/** A message of a child as what it tells, or why it tells nothing. */
export const hearTold = (message: unknown): E.Either<string, Told> => pipe(Told.decode(message), E.mapLeft((errors) => failure(errors).join('; ')));

/** The first message of the parent as a job. */
export const hearJob = (message: unknown): E.Either<string, Job> => pipe(Job.decode(message), E.mapLeft((errors) => failure(errors).join('; ')));
