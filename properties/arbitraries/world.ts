/** Small clusters under faults: few keys, small leaves and few processes, so that everything that can happen soon does. */

import * as fc from 'fast-check';
import { simulate, type Crash, type World } from '../../src/adapter/simulated/world.js';
import type { Recording } from '../../src/adapter/simulated/recording.js';
import { isScheduled, isSequential, TECHNIQUES, type Technique } from '../../src/replica/techniques.js';
import { bPlusTree, structureOf, type Command, type Result } from '../../src/service/b-plus-tree/index.js';
import type { Tree } from '../../src/service/b-plus-tree/outline.js';

export type Plan = {
  readonly seed: number;
  readonly technique: Technique;
  readonly threads: number;
  readonly m: number;
  readonly commandsPerBarrier: number;
  readonly form: 'persistent' | 'shared';
  readonly loss: number;
  readonly duplication: number;
  readonly delay: number;
  readonly crashes: readonly Crash[];
  /** The commands of each client. */
  readonly clients: readonly (readonly Command[])[];
};

export type Ran = Recording<Command>;

/** A plan and what came of it. */
export type Told = { readonly plan: Plan; readonly ran: Ran };

/** What a test makes of a world before it runs: a mutant breaks it. */
export type Change = (world: World<Command, Result>) => World<Command, Result>;

const ACCEPTORS = [0, 1, 2];
const REPLICAS = [3, 4];
export const KEY_SPACE = 64;

/** The tree that the clusters of these plans replicate: every other key is there at first. */
export const treeOf = ({ threads }: Pick<Plan, 'threads'>) => bPlusTree({ keySpace: KEY_SPACE, partitions: threads, capacity: 4, fill: 0.7, minimum: 'half' });

export const LOAD = { entries: KEY_SPACE / 2, keyAt: (i: number) => 2 * i, valueAt: (i: number) => BigInt(i) };

export const worldOf = (plan: Plan): World<Command, Result> => {
  const tree = treeOf(plan);
  return {
    seed: plan.seed,
    cluster: {
      membership: { acceptors: ACCEPTORS, learners: REPLICAS },
      technique: plan.technique,
      threads: plan.threads,
      m: plan.m,
      commandsPerBarrier: plan.commandsPerBarrier,
      homes: [0, 1, 2, 0],
      ring: { batchBytes: 160, backlogBytes: 65_536, window: 4, heartbeat: 20, suspectAfter: 150, resendAfter: 60, askAfter: 40, askFor: 8 },
      skip: { lambda: 500, delta: 20, origin: 0 },
    },
    service: tree.service,
    newStore: (observe) => (plan.form === 'shared' ? tree.create(LOAD, observe) : tree.persistent(LOAD)),
    structureOf: (store) => ('outline' in store ? structureOf((store as Tree).outline()) : ''),
    limits: { tables: plan.threads + 1, sessions: 8, window: 8, replyBytes: 64 },
    proxy: { window: 8, retryAfter: 150 },
    faults: { loss: plan.loss, duplication: plan.duplication, delay: plan.delay, crashes: plan.crashes, until: plan.loss + plan.duplication > 0 ? 900 : 0 },
    clients: plan.clients.map((commands, index) => ({ session: 1001 + index, commands, outstanding: 4 })),
    limit: 30_000,
  };
};

export const run = (plan: Plan, change: Change = (world) => world): Ran => simulate(change(worldOf(plan)));

/** A plan as JSON: a bigint as a string, and so is Infinity. */
export const jsonOf = (plan: Plan): unknown =>
  JSON.parse(JSON.stringify(plan, (_, value: unknown) => (typeof value === 'bigint' || value === Infinity ? String(value) : value)));

/** The plan that `jsonOf` made JSON of. */
export const planOf = (json: unknown): Plan =>
  JSON.parse(JSON.stringify(json), (name, value: unknown) => {
    if (value === 'Infinity') return Infinity;
    return typeof value === 'string' && ['key', 'value', 'from', 'to'].includes(name) ? BigInt(value) : value;
  }) as Plan;

