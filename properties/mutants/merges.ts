/** The judge of a merge alone: learners with different subscriptions, each of which hears of decisions in an order of its own. */

import * as fc from 'fast-check';
import { clauses, type Delivery } from '../../spec/multicast.js';
import * as Merge from '../../src/multicast/merge.js';
import type { Group } from '../../src/record.js';
import { walk } from '../check.js';
import { judgeOf, type Judge } from './mutant.js';

type Rings = {
  readonly m: number;
  /** What each ring decided, in the order of `GROUPS`. */
  readonly decided: readonly (readonly Merge.Decided[])[];
  /** Of each learner, who goes next, again and again. */
  readonly orders: readonly (readonly number[])[];
};

const GROUPS: readonly Group[] = [0, 1, 2];
const SUBSCRIPTIONS: readonly (readonly Group[])[] = [[0, 1], [0, 2], [0, 1, 2], [1, 2], [0, 1], [0, 2], [1, 2], [0, 1, 2]];

/** Skips are absolute: some reach far ahead, some lie behind. */
const decidedBy = (group: Group): fc.Arbitrary<readonly Merge.Decided[]> =>
  fc
    .array(fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 2, arbitrary: fc.nat({ max: 40 }) }), { size: '+1', maxLength: 20 })
    .map((kinds) => kinds.map((kind, i): Merge.Decided => (kind === null ? { type: 'Batch', commands: Uint8Array.of(group, i) } : { type: 'Skip', to: kind })));

const rings: fc.Arbitrary<Rings> = fc.record({
  m: fc.integer({ min: 1, max: 3 }),
  decided: fc.tuple(...GROUPS.map(decidedBy)),
  orders: fc.tuple(...SUBSCRIPTIONS.map(() => fc.array(fc.nat(), { size: '+1', maxLength: 60 }))),
});

/** The decisions of some groups in one interleaving. */
const interleaved = (decided: Rings['decided'], groups: readonly Group[], order: readonly number[]): readonly Merge.Event[] => {
  const queues = groups.map((group) => ({ group, left: [...decided[group]!] }));
  const events: Merge.Event[] = [];
  for (let turn = 0; queues.some(({ left }) => left.length > 0); turn += 1) {
    const waiting = queues.filter(({ left }) => left.length > 0);
    const { group, left } = waiting[(order[turn] ?? 0) % waiting.length]!;
    events.push({ type: 'Decided', group, value: left.shift()! });
  }
  return events;
};

/** Judges what each learner, by its number, makes of what it hears. Learners 4 on repeat the subscriptions of earlier ones. */
export const ofMerge: Judge<(learner: number) => typeof Merge.onEvent> = judgeOf({
  judge: 'merge',
  samples: rings,
  numRuns: 600,
  clauses,
  factsOf: (merges: (learner: number) => typeof Merge.onEvent, { m, decided, orders }: Rings) => ({
    submitted: decided.flatMap((values, ring) => values.flatMap((value, i) => (value.type === 'Batch' ? [{ ring, command: `${ring}.${i}` }] : []))),
    deliveries: SUBSCRIPTIONS.flatMap((groups, learner) =>
      // Learners 4 to 7 are the odd ones among equals.
      walk(Merge.initial(groups, m), merges(learner < 4 ? 0 : 1), interleaved(decided, groups, orders[learner]!)).flatMap(({ effects }, now) =>
        effects.map(({ group, slot, commands }): Delivery => ({ learner: `${learner}`, subscription: groups.join(), group, slot, commands: [commands.join('.')], known: now, delivered: now })),
      ),
    ),
    lag: null,
    standing: [],
  }),
  lengthOf: ({ decided }) => decided.flat().length,
  unit: 'decisions',
});
