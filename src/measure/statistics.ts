/** What repeated runs say together, and whether a run had warmed up: a few lines of statistics. */

/** What some runs say of one number. With one run nobody knows how far it strays: there is no interval. */
export type Estimate = {
  readonly median: number;
  readonly mean: number;
  /** The 95 % confidence interval of the mean, by Student's t. */
  readonly interval: { readonly low: number; readonly high: number } | undefined;
  readonly runs: number;
};

/** 97.5th percentiles of Student's t distribution, for 1 to 30 degrees of freedom. */
const T = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11, 2.101, 2.093, 2.086, 2.08,
  2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

/** With more runs than the table knows its last entry is used: the interval is then a little too wide. */
export const studentT = (freedom: number): number => T[Math.min(freedom, T.length) - 1] ?? Infinity;

/** What the values of some runs say; `undefined` of none. */
export const estimate = (values: readonly number[]): Estimate | undefined => {
  const runs = values.length;
  if (runs === 0) return undefined;
  const mean = meanOf(values);
  if (runs === 1) return { median: mean, mean, interval: undefined, runs };
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (runs - 1);
  const half = studentT(runs - 1) * Math.sqrt(variance / runs);
  return { median: medianOf(values), mean, interval: { low: mean - half, high: mean + half }, runs };
};

/** The middle of some values, or of the two in the middle. NaN of none. */
export const medianOf = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2;
};

/** NaN of none. */
export const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/**
 * By how much the last third of a series differs from the first, as a part of the first: 0.02 is 2 % more. Near 0 when the
 * warm-up had ended before the first value. `undefined` of a series too short, or that starts with nothing.
 */
export const driftOf = (series: readonly number[]): number | undefined => {
  const third = Math.floor(series.length / 3);
  if (third === 0) return undefined;
  const first = meanOf(series.slice(0, third));
  return first === 0 ? undefined : meanOf(series.slice(-third)) / first - 1;
};

/** A drift beyond this says that a run had not warmed up, or that something disturbed it. */
export const STEADY = 0.1;
