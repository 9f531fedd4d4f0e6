/**
 * One worker thread of a replica: it merges its groups' logs, executes, and sleeps when there is nothing to do. It owns no
 * socket, so it may block: at the barrier, and for want of work.
 */
import { parentPort, workerData } from 'node:worker_threads';
import * as Node from '../../node.js';
import { arrivalWord, DEPARTURE_WORD, EXECUTOR, sharedBoard } from '../../replica/barrier.js';
import { sharedSessions } from '../../replica/sessions.js';
import type { Effect, Worker } from '../../replica/worker.js';
import type { Command, Result } from '../../service/b-plus-tree/index.js';
import { recordThread } from '../../trace/recorder.js';
import { bell } from '../bell.js';
import { clusterOf, limitsOf, serviceOf, type Config } from '../config.js';
import { reader } from '../shared-log.js';
import { openTraceFile, settingOf } from '../trace-files.js';
import type { Equipment, ThreadTracing } from './crew.js';
import { decodeValue } from './outlets.js';

/** Commands between two looks at the logs. */
const BUDGET = 512;
/** A sleeper looks up now and then, ms: a wake-up that got lost would cost this much, not everything. */
const NAP = 100;

const work = ({ config, thread, tree, sessions, board: words, bell: bellMemory, logs, spin, trace: tracing, ending }: Equipment): void => {
  const cluster = clusterOf(config);
  const service = serviceOf(config);
  const boardWords = new Int32Array(words);
  const board = sharedBoard(cluster.threads, boardWords);
  const isEnding = new Int32Array(ending);
  const trace = tracing && startTrace(config, thread, tracing);
  const shared = { store: service.attach(tree, trace?.touch), sessions: sharedSessions(limitsOf(config), sessions), board };
  const ownBell = bell(bellMemory);
  const readers = logs.map(({ group, memory, reader: index }) => ({ group, log: reader(memory, index) }));
  let state = Node.startThread(cluster, service.service, thread, shared);

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

  /** Until the board has changed in the one place that this thread waits for. */
  const waitAtBoard = (generation: number): void => {
    const others = thread === EXECUTOR ? Array.from({ length: cluster.threads - 1 }, (_, index) => index + 2) : [];
    const late = (): number | undefined =>
      thread === EXECUTOR
        ? others.find((other) => !board.hasArrived(other, generation))
        : board.hasDeparted(generation)
          ? undefined
          : EXECUTOR;
    for (let looks = 0; looks < spin; looks += 1) if (late() === undefined) return;
    const other = late();
    if (other === undefined) return;
    const word = thread === EXECUTOR ? arrivalWord(other) : DEPARTURE_WORD;
    const seen = Atomics.load(boardWords, word);
    // Asked of this one word, and after it was loaded: what has changed since does not let the thread sleep.
    const isStillLate = thread === EXECUTOR ? !board.hasArrived(other, generation) : !board.hasDeparted(generation);
    if (isStillLate) Atomics.wait(boardWords, word, seen, NAP);
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
          parentPort?.postMessage(effect.replies);
          break;
        case 'Rest':
          if (hasHeard) break;
          trace?.rest();
          if (Atomics.load(isEnding, 0) !== 0) return trace?.close();
          ownBell.wait(rung, spin, NAP);
          break;
        case 'Wait':
          waitAtBoard(effect.generation);
          break;
      }
  }
};

const RUN = { type: 'Run', budget: BUDGET } as const;

/** The trace of this thread, in a file of its own. */
const startTrace = (config: Config, thread: number, { directory, level, process, life }: ThreadTracing) => {
  const origin = { process, life, thread };
  const file = openTraceFile(directory, origin);
  const { merge, work: told, end } = recordThread<Command, Result>(origin, settingOf(config, level), file.write);
  let nodes = new Set<string>();
  let flushed = 0;
  return {
    merge,
    /** A node was looked at or written in. Nobody asks where only the protocol is told of. */
    touch: level === 'protocol' ? undefined : (node: number, mode: 'read' | 'write') => void nodes.add(`${mode.charAt(0)}${node}`),
    work: (event: typeof RUN, effects: readonly Effect[], worker: Worker<Command, Result>): void => {
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
