/**
 * The barrier on which the threads of a replica synchronise for a command of g_all. REP-4, REP-5.
 *
 * Every thread announces the generation it has arrived at; the executor, t_1, waits for all of them, executes, and
 * announces that the generation is over. Each word has one writer and only grows, so nothing is ever reset and a fast
 * thread cannot slip into the next barrier by an old announcement. Generations are compared modulo 2^32.
 */

/** The words that threads read of each other. The persistent form returns a new board, the shared form itself. */
export interface Board {
  readonly threads: number;
  /** Thread t_`thread` has done everything that comes before barrier `generation`. */
  readonly arrive: (thread: number, generation: number) => Board;
  /** The command of barrier `generation` is executed. */
  readonly depart: (generation: number) => Board;
  readonly hasArrived: (thread: number, generation: number) => boolean;
  readonly hasDeparted: (generation: number) => boolean;
}

/** The thread that executes what all threads synchronise on: the lowest. */
export const EXECUTOR = 1;

/** Whether every thread has arrived: only then may the executor go on. */
export const isFull = (board: Board, generation: number): boolean => {
  for (let thread = 1; thread <= board.threads; thread += 1) if (!board.hasArrived(thread, generation)) return false;
  return true;
};

const isAtLeast = (word: number, generation: number): boolean => ((word - generation) | 0) >= 0;

/** What a board means. Word 0 is the departed generation, word i the one that t_i has arrived at. */
export const persistentBoard = (threads: number, words: readonly number[] = Array.from({ length: threads + 1 }, () => 0)): Board => ({
  threads,
  arrive: (thread, generation) => persistentBoard(threads, words.with(thread, generation)),
  depart: (generation) => persistentBoard(threads, words.with(0, generation)),
  hasArrived: (thread, generation) => isAtLeast(words[thread] ?? 0, generation),
  hasDeparted: (generation) => isAtLeast(words[0] ?? 0, generation),
});

/** Words of different writers lie on different cache lines. */
const STRIDE = 32;

/** Bytes of shared memory that a board takes. */
export const boardBytes = (threads: number): number => (threads + 1) * STRIDE * Int32Array.BYTES_PER_ELEMENT;

/** A board in shared memory. Its words may be waited for, as `waiter` does. */
export const sharedBoard = (threads: number, words: Int32Array): Board => {
  const announce = (word: number, generation: number): void => {
    Atomics.store(words, word, generation);
    Atomics.notify(words, word);
  };
  const board: Board = {
    threads,
    arrive: (thread, generation) => (announce(arrivalWord(thread), generation), board),
    depart: (generation) => (announce(DEPARTURE_WORD, generation), board),
    hasArrived: (thread, generation) => isAtLeast(Atomics.load(words, arrivalWord(thread)), generation),
    hasDeparted: (generation) => isAtLeast(Atomics.load(words, DEPARTURE_WORD), generation),
  };
  return board;
};

const DEPARTURE_WORD = 0;
const arrivalWord = (thread: number): number => thread * STRIDE;

/**
 * How thread t_`thread` waits at a board in shared memory: until everyone has arrived, if it is the executor, or until the
 * generation is over. It looks `spin` times, which is worth it only where a core is free, and then sleeps; it may return
 * too early, and does so after `nap` ms.
 */
export const waiter = (board: Board, words: Int32Array, thread: number, spin: number): ((generation: number, nap: number) => void) => {
  const isOver = thread === EXECUTOR ? (generation: number) => isFull(board, generation) : board.hasDeparted;
  /** The word that has still to change. */
  const lateWord = (generation: number): number | undefined => {
    if (thread !== EXECUTOR) return board.hasDeparted(generation) ? undefined : DEPARTURE_WORD;
    for (let other = 1; other <= board.threads; other += 1) if (!board.hasArrived(other, generation)) return arrivalWord(other);
    return undefined;
  };
  return (generation, nap) => {
    for (let looks = 0; looks < spin; looks += 1) if (isOver(generation)) return;
    const word = lateWord(generation);
    if (word === undefined) return;
    const seen = Atomics.load(words, word);
    // Asked of this one word, and after it was loaded: what has changed since does not let the thread sleep.
    if (!isAtLeast(seen, generation)) Atomics.wait(words, word, seen, nap);
  };
};
