/** What worker threads spend: on commands, by the size of the tree, and on each other. */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { evenKeys, bPlusTree } from '../../service/b-plus-tree/index.js';
import { boardBytes } from '../../replica/barrier.js';
import { encodeCommand, join } from '../../record.js';
import type { Costs, Curve } from '../simulated/costs.js';
import { medianOf } from '../statistics.js';
import { execute, type Found, type Probe } from './prober.js';
import { draws } from './keys.js';

/** Keys of the trees that are measured. */
export const SIZES = [10_000, 100_000, 1_000_000, 10_000_000] as const;

const COMMANDS = 4096;
const ROUNDS = 15;
const READ = 1;
const INSERT = 3;
const DELETE = 4;

const optionsOf = (keys: number, capacity: number, fill: number) => ({ keySpace: 2 * keys, partitions: 1, capacity, fill });

/** A batch of commands of uniform keys; inserts and deletes take turns, each at a key of its own. */
const batchOf = (keys: number, isRead: boolean, seed: number): Uint8Array => {
  const draw = draws(seed);
  return join(
    Array.from({ length: COMMANDS }, (_, i) => {
      const kind = isRead ? READ : i % 2 === 0 ? INSERT : DELETE;
      const payload = new Uint8Array(kind === INSERT ? 16 : 8);
      const view = new DataView(payload.buffer);
      view.setBigInt64(0, BigInt(draw(2 * keys)), true);
      if (kind === INSERT) view.setBigInt64(8, BigInt(i), true);
      return encodeCommand({ kind, attempt: 0, session: 1, sequence: i + 1, floor: 1, payload });
    }),
  );
};

/** Processor time of one read, of one write, insert or delete, and of the check before one, in a tree of `keys` keys. */
const executionAt = (keys: number, capacity: number, fill: number): { readonly read: number; readonly write: number; readonly check: number } => {
  const { engine } = bPlusTree(optionsOf(keys, capacity, fill)).create(evenKeys(keys));
  const costOf = (isRead: boolean, isChecked: boolean): number =>
    medianOf(
      Array.from({ length: ROUNDS }, (_, round) => {
        const batch = batchOf(keys, isRead, 4 * round + 2 * Number(isChecked) + Number(isRead));
        const start = performance.now();
        execute(engine, batch, isChecked);
        return ((performance.now() - start) * 1000) / COMMANDS;
      }).slice(ROUNDS >> 2),
    );
  const write = costOf(false, false);
  return { read: costOf(true, false), write, check: Math.max(0, costOf(false, true) - write) };
};

export const measureExecution = (capacity: number, fill: number, tell: (done: string) => void): Pick<Costs['thread'], 'read' | 'write' | 'check'> => {
  const figures = SIZES.map((keys) => {
    tell(`execution at ${keys} keys`);
    return { keys, ...executionAt(keys, capacity, fill) };
  });
  return { read: figures.map(({ keys, read }) => ({ at: keys, cost: read })), write: figures.map(({ keys, write }) => ({ at: keys, cost: write })), check: medianOf(figures.map(({ check }) => check)) };
};

/** Lets `probes` run at the same time, each in a thread of its own. */
const together = async (probes: readonly Probe[]): Promise<readonly Found[]> =>
  Promise.all(
    probes.map(
      (probe) =>
        new Promise<Found>((done, fail) => {
          const worker = new Worker(fileURLToPath(new URL('./prober.js', import.meta.url)), { workerData: { probe } });
          worker.once('message', done);
          worker.once('error', fail);
        }),
    ),
  );

/** How much longer as many threads as there are cores read from one large tree than one of them alone. */
export const measureContention = async (capacity: number, fill: number): Promise<Curve> => {
  const keys = SIZES[2];
  const options = optionsOf(keys, capacity, fill);
  const tree = bPlusTree(options).create(evenKeys(keys)).buffer;
  const probe = (seed: number): Probe => ({ type: 'Execute', options, tree, batch: batchOf(keys, true, seed), rounds: 60 });
  const timeOf = (found: readonly Found[]): number => medianOf(found.flat());
  const alone = timeOf(await together([probe(1)]));
  const cores = Math.min(8, availableParallelism());
  if (cores === 1) return [{ at: 1, cost: 1 }];
  const all = timeOf(await together(Array.from({ length: cores }, (_, i) => probe(i + 1))));
  return [{ at: 1, cost: 1 }, { at: cores, cost: Math.max(1, all / alone) }];
};

/** From the arrival of the last to the departure of the first, where threads spin and each has a core. */
export const measureMeeting = async (): Promise<number> => {
  const threads = Math.min(8, availableParallelism());
  if (threads === 1) return 0;
  const words = new SharedArrayBuffer(boardBytes(threads));
  const found = await together(Array.from({ length: threads }, (_, i): Probe => ({ type: 'Meet', words, threads, thread: i + 1, rounds: 200 })));
  return medianOf(found.flat());
};
