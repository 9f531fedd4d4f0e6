/**
 * The order that positions promise. Where every reply carries one, it usually is a linearization, and checking it is a sort
 * and a replay, scans and all.
 *
 * Every thread t_i takes `slotsPerTurn` slots of g_all, then as many of g_i, and so on. A command of g_all in turn r thus
 * stands behind all commands of earlier turns and ahead of all others: it is a barrier. Between two barriers each group is
 * a chain; commands of different groups commute there, and real time decides.
 */

import type { History, Operation, Position } from './history.js';
import { interleave } from './interleave.js';

type Positioned<C, R> = { readonly operation: Operation<C, R>; readonly position: Position };

const G_ALL = 0;

/** The promised order, or `undefined` where a completed operation has no position. A pending one without is left out. */
export const promisedOrder = <C, R>(history: History<C, R>, slotsPerTurn: number): History<C, R> | undefined => {
  const positioned: Positioned<C, R>[] = [];
  for (const operation of history) {
    if (operation.position !== undefined) positioned.push({ operation, position: operation.position });
    else if (operation.type === 'completed') return undefined;
  }
  return chainsBetweenBarriers(positioned.sort(byDelivery(slotsPerTurn))).flatMap(interleave);
};

/** For each stretch without a barrier, the chain of each group. A barrier is a stretch of its own. */
const chainsBetweenBarriers = <C, R>(deliveries: readonly Positioned<C, R>[]): readonly (readonly History<C, R>[])[] => {
  const stretches: (readonly History<C, R>[])[] = [];
  let chainByGroup = new Map<number, Operation<C, R>[]>();
  for (const { operation, position } of deliveries) {
    const chain = chainByGroup.get(position.group);
    if (position.group === G_ALL) {
      stretches.push([...chainByGroup.values()], [[operation]]);
      chainByGroup = new Map();
    } else if (chain === undefined) chainByGroup.set(position.group, [operation]);
    else chain.push(operation);
  }
  return [...stretches, [...chainByGroup.values()]];
};

/** By turn, g_all first in each, then as within a group: by slot and offset. */
const byDelivery =
  (slotsPerTurn: number) =>
  <C, R>({ position: a }: Positioned<C, R>, { position: b }: Positioned<C, R>): number =>
    Math.floor(a.slot / slotsPerTurn) - Math.floor(b.slot / slotsPerTurn) ||
    Number(a.group !== G_ALL) - Number(b.group !== G_ALL) ||
    a.slot - b.slot ||
    a.offset - b.offset;
