/** Whole clusters in virtual time: every clause of the spec, in calm worlds and in rough ones. */

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clausesOfRuns } from './arbitraries/clauses.js';
import { calm, crowded, jsonOf, rough, run, type Plan, type Told } from './arbitraries/world.js';
import { always, textOf } from './check.js';

const told = (plan: Plan): Told => ({ plan, ran: run(plan) });

const shown = (plan: Plan): string => JSON.stringify(jsonOf(plan));

const sights: Record<string, number> = {};
const watched = (plan: Plan): Told => {
  const seen = told(plan);
  for (const [sight, count] of Object.entries(seen.ran.sights)) sights[sight] = (sights[sight] ?? 0) + count;
  return seen;
};

describe('in a calm world', () => always(calm, watched, clausesOfRuns, { numRuns: 120, shown, kept: jsonOf }));

describe('in a rough world', () => always(rough, watched, clausesOfRuns, { numRuns: 250, shown, kept: jsonOf }));

describe('in a crowded world', () => always(crowded, watched, clausesOfRuns, { numRuns: 80, shown, kept: jsonOf }));

describe('sometimes', () => {
  for (const sight of [
    'a command of a group of its own was executed',
    'a command of g_all was executed',
    'a check failed: structure',
    'a check failed: left',
    'a check failed: right',
    'a resubmission was executed',
    'a duplicate was answered from memory',
    'a thread waited at a barrier',
    'structure changed under a barrier',
    'a message was lost',
    'a message was doubled',
    'an acceptor crashed',
    'a replica crashed',
    'a crash lost what was not durable',
    'a coordinator took over or formed a new ring',
    'a learner was told what it had missed',
    'a hole was filled with a no-op',
  ])
    it(sight, () => expect(sights[sight] ?? 0).toBeGreaterThan(0));
});

/** The digest of all that is known of some runs. */
const digest = (seed: number): string => {
  const hash = createHash('sha256');
  for (const plan of fc.sample(rough, { seed, numRuns: 3 })) hash.update(textOf(run(plan)));
  return hash.digest('hex');
};

describe('the same seed', () => {
  it('gives the same run twice', () => {
    fc.assert(fc.property(fc.nat(), (seed) => digest(seed) === digest(seed)), { numRuns: 3 });
  });

  it.each([7, 8, 9])('gives the same run in two processes: %d', (seed) => {
    const story = (): string => execFileSync(process.execPath, ['dist/src/cli.js', 'simulate', '--seed', `${seed}`, '--digest'], { encoding: 'utf8' });
    const first = story();
    expect(first).toMatch(/^[0-9a-f]{64}\n$/);
    expect(story()).toBe(first);
  });
});
