/**
 * What a command costs at its thread: merged, checked, executed and answered, out of batches that were decided already. In us
 * of CPU, over the engine of the shared tree and over one that makes an object of every command. `npm run -s bench -- worker`.
 */
import { medianOf } from '../../src/measure/statistics.js';
import { clusterOf, limitsOf, local, serviceOf } from '../../src/adapter/config.js';
import * as Node from '../../src/node.js';
import { encodeCommand, join } from '../../src/record.js';
import { persistentBoard } from '../../src/replica/barrier.js';
import { sessionsBytes, sharedSessions } from '../../src/replica/sessions.js';
import type { Command } from '../../src/service/b-plus-tree/index.js';
import { engineOf, type Engine } from '../../src/service/engine.js';

const KEYS = 1_000_000;
const COMMANDS = 200_000;
const ROUNDS = 5;

const config = local({ acceptors: 3, replicas: 2, ports: [1, 2, 3, 4, 5], technique: 'opt-psmr', threads: 2, sessions: { sessions: 256, window: 2048 }, service: { keySpace: 2 * KEYS, keys: KEYS } });
const cluster = clusterOf(config);
const { service, create, load } = serviceOf(config);
const tree = create(load);

let seed = 1;
/** A natural number below `bound`: a generator of Lehmer's, multiplier of Park and Miller. */
const below = (bound: number): number => {
  seed = (seed * 48_271) % 0x7fff_ffff;
  return seed % bound;
};

/** Half of the commands read, a quarter inserts, a quarter deletes, at t_1's keys. */
const draw = (): Command => {
  const key = BigInt(below(KEYS));
  const kind = below(4);
  return kind < 2 ? { type: 'read', key } : kind === 2 ? { type: 'insert', key, value: key } : { type: 'delete', key };
};

/** Batches of commands of t_1, from eight sessions by turns. */
const recorded = (size: number): readonly Uint8Array[] => {
  const sequences = new Array<number>(8).fill(0);
  return Array.from({ length: COMMANDS / size }, () =>
    join(
      Array.from({ length: size }, (_, i) => {
        const turn = Math.floor((8 * i) / size);
        const command = draw();
        const sequence = (sequences[turn] = (sequences[turn] ?? 0) + 1);
        return encodeCommand({ kind: service.codec.kindOf(command), attempt: 0, session: 1000 + turn, sequence, floor: Math.max(1, sequence - 200), payload: service.codec.encode(command) });
      }),
    ),
  );
};

const costOf = (batches: readonly Uint8Array[], engine: Engine): number => {
  const limits = limitsOf(config);
  let thread = Node.startThread(cluster, cluster.membership.learners[0] ?? 0, 1, { engine, sessions: sharedSessions(limits, new SharedArrayBuffer(sessionsBytes(limits))), board: persistentBoard(1) });
  const take = (event: Node.ThreadEvent): void => void ([thread] = Node.onThreadEvent(thread, event));
  take({ type: 'Decided', group: 0, value: { type: 'Skip', to: Number.MAX_SAFE_INTEGER } });
  const before = process.cpuUsage();
  for (const commands of batches) {
    take({ type: 'Decided', group: 1, value: { type: 'Batch', commands } });
    while (!thread.worker.queue.isEmpty()) take({ type: 'Run', budget: 512 });
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / COMMANDS;
};

const times = (work: () => number): number => medianOf(Array.from({ length: ROUNDS + 1 }, work).slice(1));

const figures = Object.fromEntries(
  [200, 1000].flatMap((size) => {
    const batches = recorded(size);
    return [
      [`a command in batches of ${size}, over the engine of the tree`, times(() => costOf(batches, tree.engine))],
      [`a command in batches of ${size}, over an engine of objects`, times(() => costOf(batches, engineOf(service, tree)))],
    ];
  }),
);

if (process.argv.includes('--json')) console.log(JSON.stringify({ unit: 'us of CPU', rounds: ROUNDS, figures }, null, 2));
else for (const [what, cost] of Object.entries(figures)) console.log(`${cost.toFixed(2).padStart(8)} us  ${what}`);
