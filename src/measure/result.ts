/** What a measurement leaves behind: `result.json`, its types, the codec that guards it, and its way to disk and back. */

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as J from 'fp-ts/lib/Json.js';
import * as t from 'io-ts';
import { Barrier } from '../adapter/config.js';
import type { Technique } from '../replica/techniques.js';

export const FORMAT = 'opt-psmr/result/1';

export type { Technique } from '../replica/techniques.js';

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

/** How often each kind of command is drawn, in percent. The five add up to 100. */
export type Mix = {
  readonly read: number;
  readonly update: number;
  readonly insert: number;
  readonly delete: number;
  readonly scan: number;
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
  /** Client sessions. */
  readonly clients: number;
  /** Commands that a session keeps in flight. */
  readonly outstanding: number;
  /** Measured time of a run, seconds. */
  readonly seconds: number;
  /** Time before it that is thrown away, seconds. */
  readonly warmup: number;
  readonly mix: Mix;
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

/** Milliseconds from a command's first send to its first answer that is not a failed check. */
export type Latency = { readonly mean: number; readonly p50: number; readonly p99: number };

export type Run = {
  readonly technique: Technique;
  /** Commands answered in the measured time, in thousands a second (Kcps). */
  readonly throughput: number;
  /** First attempts that failed the safety check, as a part of all commands, 0 to 1. */
  readonly failedRatio: number;
  readonly latency: Latency;
  /** Commands answered in the measured time. */
  readonly commands: number;
  /** Cores that each process used over the measured time, by its name; empty where the system does not tell. */
  readonly cpu: Readonly<Record<string, number>>;
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
  commands: 'commands',
  cpu: 'cores',
  memoryGiB: 'GiB (2^30 bytes)',
  seconds: 's',
  warmup: 's',
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

const number = (name: string, holds: (n: number) => boolean): t.Type<number, unknown> => {
  const is = (u: unknown): u is number => typeof u === 'number' && holds(u);
  return new t.Type(name, is, (u, context) => (is(u) ? t.success(u) : t.failure(u, context)), t.identity);
};

const integer = number('an integer', Number.isSafeInteger);
const natural = number('an integer from 0', (n) => Number.isSafeInteger(n) && n >= 0);
const quantity = number('a number from 0', (n) => Number.isFinite(n) && n >= 0);
const ratio = number('a number from 0 to 1', (n) => n >= 0 && n <= 1);

const Technique: t.Type<Technique, unknown> = t.keyof({ smr: null, 'pipelined-smr': null, 'sp-smr': null, 'p-smr': null, 'opt-psmr': null });

const Versions: t.Type<Versions, unknown> = t.strict({ optPsmr: t.string, node: t.string, v8: t.string, os: t.string });

const Machine: t.Type<Machine, unknown> = t.strict({ cpu: t.string, cores: natural, memoryGiB: quantity });

export const Mix: t.Type<Mix, unknown> = t.strict({
  read: quantity,
  update: quantity,
  insert: quantity,
  delete: quantity,
  scan: quantity,
});

const Experiment: t.Type<Experiment, unknown> = t.strict({
  keys: natural,
  threads: natural,
  replicas: natural,
  acceptors: natural,
  clients: natural,
  outstanding: natural,
  seconds: quantity,
  warmup: quantity,
  mix: Mix,
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

export const Latency: t.Type<Latency, unknown> = t.strict({ mean: quantity, p50: quantity, p99: quantity });

const Run: t.Type<Run, unknown> = t.strict({
  technique: Technique,
  throughput: quantity,
  failedRatio: ratio,
  latency: Latency,
  commands: natural,
  cpu: t.record(t.string, quantity),
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
export const decode = (text: string): E.Either<string, Result> =>
  pipe(
    J.parse(text),
    E.mapLeft(() => 'not JSON'),
    E.flatMap((json) =>
      pipe(
        Result.decode(json),
        E.mapLeft((errors) => errors.map(complaint).join('; ')),
      ),
    ),
  );

/** The result in a file, or why there is none: the file and the field. */
export const readResult = (file: string): E.Either<string, Result> =>
  pipe(
    E.tryCatch(() => readFileSync(file, 'utf8'), (error) => (error as Error).message),
    E.flatMap(decode),
    E.mapLeft((reason) => `${file}: ${reason}`),
  );

/** Writes a result whole or not at all. A result that could not be read back is not written: it throws. */
export const writeResult = (file: string, result: Result): void => {
  const text = `${JSON.stringify(result, undefined, 2)}\n`;
  const refused = decode(text);
  if (E.isLeft(refused)) throw new Error(`${file}: ${refused.left}`);

  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(draft, text);
    renameSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
};

/** One refusal, as `runs[1].latency.p99: expected a number from 0, got "fast"`. */
const complaint = ({ value, context }: t.ValidationError): string => {
  const path = context.slice(1).map(({ key }) => (/^\d+$/.test(key) ? `[${key}]` : `.${key}`)).join('').replace(/^\./, '');
  const expected = plainly(context.at(-1)?.type.name ?? 'something else');
  const found = value === undefined ? 'nothing' : abridged(JSON.stringify(value));
  return `${path || 'the file'}: expected ${expected}, got ${found}`;
};

/** io-ts names an object by all that is in it. */
const plainly = (name: string): string => (/^{/.test(name) ? 'an object' : /^ReadonlyArray/.test(name) ? 'an array' : name);

const abridged = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text);
