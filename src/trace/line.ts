/**
 * The lines of a trace. Every file starts with a header, which says whose it is and what all have agreed on; then comes one
 * line per event of a machine, in the order in which they happened there:
 *
 * ```
 * {"process":"a1","life":0,"thread":0,"clock":17,"machine":"process","event":{..},"effects":[..],"state":"9f3acc01"}
 * ```
 *
 * | field | what it says |
 * | --- | --- |
 * | `process`, `life` | who, and how often it had crashed before |
 * | `thread` | i of t_i; 0 for a process and its network, and one more than the last t_i for a scheduler |
 * | `clock` | counts the lines of this process, life and thread, from 1 |
 * | `machine` | `process` (its part in every ring), `merge` and `worker` (of a thread), `scheduler`, `proxy` (of a client) |
 * | `session` | whose proxy it is |
 * | `time` | when a client called or was answered, ms: the only times that anything rests on |
 * | `event`, `effects` | what the machine was given and what it did (`protocol.ts`, `replica.ts`) |
 * | `nodes` | nodes of the tree that the step read (`r7`) or wrote in (`w7`) |
 * | `state` | a digest of the state after the step (`sketch.ts`), of the line up to its effects, and of all lines before it |
 *
 * The last line of a process that ended in good order has the event `End`, and neither effects nor state.
 */
import type { ProcessId } from '../consensus/ballot.js';
import type * as Proxy from '../client/proxy.js';
import type { Cluster } from '../node.js';
import type { Limits } from '../replica/sessions.js';
import { isScheduled } from '../replica/techniques.js';
import type { Detail } from './batch.js';
import { digested, hexOf } from './digest.js';

export const FORMAT = 'opt-psmr/2';

/** What is written: what crosses the network and what is delivered, or all that threads do as well, values included. */
export type Level = 'protocol' | 'execution';

export const LEVELS: readonly Level[] = ['protocol', 'execution'];

/** The tree that a cluster replicates, and what it held at first: even keys from 0 on. */
export type Tree = {
  readonly name: 'b-plus-tree';
  readonly keySpace: number;
  readonly keys: number;
  readonly capacity: number;
  readonly fill: number;
  readonly minimum: 'half' | 'one';
};

/** What all that took part have agreed on. */
export type Setting = {
  readonly level: Level;
  readonly cluster: Cluster;
  /** The names of the processes: the i-th is process i. */
  readonly names: readonly string[];
  readonly service: Tree;
  readonly limits: Limits;
  /** Whether the disk of an acceptor survives a crash. */
  readonly storage: 'disk' | 'memory';
  /** A simulated network may bring the same message twice, and a process that crashes there leaves its trace whole. */
  readonly world: 'network' | 'simulated';
};

/** Whose lines these are. */
export type Origin = { readonly process: string; readonly life: number; readonly thread: number };

/** The number that the thread of a scheduler has in lines; `undefined` where there is none. */
export const schedulerIn = ({ technique, threads }: Pick<Cluster, 'technique' | 'threads'>): number | undefined => (isScheduled(technique) ? threads + 1 : undefined);

export type Header = { readonly trace: typeof FORMAT } & Origin & Setting & { /** Of a client. */ readonly proxy?: Proxy.Settings };

export type Machine = 'process' | 'merge' | 'worker' | 'scheduler' | 'proxy';

/** What JSON tells of an event or an effect. */
export type Told = { readonly type: string } & Readonly<Record<string, unknown>>;

/**
 * A line as it is read. What the machine was given is still text, as most events are known by their words; and so is what it
 * did, to be held against what it does again.
 */
export type Line = Origin & {
  readonly clock: number;
  readonly machine: Machine;
  readonly session?: number | undefined;
  readonly time?: number | undefined;
  /** The event: what the machine was given, as JSON. */
  readonly given: string;
  /** From `,"effects":` on. */
  readonly tail: string;
  /** The digest of all that was said up to there: by the lines before, and by this one. */
  readonly said: number;
};

export const detailOf = ({ level }: Pick<Setting, 'level'>): Detail => (level === 'execution' ? 'values' : 'digests');

export const headerOf = (origin: Origin, setting: Setting, proxy?: Proxy.Settings): string =>
  JSON.stringify({ trace: FORMAT, ...origin, ...setting, ...(proxy === undefined ? {} : { proxy }) }, (_, value: unknown) => (value === Infinity ? 'Infinity' : value));

/** What a step did, its effects as JSON, and a sketch of the state that it led to. */
export type Done = { readonly effects: string; readonly nodes?: readonly string[]; readonly sketch: number };

/** What a step was, its event as JSON. */
export type Step = Done & { readonly machine: Machine; readonly session?: number; readonly time?: number; readonly event: string };

/** The part of a line that says what was given, but for whose line it is. */
export const givenIn = (clock: number, { machine, session, time, event }: Step): string =>
  `,"clock":${clock},"machine":"${machine}"${session === undefined ? '' : `,"session":${session}`}${time === undefined ? '' : `,"time":${time}`},"event":${event}`;

/** The part of a line that says whose it is. */
export const headOf = ({ process, life, thread }: Origin): string => `{"process":${JSON.stringify(process)},"life":${life},"thread":${thread}`;

/**
 * The part of a line that says what was done. Nothing before it contains its first letters: they stand in no text, and name
 * no field. The state is chained to all that was `said`: two events that commute leave the same state behind, and the trace of
 * one order is still not that of the other.
 */
export const tailOf = ({ effects, nodes, sketch }: Done, said: number): string =>
  `${TAIL}${effects}${nodes === undefined ? '' : `,"nodes":${JSON.stringify(nodes)}`},"state":"${hexOf(digested(said, sketch))}"}`;

export const TAIL = ',"effects":';

/** Effects as JSON. */
export const sayAll = <E>(effects: readonly E[], say: (effect: E, place: number) => string): string => {
  let said = '';
  for (let i = 0; i < effects.length; i += 1) said += `${i === 0 ? '' : ','}${say(effects[i]!, i)}`;
  return `[${said}]`;
};

/** The last line of who ends in good order. */
export const END = '{"type":"End"}';

/** What a line says was done where no machine took a step. */
export const NOTHING: Done = { effects: '[]', sketch: 0 };

/** Processes are known to machines by number. */
export const nameOfProcess = ({ names }: Pick<Setting, 'names'>, id: ProcessId): string => names[id] ?? `process ${id}`;
