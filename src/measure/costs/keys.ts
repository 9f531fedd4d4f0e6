/** Uniform draws by seed, cheap enough not to count. */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Each call draws from 0 to `below`, exclusive. */
export const draws = (seed: number): ((below: number) => number) => {
  const random = xoroshiro128plus(seed);
  return (below) => uniformInt(random, 0, below - 1);
};
