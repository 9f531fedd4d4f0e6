/**
 * What can be explored: a machine, or many of them, in a bounded world.
 *
 * A system says where it may start, what may happen in a state, and what a state becomes by it. States are values: `step`
 * leaves the one that it is given as it was. A search asks for nothing else; what must hold comes as clauses.
 */

import type { Sink } from './fingerprint.js';

export interface System<S, A extends Action> {
  readonly name: string;
  /** Where a run may start. */
  readonly initial: readonly S[];
  /** Everything that may happen in a state, in an order that depends on the state alone. Nothing: a run ends here. */
  readonly actions: (state: S) => readonly A[];
  /** What a state becomes. */
  readonly step: (state: S, action: A) => S;
  readonly clauses: Clauses<S, A>;
  /** What tells two states apart, if not all that is in them. */
  readonly encode?: (state: S, sink: Sink) => void;
  /** What happens, in words: a line of a counterexample. */
  readonly say?: (action: A, before: S, after: S) => string;
  /** What two actions have in common when one may stand for the other, as where a run is made shorter. */
  readonly likeness?: (action: A) => string;
  /** What may be renamed without any difference. */
  readonly symmetry?: Symmetry<S>;
  /**
   * Whether an action that may happen now may as well happen first: it commutes with all else that may happen until it does,
   * is not prevented by it, no clause sees it, and actions of this kind alone cannot go on for ever. A search that is asked
   * to reduce tries nothing else where there is one: a persistent set of one action (Godefroid 1996). No cycle consists of
   * such actions, so that nothing is put off for ever.
   */
  readonly isFree?: (state: S, action: A) => boolean;
  /**
   * The types of actions that are not put off for ever while they may happen (weak fairness). Clauses on what happens
   * *eventually* are judged under it, and under the assumption that a run goes on while anything may happen.
   */
  readonly fair?: readonly string[];
}

/** What happens, by its type. Reports count actions by their types. */
export type Action = { readonly type: string };

/** What must hold, each clause by its title. */
export type Clauses<S, A = unknown> = {
  /** In every state. */
  readonly always?: Readonly<Record<string, Always<S>>>;
  /** Of every single step. */
  readonly stepwise?: Readonly<Record<string, (before: S, after: S, action: A) => boolean>>;
  /** In some state at least: else what is always so may mean little. */
  readonly sometimes?: Readonly<Record<string, (state: S) => boolean>>;
  /** Sooner or later in every run. */
  readonly eventually?: Readonly<Record<string, (state: S) => boolean>>;
};

/** A predicate, or one that says something only of states where `when` is so: a report tells how many there were. */
export type Always<S> = ((state: S) => boolean) | { readonly when: (state: S) => boolean; readonly holds: (state: S) => boolean };

/** Parts 0 .. `size` - 1 of a state that are alike: whatever may happen to one may happen to another. */
export type Symmetry<S> = {
  readonly size: number;
  /** The state in which part i is what part `from[i]` was, wherever it occurs. */
  readonly permute: (state: S, from: readonly number[]) => S;
  /** A number that goes with part i wherever it is renamed to. The more it tells apart, the faster. */
  readonly signature?: (state: S, part: number) => number;
};
