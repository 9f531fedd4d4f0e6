/** What the properties are worth: every deliberate mistake is found out, and what only looks like one is not. */

import { afterAll, describe, expect, it } from 'vitest';
import { CONTROLS, MUTANTS } from './mutants/catalogue.js';
import { examine, inOrder, numberOf, type Row } from './mutants/matrix.js';
import type { Effort } from './mutants/mutant.js';

/** These take several seconds: `npm run mutants` looks at them, and at which other clauses notice each. */
const PATIENT: readonly string[] = ['PX23', 'RP02', 'RP08', 'RPd', 'RPf', 'OP06'];

/** Time is no bound here, so that a busy machine finds out as much as any other. */
const SEARCH: Effort = { seconds: Infinity, share: 1, shrinking: 0 };
const CONTROL: Effort = { seconds: Infinity, share: 0.03, shrinking: 0 };

const found: Row[] = [];

describe('is caught:', () => {
  for (const mutant of MUTANTS.filter(({ id }) => !PATIENT.includes(id)))
    it(`${mutant.id}: ${mutant.mistake}`, () => {
      const row = examine(mutant, SEARCH);
      found.push(row);
      expect(row.kill, `nothing was wrong in ${row.samples} samples of ${mutant.looks.map(({ judge }) => judge).join(' and ')}`).toBeDefined();
    });

  afterAll(() =>
    console.table(
      found.map(({ id, mistake, kill }) => ({
        mistake: `${id}: ${mistake}`,
        'caught in': kill?.judge,
        samples: kill?.samples,
        by: [...new Set(inOrder(kill?.clauses ?? []).map(numberOf))].join(' '),
      })),
    ),
  );
});

describe('is no mistake, and survives:', () => {
  for (const control of CONTROLS) it(`${control.id}: ${control.mistake}`, () => expect(examine(control, CONTROL).kill).toBeUndefined());
});

it('no two mutants have the same id', () => {
  const ids = [...MUTANTS, ...CONTROLS].map(({ id }) => id);
  expect(ids.filter((id, i) => ids.indexOf(id) < i)).toEqual([]);
});
