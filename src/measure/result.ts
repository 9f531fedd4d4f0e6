/** What a measurement leaves behind: `result.json`, its types, the codec that guards it, and its way to disk and back. */

import * as t from 'io-ts';
import { Barrier } from '../adapter/config.js';
import type { Technique } from '../replica/techniques.js';
import { decoder, reader, writer } from './files.js';
import { integer, natural, quantity, ratio } from './quantities.js';
import { Arrivals, Workload } from './workload.js';

export const FORMAT = 'opt-psmr/result/2';

export type { Technique } from '../replica/techniques.js';
export type { Mix } from './workload.js';

/** The techniques as the paper writes them, in the order in which they are measured and shown. */
export const NAMES: Readonly<Record<Technique, string>> = { smr: 'SMR', 'pipelined-smr': 'pipelined SMR', 'sp-smr': 'sP-SMR', 'p-smr': 'P-SMR', 'opt-psmr': 'opt-PSMR' };

export type Versions = {
  readonly optPsmr: string;
  readonly node: string;
  readonly v8: string;
  /** Name, release and architecture of the operating system. */
  readonly os: string;
};

export type Machine = {
  /** The model that the processor gives as its own. */
  readonly cpu: string;
  /** Cores that this process may use. */
  readonly cores: number;
  /** Memory of the machine, GiB. */
  readonly memoryGiB: number;
};

/** What was measured, the same for every run. */
export type Experiment = {
  /** Keys in the tree before the first command. */
  readonly keys: number;
  /** Worker threads of a replica under sP-SMR, P-SMR and opt-PSMR; the others have one. */
  readonly threads: number;
  /** Replica processes. */
  readonly replicas: number;
  /** Acceptor processes, each an acceptor of every ring. */
  readonly acceptors: number;
  readonly workload: Workload;
  /** Client sessions, and when they call. */
  readonly arrivals: Arrivals;
  /** Measured time of a run, seconds. */
  readonly seconds: number;
  /** Time before and after it that is thrown away, seconds. */
  readonly warmup: number;
  readonly cooldown: number;
  /** Entries that a node of the tree can hold. */
  readonly capacity: number;
  /** How full the nodes of the loaded tree are, 0 to 1. */
  readonly fill: number;
  /** Virtual slots a second that a ring keeps up with. */
  readonly lambda: number;
  /** Interval of the rate levelling, milliseconds. */
  readonly delta: number;
  /** Virtual slots that the merge takes from a ring in one turn. */
  readonly m: number;
  /** Bytes at which a coordinator closes a batch. */
  readonly batchBytes: number;
  /** Who coordinates the rings: one acceptor all of them, or the acceptors in turn. */
  readonly coordinators: 'one' | 'spread';
  /** Where acceptors keep their votes. */
  readonly storage: 'memory' | 'disk';
  readonly seed: number;
  /** Commands of g_all executed under one barrier: 1 as in the paper, or all of a batch. */
  readonly commandsPerBarrier: number | 'batch';
};

/** `ok`, or what went wrong. `unknown` when a judge could not tell, `incomplete` when the run did not reach its end. */
export type Verdict = 'ok' | 'diverged' | 'not-linearizable' | 'lost' | 'unknown' | 'incomplete';

export type Judgement = {
  /** The question, such as `replicas agree`. */
  readonly judge: string;
  readonly verdict: Verdict;
  /** What the judge looked at, or what it found. */
  readonly detail: string;
};

/** Milliseconds from a command's first send to its first answer that is not a failed check; all 0 when there are none. */
export type Latency = {
  /** Commands that were timed. */
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
};

/** What went through sockets in the measured time: frames, and their bytes. */
export type Traffic = { readonly messages: number; readonly bytes: number };

/** Commands answered in half a second of the run, and how many of them had failed their first check. */
export type Interval = { readonly commands: number; readonly failed: number };

/** Memory of a process, MiB: what it held at the end of the measured time, and the most that it ever held. */
export type Memory = { readonly resident: number; readonly peak: number };

export type Run = {
  readonly technique: Technique;
  /** Commands answered in the measured time, in thousands a second (Kcps). */
  readonly throughput: number;
  /** First attempts that failed the safety check, as a part of all commands, 0 to 1. */
  readonly failedRatio: number;
  /** Of all commands; of those answered at their first attempt; of those whose first attempt failed. */
  readonly latency: Latency;
  readonly passed: Latency;
  readonly failed: Latency;
  /** The latencies of all commands in microseconds: an HDR histogram, compressed, in base64. */
  readonly histogram: string;
  /** The whole run from its first command, warm-up and cool-down included, in pieces of half a second. */
  readonly series: readonly Interval[];
  /** What the client sent and received in the measured time. */
  readonly sent: Traffic;
  readonly received: Traffic;
  /** Commands answered in the measured time. */
  readonly commands: number;
  /** Cores that each process used over the measured time, by its name; empty where the system does not tell. */
  readonly cpu: Readonly<Record<string, number>>;
  readonly memory: Readonly<Record<string, Memory>>;
  /** The first of the judgements that is not `ok`. */
  readonly verdict: Verdict;
  readonly judgements: readonly Judgement[];
};

