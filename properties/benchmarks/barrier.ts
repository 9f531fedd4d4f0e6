/**
 * What a barrier costs by the number of threads that meet at it: us from one to the next, and us of CPU over all threads,
 * for threads that sleep at once and for threads that look for a while before they do. Nothing is executed under it.
 * `npm run -s bench -- barrier`.
 */
import { medianOf } from '../../src/measure/statistics.js';
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { boardBytes, EXECUTOR, isFull, sharedBoard, waiter } from '../../src/replica/barrier.js';

const THREADS = [1, 2, 4, 8];
const SPINS = [0, 1000];
const BARRIERS = 5000;
const ROUNDS = 3;
const NAP = 100;

type Equipment = { readonly memory: SharedArrayBuffer; readonly thread: number; readonly threads: number; readonly spin: number };

/** All barriers, as a worker passes them: arrive, wait, depart. */
const meet = ({ memory, thread, threads, spin }: Equipment): void => {
  const words = new Int32Array(memory);
  const board = sharedBoard(threads, words);
  const wait = waiter(board, words, thread, spin);
  for (let generation = 1; generation <= BARRIERS; generation += 1) {
    board.arrive(thread, generation);
    if (thread === EXECUTOR) {
      while (!isFull(board, generation)) wait(generation, NAP);
      board.depart(generation);
    } else while (!board.hasDeparted(generation)) wait(generation, NAP);
  }
};

const measure = async (threads: number, spin: number): Promise<{ readonly time: number; readonly cpu: number }> => {
  const memory = new SharedArrayBuffer(boardBytes(threads));
  const others = Array.from({ length: threads - 1 }, (_, index) => new Worker(new URL(import.meta.url), { workerData: { memory, thread: index + 2, threads, spin } satisfies Equipment }));
  await Promise.all(others.map((other) => new Promise((started) => other.once('message', started))));
  const over = Promise.all(others.map((other) => new Promise((ended) => other.once('exit', ended))));
  const before = process.cpuUsage();
  const start = performance.now();
  meet({ memory, thread: EXECUTOR, threads, spin });
  const time = (1000 * (performance.now() - start)) / BARRIERS;
  const { user, system } = process.cpuUsage(before);
  await over;
  return { time, cpu: (user + system) / BARRIERS };
};


const main = async (): Promise<void> => {
  const figures: Record<string, number> = {};
  for (const threads of THREADS)
    for (const spin of SPINS) {
      // Whoever looks takes a core: with more threads than cores it takes it from those that it waits for.
      if (spin > 0 && threads > availableParallelism()) continue;
      const runs: { readonly time: number; readonly cpu: number }[] = [];
      for (let round = 0; round < ROUNDS; round += 1) runs.push(await measure(threads, spin));
      const what = `a barrier of ${threads}, ${spin} looks before sleep`;
      figures[what] = medianOf(runs.map(({ time }) => time));
      figures[`${what}: CPU`] = medianOf(runs.map(({ cpu }) => cpu));
    }
  if (process.argv.includes('--json')) console.log(JSON.stringify({ unit: 'us', rounds: ROUNDS, figures }, null, 2));
  else for (const [what, cost] of Object.entries(figures)) console.log(`${cost.toFixed(2).padStart(8)} us  ${what}`);
};

if (isMainThread) await main();
else {
  parentPort?.postMessage('here');
  meet(workerData as Equipment);
}
