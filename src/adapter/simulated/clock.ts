/** Virtual time, and chance: all that happens in a world happens when its clock says so, and follows from its seed. */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { agenda } from './agenda.js';

export type Clock = {
  readonly now: () => number;
  /** The next number of the seed, from 0 to 1. */
  readonly chance: () => number;
  readonly at: (time: number, deed: () => void) => void;
  readonly later: (delay: number, deed: () => void) => void;
  /** Goes on to what is next, and does it; `false` if nothing is to happen up to `limit`. */
  readonly goOn: (limit: number) => boolean;
};

/** How often processes look at the clock, ms. */
export const TICK = 5;

export const clock = (seed: number): Clock => {
  const random = xoroshiro128plus(seed);
  const { plan, next } = agenda();
  let now = 0;
  return {
    now: () => now,
    chance: () => uniformFloat64(random),
    at: plan,
    later: (delay, deed) => plan(now + delay, deed),
    goOn: (limit) => {
      const planned = next();
      if (planned === undefined || planned.time > limit) return false;
      now = planned.time;
      planned.deed();
      return true;
    },
  };
};
