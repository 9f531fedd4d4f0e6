/** What failed once is replayed first: every plan in traces/regressions, before every clause. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clausesOfRuns } from './arbitraries/clauses.js';
import { planOf, run, type Told } from './arbitraries/world.js';
import { REGRESSIONS } from './check.js';

/** A failure as it was kept: which clause, where the search found it, and when. */
type Regression = { readonly clause: string; readonly seed: number; readonly path: string; readonly found: string; readonly plan: unknown };

const files = existsSync(REGRESSIONS) ? readdirSync(REGRESSIONS).filter((name) => name.endsWith('.json')) : [];

describe.each(files)('%s', (file) => {
  const { clause, plan: json } = JSON.parse(readFileSync(join(REGRESSIONS, file), 'utf8')) as Regression;
  const plan = planOf(json);
  let told: Told | undefined;

  it.each(Object.keys(clausesOfRuns))(`failed once: ${clause}. Now: %s`, (title) => {
    told ??= { plan, ran: run(plan) };
    expect(clausesOfRuns[title]?.(told)).toEqual([]);
  });
});

it('there are regressions to replay', () => expect(files).not.toEqual([]));
