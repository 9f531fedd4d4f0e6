/** Traces judged side by side, each in a thread of its own: no one asks another. */
import { Worker } from 'node:worker_threads';
import { play } from '../adapter/trace-reading.js';
import { reportOf, type Report } from '../trace/report.js';

/** A trace: its name, and all its files. */
export type Trace = { readonly name: string; readonly files: readonly string[] };

/** What a check of a trace came to, and how long it took. */
export type Judged = Report & { readonly name: string; readonly seconds: number };

/** What a thread is given. */
export type Given = { readonly trace: Trace; readonly budget: number };

/** What a thread tells: how many events it has played, and at last what they come to. */
export type Told = { readonly type: 'played'; readonly events: number } | { readonly type: 'judged'; readonly judged: Judged };

/** Room for new objects, MB: what a line leaves behind is mostly gone before the next stretch is read. */
const YOUNG = 192;

/** Judges a trace in the thread that asks. `onProgress` hears how many events were played. Throws if a file cannot be read, or is no trace. */
export const judgeHere = async ({ name, files }: Trace, budget: number, onProgress: (events: number) => void): Promise<Judged> => {
  const start = performance.now();
  const checker = await play(files, onProgress);
  return { name, ...reportOf(checker, budget), seconds: (performance.now() - start) / 1000 };
};

/** Judges these traces, so many at a time, and says of one after another what it comes to. `onProgress` hears of all events together. */
export async function* judgeInThreads(traces: readonly Trace[], budget: number, threads: number, onProgress: (events: number) => void): AsyncGenerator<Judged> {
  const workers = new Set<Worker>();
  const events = traces.map(() => 0);
  const judge = (trace: Trace, place: number): Promise<Judged> =>
    new Promise((resolve, reject) => {
      const given: Given = { trace, budget };
      const worker = new Worker(new URL('./trace-thread.js', import.meta.url), { workerData: given, resourceLimits: { maxYoungGenerationSizeMb: YOUNG } });
      workers.add(worker);
      worker.once('error', reject);
      worker.on('message', (told: Told) => {
        switch (told.type) {
          case 'played':
            events[place] = told.events;
            return onProgress(events.reduce((sum, count) => sum + count, 0));
          case 'judged':
            return resolve(told.judged);
        }
      });
    });
  const all: Promise<Judged>[] = [];
  for (const [place, trace] of traces.entries()) {
    const before = all[place - threads];
    const one = before === undefined ? judge(trace, place) : before.then(() => judge(trace, place));
    one.catch(() => undefined); // it is told below, when its turn comes
    all.push(one);
  }
  try {
    for (const one of all) yield await one;
  } finally {
    await Promise.all([...workers].map((worker) => worker.terminate()));
  }
}
