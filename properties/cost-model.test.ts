/** The cost model: cores and threads in simulated time, and what things cost. */
import * as E from 'fp-ts/lib/Either.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { machine, time, type Burst } from '../src/measure/simulated/cores.js';
import { costAt, decodeCosts, total, type Curve } from '../src/measure/simulated/costs.js';

describe('cores', () => {
  /** Threads that always have more to do: how many bursts each finishes up to `end`. */
  const busy = (cores: number, takes: readonly number[], end: number): { readonly finished: readonly number[]; readonly most: number } => {
    const world = time();
    const { thread } = machine(world, cores);
    const finished = takes.map(() => 0);
    let [working, most] = [0, 0];
    takes.forEach((each, i) => {
      const work = (): Burst => {
        working += 1;
        most = Math.max(most, working);
        return {
          takes: each,
          then: () => {
            working -= 1;
            finished[i]! += 1;
          },
        };
      };
      thread(work).wake();
    });
    world.run(end);
    return { finished, most };
  };

  it('are never more at work than there are', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 }), (cores, takes) => {
        const { most } = busy(cores, takes, 1000);
        expect(most).toBe(Math.min(cores, takes.length));
      }),
    ));

  it('are never idle while a thread waits', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 20 }), (cores, threads, takes) => {
        const { finished } = busy(cores, Array.from({ length: threads }, () => takes), 1000);
        const done = finished.reduce((sum, count) => sum + count, 0);
        expect(done).toBeGreaterThanOrEqual(Math.floor(1000 / takes - 1) * Math.min(cores, threads));
      }),
    ));

  it('go round in turns: no thread of equals is more than a burst ahead', () => {
    const { finished } = busy(2, [5, 5, 5, 5, 5], 1000);
    expect(Math.max(...finished) - Math.min(...finished)).toBeLessThanOrEqual(1);
  });

  it('show what a burst does at its end only', () => {
    const world = time();
    const { thread } = machine(world, 1);
    let left = 1;
    const seen: number[] = [];
    thread(() => (left-- > 0 ? { takes: 10, then: () => seen.push(world.now()) } : undefined)).wake(3);
    world.run(100);
    expect(seen).toEqual([13]);
  });

  it('make those slower that wait for memory at once, and only for that part of their work', () => {
    const world = time();
    const { thread } = machine(world, 2, (n) => n);
    const ends: number[] = [];
    const once = (memory: number): void => {
      let left = 1;
      thread(() => (left-- > 0 ? { takes: 10, memory, then: () => ends.push(world.now()) } : undefined)).wake();
    };
    once(1);
    once(0.5);
    world.run(100);
    // The first is alone when it begins; the second finds one beside it, for half of its work.
    expect(ends).toEqual([10, 15]);
  });

  it('spend more on the first burst after a sleep, and on no other', () => {
    const world = time();
    const ends: number[] = [];
    let left = 2;
    const one = machine(world, 1).thread(() => (left > 0 ? { takes: 10, then: () => void ((left -= 1), ends.push(world.now())) } : undefined), 7);
    one.wake();
    world.later(100, () => {
      left = 1;
      one.wake();
    });
    world.run(200);
    expect(ends).toEqual([17, 27, 117]);
  });

  it('are cold for whoever finds that another has had them', () => {
    const finishedBy = (threads: number, cores: number): number => {
      const world = time();
      const { thread } = machine(world, cores);
      let finished = 0;
      for (let i = 0; i < threads; i += 1) thread(() => ({ takes: 10, then: () => (finished += 1) }), 5).wake();
      world.run(1000);
      return finished;
    };
    // Alone, it gets up once; two that take turns do so every time, and not if each has a core of its own.
    expect(finishedBy(1, 1)).toBe(99);
    expect(finishedBy(2, 1)).toBe(Math.floor(1000 / 15));
    expect(finishedBy(2, 2)).toBe(2 * 99);
  });

  it('wake nobody twice', () => {
    const world = time();
    let asked = 0;
    const one = machine(world, 1).thread(() => {
      asked += 1;
      return undefined;
    });
    one.wake(5);
    one.wake(1);
    world.run(100);
    expect(asked).toBe(1);
  });
});

describe('costs', () => {
  const curve: Curve = [{ at: 10, cost: 1 }, { at: 1000, cost: 3 }];

  it.each([[10, 1], [100, 2], [1000, 3], [10_000, 4]])('at %d are %d: a line over the logarithm', (size, cost) => expect(costAt(curve, size)).toBeCloseTo(cost));

  it('of a curve of one point are the same everywhere', () => expect(costAt([{ at: 5, cost: 2 }], 1e6)).toBe(2));

  it('add up by things and by commands', () => expect(total({ each: 10, command: 0.5 }, 20, 2)).toBe(30));

  it('are refused by the field that is wrong', () => {
    const refused = decodeCosts('{"format": "opt-psmr/costs/1", "machine": "m", "barrier": {"spinning": "fast"}}', 'costs.json');
    expect(E.isLeft(refused) && refused.left).toContain('costs.json: barrier.spinning: expected a number from 0 to 1000000000, got "fast"');
  });
});
