/** The judge of a merge alone: learners with different subscriptions, each of which hears of decisions in an order of its own. */

import { clauses } from '../../spec/multicast.js';
import type * as Merge from '../../src/multicast/merge.js';
import { deliveries, heard, type Heard } from '../arbitraries/merges.js';
import { judgeOf, type Judge } from './mutant.js';

/** A mistake says who makes it: 0 are the first learners, and 1 those that repeat their subscriptions. */
export const ofMerge: Judge<(learner: number) => typeof Merge.onEvent> = judgeOf({
  judge: 'merge',
  samples: heard,
  numRuns: 600,
  clauses,
  factsOf: (merges: (learner: number) => typeof Merge.onEvent, each: Heard) => deliveries(each, (learner) => merges(learner < 4 ? 0 : 1)),
  lengthOf: ({ of }) => [...of.decided.values()].flat().length,
  unit: 'decisions',
});
