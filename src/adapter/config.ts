/**
 * The configuration of a cluster: one JSON file that all its processes read. What it leaves out is filled in, what it says
 * wrongly is refused by name, and a field that means nothing here is refused too: it may be one misspelt.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as J from 'fp-ts/lib/Json.js';
import * as t from 'io-ts';
import type { ProcessId } from '../consensus/ballot.js';
import type * as Ring from '../consensus/ring.js';
import { sayGroup } from '../multicast/groups.js';
import type * as Skip from '../multicast/skip.js';
import { ringsOf, type Cluster } from '../node.js';
import type { Limits } from '../replica/sessions.js';
import { isScheduled, isSequential, techniqueOf, TECHNIQUES, type Technique } from '../replica/techniques.js';
import { bPlusTree } from '../service/b-plus-tree/index.js';
import { evenKeys } from '../service/b-plus-tree/load.js';
import { between, fields, integer, oneOf, or, sayFlaw, text, where, word } from './fields.js';

export type Role = 'acceptor' | 'replica';

export type Process = { readonly id: string; readonly role: Role; readonly host: string; readonly port: number };

export type Config = {
  /** Processes of clusters with other names are not let in. */
  readonly name: string;
  readonly technique: Technique;
  /** Worker threads of a replica, and partitions of the key space. 1 if not given, and always 1 under SMR and pipelined SMR. */
  readonly threads: number;
  /** A process is known to others by its place in this list. */
  readonly processes: readonly Process[];
  /** Where acceptors keep their votes: `disk` if not given; in `memory` a vote does not survive a crash. */
  readonly storage: 'disk' | 'memory';
  /** The directory of the acceptors' logs, absolute or from where the file is. `data` if not given. */
  readonly data: string;
  readonly service: {
    readonly name: 'b-plus-tree';
    /** Keys are 0..keySpace - 1. */
    readonly keySpace: number;
    /** How many even keys the tree holds at the start, from 0 on. */
    readonly keys: number;
    /** Entries of a node, 64 if not given. */
    readonly capacity: number;
    /** How full the nodes are at the start, 0.7 if not given. */
    readonly fill: number;
    /** The fewest entries that a delete leaves in a leaf, `one` if not given. */
    readonly minimum: 'half' | 'one';
  };
  /** Of every ring: batches of 64 KiB, a backlog of 16 MiB, a window of 64 and a coordinator suspected after 1 s, if not given. */
  readonly ring: Ring.Settings;
  /** If not given: lambda 10000, delta 5. `origin` has no default where rings are merged: with more threads than one. */
  readonly skip: Skip.Settings;
  /** Slots of a ring in one round of the merge, 1 if not given. */
  readonly m: number;
  /** Commands of g_all executed under one barrier, 1 as in the paper. All of a `batch` if not given. */
  readonly commandsPerBarrier: number | 'batch';
  /** What a replica remembers: 256 sessions, and 256 commands of each, if not given. */
  readonly sessions: { readonly sessions: number; readonly window: number };
  /** Who is first to coordinate a group's ring, by `g_all`, `g_1` and so on. If not given, the acceptors take turns. */
  readonly rings: Readonly<Record<string, { readonly coordinator: string }>>;
  /** Bytes of the longest frame that a process takes, 16 MiB if not given. */
  readonly frameLimit: number;
};

const MiB = 2 ** 20;

/** Every process is connected to every other. */
const MOST_PROCESSES = 255;

/** An origin that was not given. */
const NO_ORIGIN = 0;

const Process: t.Type<Process, unknown> = fields({
  id: word,
  role: oneOf('acceptor', 'replica'),
  host: text,
  port: integer(1, 65535),
});

const Service: t.Type<Config['service'], unknown> = fields({
  name: oneOf('b-plus-tree'),
  keySpace: integer(1),
  keys: integer(0),
  capacity: or(integer(4, 4096), 64),
  fill: or(between(0.5, 1), 0.7),
  minimum: or(oneOf('half', 'one'), 'one'),
});

const RingSettings: t.Type<Ring.Settings, unknown> = fields({
  batchBytes: or(integer(1), 64 * 1024),
  backlogBytes: or(integer(1), 16 * MiB),
  window: or(integer(1), 64),
  heartbeat: or(integer(1), 100),
  suspectAfter: or(integer(1), 1000),
  resendAfter: or(integer(1), 500),
  askAfter: or(integer(1), 50),
  askFor: or(integer(1, 65536), 256),
});

const SkipSettings: t.Type<Skip.Settings, unknown> = fields({
  lambda: or(integer(1), 10_000),
  delta: or(integer(1), 5),
  origin: or(integer(0), NO_ORIGIN),
});

