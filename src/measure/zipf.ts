/**
 * Ranks by Zipf's law in constant time: after Gray et al., "Quickly Generating Billion-Record Synthetic Databases" (1994), as
 * YCSB draws them. The first two ranks are drawn exactly, the others by an approximation of the sum by its integral.
 */

/** A rank from 0 to `ranks` - 1 for a uniform draw from 0 to 1: rank r about as often as 1 / (r + 1)^exponent. */
export const rankerOf = (ranks: number, exponent: number): ((uniform: number) => number) => {
  if (!(exponent > 0 && exponent < 1)) throw new RangeError(`exponent: ${exponent} is not between 0 and 1`);
  const sum = harmonic(ranks, exponent);
  const second = 1 + 0.5 ** exponent;
  const alpha = 1 / (1 - exponent);
  const eta = (1 - (2 / ranks) ** (1 - exponent)) / (1 - second / sum);
  return (uniform) => {
    const place = uniform * sum;
    if (place < 1 || ranks < 2) return 0;
    if (place < second || ranks < 3) return 1;
    return Math.min(ranks - 1, Math.floor(ranks * (eta * uniform - eta + 1) ** alpha));
  };
};

/** Terms that are summed up one by one. */
const EXACT = 1000;

/** The sum of 1 / i^exponent for i from 1 to n, beyond `EXACT` by its integral (Euler and Maclaurin). */
const harmonic = (n: number, exponent: number): number => {
  const last = Math.min(n, EXACT);
  let sum = 0;
  for (let i = 1; i <= last; i += 1) sum += i ** -exponent;
  if (n <= EXACT) return sum;
  const power = 1 - exponent;
  return sum + (n ** power - EXACT ** power) / power + (n ** -exponent - EXACT ** -exponent) / 2;
};
