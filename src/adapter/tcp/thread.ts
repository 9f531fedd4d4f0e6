/**
 * One worker thread of a replica: it merges its groups' logs, executes, and sleeps when there is nothing to do. It owns no
 * socket, so it may block: at the barrier, and for want of work.
 */
import { parentPort, workerData } from 'node:worker_threads';
import * as Node from '../../node.js';
import { arrivalWord, DEPARTURE_WORD, EXECUTOR, sharedBoard } from '../../replica/barrier.js';
import { sharedSessions } from '../../replica/sessions.js';
import { bell } from '../bell.js';
import { clusterOf, limitsOf, serviceOf } from '../config.js';
import { reader } from '../shared-log.js';
import { decodeValue, type Equipment } from './crew.js';

/** Commands between two looks at the logs. */
const BUDGET = 512;
/** A sleeper looks up now and then, ms: a wake-up that got lost would cost this much, not everything. */
const NAP = 100;

const work = ({ config, thread, tree, sessions, board: words, bell: bellMemory, logs, spin }: Equipment): never => {
  const cluster = clusterOf(config);
  const service = serviceOf(config);
  const boardWords = new Int32Array(words);
  const board = sharedBoard(cluster.threads, boardWords);
  const shared = { store: service.attach(tree), sessions: sharedSessions(limitsOf(config), sessions), board };
  const ownBell = bell(bellMemory);
  const readers = logs.map(({ group, memory, reader: index }) => ({ group, log: reader(memory, index) }));
  let state = Node.startThread(cluster, service.service, thread, shared);

  const hear = (): boolean => {
    let hasHeard = false;
    for (const { group, log } of readers)
      for (let entry = log.next(); entry !== undefined; entry = log.next()) {
        [state] = Node.onThreadEvent(state, { type: 'Decided', group, value: decodeValue(entry) });
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
    const [next, effects] = Node.onThreadEvent(state, { type: 'Run', budget: BUDGET });
    state = next;
    for (const effect of effects)
      switch (effect.type) {
        case 'Reply':
          parentPort?.postMessage(effect.replies);
          break;
        case 'Rest':
          if (!hasHeard) ownBell.wait(rung, spin, NAP);
          break;
        case 'Wait':
          waitAtBoard(effect.generation);
          break;
      }
  }
};

work(workerData as Equipment);
