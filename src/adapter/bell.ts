/**
 * A bell that threads may sleep by: one word of shared memory that counts how often it was rung.
 *
 * A sleeper notes `rung()`, looks once more whether there is anything to do, and only then waits for the count to move on.
 * A ring between the look and the sleep has moved it already, so none is lost.
 */
export type Bell = {
  /** How often the bell has been rung, modulo 2^32. */
  readonly rung: () => number;
  /** Wakes everyone who waits. Ring after the news can be seen, never before. */
  readonly ring: () => void;
  /**
   * Returns once the count differs from `seen`: looks `spin` times, then sleeps. False if `timeout` milliseconds of sleep
   * went by. It blocks the thread, which must therefore own no socket.
   */
  readonly wait: (seen: number, spin: number, timeout?: number) => boolean;
};

/** The memory of a bell, to be handed to every thread that hears it. */
export const newBell = (): SharedArrayBuffer => new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);

export const bell = (memory: SharedArrayBuffer): Bell => {
  const word = new Int32Array(memory);
  const rung = () => Atomics.load(word, 0);
  return {
    rung,
    ring: () => {
      Atomics.add(word, 0, 1);
      Atomics.notify(word, 0);
    },
    wait: (seen, spin, timeout = Infinity) => {
      for (let look = 0; look < spin; look += 1) if (rung() !== seen) return true;
      return Atomics.wait(word, 0, seen, timeout) !== 'timed-out';
    },
  };
};
