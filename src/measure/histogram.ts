/** Latencies of many commands in little space: recorded in microseconds up to a minute, told in milliseconds. */

import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import type { Latency } from './result.js';

const LONGEST = 60_000_000;

export type Histogram = {
  /** Records a latency in microseconds. What took longer than a minute counts as a minute. */
  readonly record: (microseconds: number) => void;
  /** Milliseconds, each within a thousandth of itself; all 0 while nothing is recorded. */
  readonly summary: () => Latency;
  /** All of it, compressed, in base64: `decodeFromCompressedBase64` of hdr-histogram-js reads it back. */
  readonly encoded: () => string;
  /** Forgets everything recorded so far. */
  readonly reset: () => void;
};

export const histogram = (): Histogram => {
  const counts = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST,
    numberOfSignificantValueDigits: 3,
    autoResize: false,
  });
  const percentile = (percent: number): number => counts.getValueAtPercentile(percent) / 1000;

  // Commands that were called together are mostly answered together, and finding the place of a value is what takes time.
  let last = 0;
  let times = 0;
  const settle = (): void => {
    if (times > 0) counts.recordValueWithCount(last, times);
    times = 0;
  };

  return {
    record: (microseconds) => {
      const value = Math.max(0, Math.min(LONGEST, Math.round(microseconds)));
      if (value !== last) settle();
      last = value;
      times += 1;
    },
    summary: () => {
      settle();
      return {
        count: counts.totalCount,
        mean: counts.totalCount === 0 ? 0 : counts.mean / 1000,
        p50: percentile(50),
        p90: percentile(90),
        p99: percentile(99),
        p999: percentile(99.9),
        max: counts.maxValue / 1000,
      };
    },
    encoded: () => {
      settle();
      return encodeIntoCompressedBase64(counts);
    },
    reset: () => {
      times = 0;
      counts.reset();
    },
  };
};
