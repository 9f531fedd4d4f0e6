/** What the processes of a measurement say to each other, beside the protocol: JSON over the channel to the parent. */
import { failure } from 'io-ts/lib/PathReporter.js';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as t from 'io-ts';
import type { Tracing } from '../adapter/trace-files.js';
import { Judgement, Latency, Mix } from './result.js';

/** What the client process is to do. The configuration of the cluster is in a file of its own. */
export type Job = {
  readonly config: string;
  readonly keys: number;
  readonly mix: Mix;
  readonly seed: number;
  /** Sessions, and the commands that each keeps in flight. Two more sessions audit. */
  readonly clients: number;
  readonly outstanding: number;
  /** Bounds of the partitions that auditors look at: the same for every technique. */
  readonly bounds: readonly number[];
  readonly warmup: number;
  readonly seconds: number;
  /** Where the history of the audited keys goes, if anywhere. */
  readonly history: string | null;
  /** Where the client writes down what its proxies do, if anywhere, and how much of it. */
  readonly trace: Tracing | null;
};

/** What it found. Latencies in ms. */
export type Report = {
  readonly commands: number;
  readonly failed: number;
  readonly seconds: number;
  readonly latency: Latency;
  readonly judgements: readonly Judgement[];
};

/** What a child process tells its parent. */
export type Told =
  | { readonly type: 'Ready' }
  | { readonly type: 'Stage'; readonly stage: 'load' | 'warm up' | 'measure' | 'judge' }
  | { readonly type: 'Note'; readonly finished: number; readonly note: string }
  | { readonly type: 'Done'; readonly report: Report }
  | { readonly type: 'Broken'; readonly reason: string };

const Report: t.Type<Report, unknown> = t.strict({
  commands: t.number,
  failed: t.number,
  seconds: t.number,
  latency: Latency,
  judgements: t.readonlyArray(Judgement),
});

const Told: t.Type<Told, unknown> = t.union([
  t.strict({ type: t.literal('Ready') }),
  t.strict({ type: t.literal('Stage'), stage: t.keyof({ load: null, 'warm up': null, measure: null, judge: null }) }),
  t.strict({ type: t.literal('Note'), finished: t.number, note: t.string }),
  t.strict({ type: t.literal('Done'), report: Report }),
  t.strict({ type: t.literal('Broken'), reason: t.string }),
]);

const Job: t.Type<Job, unknown> = t.strict({
  config: t.string,
  keys: t.number,
  mix: Mix,
  seed: t.number,
  clients: t.number,
  outstanding: t.number,
  bounds: t.readonlyArray(t.number),
  warmup: t.number,
  seconds: t.number,
  history: t.union([t.string, t.null]),
  trace: t.union([t.strict({ directory: t.string, level: t.keyof({ protocol: null, execution: null }) }), t.null]),
});

/** A message of a child as what it tells, or why it tells nothing. */
export const hearTold = (message: unknown): E.Either<string, Told> => pipe(Told.decode(message), E.mapLeft((errors) => failure(errors).join('; ')));

/** The first message of the parent as a job. */
export const hearJob = (message: unknown): E.Either<string, Job> => pipe(Job.decode(message), E.mapLeft((errors) => failure(errors).join('; ')));
