/** The client's proxy, whatever it is answered and however often. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { outstandingInPlace, type Outstanding } from '../src/client/outstanding.js';
import * as Proxy from '../src/client/proxy.js';
import { clauses, conversation, plan, sentIn, type Run } from './arbitraries/proxies.js';
import { always } from './check.js';

describe('a proxy always', () => always(plan, (each) => conversation(each), clauses, { numRuns: 600 }));

it('a proxy that keeps what is outstanding in place does as one that does not', () =>
  fc.assert(
    fc.property(plan, (each) => {
      // What is in place is changed by the steps after: only what is told in between can be held against the other.
      const told = (outstanding?: Outstanding): unknown[] => {
        const seen: unknown[] = [];
        conversation(each, (state, event) => {
          const [next, effects] = Proxy.onEvent(state, event);
          const { now, floor, waiting, turns, doubt, outstanding: kept } = next;
          const asked = Array.from({ length: 8 }, (_, i) => [kept.attemptOf(floor + i), kept.callOf(floor + i), kept.groupOf(floor + i), kept.fallbackOf(floor + i), kept.sentOf(floor + i)]);
          seen.push([now, floor, next.next, kept.size(), asked, waiting.size, turns.toJS(), doubt, effects]);
          return [next, effects];
        }, outstanding);
        return seen;
      };
      expect(told(outstandingInPlace(3))).toEqual(told());
    }),
    { numRuns: 600 },
  ));

describe('a proxy sometimes', () => {
  const runs = fc.sample(plan, { seed: 1, numRuns: 100 }).map((each) => conversation(each));
  const happens = (holds: (run: Run) => boolean): void => expect(runs.some(holds)).toBe(true);

  it('resubmits', () => happens(({ sent }) => sent.some(({ command }) => command.attempt === 1)));
  it('sends a resubmission again', () => happens(({ sent }) => sent.filter(({ command }) => command.attempt === 1 && command.sequence === 1).length > 1));
  it('lets calls wait', () => happens(({ steps }) => steps.some(({ after }) => after.waiting.size > 1)));
  it('lets in a part of what was called together', () => happens(({ steps }) => steps.some(({ before, after }) => !before.waiting.isEmpty() && after.waiting.first()?.first !== before.waiting.first()?.first && after.waiting.size === before.waiting.size)));
  it('hears several answers at once', () => happens(({ steps }) => steps.some(({ effects }) => effects.some((effect) => effect.type === 'Answers' && effect.calls.length > 1))));
  it('asks all replicas from the start, and later one again', () => {
    const isToAll = (run: Run): readonly boolean[] => run.steps.flatMap(({ before, after, effects }) => (after.now > before.now ? [] : sentIn(effects).map(({ command }) => command.isAgain === true)));
    happens((run) => isToAll(run).lastIndexOf(false) > isToAll(run).indexOf(true) && isToAll(run).includes(true));
  });
  it('doubts for longer, as answers go on missing', () => happens(({ steps }) => new Set(steps.map(({ after }) => after.doubt.length)).size > 2));
  it('asks the third acceptor of a group', () => happens(({ sent }) => sent.some(({ turn }) => turn === 2)));
});