/** Commands under one barrier, in a configuration or a result. */
export const Barrier: t.Type<number | 'batch', unknown> = where(
  'an integer from 1 on or "batch"',
  (u): u is number | 'batch' => u === 'batch' || integer(1).is(u),
);

const Config: t.Type<Config, unknown> = fields({
  name: word,
  technique: oneOf(...TECHNIQUES),
  threads: or(integer(1, 64), 1),
  processes: t.readonlyArray(Process, 'a list of processes'),
  storage: or(oneOf('disk', 'memory'), 'disk'),
  data: or(text, 'data'),
  service: Service,
  ring: or(RingSettings, {}),
  skip: or(SkipSettings, {}),
  m: or(integer(1), 1),
  commandsPerBarrier: or(Barrier, 'batch'),
  sessions: or(fields({ sessions: or(integer(1), 256), window: or(integer(1), 256) }), {}),
  rings: or(t.record(t.string, fields({ coordinator: t.string }), 'an object'), {}),
  frameLimit: or(integer(4096, 1024 * MiB), 16 * MiB),
});

/** The configuration in the text of `file`, complete, or all that is wrong with it, a line each. */
export const decode = (json: string, file: string): E.Either<string, Config> =>
  pipe(
    J.parse(json),
    E.mapLeft((error) => [`not JSON: ${(error as Error).message}`]),
    E.flatMap(check),
    E.bimap(
      (flaws) => flaws.map((flaw) => `${basename(file)}: ${flaw}`).join('\n'),
      (config) => ({ ...config, data: resolve(dirname(file), config.data) }),
    ),
  );

/** The configuration in a file. */
export const read = (file: string): E.Either<string, Config> =>
  pipe(
    E.tryCatch(() => readFileSync(file, 'utf8'), (error) => `${basename(file)}: ${(error as Error).message}`),
    E.flatMap((json) => decode(json, file)),
  );

const check = (u: unknown): E.Either<readonly string[], Config> =>
  pipe(
    Config.decode(u),
    E.mapLeft((errors) => errors.map(sayFlaw)),
    E.filterOrElse((config) => flawsIn(config).length === 0, flawsIn),
    E.map((config) => ({ ...config, rings: coordinatorsOf(config) })),
  );

/** What no field shows by itself. */
const flawsIn = (config: Config): readonly string[] => {
  const { technique, threads, processes, service, ring, skip, m, rings, frameLimit } = config;
  const groups = ringsOf(config).map(sayGroup);
  const acceptors = idsOf(config, 'acceptor');
  return [
    ...flawIf(isSequential(technique) && threads > 1, `threads: expected 1 under ${technique}, got ${threads}`),
    ...flawIf(processes.length > MOST_PROCESSES, `processes: expected at most ${MOST_PROCESSES}, got ${processes.length}`),
    ...flawIf(acceptors.length === 0, 'processes: expected at least one with the role "acceptor", got none'),
    ...flawIf(idsOf(config, 'replica').length === 0, 'processes: expected at least one with the role "replica", got none'),
    ...repeated(processes.map(({ id }) => id)).map(([i, id]) => `processes[${i}].id: expected an id of its own, got "${id}" again`),
    ...repeated(processes.map(addressOf)).map(([i, address]) => `processes[${i}].port: expected an address of its own, got ${address} again`),
    ...flawIf(threads > service.keySpace, `service.keySpace: expected at least a key for each of ${threads} threads, got ${service.keySpace}`),
    ...flawIf(2 * (service.keys - 1) >= service.keySpace, `service.keys: expected even keys below ${service.keySpace}, got ${service.keys} of them`),
    ...flawIf(isScheduled(technique) && threads > 1 && m > 1, `m: expected 1 under ${technique}, got ${m}`),
    ...flawIf(ring.heartbeat >= ring.suspectAfter, `ring.heartbeat: expected less than suspectAfter, ${ring.suspectAfter}, got ${ring.heartbeat}`),
    ...flawIf(ring.backlogBytes < ring.batchBytes, `ring.backlogBytes: expected room for a batch, ${ring.batchBytes}, got ${ring.backlogBytes}`),
    ...flawIf(
      frameLimit < ring.window * ring.batchBytes,
      `frameLimit: expected room for a window of batches, ${ring.window * ring.batchBytes}, got ${frameLimit}: a promise may carry as much`,
    ),
    ...flawIf(groups.length > 1 && skip.origin === NO_ORIGIN, 'skip.origin: expected when the cluster was made, ms since the epoch, got nothing'),
    ...Object.entries(rings).flatMap(([name, { coordinator }]) => [
      ...flawIf(!groups.includes(name), `rings.${name}: no such ring; there are ${groups.join(', ')}`),
      ...flawIf(!acceptors.includes(coordinator), `rings.${name}.coordinator: no such acceptor; there are ${acceptors.join(', ')}, got "${coordinator}"`),
    ]),
  ];
};

