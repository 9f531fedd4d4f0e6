/** The judge of the judge: whether an order explains a history. It shares no code with what finds the order. */

import type { Operation, Sequential } from '../../spec/linearizability.js';

/** Why the linearization does not explain the history: empty if it does. */
export const replay = <S, C, R>(
  model: Sequential<S, C, R>,
  history: readonly Operation<C, R>[],
  linearization: readonly number[],
): readonly string[] => {
  const flaws: string[] = [];
  const unplaced = new Map(history.map((operation) => [operation.id, operation]));
  let state = model.initial;
  let latestCall = -Infinity; // of all operations placed so far

  for (const id of linearization) {
    const operation = unplaced.get(id);
    if (operation === undefined) {
      flaws.push(`${id} is placed twice, or was never called`);
      continue;
    }
    const [next, result] = model.apply(state, operation.command);
    if (operation.type === 'completed') {
      if (operation.return < latestCall) flaws.push(`${id} returned before an operation placed ahead of it was called`);
      if (!model.sameResult(result, operation.result)) flaws.push(`${id} would be answered otherwise`);
    }
    unplaced.delete(id);
    state = next;
    latestCall = Math.max(latestCall, operation.call);
  }
  for (const { id, type } of unplaced.values()) if (type === 'completed') flaws.push(`${id} completed, and is not placed`);
  return flaws;
};
