/**
 * The worker threads of a replica, seen from its network thread. What a ring decided goes into a log in shared memory, one
 * per group, from which every thread that subscribes merges for itself. Only where the technique has a scheduler is there one
 * in the middle: it alone reads what the one ring decided, and writes the logs of the threads.
 */
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ProcessId } from '../../consensus/ballot.js';
import type { Value } from '../../consensus/messages.js';
import { groupsOf, subscriptionsOf } from '../../multicast/groups.js';
import { G_ALL, type Group } from '../../record.js';
import { boardBytes } from '../../replica/barrier.js';
import { sessionsBytes } from '../../replica/sessions.js';
import { isScheduled } from '../../replica/techniques.js';
import { bell, newBell } from '../bell.js';
import { clusterOf, limitsOf, serviceOf, type Config } from '../config.js';
import { newSharedLog } from '../shared-log.js';
import type { Tracing } from '../trace-files.js';
import { newOutlets, type Outlet } from './outlets.js';

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

/** All that the scheduler is given. */
export type SchedulerEquipment = {
  readonly config: Config;
  readonly tree: SharedArrayBuffer;
  readonly order: SharedArrayBuffer;
  readonly bell: SharedArrayBuffer;
  readonly lanes: readonly Outlet[];
  readonly spin: number;
  readonly trace: ThreadTracing | undefined;
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
      return [group, { memory, readers }] as const;
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
  /** A thread that is to live as long as the replica. */
  const watched = (name: string, worker: Worker): Worker => {
    worker.on('error', watcher.onFailure);
    worker.on('exit', (code) => {
      if (!isClosing) watcher.onFailure(new Error(`${name} ended with status ${code}`));
    });
    return worker;
  };
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
    return watched(`thread ${thread}`, worker);
  });

  const lanes = [...logs].map(([group, { memory, readers }]): Outlet => ({ group, memory, bells: readers.map((thread) => bells.get(thread) as SharedArrayBuffer) }));
  const schedulers: Worker[] = [];
  /** A scheduler between the network and the lanes: what it takes. */
  const scheduled = (): Outlet => {
    const order = { group: G_ALL, memory: newSharedLog({ capacity: LOG_CAPACITY, readers: 1 }), bells: [newBell()] } as const;
    const workerData: SchedulerEquipment = { ...shared, order: order.memory, bell: order.bells[0], lanes };
    schedulers.push(watched('the scheduler', new Worker(fileURLToPath(new URL('./scheduling.js', import.meta.url)), { workerData })));
    return order;
  };
  const { feed, wake, flush } = newOutlets(isScheduled(cluster.technique) ? [scheduled()] : lanes);
  return {
    feed,
    wake,
    flush: () => {
      flush();
      wake();
    },
    close: async () => {
      isClosing = true;
      if (watcher.trace !== undefined) {
        const gone = [...workers, ...schedulers].map((worker) => new Promise((done) => worker.once('exit', done)));
        Atomics.store(new Int32Array(shared.ending), 0, 1);
        numbers.forEach((thread) => bell(bells.get(thread) as SharedArrayBuffer).ring());
        await Promise.race([Promise.all(gone), new Promise((done) => setTimeout(done, GRACE))]);
      }
      await Promise.all([...workers, ...schedulers].map((worker) => worker.terminate()));
    },
  };
};
