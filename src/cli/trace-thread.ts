/** A thread of `psmr trace check`: it judges one trace, and tells how far it is. */
import { parentPort, workerData } from 'node:worker_threads';
import { judgeHere, type Given, type Told } from './trace-threads.js';

const { trace, budget } = workerData as Given;
const tell = (told: Told): void => parentPort?.postMessage(told);

tell({ type: 'judged', judged: await judgeHere(trace, budget, (events) => tell({ type: 'played', events })) });
