/** What the properties are worth: every deliberate mistake is found out, and what only looks like one is not. */

import type * as fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import * as Consensus from '../spec/consensus.js';
import { clausesOfRuns } from './arbitraries/clauses.js';
import { duel, hasty, narrow, played, schedule } from './arbitraries/consensus.js';
import { CONTROLS, MISTAKES } from './arbitraries/mutants.js';
import { calm, crowded, rough, run, type Change, type Plan, type Told } from './arbitraries/world.js';
import { caught, type Catch, type Clauses } from './check.js';

/** Looks for what is wrong with a world, in so many runs. */
type Look = (change: Change, numRuns: number) => Catch | undefined;

const inWorlds =
  (plans: fc.Arbitrary<Plan>, setting: Change, clauses: Clauses<Told>): Look =>
  (change, numRuns) =>
    caught(plans, (plan) => ({ plan, ran: run(plan, (world) => change(setting(world))) }), clauses, numRuns);

const brief: Change = (world) => ({ ...world, limit: 6000 });
const aboutConsensus = Object.fromEntries(Object.entries(clausesOfRuns).filter(([clause]) => clause.startsWith('CON')));

const LOOKS = {
  calm: inWorlds(calm, brief, clausesOfRuns),
  rough: inWorlds(rough, brief, clausesOfRuns),
  crowded: inWorlds(crowded, brief, clausesOfRuns),
  duel: inWorlds(duel, hasty, aboutConsensus),
  schedule: (change, numRuns) => caught(schedule, (moves) => played(moves, change), Consensus.clauses, numRuns, narrow),
} as const satisfies Readonly<Record<string, Look>>;

type Place = keyof typeof LOOKS;

/** Where a mistake is looked for, and how often. */
const searchFor = (mutant: string): readonly (readonly [Place, number])[] => {
  if (/^(PX05|RP11|RP12|AD05|MR|PS|BT)/.test(mutant)) return [['calm', 60], ['rough', 60]];
  if (/^(OP|CL)/.test(mutant)) return [['crowded', 200]];
  return [['schedule', 3000], ['duel', 250]];
};

const found: { readonly mistake: string; readonly 'caught in': Place; readonly runs: number; readonly by: string }[] = [];

describe('is caught:', () => {
  for (const [mutant, change] of Object.entries(MISTAKES))
    it(mutant, () => {
      for (const [place, numRuns] of searchFor(mutant)) {
        const by = LOOKS[place](change, numRuns);
        if (by === undefined) continue;
        found.push({ mistake: mutant, 'caught in': place, runs: by.samples, by: [...new Set(by.clauses.map((clause) => /^\w+-\d+/.exec(clause)?.[0]))].join(' ') });
        return;
      }
      expect.unreachable(`nothing was wrong in ${searchFor(mutant).map(([place, numRuns]) => `${numRuns} runs of ${place}`).join(' and ')}`);
    });

  afterAll(() => console.table(found));
});

describe('is no mistake, and survives:', () => {
  const survives = (change: Change, numRuns: number): void => {
    for (const place of ['calm', 'rough', 'crowded', 'duel'] as const) expect(LOOKS[place](change, numRuns)).toBeUndefined();
    expect(LOOKS.schedule(change, 50 * numRuns)).toBeUndefined();
  };

  for (const [control, change] of Object.entries(CONTROLS)) it(control, () => survives(change, 15));

  it('the machines as they are', () => survives((world) => world, 25));
});
