/** Runs: what happened, step by step; found again from fingerprints, replayed from choices, and made shorter. */

import { fingerprinter, type Fingerprint } from './fingerprint.js';
import type { Breach } from './judge.js';
import type { Action, System } from './system.js';

/** One step of a run. `choice` is the place of the action among all that might have happened. */
export type Stride<S, A> = { readonly before: S; readonly action: A; readonly choice: number; readonly after: S };

/** A run from the initial state number `start`. */
export type Run<S, A> = { readonly start: number; readonly first: S; readonly strides: readonly Stride<S, A>[] };

/** A run as it is kept: every state and action follow from it. */
export type Kept = { readonly start: number; readonly choices: readonly number[] };

export const keptOf = <S, A>({ start, strides }: Run<S, A>): Kept => ({ start, choices: strides.map(({ choice }) => choice) });

/** The state that a run ends in. */
export const lastOf = <S, A>({ first, strides }: Run<S, A>): S => strides.at(-1)?.after ?? first;

/** The run that was kept. Throws a `RangeError` that names the step at which there is no such choice. */
export const replayed = <S, A extends Action>(system: System<S, A>, { start, choices }: Kept): Run<S, A> => {
  const first = system.initial[start];
  if (first === undefined) throw new RangeError(`${system.name} has no initial state ${start}, but ${system.initial.length} in all`);
  let before: S = first;
  const strides = choices.map((choice, i): Stride<S, A> => {
    const possible = system.actions(before);
    const action = possible[choice];
    if (action === undefined) throw new RangeError(`step ${i + 1}: choice ${choice} is not one of ${possible.length}`);
    const stride = { before, action, choice, after: system.step(before, action) };
    before = stride.after;
    return stride;
  });
  return { start, first, strides };
};

/** A fingerprint that is kept. */
export type Word = readonly [high: number, low: number];

const isAt = (fingerprint: Fingerprint, [high, low]: Word): boolean => fingerprint[0] === high && fingerprint[1] === low;

/**
 * The run along these fingerprints. Those of orbits lead along real states all the same: of the actions possible in a
 * state, one that leads into the next orbit is taken.
 */
export const runAlong = <S, A extends Action>(system: System<S, A>, fingerprintOf: (state: S) => Fingerprint, way: readonly Word[]): Run<S, A> => {
  const [root, ...others] = way;
  const start = root === undefined ? -1 : system.initial.findIndex((state) => isAt(fingerprintOf(state), root));
  const first = system.initial[start];
  if (first === undefined) throw new Error(`the way does not begin where ${system.name} does`);
  const run: Stride<S, A>[] = [];
  for (const word of others) run.push(strideTo(system, fingerprintOf, run.at(-1)?.after ?? first, word));
  return { start, first, strides: run };
};

const strideTo = <S, A extends Action>(system: System<S, A>, fingerprintOf: (state: S) => Fingerprint, before: S, word: Word): Stride<S, A> => {
  for (const [choice, action] of system.actions(before).entries()) {
    const after = system.step(before, action);
    if (isAt(fingerprintOf(after), word)) return { before, action, choice, after };
  }
  throw new Error(`a state of ${system.name} does not lead where it led before: its actions or steps do not depend on it alone`);
};

/** The run that shows a breach. Which step it is that breaks a clause, where the way ends, the clause itself says. */
export const runTo = <S, A extends Action>(
  system: System<S, A>,
  { wayTo, fingerprintOf }: { readonly wayTo: (id: number) => readonly Word[]; readonly fingerprintOf: (state: S) => Fingerprint },
  { clause, kind, state }: Breach,
): Run<S, A> => {
  const run = runAlong(system, fingerprintOf, wayTo(state));
  if (kind !== 'stepwise') return run;
  const before = lastOf(run);
  for (const [choice, action] of system.actions(before).entries()) {
    const after = system.step(before, action);
    if (system.clauses.stepwise?.[clause]?.(before, after, action) === false) return { ...run, strides: [...run.strides, { before, action, choice, after }] };
  }
  throw new Error(`no step of ${system.name} breaks '${clause}' where one did before: it does not depend on the step alone, or on the names of parts`);
};

/**
 * The run along a way and then round a cycle, until it comes back to a state where it was before: round and round, where
 * the cycle is one of orbits. `from` is the number of strides before the first state of the cycle.
 */
export const runAround = <S, A extends Action>(
  system: System<S, A>,
  fingerprintOf: (state: S) => Fingerprint,
  way: readonly Word[],
  cycle: readonly Word[],
): { readonly run: Run<S, A>; readonly from: number } => {
  const { start, first, strides } = runAlong(system, fingerprintOf, way);
  if (cycle.length === 0) return { run: { start, first, strides }, from: strides.length };
  const exact = fingerprinter(system.encode);
  const nameOf = (state: S): string => exact(state).join();
  const long = [...strides];
  const seen = new Map<string, number>();
  for (;;) {
    const here = long.at(-1)?.after ?? first;
    const from = seen.get(nameOf(here));
    if (from !== undefined) return { run: { start, first, strides: long }, from };
    seen.set(nameOf(here), long.length);
    for (const word of cycle) long.push(strideTo(system, fingerprintOf, long.at(-1)?.after ?? first, word));
  }
};

/** A run as a numbered story. States are numbered as depth counts them: the first is 1. */
export const storyOf = <S, A extends Action>({ say }: System<S, A>, { strides }: Run<S, A>): readonly string[] => [
  'where it starts',
  ...strides.map(({ action, before, after }) => say?.(action, before, after) ?? textOf(action)),
];

const textOf = (action: Action): string => JSON.stringify(action, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
