/** When the commands of an open loop are to be called: whatever is answered, so that a slow answer delays nobody's question. */
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Arrivals } from './workload.js';

export type Backlog = {
  /** Nothing arrives before `now`. Times are in ms. */
  readonly begin: (now: number) => void;
  /** Lets arrive all that is due by `now`, session after session in turn. */
  readonly arrive: (now: number) => void;
  /** How many have arrived at a session and were not taken. */
  readonly waiting: (session: number) => number;
  /** When the first of them arrived: it is taken. */
  readonly take: (session: number) => number;
};

export const arrivalsOf = ({ clients, rate, spacing }: Extract<Arrivals, { type: 'open' }>, seed: number): Backlog => {
  const random = xoroshiro128plus(seed);
  const queues = Array.from({ length: clients }, () => ({ times: [] as number[], taken: 0 }));
  const mean = 1000 / rate;
  /** By chance, gaps of independent arrivals: exponential (a Poisson process). */
  const gap = spacing === 'even' ? () => mean : () => -Math.log(((random.next() >>> 0) + 1) * 2 ** -32) * mean;
  let next = 0;
  let session = 0;
  return {
    begin: (now) => {
      next = now + gap();
    },
    arrive: (now) => {
      for (; next <= now; next += gap()) {
        queues[session]!.times.push(next);
        session = (session + 1) % clients;
      }
    },
    waiting: (of) => queues[of]!.times.length - queues[of]!.taken,
    take: (of) => {
      const queue = queues[of]!;
      const time = queue.times[queue.taken]!;
      queue.taken += 1;
      // Those that are gone make room once they are half of all.
      if (2 * queue.taken > queue.times.length) {
        queue.times.splice(0, queue.taken);
        queue.taken = 0;
      }
      return time;
    },
  };
};
