/** A machine of one's own, searched: it is shown to be right, and then broken. */

import { expect, it } from 'vitest';
import { explore } from '../../src/check/explore/explore.js';
import { reportOf } from '../../src/check/explore/report.js';
import { lock, onEvent } from './explored.js';

const report = (system = lock()) => {
  const search = explore(system);
  while (search.advance(10_000));
  return reportOf(system, search.outcome(), search, 1);
};

it('nobody holds the lock while another one does', () => expect(report()).toMatchObject({ complete: true, violations: [] }));

it('a machine that takes a late grant for a new one is found out, by the shortest run', () => {
  const gullible: typeof onEvent = (machine, event) =>
    event.type === 'Received' && event.message.type === 'Grant' ? [{ ...machine, holds: true }, []] : onEvent(machine, event);
  const [violation] = report(lock(gullible)).violations;
  expect(violation?.clause).toBe('one process holds the lock at most');
  expect(violation?.story.at(-1)).toMatch(/Grant/);
});
