/**
 * Many chains of operations as one order that respects real time.
 *
 * A chain is a sequence whose order is settled. The *deadline* of an operation is the earliest return among itself and those
 * behind it in its chain. Taking always the head with the earliest deadline respects real time whenever any interleaving
 * does. For suppose that head h is taken while some u, not yet taken, returned before h was called. The deadline of h is no
 * later than u's return, so something behind h in its own chain returned before h was called: that chain contradicts real
 * time, and so does every interleaving of it.
 *
 * Deadlines never fall along a chain, so taking the earliest is a stable sort.
 */

import { endOf, type History, type Operation } from './history.js';

/** One order of the operations of all chains that keeps the order of each. */
export const interleave = <C, R>(chains: readonly History<C, R>[]): History<C, R> =>
  chains.length === 1
    ? (chains[0] as History<C, R>)
    : chains
        .flatMap(withDeadlines)
        .sort((a, b) => compare(a.deadline, b.deadline))
        .map(({ operation }) => operation);

/** The same by numbers: chain i is what lies between start i and the next one; `end` is by operation. */
export const interleaved = (end: Float64Array, operations: Int32Array, starts: readonly number[]): Int32Array => {
  if (starts.length === 1) return operations;
  const deadlines = new Float64Array(operations.length);
  for (let chain = starts.length - 1, to = operations.length; chain >= 0; to = starts[chain]!, chain -= 1) {
    let deadline = Infinity;
    for (let at = to - 1; at >= starts[chain]!; at -= 1) {
      deadline = Math.min(deadline, end[operations[at]!]!);
      deadlines[at] = deadline;
    }
  }
  if (starts.length <= FEW) return merged(operations, deadlines, starts);
  const places = Int32Array.from(deadlines.keys()).sort((a, b) => compare(deadlines[a]!, deadlines[b]!) || a - b);
  return places.map((at) => operations[at]!);
};

/** So many chains are merged sooner than they are sorted. */
const FEW = 16;

/** Always the head with the earliest deadline; of equals, that of the first chain. */
const merged = (operations: Int32Array, deadlines: Float64Array, starts: readonly number[]): Int32Array => {
  const heads = [...starts];
  const stops = [...starts.slice(1), operations.length];
  return operations.map(() => {
    let earliest = -1;
    for (let chain = 0; chain < heads.length; chain += 1)
      if (heads[chain]! < stops[chain]! && (earliest < 0 || deadlines[heads[chain]!]! < deadlines[heads[earliest]!]!)) earliest = chain;
    heads[earliest]! += 1;
    return operations[heads[earliest]! - 1]!;
  });
};

const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

/** Whether no operation stands behind one that was called after it returned. */
export const respectsRealTime = <C, R>(order: History<C, R>): boolean =>
  withDeadlines(order).every(({ operation, deadline }) => operation.call <= deadline);

const withDeadlines = <C, R>(chain: History<C, R>): readonly { operation: Operation<C, R>; deadline: number }[] => {
  let deadline = Infinity;
  const backwards = chain.toReversed().map((operation) => {
    deadline = Math.min(deadline, endOf(operation));
    return { operation, deadline };
  });
  return backwards.reverse();
};
