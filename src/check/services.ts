/** Decides histories of any service: texts that only grow by their prefixes, all else by search, where the model is asked for every step. */

import { endOf, type History, type Operation } from './history.js';
import { modelMachine } from './machines.js';
import type { Model } from './model.js';
import { decideByPrefixes, type Prefixed } from './prefixes.js';
import { search, type Problem } from './search.js';
import type { Decision } from './registers.js';

/** A decision on all of a history, by call; an order where there is one. */
export type ServiceDecision = Prefixed | Exclude<Decision, { readonly type: 'ok' }> | { readonly type: 'ok'; readonly procedure: 'search'; readonly order: readonly number[] };

export const decideService = <S, C, R>(model: Model<S, C, R>, history: History<C, R>, budget: number): ServiceDecision => {
  const prefixed = decideByPrefixes(model, history);
  if (prefixed !== undefined) return prefixed;
  const outcome = search(problemOf(model, history), budget);
  switch (outcome.type) {
    case 'found':
      return { type: 'ok', procedure: 'search', order: outcome.order };
    case 'illegal':
      return { type: 'illegal', procedure: 'search', suspects: [outcome.stuck] };
    case 'exhausted':
      return { type: 'unknown', from: outcome.from, to: outcome.to };
  }
};

const problemOf = <S, C, R>(model: Model<S, C, R>, history: History<C, R>): Problem => {
  const deeds = new Map<string, number>();
  const deedOf = ({ command }: Operation<C, R>, i: number): number => {
    const name = model.commandKey?.(command);
    if (name === undefined) return history.length + i;
    const deed = deeds.get(name) ?? i;
    deeds.set(name, deed);
    return deed;
  };
  const own = Int32Array.from(history, deedOf);
  /** By deed: operations that were answered, each in another way. */
  const answers = new Map<number, number[]>();
  const kindOf = (operation: Operation<C, R>, i: number): number => {
    if (operation.type === 'pending') return i;
    const known = answers.get(own[i]!) ?? [];
    answers.set(own[i]!, known);
    const same = known.find((other) => model.sameResult((history[other] as typeof operation).result, operation.result));
    if (same === undefined) known.push(i);
    return same ?? i;
  };
  return {
    count: history.length,
    call: Float64Array.from(history, ({ call }) => call),
    end: Float64Array.from(history, endOf),
    isRead: Uint8Array.from(history, (operation) => Number(operation.type === 'completed' && model.isReadOnly?.(operation.command, operation.result) === true)),
    deeds: own,
    kinds: Int32Array.from(history, kindOf),
    machine: modelMachine(model, history),
  };
};
