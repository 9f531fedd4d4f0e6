/** The client's proxy, whatever it is answered and however often. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clauses, conversation, plan, type Run } from './arbitraries/proxies.js';
import { always } from './check.js';

describe('a proxy always', () => always(plan, (each) => conversation(each), clauses, { numRuns: 600 }));

describe('a proxy sometimes', () => {
  const runs = fc.sample(plan, { seed: 1, numRuns: 100 }).map((each) => conversation(each));
  const happens = (holds: (run: Run) => boolean): void => expect(runs.some(holds)).toBe(true);

  it('resubmits', () => happens(({ sent }) => sent.some(({ command }) => command.attempt === 1)));
  it('sends a resubmission again', () => happens(({ sent }) => sent.filter(({ command }) => command.attempt === 1 && command.sequence === 1).length > 1));
  it('lets calls wait', () => happens(({ steps }) => steps.some(({ after }) => after.waiting.size > 1)));
  it('asks the third acceptor of a group', () => happens(({ sent }) => sent.some(({ turn }) => turn === 2)));
});
