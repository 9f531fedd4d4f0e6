/** How a property is run: what it prints when it fails is all that is needed to see it fail again. */

import * as fc from 'fast-check';
import { expect, it } from 'vitest';

/** What violates a clause; empty if it holds. */
export type Violations = readonly string[];
/** Clauses by title. */
export type Clauses<F> = Readonly<Record<string, (facts: F) => Violations>>;

const seed = process.env.PROPERTY_SEED;
const path = process.env.PROPERTY_PATH;

/** Seed and path of a replay, where the environment names them. */
export const replayed = <T>(parameters: fc.Parameters<T> = {}): fc.Parameters<T> => ({
  ...parameters,
  ...(seed === undefined ? {} : { seed: Number(seed) }),
  ...(path === undefined ? {} : { path, endOnFailure: true }),
});

/** A failure as a person wants to read it. */
const report = <T>(clause: string, details: fc.RunDetails<T>, violations: Violations, shown: (found: T) => string, counterexample: T): string =>
  [
    clause,
    ...violations.slice(0, 5).map((violation) => `  ${violation}`),
    ...(violations.length > 5 ? [`  and ${violations.length - 5} more`] : []),
    `counterexample, shrunk ${details.numShrinks} times: ${shown(counterexample)}`,
    `replay: PROPERTY_SEED=${details.seed} PROPERTY_PATH=${details.counterexamplePath ?? ''} npm run -s properties -- -t ${JSON.stringify(clause)}`,
  ].join('\n');

/**
 * One test per clause over one set of runs. `factsOf` may be costly: it is called once per sample, however many clauses
 * there are. A counterexample is shrunk for the clauses that it violates.
 */
export const always = <T, F>(
  arbitrary: fc.Arbitrary<T>,
  factsOf: (sample: T) => F,
  clauses: Clauses<F>,
  parameters: fc.Parameters<[T]> & { readonly shown?: (sample: T) => string } = {},
): void => {
  const { shown = fc.stringify, ...rest } = parameters;
  const violated = (facts: F): readonly (readonly [string, Violations])[] =>
    Object.entries(clauses)
      .map(([clause, violationsIn]) => [clause, violationsIn(facts)] as const)
      .filter(([, violations]) => violations.length > 0);

  let details: fc.RunDetails<[T]> | undefined;
  const checked = (): fc.RunDetails<[T]> =>
    (details ??= fc.check(
      fc.property(arbitrary, (sample) => violated(factsOf(sample)).length === 0),
      replayed(rest),
    ));

  for (const clause of Object.keys(clauses))
    it(clause, () => {
      const found = checked();
      if (!found.failed) return;
      if (found.counterexample === null) throw new Error(`${clause}: ${String(found.errorInstance)}`);
      const [sample] = found.counterexample;
      // What throws violates every clause: no facts, no proof.
      const violations = new Map(found.errorInstance instanceof Error && !isPlainFailure(found) ? [[clause, [String(found.errorInstance)]]] : violated(factsOf(sample)));
      expect.soft(violations.size, 'some clause is violated').toBeGreaterThan(0);
      const own = violations.get(clause);
      if (own !== undefined) throw new Error(report(clause, found as fc.RunDetails<unknown>, own, () => shown(sample), sample));
    });
};

const isPlainFailure = <T>({ errorInstance }: fc.RunDetails<T>): boolean =>
  errorInstance instanceof Error && errorInstance.message.startsWith('Property failed by returning false');

/** Whether a broken machine is caught: some sample violates some clause. */
export const isCaught = <T, F>(arbitrary: fc.Arbitrary<T>, factsOf: (sample: T) => F, clauses: Clauses<F>, numRuns: number): boolean =>
  fc.check(
    fc.property(arbitrary, (sample) => {
      const facts = factsOf(sample);
      return Object.values(clauses).every((violationsIn) => violationsIn(facts).length === 0);
    }),
    { numRuns, endOnFailure: true, seed: 1 },
  ).failed;
