/**
 * Judges whether a history is linearizable. The judge is exact: `ok` comes with an order that `replay` can check without
 * trusting it, `illegal` is proved by exhaustion, and `unknown` says which budget ran out. Cheapest first:
 *
 * 1. the order that positions promise, if it holds: O(n log n) (`witness.ts`);
 * 2. per component of keys (`components.ts`), a just-in-time search (`search.ts`), and the orders of the components joined
 *    into one (`interleave.ts`).
 *
 * A promise that does not hold proves nothing about the history, and the search decides. But what made it was at fault.
 */

import { componentsOf } from './components.js';
import { endOf, type History } from './history.js';
import { interleave } from './interleave.js';
import type { Model } from './model.js';
import { replay } from './replay.js';
import { search, type Explanation } from './search.js';
import { promisedOrder } from './witness.js';

export type Verdict =
  | { readonly type: 'ok'; readonly procedure: 'witness' | 'zones' | 'search'; readonly linearization: readonly number[] }
  | { readonly type: 'illegal'; readonly procedure: 'zones' | 'search'; readonly certificate: Certificate }
  | { readonly type: 'unknown'; readonly exhausted: 'nodes'; readonly budget: number; readonly window: Window };

/** Operations of the history that contradict each other, whatever the others did. */
export type Certificate = {
  /** Their ids, by call. */
  readonly operations: readonly number[];
  /** One sentence per step of the argument. It names operation 12 as `{12}`. */
  readonly argument: readonly string[];
  /** No operation of it can be left out: that was proved. */
  readonly isMinimal: boolean;
};

/** Where the budget ran out: the operations that were open there, and the instants between which no order was found. */
export type Window = { readonly from: number; readonly to: number; readonly operations: readonly number[] };

export type Options = {
  /** Junctions that the search may abandon in each component. Bounds its time and its memory. */
  readonly nodes?: number;
  /** The M of the deterministic merge that made the positions. */
  readonly slotsPerTurn?: number;
};

/** Whether some order of the operations respects real time and explains every result. */
export const judge = <S, C, R>(
  model: Model<S, C, R>,
  history: History<C, R>,
  { nodes = 1_000_000, slotsPerTurn = 1 }: Options = {},
): Verdict => {
  const promised = promisedOrder(history, slotsPerTurn)?.map(({ id }) => id);
  if (promised !== undefined && replay(model, history, promised).length === 0)
    return { type: 'ok', procedure: 'witness', linearization: promised };

  const orders: History<C, R>[] = [];
  let unknown: Verdict | undefined;
  for (const component of componentsOf(history, model.spansOf)) {
    const outcome = search(model, component, nodes);
    if (outcome.type === 'illegal') return { type: 'illegal', procedure: 'search', certificate: certificateOf(component, outcome.explanation) };
    if (outcome.type === 'exhausted') unknown ??= { type: 'unknown', exhausted: 'nodes', budget: nodes, window: windowOf(component) };
    else orders.push(outcome.order);
  }
  return unknown ?? { type: 'ok', procedure: 'search', linearization: interleave(orders).map(({ id }) => id) };
};

/** All that was called before the return that cannot be passed. */
const certificateOf = <C, R>(history: History<C, R>, { stuck, open, placed }: Explanation): Certificate => {
  const named = new Set([stuck, ...open, ...placed]);
  const operations = history.filter(({ id }) => named.has(id)).toSorted((a, b) => a.call - b.call);
  return { operations: operations.map(({ id }) => id), argument: [`No order gives the answer to {${stuck}}.`], isMinimal: false };
};

const windowOf = <C, R>(history: History<C, R>): Window => {
  const instants = history.flatMap((operation) => [operation.call, endOf(operation)]).filter(Number.isFinite);
  return { from: Math.min(...instants), to: Math.max(...instants), operations: history.map(({ id }) => id) };
};
