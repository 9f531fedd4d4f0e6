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
        .sort((a, b) => (a.deadline < b.deadline ? -1 : a.deadline > b.deadline ? 1 : 0))
        .map(({ operation }) => operation);

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
