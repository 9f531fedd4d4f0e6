/** What a search has found, as data: what was looked at, how often each thing happened, and a story for whatever is wrong. */

import type { Found, Outcome } from './explore.js';
import type { Kind } from './judge.js';
import { keptOf, runAround, runTo, storyOf, type Kept, type Run } from './run.js';
import type { Action, System } from './system.js';

/** Why a search ended: by itself, or because whoever drove it would not wait. */
export type End = 'complete' | 'violation' | 'depth' | 'states' | Stop;
export type Stop = 'time' | 'interrupted';

export type Violation = {
  readonly clause: string;
  readonly kind: Kind;
  /** States of the run, the first one included; 0 for what never happened. */
  readonly depth: number;
  /** What happens, from state to state; for a run that goes round, up to where it is back. */
  readonly story: readonly string[];
  /** The place in the story to which a run that goes round comes back, from 0. */
  readonly backTo: number | null;
  readonly kept: Kept | null;
};

export type Report = {
  readonly model: string;
  readonly end: End;
  /** Whether every state was looked beyond. */
  readonly complete: boolean;
  readonly distinct: number;
  readonly generated: number;
  readonly depth: number;
  readonly outDegree: { readonly least: number; readonly mean: number; readonly most: number };
  readonly seconds: number;
  readonly statesPerSecond: number;
  /** The chance that some state was taken for another one because their fingerprints are the same. */
  readonly collision: number;
  /** What is kept of each state, without the frontier. */
  readonly bytesPerState: number;
  readonly actions: Readonly<Record<string, { readonly possible: number; readonly taken: number; readonly fresh: number }>>;
  readonly clauses: Readonly<Record<string, { readonly kind: Kind; readonly asked: number; readonly applied: number; readonly held: number }>>;
  /** The types of actions that are assumed not to be put off for ever. */
  readonly fair: readonly string[];
  readonly violations: readonly Violation[];
};

/** The report of a search that took so long, and was stopped for this reason if it did not end by itself. */
export const reportOf = <S, A extends Action>(system: System<S, A>, outcome: Outcome, ways: Found<S>, seconds: number, stop: Stop = 'interrupted'): Report => {
  const { distinct, generated, depth, outDegree, collision, end, bytes } = outcome;
  const violations = violationsIn(system, ways, outcome);
  return {
    model: system.name,
    end: end === 'unfinished' ? stop : end,
    complete: end === 'complete',
    distinct,
    generated,
    depth,
    outDegree,
    seconds,
    statesPerSecond: seconds > 0 ? Math.round(distinct / seconds) : 0,
    collision,
    bytesPerState: distinct === 0 ? 0 : Math.round(bytes / distinct),
    actions: Object.fromEntries([...outcome.actions].map(([type, { possible, taken, fresh }]) => [type, { possible, taken, fresh }])),
    clauses: Object.fromEntries([...outcome.clauses].map(([clause, count]) => [clause, { ...count }])),
    fair: system.fair ?? [],
    violations,
  };
};

const violationsIn = <S, A extends Action>(system: System<S, A>, { wayTo, wordOf, fingerprintOf }: Found<S>, { breaches, lassos, unseen }: Outcome): readonly Violation[] => {
  const told = (clause: string, kind: Kind, run: Run<S, A>, backTo: number | null = null): Violation => {
    const story = storyOf(system, run);
    return { clause, kind, depth: story.length, story, backTo, kept: keptOf(run) };
  };
  // Every thread notes the first breach of a clause that it finds; the one that is told is the nearest.
  const nearest = breaches.toSorted((a, b) => wayTo(a.state).length - wayTo(b.state).length);
  const first = nearest.filter(({ clause }, i) => nearest.findIndex((other) => other.clause === clause) === i);
  return [
    ...first.map((breach) => told(breach.clause, breach.kind, runTo(system, { wayTo, fingerprintOf }, breach))),
    ...lassos.map(({ clause, way, cycle }) => {
      const around = runAround(system, fingerprintOf, way.map(wordOf), cycle.map(wordOf));
      return told(clause, 'eventually', around.run, cycle.length === 0 ? null : around.from);
    }),
    ...unseen.map((clause): Violation => ({ clause, kind: 'sometimes', depth: 0, story: [], backTo: null, kept: null })),
  ];
};
