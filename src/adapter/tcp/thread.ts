/**
 * One worker thread of a replica: it merges its groups' logs, executes, and sleeps when there is nothing to do. It owns no
 * socket, so it may block: at the barrier, and for want of work.
 */
import { parentPort, workerData } from 'node:worker_threads';
import * as Node from '../../node.js';
import { sharedBoard, waiter } from '../../replica/barrier.js';
import { sharedSessions } from '../../replica/sessions.js';
import type { Effect, Worker } from '../../replica/worker.js';
import { recordThread } from '../../trace/recorder.js';
import { bell } from '../bell.js';
import { clusterOf, limitsOf, serviceOf, type Config } from '../config.js';
import { reader } from '../shared-log.js';
import { openTraceFile, settingOf } from '../trace-files.js';
import { type Equipment, type ThreadTracing } from './crew.js';
import { decodeValue } from './outlets.js';

/** Commands between two looks at the logs. */
const BUDGET = 512;
/** A sleeper looks up now and then, ms: a wake-up that got lost would cost this much, not everything. */
const NAP = 100;

const work = ({ config, me, thread, tree, sessions, board: words, bell: bellMemory, logs, spin, trace: tracing, ending }: Equipment): void => {
  const cluster = clusterOf(config);
  const service = serviceOf(config);
  const boardWords = new Int32Array(words);
  const board = sharedBoard(cluster.threads, boardWords);
  const isEnding = new Int32Array(ending);
  const trace = tracing && startTrace(config, thread, tracing);
  const shared = { engine: service.attach(tree, trace?.touch).engine, sessions: sharedSessions(limitsOf(config), sessions), board };
  const waitAtBoard = waiter(board, boardWords, thread, spin);
  const ownBell = bell(bellMemory);
  const readers = logs.map(({ group, memory, reader: index }) => ({ group, log: reader(memory, index) }));
  let state = Node.startThread(cluster, me, thread, shared);

  const hear = (): boolean => {
    let hasHeard = false;
    for (const { group, log } of readers)
      for (let entry = log.next(); entry !== undefined; entry = log.next()) {
        const event = { type: 'Decided', group, value: decodeValue(entry) } as const;
        const { queue } = state.worker;
        [state] = Node.onThreadEvent(state, event);
        trace?.merge(event, state.worker.queue === queue ? [] : state.worker.queue.skip(queue.size).toArray().map((one) => ({ type: 'Deliver', ...one })), state.merge);
        hasHeard = true;
      }
    return hasHeard;
  };

  for (;;) {
    const rung = ownBell.rung();
    const hasHeard = hear();
    const [next, effects] = Node.onThreadEvent(state, RUN);
    state = next;
    trace?.work(RUN, effects, next.worker);
    for (const effect of effects)
      switch (effect.type) {
        case 'Reply':
          // Given away, not copied: nobody here looks at them again.
          parentPort?.postMessage(effect.replies, [effect.replies.buffer as ArrayBuffer]);
          break;
        case 'Rest':
          if (hasHeard) break;
          trace?.rest();
          if (Atomics.load(isEnding, 0) !== 0) return trace?.close();
          ownBell.wait(rung, spin, NAP);
          break;
        case 'Wait':
          waitAtBoard(effect.generation, NAP);
          break;
      }
  }
};

const RUN = { type: 'Run', budget: BUDGET } as const;

/** The trace of this thread, in a file of its own. */
const startTrace = (config: Config, thread: number, { directory, level, process, life }: ThreadTracing) => {
  const origin = { process, life, thread };
  const file = openTraceFile(directory, origin);
  const { merge, work: told, end } = recordThread(origin, settingOf(config, level), file.write);
  let nodes = new Set<string>();
  let flushed = 0;
  return {
    merge,
    /** A node was looked at or written in. Nobody asks where only the protocol is told of. */
    touch: level === 'protocol' ? undefined : (node: number, mode: 'read' | 'write') => void nodes.add(`${mode.charAt(0)}${node}`),
    work: (event: typeof RUN, effects: readonly Effect[], worker: Worker): void => {
      told(event, effects, [...nodes], worker);
      if (nodes.size > 0) nodes = new Set();
    },
    /** Whoever rests now and then rests often: not every time is worth a system call. */
    rest: (): void => {
      const now = performance.now();
      if (now - flushed < NAP) return;
      flushed = now;
      file.flush();
    },
    close: (): void => {
      end();
      file.close();
    },
  };
};

work(workerData as Equipment);
