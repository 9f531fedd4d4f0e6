/** What clients saw, as the judge of linearizability takes it: the operations of the spec, and where each came from. */

import type * as Spec from '../../spec/linearizability.js';

/**
 * Where in the replicated order an operation was executed: virtual `slot` of the ring of `group`, `offset` within its batch.
 * Group 0 is g_all. A position is a hint, never evidence: a wrong one costs time, not soundness.
 */
export type Position = { readonly group: number; readonly slot: number; readonly offset: number };

/** The client that called, and the position it was told, if any. */
type Origin = { readonly session: number; readonly position?: Position };

export type Completed<C, R> = Spec.Completed<C, R> & Origin;
export type Pending<C> = Spec.Pending<C> & Origin;
export type Operation<C, R> = Completed<C, R> | Pending<C>;
export type History<C, R> = readonly Operation<C, R>[];

/** The last instant at which an operation may take effect. */
export const endOf = <C, R>(operation: Operation<C, R>): number => (operation.type === 'completed' ? operation.return : Infinity);

/** Why this is no history, or `undefined` if it is one. An edge that reads histories asks this first. */
export const flawInHistory = <C, R>(history: History<C, R>): string | undefined => {
  const ids = new Set<number>();
  for (const operation of history) {
    if (ids.has(operation.id)) return `operation ${operation.id}: its id is taken`;
    if (!Number.isFinite(operation.call)) return `operation ${operation.id}: its call has no time`;
    if (operation.type === 'completed' && !Number.isFinite(operation.return)) return `operation ${operation.id}: its return has no time`;
    if (operation.call > endOf(operation)) return `operation ${operation.id}: it returns before it is called`;
    ids.add(operation.id);
  }
  return undefined;
};
