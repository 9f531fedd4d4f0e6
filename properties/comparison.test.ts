/** Benchmarks of two commits beside each other. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { medianOf } from '../src/measure/statistics.js';
import { compared, figuresIn } from './benchmarks/comparison.js';

describe('the figures in the JSON of a benchmark', () => {
  it('are called by the way that leads to them', () => {
    expect([...figuresIn({ rounds: 5, figures: [{ model: 'ring', size: 2, seconds: 1.5 }, { size: 3 }] })]).toEqual([
      ['rounds', 5],
      ['figures / ring / size', 2],
      ['figures / ring / seconds', 1.5],
      ['figures / 1 / size', 3],
    ]);
  });

  it('are none in what holds no number', () => expect([...figuresIn({ a: ['b', null, true] })]).toEqual([]));
});

describe('two commits', () => {
  const round = (here: number, there: number | undefined) => ({
    benchmark: 'b',
    here: new Map([['us', here]]),
    there: there === undefined ? undefined : new Map([['us', there]]),
  });

  it('are compared round by round: a slow spell befalls both', () => {
    // The medians alone, 20 and 30, would say 0.67.
    const [figure] = compared([round(10, 20), round(20, 40), round(90, 30)]);
    expect(figure).toEqual({ benchmark: 'b', figure: 'us', here: 20, there: 30, ratio: 0.5 });
  });

  it('have no ratio where the other has no such figure', () => {
    expect(compared([round(1, undefined)])).toEqual([{ benchmark: 'b', figure: 'us', here: 1, there: null, ratio: null }]);
  });
});

it('half of the numbers are not above the median, and half not below', () =>
  fc.assert(
    fc.property(fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1 }), (numbers) => {
      const middle = medianOf(numbers);
      expect(numbers.filter((number) => number <= middle).length * 2).toBeGreaterThanOrEqual(numbers.length);
      expect(numbers.filter((number) => number >= middle).length * 2).toBeGreaterThanOrEqual(numbers.length);
    }),
  ));
