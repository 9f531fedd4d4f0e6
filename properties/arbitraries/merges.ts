/** Rings that decide at different speeds, and learners with different subscriptions, each of which hears of it in an order of its own. */

import * as fc from 'fast-check';
import { byRing } from '../../spec/consensus.js';
import type { Delivery, Facts } from '../../spec/multicast.js';
import * as Merge from '../../src/multicast/merge.js';
import type { Group } from '../../src/record.js';
import { walk } from '../check.js';

/** What each ring decided, and M. */
export type Rings = { readonly m: number; readonly decided: ReadonlyMap<Group, readonly Merge.Decided[]> };
/** Who goes next, again and again; what is left over goes in the order of the groups. */
export type Turns = readonly number[];
/** Rings, and in which order each learner hears of what they decide. */
export type Heard = { readonly of: Rings; readonly orders: readonly Turns[] };

export const GROUPS: readonly Group[] = [0, 1, 2];
/** Of each learner. Learners 4 on repeat the subscriptions of earlier ones. */
export const SUBSCRIPTIONS: readonly (readonly Group[])[] = [[0, 1], [0, 2], [0, 1, 2], [1, 2], [0, 1], [0, 2], [1, 2], [0, 1, 2]];

/** Skips are absolute: some reach far ahead, some lie behind. */
export const decidedBy = (group: Group): fc.Arbitrary<readonly Merge.Decided[]> =>
  fc
    .array(fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constant('Noop' as const) }, { weight: 2, arbitrary: fc.nat({ max: 40 }) }), { size: '+1', maxLength: 20 })
    .map((kinds) => kinds.map((kind, i): Merge.Decided => (kind === null ? { type: 'Batch', commands: Uint8Array.of(group, i) } : kind === 'Noop' ? { type: 'Noop' } : { type: 'Skip', to: kind })));

export const rings: fc.Arbitrary<Rings> = fc
  .record({ m: fc.integer({ min: 1, max: 3 }), decided: fc.tuple(...GROUPS.map(decidedBy)) })
  .map(({ m, decided }) => ({ m, decided: new Map(GROUPS.map((group, i) => [group, decided[i]!])) }));

export const turns: fc.Arbitrary<Turns> = fc.array(fc.nat(), { size: '+1', maxLength: 60 });

export const heard: fc.Arbitrary<Heard> = fc.record({ of: rings, orders: fc.tuple(...SUBSCRIPTIONS.map(() => turns)) });

/** The decisions of some groups in one interleaving. */
export const interleaved = ({ decided }: Rings, groups: readonly Group[], order: Turns): readonly Merge.Event[] => {
  const queues = groups.map((group) => ({ group, left: [...(decided.get(group) ?? [])] }));
  const events: Merge.Event[] = [];
  for (let turn = 0; queues.some(({ left }) => left.length > 0); turn += 1) {
    const waiting = queues.filter(({ left }) => left.length > 0);
    const { group, left } = waiting[(order[turn] ?? 0) % waiting.length]!;
    events.push({ type: 'Decided', group, value: left.shift()! });
  }
  return events;
};

export const merging = (of: Rings, groups: readonly Group[], order: Turns, onEvent = Merge.onEvent) => walk(Merge.initial(groups, of.m), onEvent, interleaved(of, groups, order));

/** What each learner, by its number, makes of what it hears. */
export const deliveries = ({ of, orders }: Heard, onEventOf: (learner: number) => typeof Merge.onEvent = () => Merge.onEvent): Facts => ({
  submitted: byRing([...of.decided].map(([ring, values]) => [ring, values.flatMap((value, i) => (value.type === 'Batch' ? [`${ring}.${i}`] : []))] as const)),
  deliveries: SUBSCRIPTIONS.flatMap((groups, learner) =>
    merging(of, groups, orders[learner]!, onEventOf(learner)).flatMap(({ effects }, now) =>
      effects.map(
        ({ group, slot, commands }): Delivery => ({ learner: `${learner}`, subscription: groups.join(), group, slot, commands: [commands.join('.')], known: now, delivered: now }),
      ),
    ),
  ),
  lag: null,
  standing: [],
});
