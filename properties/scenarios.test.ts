/** The runs in traces/scenarios: as they are written today, judged right, and showing what they are named for. */

import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { check } from './arbitraries/traces.js';
import { linesOf, SCENARIOS } from './scenarios/scenarios.js';

const FOLDER = resolve(import.meta.dirname, '../traces/scenarios');

describe.each(SCENARIOS)('$name', (scenario) => {
  const kept = readFileSync(join(FOLDER, `${scenario.name}.ndjson`), 'utf8');

  it('is what the machines do today (npm run scenarios writes it anew)', () => expect(`${linesOf(scenario).join('\n')}\n`).toBe(kept));

  it('is judged right', () => expect(check(kept.trimEnd().split('\n'))).toMatchObject({ verdict: 'ok', unmatched: 0, history: 'ok' }));
});

it('every file there is a scenario', () =>
  expect(readdirSync(FOLDER).sort()).toEqual([...SCENARIOS.map(({ name }) => `${name}.ndjson`), 'README.md'].sort()));

it('a scenario that does not show what it should is none', () => {
  const [first] = SCENARIOS;
  expect(() => linesOf({ ...first!, signs: [/what never happens/] })).toThrow('does not show it');
});
