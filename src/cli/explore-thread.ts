/** A thread of `psmr explore --threads`: its share of the search, as it is told. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Manner } from '../check/explore/expand.js';
import { share } from '../check/explore/share.js';
import { theSystem } from './models.js';
import type { Order, Told } from './explore-threads.js';

/** What a thread is given: what to search, which part of it, and a word that is not 0 once it is to stop. */
export type Given = { readonly model: string; readonly size: number; readonly manner: Manner; readonly me: number; readonly threads: number; readonly stop: Int32Array };

const { model, size, manner, me, threads, stop } = workerData as Given;
const tell = (told: Told): void => parentPort?.postMessage(told);

const mine = share(theSystem(model, size).system, manner, me, threads);
tell({ type: 'opened', opening: mine.opening });

parentPort?.on('message', (order: Order) => {
  switch (order.type) {
    case 'work':
      if (order.isNewLevel) mine.turn();
      return tell({ type: 'rests', ...mine.work(order.memory, () => Atomics.load(stop, 0) !== 0) });
    case 'end':
      tell({ type: 'tallied', tally: mine.tally() });
      parentPort?.close();
  }
});
