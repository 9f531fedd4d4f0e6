/** Runs of a system as an arbitrary: drawn at random, and shrunk by leaving out what happens in them. */

import * as fc from 'fast-check';
import type { Run } from '../../src/check/explore/run.js';
import type { Action, System } from '../../src/check/explore/system.js';
import { randomRun, shorter, type Weights } from '../../src/check/explore/walk.js';

/** Runs of up to `length` steps. A smaller run is one in which the same things happen, but for some. */
export const runsOf = <S, A extends Action>(system: System<S, A>, length: number, weightOf?: Weights<S, A>): fc.Arbitrary<Run<S, A>> => new Runs(system, length, weightOf);

class Runs<S, A extends Action> extends fc.Arbitrary<Run<S, A>> {
  constructor(
    private readonly system: System<S, A>,
    private readonly length: number,
    private readonly weightOf?: Weights<S, A>,
  ) {
    super();
  }

  override generate(random: fc.Random): fc.Value<Run<S, A>> {
    return new fc.Value(randomRun(this.system, () => random.nextInt(0, 2 ** 31 - 1) / 2 ** 31, this.length, this.weightOf), undefined);
  }

  override canShrinkWithoutContext(value: unknown): value is Run<S, A> {
    return typeof value === 'object' && value !== null && 'strides' in value;
  }

  override shrink(run: Run<S, A>): fc.Stream<fc.Value<Run<S, A>>> {
    return fc.stream(shorter(this.system, run)).filter((one) => one.strides.length < run.strides.length).map((one) => new fc.Value(one, undefined));
  }
}
