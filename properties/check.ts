/** How a property is run: what it prints when it fails is all that is needed to see it fail again. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Step } from '../src/step.js';

/** What violates a clause; empty if it holds. */
export type Violations = readonly string[];
/** Clauses by title. */
export type Clauses<F> = Readonly<Record<string, (facts: F) => Violations>>;

/** Clauses over facts, asked of what holds such facts. */
export const over = <F, G>(clauses: Clauses<F>, factsIn: (whole: G) => F): Clauses<G> =>
  Object.fromEntries(Object.entries(clauses).map(([clause, violationsIn]) => [clause, (whole: G) => violationsIn(factsIn(whole))]));

export type Parameters<T> = {
  readonly numRuns?: number;
  readonly shown?: (sample: T) => string;
  /** The sample as JSON, where a failure is worth keeping among the regressions. */
  readonly kept?: (sample: T) => unknown;
};

/** Where failures that were found once are kept, to be replayed first. */
export const REGRESSIONS = resolve(import.meta.dirname, '../traces/regressions');

/** Shrinking a failure is cut short after so long, ms. */
const LONGEST_SHRINKING = 20_000;

const { PROPERTY_SEED: seed, PROPERTY_PATH: path, PROPERTY_KEEP: keep, PROPERTY_BRIEF: brief } = process.env;

/** Whether the machine under test is a mutant: it must only be found out, soon, and by the test that tells it something. */
const isBrief = brief === '1';

/** The most runs of a property then, of those that have many. */
const BRIEF = 200;

/** Seed and path of a replay, where the environment names them. */
export const replayed = <T>(parameters: fc.Parameters<T> = {}): fc.Parameters<T> => ({
  ...parameters,
  ...(isBrief ? { endOnFailure: true } : {}),
  ...(seed === undefined ? {} : { seed: Number(seed) }),
  ...(path === undefined ? {} : { path, endOnFailure: true }),
});

/**
 * One test per clause over one set of runs. `factsOf` may be costly: it is called once per sample, however many clauses
 * there are. A counterexample is shrunk for the clauses that it violates.
 */
export const always = <T, F>(
  arbitrary: fc.Arbitrary<T>,
  factsOf: (sample: T) => F,
  clauses: Clauses<F>,
  { numRuns, shown = fc.stringify, kept }: Parameters<T> = {},
): void => {
  let found: Found<T> | undefined;
  const search = (): Found<T> => (found ??= failureIn(arbitrary, (sample) => violated(clauses, () => factsOf(sample)), numRuns));

  if (isBrief) {
    it('every clause', () => expect(search().details.failed).toBe(false));
    return;
  }
  for (const clause of Object.keys(clauses))
    it(clause, () => {
      const { details, isCutShort } = search();
      if (details.counterexample === null) {
        if (details.failed) throw new Error(`${clause}: ${details.numSkips} samples were skipped, ${details.numRuns} were not`);
        return;
      }
      const [sample] = details.counterexample;
      const violations = violated(clauses, () => factsOf(sample)).get(clause);
      if (violations === undefined) return;
      const json = kept && JSON.stringify({ clause, seed: details.seed, path: details.counterexamplePath, found: today(), plan: kept(sample) });
      throw new Error(
        [
          clause,
          ...violations.slice(0, 5).map((violation) => `  ${violation}`),
          ...(violations.length > 5 ? [`  and ${violations.length - 5} more`] : []),
          `counterexample, shrunk ${details.numShrinks} times${isCutShort ? ' and then no further, for lack of time' : ''}: ${shown(sample)}`,
          `seed ${details.seed}, path ${details.counterexamplePath}; to see it again:`,
          `  PROPERTY_SEED=${details.seed} PROPERTY_PATH=${details.counterexamplePath} ${commandOfTest()}`,
          ...(json === undefined ? [] : [keep === '1' ? `kept in ${write(clause, details.seed, json)}` : `to keep it (PROPERTY_KEEP=1 does): ${json}`]),
        ].join('\n'),
      );
    });
};

