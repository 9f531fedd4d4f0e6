/** Runs of models in ITF: states for whoever looks at them, and of every step what is needed to take it again. */
import * as E from 'fp-ts/lib/Either.js';
import { fromItf, toItf, toValue, type Itf } from '../itf.js';
import type { Kept, Run } from './run.js';
import type { Action, System } from './system.js';

/** What a run was of, beside its steps. */
export type About = { readonly clause: string; readonly model: string; readonly size: number };

/** The action before the first state, and its choice. */
const START: Action = { type: 'Start' };
const NONE = -1;

/** The variables `action` and `choice`, and those of the model: its fields, if its states are records that have the same. */
export const itfOf = <S, A extends Action>({ start, first, strides }: Run<S, A>, about: About): Itf => {
  const states = [first, ...strides.map(({ after }) => after)];
  const names = fieldsOf(first);
  const areRecords = names !== undefined && states.every((state) => fieldsOf(state)?.join() === names.join());
  return toItf({
    meta: { description: `a run of the model ${about.model}`, ...about, start },
    states: states.map((state, i) => ({ action: strides[i - 1]?.action ?? START, choice: strides[i - 1]?.choice ?? NONE, ...(areRecords ? (state as object) : { state }) })),
  });
};

/** What a run in ITF is of. */
export const aboutOf = (json: unknown): E.Either<string, About> => {
  const told = fromItf(json);
  if (E.isLeft(told)) return told;
  const { clause, model, size } = told.right.meta;
  return typeof clause === 'string' && typeof model === 'string' && typeof size === 'number' ? E.right({ clause, model, size }) : E.left('#meta: expected clause, model and size');
};

/**
 * The choices of a run in ITF. Where the variable `choice` is missing, the action itself says which it was: a trace that
 * another tool has made of actions is as good as ours.
 */
export const keptIn = <S, A extends Action>(system: System<S, A>, json: unknown): E.Either<string, Kept> => {
  const told = fromItf(json);
  if (E.isLeft(told)) return told;
  const { meta, states } = told.right;
  const start = typeof meta['start'] === 'number' ? meta['start'] : 0;
  let state = system.initial[start];
  if (state === undefined) return E.left(`#meta.start: ${system.name} has no initial state ${start}`);
  const choices: number[] = [];
  for (const [i, { action: taken, choice: chosen, ...after }] of states.entries()) {
    if (i === 0) continue;
    const before = state;
    const possible: readonly A[] = system.actions(state);
    const asked = JSON.stringify(toValue(taken));
    // Actions of the same words may differ in where they leave things, as two copies of one message do: the state after tells.
    const alike = [...possible.keys()].filter((index) => JSON.stringify(toValue(possible[index])) === asked);
    const leadsOn = (index: number): boolean => textOf(variablesOf(system.step(before, possible[index]!))) === textOf(after);
    const choice = typeof chosen === 'number' ? chosen : ((alike.length > 1 ? alike.find(leadsOn) : undefined) ?? alike[0] ?? NONE);
    const action = possible[choice];
    if (action === undefined) return E.left(`states[${i}]: ${asked} is not what may happen there`);
    choices.push(choice);
    state = system.step(state, action);
  }
  return E.right({ start, choices });
};

/** A state as the variables of its step. */
const variablesOf = (state: unknown): Readonly<Record<string, unknown>> => (fieldsOf(state) === undefined ? { state } : (state as Readonly<Record<string, unknown>>));

const textOf = (variables: Readonly<Record<string, unknown>>): string => JSON.stringify(toItf({ meta: {}, states: [variables] }));

/** The fields of a record; of what is none, `undefined`. Names that we need ourselves make it none. */
const fieldsOf = (state: unknown): readonly string[] | undefined => {
  if (typeof state !== 'object' || state === null || Object.getPrototypeOf(state) !== Object.prototype) return undefined;
  const names = Object.keys(state);
  return names.some((name) => name === 'action' || name === 'choice' || name.startsWith('#')) ? undefined : names;
};
