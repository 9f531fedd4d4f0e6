/** A search in several threads: all of them search one level, and then all go on to the next. */
import { Worker } from 'node:worker_threads';
import { identity, together, type Manner, type Tally } from '../check/explore/expand.js';
import { found, outcomeOf, type Conclusion, type Found, type Options, type Outcome, type Progress } from '../check/explore/explore.js';
import { roomy, type Opening, type Standing } from '../check/explore/share.js';
import { givenOut, type Memory } from '../check/explore/visited.js';
import type { AnySystem } from '../models/index.js';

/** What a thread is given: what to search, which part of it, and a word that is not 0 once it is to stop. */
export type Given = { readonly model: string; readonly size: number; readonly manner: Manner; readonly me: number; readonly threads: number; readonly stop: Int32Array };

/** What a thread is told to do. */
export type Order = { readonly type: 'work'; readonly memory: Memory; readonly isNewLevel: boolean } | { readonly type: 'end' };

/** What it has done. */
export type Told =
  | { readonly type: 'opened'; readonly opening: Opening }
  | ({ readonly type: 'rests' } & Standing)
  | { readonly type: 'tallied'; readonly tally: Tally };

type Chosen = { readonly model: string; readonly size: number; readonly system: AnySystem; readonly options: Options; readonly threads: number };

/** Searches until there is no more, something is wrong, or `stop` is aborted. `see` is told now and then how far it is. */
export const exploreInThreads = async (
  { model, size, system, options, threads }: Chosen,
  stop: AbortSignal,
  see: (progress: Progress) => void,
): Promise<{ readonly outcome: Outcome } & Found<unknown>> => {
  const { keepGoing = false, maxStates = Infinity } = options;
  const word = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  stop.addEventListener('abort', () => Atomics.store(word, 0, 1), { once: true });
  const manner: Manner = { symmetry: options.symmetry ?? false, reduce: options.reduce ?? false, maxDepth: options.maxDepth ?? Infinity };
  const crew = Array.from({ length: threads }, (_, me) => hire({ model, size, manner, me, threads, stop: word }));
  const all = <T extends Told['type']>(order: Order | null, type: T): Promise<readonly Extract<Told, { type: T }>[]> => Promise.all(crew.map(({ ask }) => ask(order, type)));

  try {
    const [{ opening }] = (await all(null, 'opened')) as [Extract<Told, { type: 'opened' }>];
    let { memory } = opening;
    const levels = [...opening.levels];
    let next = opening.isOver ? 0 : (levels.at(-1) ?? 0);
    let left = 0;
    let distinct = opening.count;
    let isBroken = opening.isBroken;
    const progress = (): Progress => ({ distinct, depth: levels.length, frontier: left + next, levels });
    const ticking = setInterval(() => see({ ...progress(), distinct: givenOut(memory) }), 200);
    const isOver = (): boolean => next + left === 0 || stop.aborted || (isBroken && !keepGoing) || distinct >= maxStates;
    try {
      while (!isOver()) {
        memory = roomy(memory);
        const rests = await all({ type: 'work', memory, isNewLevel: left === 0 }, 'rests');
        left = rests.reduce((sum, one) => sum + one.left, 0);
        next = rests.reduce((sum, one) => sum + one.next, 0);
        distinct = opening.count + rests.reduce((sum, one) => sum + one.count, 0);
        isBroken = rests.some((one) => one.isBroken);
        if (left === 0 && next > 0) levels.push(next);
      }
    } finally {
      clearInterval(ticking);
    }
    const tally = together((await all({ type: 'end' }, 'tallied')).map((told) => told.tally));
    const end: Conclusion =
      tally.breaches.length > 0 && !keepGoing ? 'violation' : next + left === 0 ? (tally.isCut ? 'depth' : 'complete') : distinct >= maxStates ? 'states' : 'unfinished';
    return { outcome: outcomeOf(system, progress(), tally, memory, end, null), ...found(() => memory, identity(system, options)) };
  } finally {
    await Promise.all(crew.map(({ worker }) => worker.terminate()));
  }
};

/** Room for new objects, MB: a level's states live just long enough to be copied again and again where there is little. */
const YOUNG = 256;

/** A thread, and what it answers to what it is told. */
const hire = (given: Given) => {
  const worker = new Worker(new URL('./explore-thread.js', import.meta.url), { workerData: given, resourceLimits: { maxYoungGenerationSizeMb: YOUNG } });
  const ask = <T extends Told['type']>(order: Order | null, type: T): Promise<Extract<Told, { type: T }>> =>
    new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.once('message', (told: Told) => {
        worker.removeListener('error', reject);
        if (told.type === type) resolve(told as Extract<Told, { type: T }>);
        else reject(new Error(`a thread said ${told.type} in place of ${type}`));
      });
      if (order !== null) worker.postMessage(order);
    });
  return { worker, ask };
};