type Found<T> = { readonly details: fc.RunDetails<[T]>; readonly isCutShort: boolean };

const failureIn = <T>(arbitrary: fc.Arbitrary<T>, violationsOf: (sample: T) => ReadonlyMap<string, Violations>, numRuns?: number): Found<T> => {
  let failedAt: number | undefined;
  let isCutShort = false;
  const holds = (sample: T): boolean => {
    if (failedAt !== undefined && Date.now() - failedAt > LONGEST_SHRINKING) {
      isCutShort = true;
      return true;
    }
    const isKept = violationsOf(sample).size === 0;
    if (!isKept) failedAt ??= Date.now();
    return isKept;
  };
  const runs = numRuns === undefined ? {} : { numRuns: isBrief ? Math.min(numRuns, BRIEF) : numRuns };
  return { details: fc.check(fc.property(arbitrary, holds), replayed(runs)), isCutShort };
};

/** The clauses that are violated. What throws violates all of them: no facts, no proof. */
const violated = <F>(clauses: Clauses<F>, factsOf: () => F): ReadonlyMap<string, Violations> => {
  try {
    const facts = factsOf();
    const all = Object.entries(clauses).map(([clause, violationsIn]) => [clause, violationsIn(facts)] as const);
    return new Map(all.filter(([, violations]) => violations.length > 0));
  } catch (error) {
    const thrown = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return new Map(Object.keys(clauses).map((clause) => [clause, [thrown]]));
  }
};

/** The steps of a machine that is told these events, one after the other. */
export type Walk<S, Ef> = readonly { readonly before: S; readonly after: S; readonly effects: readonly Ef[] }[];

export const walk = <S, Ev, Ef>(initial: S, onEvent: (state: S, event: Ev) => Step<S, Ef>, events: readonly Ev[]): Walk<S, Ef> => {
  let before = initial;
  return events.map((event) => {
    const [after, effects] = onEvent(before, event);
    const taken = { before, after, effects };
    before = after;
    return taken;
  });
};

type Invariants<S> = {
  readonly stateInvariants?: Readonly<Record<string, (state: S) => boolean>>;
  readonly stepInvariants?: Readonly<Record<string, (before: S, after: S) => boolean>>;
};

/** The invariants of a machine, as clauses over walks. */
export const invariantsOf = <S>({ stateInvariants = {}, stepInvariants = {} }: Invariants<S>): Clauses<Walk<S, unknown>> =>
  Object.fromEntries([
    ...Object.entries(stateInvariants).map(([clause, holds]) => [clause, brokenBy(({ after }: { readonly after: S }) => holds(after))] as const),
    ...Object.entries(stepInvariants).map(([clause, holds]) => [clause, brokenBy(({ before, after }: { readonly before: S; readonly after: S }) => holds(before, after))] as const),
  ]);

const brokenBy =
  <T>(holds: (taken: T) => boolean) =>
  (steps: readonly T[]): Violations =>
    steps.flatMap((taken, i) => (holds(taken) ? [] : [`step ${i + 1}: ${fc.stringify(taken)}`]));

/** What runs the test at hand, and no other, once more. */
export const commandOfTest = (): string => {
  const { currentTestName = '', testPath = '' } = expect.getState();
  const title = currentTestName.replaceAll(' > ', ' ').replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  return `npm run -s properties -- ${relative(process.cwd(), testPath)} -t '^${title.replaceAll("'", "'\\''")}$'`;
};

const write = (clause: string, failedSeed: number, json: string): string => {
  const file = join(REGRESSIONS, `${/^[\w-]+/.exec(clause)?.[0].toLowerCase() ?? 'failure'}-${failedSeed >>> 0}.json`);
  mkdirSync(REGRESSIONS, { recursive: true });
  writeFileSync(file, `${json}\n`);
  return relative(process.cwd(), file);
};

const today = (): string => new Date().toISOString().slice(0, 10);

/** A value as JSON, with the digits of a bigint. */
export const textOf = (value: unknown): string => JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each));
