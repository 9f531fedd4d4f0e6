/** The one shape that every machine has: a pure function `(state, event) => Step<state, effect>`. */

/** What one event does to a machine: its next state, and the effects that the world must carry out, in order. */
export type Step<S, E> = readonly [state: S, effects: readonly E[]];

/** A step to `state` with the given effects. A refused event returns the same state and no effect. */
export const step = <S, E>(state: S, ...effects: readonly E[]): Step<S, E> => [state, effects];

/**
 * States that are like others but for some fields: `changed(state, { next })` is `{ ...state, next }`, where `changed` is
 * `changing` of a function that copies a state field by field. A machine that spreads one state into the next for ever costs
 * ten times as much: V8 makes a new shape of object at every place that spreads, until it gives up and looks every field up.
 */
export const changing =
  <S extends object>(copy: (state: S) => S) =>
  (state: S, change: Partial<S>): S =>
    Object.assign(copy(state), change);
