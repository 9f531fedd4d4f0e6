/**
 * What every step of the system costs on some machine, in microseconds of processor time: the cost model. It is measured by
 * `psmr measure costs`, kept as JSON, and given to the machines when they run in simulated time.
 *
 * Costs are of two kinds: of a thing that is handled (a frame, an instance, a batch), and of each command in it. What a
 * step costs beyond that, waiting above all, is no part of the table: it follows from who waits for whom.
 */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as J from 'fp-ts/lib/Json.js';
import * as t from 'io-ts';
import { between, fields, integer, oneOf, sayFlaw, text } from '../../adapter/fields.js';

/** A thing of any size: what it costs in itself, and what every command in it adds. */
export type Cost = { readonly each: number; readonly command: number };

/** A cost that was measured at some sizes; between two of them it is taken to grow with the logarithm of the size. */
export type Curve = readonly { readonly at: number; readonly cost: number }[];

export type Costs = {
  readonly format: typeof FORMAT;
  /** The machine on which they were measured, as `lscpu` or the like would say it. */
  readonly machine: string;
  readonly client: {
    /** A frame of commands that leaves; drawing, naming and writing its commands. */
    readonly submit: Cost;
    /** A frame of replies that comes in; reading, timing and noting its replies. */
    readonly replies: Cost;
    /** What a command that changes the tree takes beyond that: its value, and noting what it wrote, for the judges. */
    readonly write: number;
  };
  /** At a process of a ring, beside the system calls. */
  readonly order: {
    /** A client's frame, at the coordinator. */
    readonly submit: Cost;
    /** A value that goes round with its commands, at every process. */
    readonly value: Cost;
    /** A message by id: a vote, a decision, a sign of life. */
    readonly message: number;
  };
  /** At the network thread of a replica. */
  readonly replica: {
    /** A decided value handed to the threads that subscribe. */
    readonly feed: Cost;
    /** A portion of replies of a thread, and its way to the client. */
    readonly reply: Cost;
  };
  /** At a worker thread. */
  readonly thread: {
    /** A decided value taken from the log and merged. */
    readonly merge: Cost;
    /** All that happens to a command beside its execution: decoding, session, reply. */
    readonly answer: number;
    /** A command that only looks, by keys in the tree. */
    readonly read: Curve;
    /** A command that changes the tree, by keys in it. */
    readonly write: Curve;
    /** The safety check that precedes one under opt-PSMR: the way down to the leaf, which is warm for the write then. */
    readonly check: number;
    /** A record of g_all passed over by a thread that does not execute it. */
    readonly pass: number;
  };
  /** What the scheduler of sP-SMR spends on a command that it deals to a lane. */
  readonly scheduler: Cost;
  readonly barrier: {
    /** From the arrival of the last thread to the departure of the first, where all threads spin. */
    readonly spinning: number;
    /** Where they sleep: a wake-up. */
    readonly sleeping: number;
    /** What the executor spends on looking at one more thread. */
    readonly look: number;
  };
  readonly system: {
    /** Sending to or receiving from a socket: a system call, and what the loopback copies for every 1,024 bytes. */
    readonly call: number;
    readonly kilobyte: number;
    /** Waking a thread that sleeps in the event loop or at a bell. */
    readonly wake: number;
    /** What an event loop spends beyond its work when it had slept: polling, timers, and caches that have grown cold. */
    readonly rise: number;
    /** One way through the network, microseconds that pass and cost nothing. */
    readonly wire: number;
  };
  /** How much longer n threads at once take for the part of their work that waits for memory, than one alone. */
  readonly contention: Curve;
  /** How the costs above were fitted to real runs; `null` if they are as they were measured one by one. */
  readonly fit: Fit | null;
};

/** By what the costs of each part were multiplied, so that it spends as much on a command as the real one did in runs of SMR. */
export type Fit = {
  readonly client: number;
  readonly order: number;
  readonly replica: number;
  /** What a client spends on a write beyond a read, and what a thread spends on executing one. */
  readonly note: number;
  readonly write: number;
  readonly rise: number;
  /** What runs these were. */
  readonly to: string;
  /** Cores of the machine that others used meanwhile: whoever shares it measures too much. */
  readonly others: number;
};

export const FORMAT = 'opt-psmr/costs/2';

/** A cost at a size: measured there, or between its two neighbours; beyond the ends the line of the last two goes on. */
export const costAt = (curve: Curve, size: number): number => {
  const [first] = curve;
  if (first === undefined) return 0;
  if (curve.length === 1) return first.cost;
  const above = curve.findIndex(({ at }) => at >= size);
  const right = above < 0 ? curve.length - 1 : Math.max(1, above);
  const [a, b] = [curve[right - 1]!, curve[right]!];
  const share = Math.log(size / a.at) / Math.log(b.at / a.at);
  return Math.max(0, a.cost + share * (b.cost - a.cost));
};

/** What `things` things with `commands` commands in all cost. */
export const total = ({ each, command }: Cost, commands: number, things = 1): number => things * each + commands * command;

const microseconds = between(0, 1e9);
const Cost: t.Type<Cost, unknown> = fields({ each: microseconds, command: microseconds });
const Points: t.Type<Curve, unknown> = t.readonlyArray(fields({ at: integer(1), cost: microseconds }), 'a list of { at, cost }');
const isCurve = (points: Curve): boolean => points.length > 0 && points.every(({ at }, i) => i === 0 || at > points[i - 1]!.at);
const Curve: t.Type<Curve, unknown> = new t.Type<Curve, unknown, unknown>(
  'a list of { at, cost }, one or more, each at more than the one before',
  (u): u is Curve => Points.is(u) && isCurve(u),
  (u, context) => pipe(Points.validate(u, context), E.filterOrElseW(isCurve, () => [{ value: u, context }])),
  t.identity,
);

const factor = between(0, 1000);
const nullOr = <A>(codec: t.Type<A, unknown>): t.Type<A | null, unknown> =>
  new t.Type<A | null, unknown, unknown>(codec.name, (u): u is A | null => u === null || codec.is(u), (u, context) => (u === null ? t.success(null) : codec.validate(u, context)), t.identity);

const Costs: t.Type<Costs, unknown> = fields({
  format: oneOf(FORMAT),
  machine: text,
  client: fields({ submit: Cost, replies: Cost, write: microseconds }),
  order: fields({ submit: Cost, value: Cost, message: microseconds }),
  replica: fields({ feed: Cost, reply: Cost }),
  thread: fields({ merge: Cost, answer: microseconds, read: Curve, write: Curve, check: microseconds, pass: microseconds }),
  scheduler: Cost,
  barrier: fields({ spinning: microseconds, sleeping: microseconds, look: microseconds }),
  system: fields({ call: microseconds, kilobyte: microseconds, wake: microseconds, rise: microseconds, wire: microseconds }),
  contention: Curve,
  fit: nullOr(fields({ client: factor, order: factor, replica: factor, note: factor, write: factor, rise: factor, to: text, others: between(0, 4096) })),
});

/** The costs in the text of `file`, or all that is wrong with it, a line each. */
export const decodeCosts = (json: string, file: string): E.Either<string, Costs> =>
  pipe(
    J.parse(json),
    E.mapLeft((error) => [`not JSON: ${(error as Error).message}`]),
    E.flatMap((u) => pipe(Costs.decode(u), E.mapLeft((errors) => errors.map(sayFlaw)))),
    E.mapLeft((flaws) => flaws.map((flaw) => `${file}: ${flaw}`).join('\n')),
  );