export type Result = {
  readonly format: typeof FORMAT;
  readonly versions: Versions;
  readonly machine: Machine;
  readonly parameters: Experiment;
  /** The unit of every number here, by its name: `UNITS`. */
  readonly units: Readonly<Record<string, string>>;
  readonly runs: readonly Run[];
};

export const UNITS: Result['units'] = {
  throughput: 'Kcps (1000 commands/s)',
  failedRatio: 'failed first attempts / commands',
  latency: 'ms',
  passed: 'ms',
  failed: 'ms',
  commands: 'commands',
  series: 'commands in half a second',
  histogram: 'microseconds, HDR histogram in base64',
  sent: 'frames and bytes',
  received: 'frames and bytes',
  cpu: 'cores',
  memory: 'MiB (2^20 bytes)',
  memoryGiB: 'GiB (2^30 bytes)',
  seconds: 's',
  warmup: 's',
  cooldown: 's',
  mix: '% of commands',
  capacity: 'entries per node',
  fill: 'entries / capacity',
  lambda: 'virtual slots/s',
  delta: 'ms',
  m: 'virtual slots',
  batchBytes: 'bytes',
  commandsPerBarrier: 'commands',
};

/** The verdict on a run: a run that nobody judged is not `ok`. */
export const verdictOf = (judgements: readonly Judgement[]): Verdict =>
  judgements.length === 0 ? 'unknown' : (judgements.find(({ verdict }) => verdict !== 'ok')?.verdict ?? 'ok');

const Technique: t.Type<Technique, unknown> = t.keyof({ smr: null, 'pipelined-smr': null, 'sp-smr': null, 'p-smr': null, 'opt-psmr': null });

export const Versions: t.Type<Versions, unknown> = t.strict({ optPsmr: t.string, node: t.string, v8: t.string, os: t.string });

export const Machine: t.Type<Machine, unknown> = t.strict({ cpu: t.string, cores: natural, memoryGiB: quantity });

export const Experiment: t.Type<Experiment, unknown> = t.strict({
  keys: natural,
  threads: natural,
  replicas: natural,
  acceptors: natural,
  workload: Workload,
  arrivals: Arrivals,
  seconds: quantity,
  warmup: quantity,
  cooldown: quantity,
  capacity: natural,
  fill: ratio,
  lambda: quantity,
  delta: quantity,
  m: natural,
  batchBytes: natural,
  coordinators: t.keyof({ one: null, spread: null }),
  storage: t.keyof({ memory: null, disk: null }),
  seed: integer,
  commandsPerBarrier: Barrier,
});

const Verdict: t.Type<Verdict, unknown> = t.keyof({
  ok: null,
  diverged: null,
  'not-linearizable': null,
  lost: null,
  unknown: null,
  incomplete: null,
});

export const Judgement: t.Type<Judgement, unknown> = t.strict({ judge: t.string, verdict: Verdict, detail: t.string });

export const Latency: t.Type<Latency, unknown> = t.strict({
  count: natural,
  mean: quantity,
  p50: quantity,
  p90: quantity,
  p99: quantity,
  p999: quantity,
  max: quantity,
});

export const Traffic: t.Type<Traffic, unknown> = t.strict({ messages: natural, bytes: natural });

export const Interval: t.Type<Interval, unknown> = t.strict({ commands: natural, failed: natural });

export const Run: t.Type<Run, unknown> = t.strict({
  technique: Technique,
  throughput: quantity,
  failedRatio: ratio,
  latency: Latency,
  passed: Latency,
  failed: Latency,
  histogram: t.string,
  series: t.readonlyArray(Interval),
  sent: Traffic,
  received: Traffic,
  commands: natural,
  cpu: t.record(t.string, quantity),
  memory: t.record(t.string, t.strict({ resident: quantity, peak: quantity })),
  verdict: Verdict,
  judgements: t.readonlyArray(Judgement),
});

export const Result: t.Type<Result, unknown> = t.strict({
  format: t.literal(FORMAT),
  versions: Versions,
  machine: Machine,
  parameters: Experiment,
  units: t.record(t.string, t.string),
  runs: t.readonlyArray(Run),
});

/** A file's text as a result, or the fields that keep it from being one. */
export const decode = decoder(Result);

/** The result in a file, or why there is none: the file and the field. */
export const readResult = reader(decode);

/** Writes a result whole or not at all. A result that could not be read back is not written: it throws. */
export const writeResult = writer(decode);
