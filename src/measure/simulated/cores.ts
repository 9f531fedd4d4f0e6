/**
 * Machines with cores, and threads that take turns on them, in simulated time (microseconds).
 *
 * A thread that has something to do waits in line for a core, keeps it for one burst, and goes to the end of the line when
 * it has more. What a burst does is known at its start and takes effect at its end, as nobody sees it before. Threads of
 * one machine that work at the same time slow each other down as far as they share its memory.
 */
import { agenda } from '../../adapter/simulated/agenda.js';

/** What a thread does next: for how long it keeps its core, and what the others see of it afterwards. */
export type Burst = {
  readonly takes: number;
  /** The part of it that waits for memory, 0 to 1: it grows with the number of threads that do the same. */
  readonly memory?: number;
  readonly then: () => void;
};

export type Thread = {
  /** There is something to do. Whoever sleeps needs `after` to be up again; whoever works looks for more by itself. */
  readonly wake: (after?: number) => void;
  /** Time on a core so far. */
  readonly busy: () => number;
};

export type Machine = {
  /** A thread of this machine. `work` is asked whenever it has a core; `undefined`: nothing to do, it sleeps until it is woken. Its first burst after that, or after another thread had its core, takes `rise` longer. */
  readonly thread: (work: () => Burst | undefined, rise?: number) => Thread;
};

export type Time = {
  readonly now: () => number;
  readonly later: (delay: number, deed: () => void) => void;
  /** Lets everything happen that is to happen up to `end`. */
  readonly run: (end: number) => void;
};

export const time = (): Time => {
  const { plan, next } = agenda();
  let now = 0;
  return {
    now: () => now,
    later: (delay, deed) => plan(now + delay, deed),
    run: (end) => {
      const over = { is: false };
      plan(end, () => (over.is = true));
      for (let planned = next(); planned !== undefined; planned = over.is ? undefined : next()) {
        now = planned.time;
        planned.deed();
      }
    },
  };
};

/** Where a thread is. Whoever works looks for more before it sleeps, so that nobody needs to wake it. */
type State = 'asleep' | 'waking' | 'in line' | 'working';

/** A machine with `cores` cores, on which `slowdown(n)` is how much longer n threads wait for memory than one alone. */
export const machine = ({ later }: Time, cores: number, slowdown: (busy: number) => number = () => 1): Machine => {
  const line: { readonly enter: (core: number) => void; readonly last: () => number }[] = [];
  /** Cores that nobody has, and who had each of them last. */
  const free = Array.from({ length: cores }, (_, core) => core);
  const hadBy: number[] = [];
  let threads = 0;
  let waitingForMemory = 0;

  const admit = (): void => {
    while (free.length > 0) {
      const first = line.shift();
      if (first === undefined) return;
      const [core] = free.splice(Math.max(0, free.indexOf(first.last())), 1);
      first.enter(core!);
    }
  };

  return {
    thread: (work, rise = 0) => {
      threads += 1;
      const me = threads;
      let last = -1;
      let state: State = 'asleep';
      let rising = 0;
      let busy = 0;

      const queue = (): void => {
        state = 'in line';
        line.push({ enter: begin, last: () => last });
        admit();
      };
      const begin = (core: number): void => {
        state = 'working';
        const burst = work();
        if (burst === undefined) {
          free.push(core);
          state = 'asleep';
          return admit();
        }
        if (core !== last || hadBy[core] !== me) rising = rise;
        last = core;
        hadBy[core] = me;
        const { takes, memory = 0, then } = burst;
        if (memory > 0) waitingForMemory += 1;
        const stretched = rising + takes * (1 + memory * (slowdown(Math.max(1, waitingForMemory)) - 1));
        rising = 0;
        busy += stretched;
        later(stretched, () => {
          if (memory > 0) waitingForMemory -= 1;
          then();
          free.push(core);
          queue();
        });
      };
      return {
        wake: (after = 0) => {
          if (state !== 'asleep') return;
          state = 'waking';
          rising = rise;
          later(after, queue); // never at once: whoever wakes is not done yet
        },
        busy: () => busy,
      };
    },
  };
};
