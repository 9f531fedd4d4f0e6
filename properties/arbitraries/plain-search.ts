/**
 * A second engine, plain enough to be believed: the search of Wing and Gong (1993) with a memo. Whatever nobody precedes may
 * come first; a set of operations that led to a state once, and no further, leads no further again. It knows neither keys nor reads
 * nor promises, and shares no code with the judge. Histories of some forty operations are within its reach, if few overlap.
 */

import type { History, Operation } from '../../src/check/history.js';
import type { Model } from '../../src/check/model.js';

/** Whether some order explains the history; and with others left out, whether some order explains those that are named. */
export const isExplained = <S, C, R>(model: Model<S, C, R>, history: History<C, R>): boolean => {
  const completed = history.filter(({ type }) => type === 'completed').length;
  const predecessors = history.map((later) => history.map((earlier, i) => [earlier, i] as const).filter(([earlier]) => endOf(earlier) < later.call).map(([, i]) => i));
  const isPlaced = history.map(() => false);
  const deadEnds = new Set<string>();

  const goesOn = (state: S, placed: number): boolean => {
    if (placed === completed) return true;
    const here = `${isPlaced.map(Number).join('')} ${model.stateKey(state)}`;
    if (deadEnds.has(here)) return false;
    deadEnds.add(here);
    return history.some((operation, i) => {
      if (isPlaced[i] === true || !predecessors[i]!.every((j) => isPlaced[j])) return false;
      const [next, result] = model.apply(state, operation.command);
      if (operation.type === 'completed' && !model.sameResult(result, operation.result)) return false;
      isPlaced[i] = true;
      const isFound = goesOn(next, placed + Number(operation.type === 'completed'));
      isPlaced[i] = false;
      return isFound;
    });
  };
  return goesOn(model.initial, 0);
};

/** The history in which those that are not named may have taken effect at any time, or never, and been answered anything. */
export const leavingOutAllBut = <C, R>(named: readonly number[], history: History<C, R>): History<C, R> =>
  history.map((operation) => (named.includes(operation.id) ? operation : { type: 'pending', id: operation.id, session: operation.session, command: operation.command, call: -Infinity }));

const endOf = <C, R>(operation: Operation<C, R>): number => (operation.type === 'completed' ? operation.return : Infinity);
