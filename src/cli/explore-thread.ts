/** A thread of `psmr explore --threads`: its share of the search, as it is told. */
import { parentPort, workerData } from 'node:worker_threads';
import { share } from '../check/explore/share.js';
import { theSystem } from './models.js';
import type { Given, Order, Told } from './explore-threads.js';

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