/** Half of the keys lie close to a boundary between partitions, where leaves are shared. */
const key = fc
  .oneof(fc.nat({ max: KEY_SPACE - 1 }), fc.constantFrom(20, 21, 22, 23, 30, 31, 32, 33, 42, 43, 44))
  .map(BigInt);

const command = (value: bigint): fc.Arbitrary<Command> =>
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ type: fc.constant('insert' as const), key, value: fc.constant(value) }) },
    { weight: 4, arbitrary: fc.record({ type: fc.constant('delete' as const), key }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('update' as const), key, value: fc.constant(value) }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('read' as const), key }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('scan' as const), from: key, to: fc.constant(BigInt(KEY_SPACE - 1)) }) },
  );

/** Values are distinct: client, then place in its commands. */
const commandsOf = (client: number): fc.Arbitrary<readonly Command[]> =>
  fc.array(fc.nat(), { minLength: 1, maxLength: 30 }).chain((slots) => fc.tuple(...slots.map((_, i) => command(BigInt(1000 * (client + 1) + i)))));

const crash: fc.Arbitrary<Crash> = fc.record({
  process: fc.constantFrom(...ACCEPTORS, ...REPLICAS),
  at: fc.integer({ min: 10, max: 700 }),
  down: fc.integer({ min: 10, max: 500 }),
});

const shape = { seed: fc.nat({ max: 2 ** 31 - 1 }), m: fc.constantFrom(1, 2, 3), commandsPerBarrier: fc.constantFrom(1, 2, Infinity) };
const clients = fc.integer({ min: 1, max: 3 }).chain((count) => fc.tuple(...Array.from({ length: count }, (_, client) => commandsOf(client))));
const crew = fc
  .record({ technique: fc.constantFrom<Technique>(...TECHNIQUES, 'sp-smr', 'opt-psmr', 'opt-psmr'), threads: fc.integer({ min: 2, max: 3 }) })
  .map(({ technique, threads }) => ({ technique, threads: isSequential(technique) ? 1 : threads }));
const form = fc.constantFrom('persistent' as const, 'shared' as const);

/** A scheduler's lanes go slot by slot. */
const dealt = (plan: Plan): Plan => (isScheduled(plan.technique) ? { ...plan, m: 1 } : plan);

/** No faults: messages only vary in how long they travel. */
export const calm: fc.Arbitrary<Plan> = fc
  .record({ ...shape, crew, form, delay: fc.constantFrom(1, 5, 20), clients })
  .map(({ crew: chosen, ...plan }) => dealt({ ...plan, ...chosen, loss: 0, duplication: 0, crashes: [] }));

/** Messages lost, doubled and late; processes crashing, several at once included. */
export const rough: fc.Arbitrary<Plan> = fc
  .record({
    ...shape,
    crew,
    form,
    delay: fc.constantFrom(1, 10, 40),
    loss: fc.constantFrom(0, 0.02, 0.1),
    duplication: fc.constantFrom(0, 0.05, 0.2),
    crashes: fc.array(crash, { maxLength: 4 }),
    clients,
  })
  .map(({ crew: chosen, ...plan }) => dealt({ ...plan, ...chosen }));

/** Optimistic commands on few keys around the boundaries of partitions, most of them sent twice. */
export const crowded: fc.Arbitrary<Plan> = fc
  .record({ plan: calm, threads: fc.integer({ min: 2, max: 3 }), delay: fc.constantFrom(5, 40) })
  .map(({ plan, ...chosen }): Plan => ({ ...plan, ...chosen, technique: 'opt-psmr', form: 'shared', duplication: 0.5, clients: plan.clients.map((commands) => commands.map(nearBoundary)) }));

const nearBoundary = (each: Command): Command => (each.type === 'scan' ? each : { ...each, key: 18n + (each.key % 28n) });
