/**
 * The deterministic merge of a learner's rings (Multi-Ring Paxos, section IV; MUL-3, MUL-4).
 *
 * Every ring is a sequence of virtual slots, numbered from 0: a batch takes one, a skip takes many at once. Round k covers
 * the slots kM .. kM + M - 1 of every ring, and a learner delivers round by round, within a round ring by ring in ascending
 * order. So slot v of ring r has the key (floor(v / M), r, v), the same at every learner whatever else it subscribes to:
 * all orders are parts of one total order, and no cycle can arise. The next batch is the one with the smallest key; it may
 * be delivered when every other ring is known to have nothing before it. That is the whole machine: no turn to remember.
 */
import { List } from 'immutable';
import type { Step } from '../step.js';
import type { Group } from '../record.js';
import { advance } from './skip.js';

/** What a ring decided, as the merge sees it. */
export type Decided =
  | { readonly type: 'Noop' }
  | { readonly type: 'Batch'; readonly commands: Uint8Array }
  | { readonly type: 'Skip'; readonly to: number };

type Waiting = { readonly slot: number; readonly commands: Uint8Array };

type Lane = {
  readonly group: Group;
  /** Every slot below this one is known. */
  readonly known: number;
  /** Batches decided and not yet delivered, in slot order. */
  readonly waiting: List<Waiting>;
};

export type Merge = {
  /** Slots of a ring in one round. */
  readonly m: number;
  readonly lanes: readonly Lane[];
};

export type Event = { readonly type: 'Decided'; readonly group: Group; readonly value: Decided };

/** A batch in its place in the learner's order. */
export type Effect = { readonly type: 'Deliver'; readonly group: Group; readonly slot: number; readonly commands: Uint8Array };

export const initial = (groups: readonly Group[], m: number): Merge => ({
  m,
  lanes: [...groups].sort((a, b) => a - b).map((group) => ({ group, known: 0, waiting: List() })),
});

export const onEvent = (state: Merge, { group, value }: Event): Step<Merge, Effect> =>
  deliver({ m: state.m, lanes: state.lanes.map((lane) => (lane.group === group ? extend(lane, value) : lane)) });

const extend = ({ group, known, waiting }: Lane, value: Decided): Lane => ({
  group,
  known: advance(known, value),
  waiting: value.type === 'Batch' ? waiting.push({ slot: known, commands: value.commands }) : waiting,
});

/** MUL-3: delivers while the first batch in key order is known to be the first. */
const deliver = (state: Merge): Step<Merge, Effect> => {
  const delivered: Effect[] = [];
  let merge = state;
  for (let first = firstOf(merge); first !== undefined && isFirst(merge, first); first = firstOf(merge)) {
    const { lane, batch } = first;
    delivered.push({ type: 'Deliver', group: lane.group, slot: batch.slot, commands: batch.commands });
    const shorter: Lane = { group: lane.group, known: lane.known, waiting: lane.waiting.shift() };
    merge = { m: merge.m, lanes: merge.lanes.map((other) => (other === lane ? shorter : other)) };
  }
  return [merge, delivered];
};

type First = { readonly lane: Lane; readonly batch: Waiting };

/** The waiting batch with the smallest (round, group). */
const firstOf = ({ lanes, m }: Merge): First | undefined =>
  lanes.reduce<First | undefined>((best, lane) => {
    const batch = lane.waiting.first();
    if (batch === undefined) return best;
    return best === undefined || roundOf(batch.slot, m) < roundOf(best.batch.slot, m) ? { lane, batch } : best;
  }, undefined);

/** Whether no other ring can still decide something that comes before it: those before it in the round must have ended theirs. */
const isFirst = ({ lanes, m }: Merge, { lane, batch }: First): boolean =>
  lanes.every((other) => other === lane || other.known >= awaited(other.group, lane.group, batch.slot, m));

/** How far the ring of `other` must be known before the merge delivers what stands at `slot` of `group`. */
export const awaited = (other: Group, group: Group, slot: number, m: number): number => (roundOf(slot, m) + (other < group ? 1 : 0)) * m;

/** The round in which a slot is delivered. */
export const roundOf = (slot: number, m: number): number => Math.floor(slot / m);

/** How many batches wait for another ring. */
export const lagOf = ({ lanes }: Merge): number => lanes.reduce((sum, { waiting }) => sum + waiting.size, 0);
