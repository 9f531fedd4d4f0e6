/**
 * Levelling on demand: what keeps a batch from waiting for the clock (MUL-7).
 *
 * Who coordinates two rings that are merged, and has nothing under way in the one, does not let a batch of the other wait for
 * it: it skips forward to just the slot that the batch waits for, and both go round at the same time. Slots are absolute, so
 * that it does no harm if the batch comes to nothing, or if someone else asks for the same.
 *
 * Departs from Multi-Ring Paxos, section IV, which levels rings by the clock alone, and lets a lone message wait for it.
 */
import { areMerged } from './groups.js';
import { awaited } from './merge.js';
import { advance, type Ordered } from './skip.js';
import type { Group } from '../record.js';

/** A ring that this process coordinates, as far as it knows. */
export type Standing = {
  readonly group: Group;
  /** Every slot below this one is decided. */
  readonly position: number;
  /** The slot of the last batch that is decided, or under way; -1 if there is none. */
  readonly last: number;
  /** All that was proposed is decided. */
  readonly isIdle: boolean;
};

export type Demand = { readonly group: Group; readonly to: number };

/** The idle rings that a batch of another one waits for, and how far it waits for each. */
export const demands = (rings: readonly Standing[], m: number): readonly Demand[] => {
  const asked: Demand[] = [];
  for (const { group, position, isIdle } of rings) {
    const to = isIdle ? enoughFor(group, rings, m) : 0;
    if (to > position) asked.push({ group, to });
  }
  return asked;
};

/** How far a group's ring must be known, so that every batch of the others can be delivered. */
export const enoughFor = (group: Group, rings: readonly Standing[], m: number): number => {
  let enough = 0;
  for (const other of rings) if (other.last >= 0 && areMerged(group, other.group)) enough = Math.max(enough, awaited(group, other.group, other.last, m));
  return enough;
};

/** The slot of the last batch, once all that is under way after `position` is decided in this order. */
export const lastOf = (position: number, last: number, underWay: Iterable<Ordered>): number => {
  let slot = position;
  let batch = last;
  for (const value of underWay) {
    if (value.type === 'Batch') batch = Math.max(batch, slot);
    slot = advance(slot, value);
  }
  return batch;
};
