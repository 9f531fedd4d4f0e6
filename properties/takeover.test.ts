/** A ring never waits for one process: whoever cannot lead is passed over. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as Coordinator from '../src/consensus/coordinator.js';
import type { Membership } from '../src/consensus/ballot.js';

const membership: Membership = { acceptors: [0, 1, 2], learners: [] };
const settings: Coordinator.Settings = { batchBytes: 100, backlogBytes: 1000, window: 4, heartbeat: 20, suspectAfter: 100, resendAfter: 50 };

/** What a coordinator asks for while time goes by and the events of each moment come in, ms by ms. */
const live = (coordinator: Coordinator.Coordinator, until: number, eventsAt: (now: number) => readonly Coordinator.Event[]) => {
  let state = coordinator;
  const prepared: { readonly at: number; readonly round: number; readonly from: number }[] = [];
  for (let now = 1; now <= until; now += 5)
    for (const event of [{ type: 'Tick', now } as const, ...eventsAt(now)]) {
      const [next, effects] = Coordinator.onEvent(state, event);
      state = next;
      for (const effect of effects)
        if (effect.type === 'Send' && effect.message.type === 'Prepare' && effect.to === state.me)
          prepared.push({ at: now, round: effect.message.ballot.round, from: effect.message.from });
    }
  return prepared;
};

describe('a ring never waits for one process', () => {
  it('a candidate that repeats itself and never leads does not keep others waiting', () =>
    fc.assert(
      fc.property(fc.constantFrom(1, 2), fc.integer({ min: 1, max: 20 }), (me, every) => {
        const repeated = (now: number): readonly Coordinator.Event[] =>
          now % every === 0 ? [{ type: 'Prepare', ballot: { round: 1, process: 0 }, from: 0 }] : [];
        const prepared = live(Coordinator.initial(me, membership, settings), 2000, repeated);
        expect(prepared.some(({ at }) => at < 600)).toBe(true);
      }),
    ));

  it('nor does one that campaigns in ever higher ballots', () => {
    const campaigns = (now: number): readonly Coordinator.Event[] => (now % 25 === 1 ? [{ type: 'Prepare', ballot: { round: now, process: 0 }, from: 0 }] : []);
    expect(live(Coordinator.initial(1, membership, settings), 2000, campaigns).length).toBeGreaterThan(0);
  });

  it('a takeover of very many instances is one step', () => {
    const entries = Array.from({ length: 200_000 }, (_, i) => [i, { type: 'Decided', id: `1.2.${i}`, value: { type: 'Noop' } }] as const);
    let state = Coordinator.onEvent(Coordinator.initial(0, membership, settings), { type: 'Tick', now: 1 })[0];
    for (const acceptor of [0, 1]) [state] = Coordinator.onEvent(state, { type: 'Promise', ballot: state.ballot, entries, acceptor });
    expect(Coordinator.isLeading(state)).toBe(true);
  });

  it('a coordinator that leads keeps others waiting for as long as it does', () => {
    const alive = (): readonly Coordinator.Event[] => [{ type: 'Alive', ballot: { round: 1, process: 0 }, decided: 0 }];
    expect(live(Coordinator.initial(1, membership, settings), 2000, alive)).toEqual([]);
  });

  it('a candidate that is not promised enough asks again in a higher ballot, from what it has learned since', () => {
    const learns = (now: number): readonly Coordinator.Event[] => [{ type: 'Learned', decided: now }];
    const prepared = live(Coordinator.initial(0, membership, settings), 2000, learns);
    const rounds = new Map(prepared.map(({ round, from }) => [round, from]));
    expect(rounds.size).toBeGreaterThan(3);
    expect([...rounds.values()].every((from, i, all) => i === 0 || from > (all[i - 1] ?? 0))).toBe(true);
  });
});
