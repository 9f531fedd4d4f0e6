/**
 * A mutant is a machine with one deliberate mistake. Judges look at what comes of it, over many samples, and say which
 * clauses it violates: a clause is worth what it catches.
 */

import * as fc from 'fast-check';
import type { Clauses } from '../check.js';

/** What a judge tries a mistake on, and what it asks of what comes of it. */
export type Court<Mistake, Sample, Facts> = {
  readonly judge: string;
  readonly samples: fc.Arbitrary<Sample>;
  /** Tried before all others. */
  readonly first?: readonly Sample[];
  readonly numRuns: number;
  readonly factsOf: (mistake: Mistake, sample: Sample) => Facts;
  readonly clauses: Clauses<Facts>;
  /** How long a sample is, in `unit`s. */
  readonly lengthOf: (sample: Sample) => number;
  readonly unit: string;
  /** How a sample that is made of lists is shortened, in place of what its arbitrary would make of it. */
  readonly shorten?: readonly Shortening<Sample, Mistake>[];
};

/** Shortens a sample for which `holds` fails, by asking it of others. The last one that failed is the shortest. */
type Shortening<Sample, Mistake = unknown> = (sample: Sample, holds: (sample: Sample) => boolean, mistake: Mistake) => void;

/** How much is done about a mistake. Whatever ends first ends the search. */
export type Effort = {
  readonly seconds: number;
  /** Part of the samples of a court that are tried at most. */
  readonly share: number;
  /** How long a sample that violates a clause may be shortened, seconds; 0 leaves it as it is. */
  readonly shrinking: number;
};

/** A mistake that was found out by one judge. */
export type Kill = {
  readonly judge: string;
  /** What the first sample violated. */
  readonly clauses: readonly string[];
  readonly samples: number;
  readonly seconds: number;
  readonly length: number;
  readonly unit: string;
};

export type Search = { readonly samples: number; readonly kill: Kill | undefined };

/** One judge's look at one mistake. */
export type Look = {
  readonly judge: string;
  readonly clauses: readonly string[];
  /** Up to the first sample that violates a clause. */
  readonly search: (effort: Effort) => Search;
  /** The shortest sample of all that violates a clause, where every one can be tried. */
  readonly shortest?: (seconds: number) => Kill | undefined;
  /** All clauses that are violated by some sample. */
  readonly survey: (effort: Pick<Effort, 'seconds' | 'share'>) => readonly string[];
};

/** What judges a mistake of this kind. */
export type Judge<Mistake> = (mistake: Mistake) => Look;

export type Mutant = { readonly id: string; readonly mistake: string; readonly looks: readonly Look[] };

/** What a machine that throws has violated. No machine may, whatever it is told. */
export const THROWN = 'nothing is thrown';

export const mutant = (id: string, mistake: string, ...looks: readonly Look[]): Mutant => ({ id, mistake, looks });

/** What several judges think of a mistake. */
export const before = <Mistake>(judges: readonly Judge<Mistake>[], mistake: Mistake): readonly Look[] => judges.map((judge) => judge(mistake));

const SEED = 1;

const secondsSince = (time: number): number => (performance.now() - time) / 1000;

export const judgeOf =
  <Mistake, Sample, Facts>(court: Court<Mistake, Sample, Facts>): Judge<Mistake> =>
  (mistake) => {
    const violatedBy = (sample: Sample): readonly string[] => violatedIn(court.clauses, () => court.factsOf(mistake, sample));
    return {
      judge: court.judge,
      clauses: Object.keys(court.clauses),
      search: (effort) => search(court, mistake, violatedBy, effort),
      survey: ({ seconds, share }) => {
        const began = performance.now();
        const violated = new Set<string>();
        const samples = fc.sample(court.samples, { numRuns: runsOf(court, share), seed: SEED });
        for (const sample of [...(court.first ?? []), ...samples]) {
          for (const clause of violatedBy(sample)) violated.add(clause);
          if (secondsSince(began) > seconds) break;
        }
        return [...violated];
      },
    };
  };

const runsOf = ({ numRuns }: { readonly numRuns: number }, share: number): number => Math.max(1, Math.round(numRuns * share));

const violatedIn = <F>(clauses: Clauses<F>, factsOf: () => F): readonly string[] => {
  try {
    const facts = factsOf();
    return Object.entries(clauses).flatMap(([clause, violationsIn]) => (violationsIn(facts).length > 0 ? [clause] : []));
  } catch {
    return [THROWN];
  }
};

const search = <M, T, F>(court: Court<M, T, F>, mistake: M, violatedBy: (sample: T) => readonly string[], { seconds, share, shrinking }: Effort): Search => {
  const began = performance.now();
  let samples = 0;
  let failed: { readonly at: number; readonly clauses: readonly string[] } | undefined;
  let shortest: T | undefined;

  const holds = (sample: T): boolean => {
    if (failed === undefined ? secondsSince(began) > seconds : secondsSince(failed.at) > shrinking) return true;
    if (failed === undefined) samples += 1;
    const clauses = violatedBy(sample);
    if (clauses.length === 0) return true;
    failed ??= { at: performance.now(), clauses };
    // A shorter sample must show the same mistake: not any clause will do.
    if (!clauses.some((clause) => failed?.clauses.includes(clause))) return true;
    shortest = sample;
    return false;
  };
  fc.check(fc.property(court.samples, holds), {
    seed: SEED,
    numRuns: runsOf(court, share),
    examples: (court.first ?? []).map((sample): [T] => [sample]),
    endOnFailure: shrinking === 0 || court.shorten !== undefined,
  });
  const violation = failed as { readonly at: number; readonly clauses: readonly string[] } | undefined;
  if (violation === undefined || shortest === undefined) return { samples, kill: undefined };

  if (shrinking > 0) for (const shorten of court.shorten ?? []) shorten(shortest, holds, mistake);
  const { judge, lengthOf, unit } = court;
  return { samples, kill: { judge, clauses: violation.clauses, samples, seconds: (violation.at - began) / 1000, length: lengthOf(shortest), unit } };
};

/** Leaves out some items of a list in the sample. */
export const byLeavingOut =
  <Sample, Item>(listIn: (sample: Sample) => readonly Item[], withList: (sample: Sample, items: readonly Item[]) => Sample): Shortening<Sample> =>
  (sample, holds) => {
    const items = listIn(sample);
    if (items.length === 0) return;
    const fewer = fc.array(fc.noShrink(fc.constantFrom(...items)), { maxLength: items.length, size: 'max' });
    fc.check(fc.property(fewer, (left) => holds(withList(sample, left))), { seed: SEED, numRuns: 1, examples: [[[...items]]] });
  };

/** Leaves out some items of a sample that is a list. */
export const leavingOut = <Item>(sample: readonly Item[], holds: (sample: readonly Item[]) => boolean): void =>
  byLeavingOut((items: readonly Item[]) => items, (_, left) => left)(sample, holds, undefined);
