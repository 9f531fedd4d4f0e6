/** The one shape that every machine has: a pure function `(state, event) => Step<state, effect>`. */

/** What one event does to a machine: its next state, and the effects that the world must carry out, in order. */
export type Step<S, E> = readonly [state: S, effects: readonly E[]];

/** A step to `state` with the given effects. A refused event returns the same state and no effect. */
export const step = <S, E>(state: S, ...effects: readonly E[]): Step<S, E> => [state, effects];
