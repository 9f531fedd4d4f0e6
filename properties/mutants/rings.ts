/** Judges of three acceptors without a clock: the world of `psmr explore ring`, walked at random, or searched in full. */

import * as fc from 'fast-check';
import { explore } from '../../src/check/explore/explore.js';
import { judge } from '../../src/check/explore/judge.js';
import type { Run } from '../../src/check/explore/run.js';
import { breachIn, shorter } from '../../src/check/explore/walk.js';
import type { RingBounds, RingDeed, RingSystem, RingWorld } from '../../src/models/ring.js';
import { ringWith, walkOf } from '../arbitraries/consensus.js';
import type { Change } from '../arbitraries/world.js';
import type { Clauses } from '../check.js';
import { judgeOf, type Judge, type Kill } from './mutant.js';

type RingRun = Run<RingWorld, RingDeed>;

/** A run, or the seed that it follows from. */
type Walk = { readonly seed: number } | { readonly run: RingRun };

const runIn = (system: RingSystem, walk: Walk): RingRun => ('run' in walk ? walk.run : walkOf(system, walk.seed));

const systems = new WeakMap<Change, RingSystem>();

/** The ring with a mistake, made once. */
const systemWith = (change: Change): RingSystem => {
  const known = systems.get(change) ?? ringWith(change);
  systems.set(change, known);
  return known;
};

type Found = { readonly clauses: ReadonlySet<string>; readonly run: RingRun };

/** What the first state or step that is wrong violates, and the run up to there. */
const foundIn = (system: RingSystem, run: RingRun): Found | undefined => {
  const asked = judge(system.clauses);
  const broken = breachIn(asked, run);
  return broken && { clauses: new Set(asked.breaches.map(({ clause }) => clause)), run: broken.run };
};

const { always = {}, stepwise = {} } = ringWith().clauses;
const TITLES = [...Object.keys(always), ...Object.keys(stepwise)];

const clauses: Clauses<Found | undefined> = Object.fromEntries(TITLES.map((title) => [title, (found: Found | undefined) => (found?.clauses.has(title) === true ? [title] : [])]));

const byWalkingFrom = judgeOf<Change, Walk, Found | undefined>({
  judge: 'walk',
  samples: fc.nat().map((seed): Walk => ({ seed })),
  numRuns: 20_000,
  clauses,
  factsOf: (change, walk) => foundIn(systemWith(change), runIn(systemWith(change), walk)),
  lengthOf: (walk) => ('run' in walk ? walk.run.strides.length : Infinity),
  unit: 'moves',
  shorten: [
    (walk, holds, change) => {
      const system = systemWith(change);
      const isBroken = (run: RingRun): boolean => !holds({ run });
      let best: RingRun | undefined = foundIn(system, runIn(system, walk))?.run;
      for (let better = best; better !== undefined; ) {
        best = better;
        better = undefined;
        if (!isBroken(best)) return;
        for (const candidate of shorter(system, best))
          if (candidate.strides.length < best.strides.length && isBroken(candidate)) {
            better = foundIn(system, candidate)?.run;
            break;
          }
      }
    },
  ],
});

/** Random walks, those that are wrong made as short as they go; and the shortest run of all, for comparison. */
export const byWalking: Judge<Change> = (change) => ({ ...byWalkingFrom(change), shortest: (seconds) => shortestOf(change, seconds) });

/** Worlds to be searched in full, each with more in it than the last. */
const WORLDS: readonly RingBounds[] = [
  { inputs: 2, timers: 1, impatient: [2], isTerse: true },
  { inputs: 2, timers: 1, crashes: 1, impatient: [2], isTerse: true },
  { inputs: 2, timers: 2, impatient: [1, 2], isTerse: true },
  { inputs: 2, timers: 3, isTerse: true },
];

/** The shortest run of all, in the smallest of these worlds that shows the mistake. */
const shortestOf = (change: Change, seconds: number): Kill | undefined => {
  const began = performance.now();
  const elapsed = (): number => (performance.now() - began) / 1000;
  let samples = 0;
  for (const bounds of WORLDS) {
    const search = explore(ringWith(change, bounds));
    while (search.advance(500) && elapsed() < seconds);
    const { distinct, breaches } = search.outcome();
    samples += distinct;
    const [first] = breaches;
    if (first === undefined) continue;
    const length = search.wayTo(first.state).length - (first.kind === 'stepwise' ? 0 : 1);
    const violated = breaches.filter(({ state, kind }) => state === first.state && kind === first.kind).map(({ clause }) => clause);
    return { judge: 'explorer', clauses: violated, samples, seconds: elapsed(), length, unit: 'moves' };
  }
  return undefined;
};