const flawIf = (isFlawed: boolean, flaw: string): readonly string[] => (isFlawed ? [flaw] : []);

/** The places at which a text stands that stood before. */
const repeated = (texts: readonly string[]): readonly (readonly [number, string])[] => [...texts.entries()].filter(([i, one]) => texts.indexOf(one) < i);

const idsOf = ({ processes }: Config, role: Role): readonly string[] => processes.filter((process) => process.role === role).map(({ id }) => id);

const addressOf = ({ host, port }: Process): string => `${host}:${port}`;

/** Every ring with its first coordinator: the one that is given, or else each of the acceptors in turn. */
const coordinatorsOf = (config: Config): Config['rings'] => {
  const acceptors = idsOf(config, 'acceptor');
  const turns = ringsOf(config).map((group) => [sayGroup(group), { coordinator: acceptors[group % acceptors.length]! }] as const);
  return { ...Object.fromEntries(turns), ...config.rings };
};

// What the parts of a process make of it

/** The cluster as its machines know it. */
export const clusterOf = (config: Config): Cluster => {
  const { technique, threads, ring, skip, m, commandsPerBarrier, rings } = config;
  const placesOf = (role: Role): readonly ProcessId[] => idsOf(config, role).map((id) => placeOf(config, id));
  return {
    membership: { acceptors: placesOf('acceptor'), learners: placesOf('replica') },
    technique: techniqueOf(technique, threads),
    threads,
    ring,
    skip,
    m,
    commandsPerBarrier: commandsPerBarrier === 'batch' ? Infinity : commandsPerBarrier,
    homes: ringsOf(config).map((group) => placeOf(config, rings[sayGroup(group)]!.coordinator)),
  };
};

/** The process with this id, or a refusal that names those there are. */
export const processIdOf = (config: Config, id: string): E.Either<string, ProcessId> =>
  pipe(
    placeOf(config, id),
    E.fromPredicate(
      (place) => place >= 0,
      () => `no such process: ${id}; there are ${config.processes.map((process) => process.id).join(', ')}`,
    ),
  );

const placeOf = ({ processes }: Config, id: string): ProcessId => processes.findIndex((process) => process.id === id);

/** The directory in which an acceptor keeps its log. */
export const directoryOf = ({ data }: Config, id: string): string => resolve(data, id);

/** What the session tables of a replica have room for: a table for each thread and one for the executor. */
export const limitsOf = ({ threads, sessions }: Config): Limits => ({ ...sessions, tables: threads + 1, replyBytes: 48 });

/** The replicated service, and what its tree is to be loaded with. */
export const serviceOf = ({ service, threads }: Config) => {
  const { keySpace, keys, capacity, fill, minimum } = service;
  return { ...bPlusTree({ keySpace, partitions: threads, capacity, fill, minimum }), load: evenKeys(keys) };
};

/** A cluster on this machine: what its file would say, and the ports of its processes, acceptors first. */
export type Local = Pick<Config, 'technique'> &
  Partial<Omit<Config, 'processes' | 'ring' | 'skip' | 'sessions' | 'service'>> & {
    readonly acceptors: number;
    readonly replicas: number;
    readonly ports: readonly number[];
    readonly service?: Partial<Config['service']>;
    readonly ring?: Partial<Config['ring']>;
    readonly skip?: Partial<Config['skip']>;
    readonly sessions?: Partial<Config['sessions']>;
  };

/**
 * The configuration of a cluster on the loopback device, of acceptors a1, a2, .. and replicas r1, r2, .. .
 *
 * @throws RangeError for what `decode` would refuse.
 */
export const local = ({ acceptors, replicas, ports, service, skip, ...rest }: Local): Config => {
  const process = (role: Role) => (_: unknown, i: number) => ({ id: `${role.charAt(0)}${i + 1}`, role });
  const processes = [
    ...Array.from({ length: acceptors }, process('acceptor')),
    ...Array.from({ length: replicas }, process('replica')),
  ].map((known, i) => ({ ...known, host: '127.0.0.1', port: ports[i] }));
  const said = {
    name: 'local',
    ...rest,
    processes,
    service: { name: 'b-plus-tree', keySpace: 20_000, keys: 10_000, ...service },
    skip: { origin: Date.now(), ...skip },
  };
  return pipe(
    check(said),
    E.getOrElse<readonly string[], Config>((flaws) => {
      throw new RangeError(flaws.join('\n'));
    }),
  );
};
