/**
 * Random runs: where a system is too large to be searched, one of the things that may happen is drawn in every state. A run
 * that breaks a clause is made shorter by leaving out what it did not need.
 */

import { pipe } from 'fp-ts/lib/function.js';
import * as RR from 'fp-ts/lib/ReadonlyRecord.js';
import { explore } from './explore.js';
import { fingerprinter, type Sink } from './fingerprint.js';
import type { Breach, Judge } from './judge.js';
import { runTo, type Run, type Stride } from './run.js';
import type { Action, System } from './system.js';

/** How likely an action is to be drawn, beside others; 1 unless said otherwise. */
export type Weights<S, A> = (action: A, state: S) => number;

/** A run of up to `length` steps. `chance` gives numbers from 0 to 1. */
export const randomRun = <S, A extends Action>(
  system: System<S, A>,
  chance: () => number,
  length: number,
  weightOf: Weights<S, A> = () => 1,
): Run<S, A> => {
  const start = Math.floor(chance() * system.initial.length);
  const first = system.initial[start]!;
  const strides: Stride<S, A>[] = [];
  for (let before: S = first; strides.length < length; before = strides.at(-1)!.after) {
    const possible = system.actions(before);
    if (possible.length === 0) break;
    const choice = drawn(possible.map((action) => weightOf(action, before)), chance());
    const action = possible[choice]!;
    strides.push({ before, action, choice, after: system.step(before, action) });
  }
  return { start, first, strides };
};

const drawn = (weights: readonly number[], luck: number): number => {
  let left = luck * weights.reduce((sum, weight) => sum + weight, 0);
  const choice = weights.findIndex((weight) => (left -= weight) < 0);
  return choice < 0 ? weights.length - 1 : choice;
};

/** The first breach of a run by a clause on states or steps, and the run up to there. The judge has found nothing before. */
export const breachIn = <S, A extends Action>(asked: Judge<S, A>, run: Run<S, A>): { readonly breach: Breach; readonly run: Run<S, A> } | undefined => {
  const known = asked.breaches.length;
  const brokenAfter = (count: number) => ({ breach: asked.breaches[known]!, run: { ...run, strides: run.strides.slice(0, count) } });
  if (!asked.ofState(run.first, 0)) return brokenAfter(0);
  for (const [i, { before, after, action }] of run.strides.entries()) {
    const isKept = asked.ofStep(before, after, action, i);
    if (!asked.ofState(after, i + 1) || !isKept) return brokenAfter(i + 1);
  }
  return undefined;
};

/**
 * The run in which the same things happen, as far as they may, but for those from place `from` to, not including, `to`. What
 * may no longer happen is left out as well.
 */
export const without = <S, A extends Action>(system: System<S, A>, run: Run<S, A>, from: number, to: number): Run<S, A> => {
  const kept = { ...run, strides: run.strides.slice(0, from) };
  return continued(system, kept, run.strides.slice(to).map(({ action }) => action));
};

/** The run goes on with these actions, as far as they are possible. */
const continued = <S, A extends Action>(system: System<S, A>, run: Run<S, A>, actions: readonly A[]): Run<S, A> => {
  const strides = [...run.strides];
  for (const wanted of actions) {
    const before = strides.at(-1)?.after ?? run.first;
    const possible = system.actions(before);
    const choice = placeOf(system, wanted, possible);
    const action = possible[choice];
    if (action !== undefined) strides.push({ before, action, choice, after: system.step(before, action) });
  }
  return { ...run, strides };
};

/** Where the same action is possible, else one that is like it: without what came before, a ballot may have another number. */
const placeOf = <S, A extends Action>({ likeness }: System<S, A>, action: A, possible: readonly A[]): number => {
  const same = possible.indexOf(action);
  if (same >= 0) return same;
  const name = nameOf(action);
  const equal = possible.findIndex((one) => one.type === action.type && nameOf(one) === name);
  if (equal >= 0 || likeness === undefined) return equal;
  const like = likeness(action);
  return possible.findIndex((one) => likeness(one) === like);
};

const fingerprintOf = fingerprinter<unknown>((action, sink) => (typeof action === 'object' && action !== null ? sink.known(action) : sink.value(action)));
const nameOf = (action: Action): string => fingerprintOf(action).join();

/**
 * Shorter runs to try in the place of this one: without half of it, a quarter of it, and so on down to single steps; at last
 * the shortest run that breaks a clause and in which no more happens than in this one, in whatever order.
 */
export function* shorter<S, A extends Action>(system: System<S, A>, run: Run<S, A>): Generator<Run<S, A>> {
  const { length } = run.strides;
  for (let size = length >> 1; size >= 1; size >>= 1) for (let at = length; at > 0; at -= size) yield without(system, run, Math.max(0, at - size), at);
  yield* rearranged(system, run);
}

/** The shortest run that this one leads to by leaving out, again and again, whatever leaves it broken. */
export const shortest = <S, A extends Action>(system: System<S, A>, broken: Run<S, A>, whyBroken: (run: Run<S, A>) => Run<S, A> | undefined): Run<S, A> => {
  let best = whyBroken(broken) ?? broken;
  for (;;) {
    let better: Run<S, A> | undefined;
    for (const candidate of shorter(system, best)) {
      better = whyBroken(candidate);
      if (better !== undefined) break;
    }
    if (better === undefined) return best;
    best = better;
  }
};

/** How many states are looked at for a shorter run in which the same things happen in another order. */
const REARRANGEMENTS = 30_000;

/** A search among all that can be made of what happens in a run. */
function* rearranged<S, A extends Action>(system: System<S, A>, run: Run<S, A>): Generator<Run<S, A>> {
  const { likeness = nameOf, encode = (state: S, sink: Sink) => sink.value(state) } = system;
  const counts = new Map<string, number>();
  for (const { action } of run.strides) counts.set(likeness(action), (counts.get(likeness(action)) ?? 0) + 1);
  const names = [...counts.keys()];
  const { always = {}, stepwise = {} } = system.clauses;
  type Confined = { readonly state: S; readonly left: readonly number[] };
  const inState = (predicate: (state: S) => boolean) => ({ state }: Confined): boolean => predicate(state);

  const confined: System<Confined, A> = {
    name: system.name,
    initial: [{ state: run.first, left: [...counts.values()] }],
    actions: ({ state, left }) => system.actions(state).filter((action) => (left[names.indexOf(likeness(action))] ?? 0) > 0),
    step: ({ state, left }, action) => {
      const at = names.indexOf(likeness(action));
      return { state: system.step(state, action), left: left.with(at, left[at]! - 1) };
    },
    encode: ({ state, left }, sink) => {
      encode(state, sink);
      left.forEach(sink.word);
    },
    clauses: {
      always: pipe(always, RR.map((clause) => (typeof clause === 'function' ? inState(clause) : { when: inState(clause.when), holds: inState(clause.holds) }))),
      stepwise: pipe(stepwise, RR.map((holds) => (before: Confined, after: Confined, action: A) => holds(before.state, after.state, action))),
    },
  };
  const search = explore(confined, { maxDepth: run.strides.length, maxStates: REARRANGEMENTS });
  while (search.advance(REARRANGEMENTS));
  const [breach] = search.outcome().breaches;
  if (breach === undefined) return;
  yield continued(system, { ...run, strides: [] }, runTo(confined, search, breach).strides.map(({ action }) => action));
}
