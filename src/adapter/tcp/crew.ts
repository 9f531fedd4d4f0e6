/**
 * The worker threads of a replica, seen from its network thread. What a ring decided goes into a log in shared memory, one
 * per group, from which every thread that subscribes merges for itself: there is no scheduler in the middle.
 */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ProcessId } from '../../consensus/ballot.js';
import type { Value } from '../../consensus/messages.js';
import { groupsOf, subscriptionsOf } from '../../multicast/groups.js';
import type { Group } from '../../record.js';
import { boardBytes } from '../../replica/barrier.js';
import { sessionsBytes } from '../../replica/sessions.js';
import { bell, newBell } from '../bell.js';
import { clusterOf, limitsOf, serviceOf, type Config } from '../config.js';
import { newSharedLog, writer } from '../shared-log.js';
import type { Tracing } from '../trace-files.js';

/** Bytes of the log of one group. What does not fit waits in the network thread, which never blocks. */
const LOG_CAPACITY = 32 * 2 ** 20;

/** All that a thread is given. */
export type Equipment = {
  readonly config: Config;
  /** The replica whose thread it is. */
  readonly me: ProcessId;
  readonly thread: number;
  readonly tree: SharedArrayBuffer;
  readonly sessions: SharedArrayBuffer;
  readonly board: SharedArrayBuffer;
  readonly bell: SharedArrayBuffer;
  readonly logs: readonly { readonly group: Group; readonly memory: SharedArrayBuffer; readonly reader: number }[];
  /** How often to look again before going to sleep: worth it only where a core is free. */
  readonly spin: number;
  readonly trace: ThreadTracing | undefined;
  /** Not 0 when the thread is to end as soon as it has nothing to do. */
  readonly ending: SharedArrayBuffer;
};

/** Where the threads write down what they do. */
export type ThreadTracing = Tracing & { readonly process: string; readonly life: number };

export type Crew = {
  /** The next decided value of a group, for the threads that subscribe to it. They may sleep on until they are woken. */
  readonly feed: (group: Group, value: Value) => void;
  /** Wakes whoever was fed. */
  readonly wake: () => void;
  /** Hands over what did not fit before. */
  readonly flush: () => void;
  readonly close: () => Promise<void>;
};

export type Watcher = {
  readonly onReplies: (replies: Uint8Array) => void;
  /** A thread has died: the replica cannot go on, as the others would wait for it for ever. */
  readonly onFailure: (error: Error) => void;
  readonly trace: ThreadTracing | undefined;
};

/** How long threads may take to finish what was delivered, ms. */
const GRACE = 500;

/** Loads the tree and starts the threads. */
export const startCrew = (config: Config, me: ProcessId, spin: number, watcher: Watcher): Crew => {
  const cluster = clusterOf(config);
  const { threads } = cluster;
  const service = serviceOf(config);
  const numbers = Array.from({ length: threads }, (_, index) => index + 1);
  const logs = new Map(
    groupsOf(threads).map((group) => {
      const readers = numbers.filter((thread) => subscriptionsOf(thread, threads).includes(group));
      const memory = newSharedLog({ capacity: LOG_CAPACITY, readers: readers.length });
      return [group, { memory, readers, writer: writer(memory), overflow: [] as Parts[] }] as const;
    }),
  );
  const bells = new Map(numbers.map((thread) => [thread, newBell()]));
  const shared = {
    config,
    me,
    spin,
    trace: watcher.trace,
    ending: new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT),
    tree: service.create(service.load).buffer,
    sessions: new SharedArrayBuffer(sessionsBytes(limitsOf(config))),
    board: new SharedArrayBuffer(boardBytes(threads)),
  };

  let isClosing = false;
  const workers = numbers.map((thread) => {
    const workerData: Equipment = {
      ...shared,
      thread,
      bell: bells.get(thread) as SharedArrayBuffer,
      logs: subscriptionsOf(thread, threads).flatMap((group) => {
        const log = logs.get(group);
        return log === undefined ? [] : [{ group, memory: log.memory, reader: log.readers.indexOf(thread) }];
      }),
    };
    const worker = new Worker(fileURLToPath(new URL('./thread.js', import.meta.url)), { workerData });
    worker.on('message', watcher.onReplies);
    worker.on('error', watcher.onFailure);
    worker.on('exit', (code) => {
      if (!isClosing) watcher.onFailure(new Error(`thread ${thread} ended with status ${code}`));
    });
    return worker;
  });

  const fed = new Set<number>(); // threads that have not been woken since
  const ring = (readers: readonly number[]): void => readers.forEach((thread) => bell(bells.get(thread) as SharedArrayBuffer).ring());
  return {
    feed: (group, value) => {
      const log = logs.get(group);
      if (log === undefined) return;
      const entry = partsOf(value);
      if (log.overflow.length > 0 || !log.writer.append(...entry)) log.overflow.push(entry);
      log.readers.forEach((thread) => fed.add(thread));
    },
    wake: () => {
      ring([...fed]);
      fed.clear();
    },
    flush: () => {
      for (const { overflow, writer: log, readers } of logs.values()) {
        const left = overflow.findIndex((entry) => !log.append(...entry));
        const done = overflow.splice(0, left < 0 ? overflow.length : left);
        if (done.length > 0) ring(readers);
      }
    },
    close: async () => {
      isClosing = true;
      if (watcher.trace !== undefined) {
        const gone = workers.map((worker) => new Promise((done) => worker.once('exit', done)));
        Atomics.store(new Int32Array(shared.ending), 0, 1);
        ring(numbers);
        await Promise.race([Promise.all(gone), new Promise((done) => setTimeout(done, GRACE))]);
      }
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
};

const NOOP = 0;
const BATCH = 1;
const SKIP = 2;

/** What an entry of the log is made of: its type and where a skip leads to, and commands. */
type Parts = readonly Uint8Array[];

const partsOf = (value: Value): Parts => {
  switch (value.type) {
    case 'Noop':
      return [headOf(NOOP, 0)];
    case 'Skip':
      return [headOf(SKIP, value.to)];
    case 'Batch':
      return [headOf(BATCH, 0), value.commands];
  }
};

const headOf = (type: number, to: number): Uint8Array => {
  const head = new Uint8Array(16);
  const view = new DataView(head.buffer);
  view.setUint8(0, type);
  view.setFloat64(8, to, true);
  return head;
};

/** An entry of the log as the value that was decided. The commands are a view of the entry. */
export const decodeValue = (entry: Uint8Array): Value => {
  const view = new DataView(entry.buffer, entry.byteOffset, entry.byteLength);
  const type = view.getUint8(0);
  if (type === BATCH) return { type: 'Batch', commands: entry.subarray(16) };
  return type === SKIP ? { type: 'Skip', to: view.getFloat64(8, true) } : { type: 'Noop' };
};
