/**
 * The order that positions promise. Where every reply carries one, it usually is a linearization, and checking it is a sort
 * and a replay, scans and all.
 *
 * Every thread t_i takes `slotsPerTurn` slots of g_all, then as many of g_i, and so on. A command of g_all in turn r thus
 * stands behind all commands of earlier turns and ahead of all others: it is a barrier. Between two barriers each group is
 * a chain; commands of different groups commute there, and real time decides.
 */

import { endOf, type History, type Position } from './history.js';
import { interleaved } from './interleave.js';

const G_ALL = 0;

/** The promised order, as indices, or `undefined` where a completed operation has no position. A pending one without is left out. */
export const promisedOrder = <C, R>(history: History<C, R>, slotsPerTurn: number): Int32Array | undefined => {
  const turns = new Float64Array(history.length);
  const end = new Float64Array(history.length);
  const positioned: number[] = [];
  for (let i = 0; i < history.length; i += 1) {
    const operation = history[i]!;
    const { position } = operation;
    end[i] = endOf(operation);
    if (position === undefined) {
      if (operation.type === 'completed') return undefined;
      continue;
    }
    turns[i] = Math.floor(position.slot / slotsPerTurn);
    positioned.push(i);
  }
  const positionOf = (i: number): Position => history[i]!.position as Position;
  /** By turn, g_all first in each, then as within a group: by slot and offset. */
  const byDelivery = (i: number, j: number): number => {
    const turn = turns[i]! - turns[j]!;
    if (turn !== 0) return turn;
    const [a, b] = [positionOf(i), positionOf(j)];
    return Number(a.group !== G_ALL) - Number(b.group !== G_ALL) || a.slot - b.slot || a.offset - b.offset;
  };
  positioned.sort(byDelivery);

  const order = new Int32Array(positioned.length);
  let length = 0;
  for (const stretch of chainsBetweenBarriers(positioned, (i) => positionOf(i).group)) {
    const starts = stretch.map((_, chain) => stretch.slice(0, chain).reduce((sum, { length: many }) => sum + many, 0));
    order.set(interleaved(end, Int32Array.from(stretch.flat()), starts), length);
    length += stretch.reduce((sum, { length: many }) => sum + many, 0);
  }
  return order;
};

/** For each stretch without a barrier, the chain of each group. A barrier is a stretch of its own. */
function* chainsBetweenBarriers(deliveries: readonly number[], groupOf: (i: number) => number): Generator<readonly (readonly number[])[]> {
  let chainByGroup = new Map<number, number[]>();
  for (const i of deliveries) {
    const group = groupOf(i);
    if (group === G_ALL) {
      if (chainByGroup.size > 0) yield [...chainByGroup.values()];
      yield [[i]];
      chainByGroup = new Map();
      continue;
    }
    const chain = chainByGroup.get(group);
    if (chain === undefined) chainByGroup.set(group, [i]);
    else chain.push(i);
  }
  if (chainByGroup.size > 0) yield [...chainByGroup.values()];
}
