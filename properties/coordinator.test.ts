/** What a coordinator says and when: how long it waits, whom it asks, what it proposes. */

import { describe, expect, it } from 'vitest';
import * as fc from 'fast-check';
import { List } from 'immutable';
import type { Ballot, Membership, ProcessId } from '../src/consensus/ballot.js';
import * as Coordinator from '../src/consensus/coordinator.js';
import type { Effect, Entry, Message, Value } from '../src/consensus/messages.js';
import { walk } from './check.js';

const SETTINGS: Coordinator.Settings = { batchBytes: 8, backlogBytes: 20, window: 2, heartbeat: 20, suspectAfter: 100, resendAfter: 50 };
const THREE: Membership = { acceptors: [0, 1, 2], learners: [3] };
const FIVE: Membership = { acceptors: [0, 1, 2, 3, 4], learners: [] };

type Sent = { readonly to: ProcessId } & Message;
/** A coordinator that was told some events, and what it sent at each of them. */
type Told = { readonly state: Coordinator.Coordinator; readonly sent: readonly (readonly Sent[])[] };

/** A coordinator writes nothing and hands over nothing: it only speaks. */
const sentIn = (effects: readonly Effect[]): readonly Sent[] =>
  effects.map((effect) => {
    if (effect.type !== 'Send') throw new Error(`a coordinator does ${JSON.stringify(effect)}`);
    return { to: effect.to, ...effect.message };
  });

const told = (start: Coordinator.Coordinator, ...events: readonly Coordinator.Event[]): Told => {
  const steps = walk(start, Coordinator.onEvent, events);
  return { state: steps.at(-1)?.after ?? start, sent: steps.map(({ effects }) => sentIn(effects)) };
};

const tick = (now: number): Coordinator.Event => ({ type: 'Tick', now });
const promise = (ballot: Ballot, acceptor: ProcessId, entries: readonly (readonly [number, Entry])[] = []): Coordinator.Event => ({ type: 'Promise', ballot, entries, acceptor });
const submit = (...bytes: readonly number[]): Coordinator.Event => ({ type: 'Submit', commands: Uint8Array.from(bytes) });
const decision = (instance: number): Coordinator.Event => ({ type: 'Decision', ballot: FIRST, ring: [0, 1, 2, 3], decider: 1, instance, id: `1.0.${instance}` });
const batch = (...bytes: readonly number[]): Value => ({ type: 'Batch', commands: Uint8Array.from(bytes) });

const FIRST: Ballot = { round: 1, process: 0 };
const of = (me: ProcessId, membership = THREE): Coordinator.Coordinator => Coordinator.initial(me, membership, SETTINGS);
const candidate = (membership = THREE): Told => told(of(0, membership), tick(1), promise(FIRST, 0));
/** Leads from 1 ms on, with everyone in its ring. */
const leader = (): Coordinator.Coordinator => told(of(0), tick(1), promise(FIRST, 0), promise(FIRST, 1)).state;

/** When a coordinator that is told nothing but the time first asks itself for a promise. */
const campaignOf = (start: Coordinator.Coordinator, from: number): number => {
  for (let now = from, state = start; now < from + 5000; now += 1) {
    const next = told(state, tick(now));
    if (next.sent[0]?.some(({ type }) => type === 'Prepare') === true && next.state.ballot.round > start.ballot.round) return now - from;
    state = next.state;
  }
  return Infinity;
};

describe('phase 1', () => {
  it('is begun at once by the first acceptor of a new ring, and by no other', () => {
    expect(told(of(0), tick(1)).sent).toEqual([[{ to: 0, type: 'Prepare', ballot: FIRST, from: 0 }]]);
    for (const me of [1, 2]) expect(told(of(me), tick(1)).sent).toEqual([[]]);
  });

  it('is begun by nobody at once after a crash: somebody else may lead', () =>
    expect(told(Coordinator.initial(0, THREE, SETTINGS, { round: 4, process: 0 }, 7), tick(1)).sent).toEqual([[]]));

  it('is of a ballot above every one seen, from the first instance that is not known to be decided', () => {
    const back = Coordinator.initial(0, THREE, SETTINGS, { round: 4, process: 2 }, 7);
    expect(told(back, tick(1), { type: 'Learned', decided: 9 }, tick(1000)).sent.at(-1)).toEqual([{ to: 0, type: 'Prepare', ballot: { round: 5, process: 0 }, from: 9 }]);
  });

  it('asks the others once its own acceptor has promised', () => {
    expect(candidate().sent.at(-1)).toEqual([1, 2].map((to) => ({ to, type: 'Prepare', ballot: FIRST, from: 0 })));
    expect(told(candidate(FIVE).state, promise(FIRST, 3)).sent).toEqual([[]]);
  });

  it('asks again, after resendAfter, whoever has not promised', () => {
    const { state } = told(candidate(FIVE).state, promise(FIRST, 3));
    expect(told(state, tick(1 + SETTINGS.resendAfter), tick(2 + SETTINGS.resendAfter), tick(2 + 2 * SETTINGS.resendAfter)).sent).toEqual([
      [],
      [1, 2, 4].map((to) => ({ to, type: 'Prepare', ballot: FIRST, from: 0 })),
      [],
    ]);
    expect(told(told(of(0), tick(1)).state, tick(2 + SETTINGS.resendAfter)).sent).toEqual([[{ to: 0, type: 'Prepare', ballot: FIRST, from: 0 }]]);
  });

  it('ends with the promises of a quorum, each acceptor counted once and for the ballot that it was asked for (CON-7)', () => {
    const twice = told(candidate(FIVE).state, promise(FIRST, 3), promise(FIRST, 3), promise(FIRST, 0), promise({ round: 1, process: 4 }, 2), promise({ round: 2, process: 0 }, 2));
    expect(Coordinator.isLeading(twice.state)).toBe(false);
    expect(Coordinator.isLeading(told(twice.state, promise(FIRST, 4)).state)).toBe(true);
  });

  it('makes a ring of those that promised or may be up, acceptors in cyclic order and learners last', () => {
    const ringOf = ({ role }: Coordinator.Coordinator) => (role.type === 'Leading' ? role.ring : []);
    expect(ringOf(leader())).toEqual([0, 1, 2, 3]);
    const second = told(of(1), tick(1), { type: 'Prepare', ballot: FIRST, from: 0 }, tick(2000));
    const ballot = second.state.ballot;
    // Ballots before it were 0's, which is silent.
    expect(ringOf(told(second.state, promise(ballot, 1), promise(ballot, 2)).state)).toEqual([1, 2, 3]);
    expect(ringOf(told(second.state, promise(ballot, 1), promise(ballot, 0)).state)).toEqual([1, 2, 0, 3]);
  });
});

describe('patience', () => {
  const alive = (round: number): Coordinator.Event => ({ type: 'Alive', ballot: { round, process: 0 }, decided: 0 });

  it.each([[0, 1.5], [1, 2.5], [2, 3.5]])('of acceptor %d ends after %d times suspectAfter', (me, times) => {
    const follower = told(Coordinator.initial(me, THREE, SETTINGS, { round: 4, process: 2 }), tick(1)).state;
    expect(campaignOf(follower, 1)).toBe(times * SETTINGS.suspectAfter + 1);
  });

  it('begins anew with every Alive of the coordinator', () =>
    expect(campaignOf(told(of(1), tick(1), alive(1), tick(150), alive(1)).state, 150)).toBe(2.5 * SETTINGS.suspectAfter + 1));

  it('does not begin anew with a Prepare, in the same ballot or a higher one', () => {
    const prepares = [1, 2].map((round): Coordinator.Event => ({ type: 'Prepare', ballot: { round, process: 0 }, from: 0 }));
    expect(campaignOf(told(of(1), tick(1), alive(1), tick(150), ...prepares).state, 150)).toBe(2.5 * SETTINGS.suspectAfter + 1 - 149);
  });

  it('of a candidate that is not promised enough is doubled, until somebody leads', () => {
    const first = 1.5 * SETTINGS.suspectAfter;
    const again = told(candidate().state, tick(1 + first + 1));
    expect(again.state.ballot.round).toBe(2);
    expect(campaignOf(told(again.state, promise({ round: 2, process: 0 }, 0)).state, 1 + first + 1)).toBe(2 * first + 1);
    expect(campaignOf(told(again.state, { type: 'Alive', ballot: { round: 3, process: 1 }, decided: 0 }).state, 1 + first + 1)).toBe(first + 1);
    const led = told(again.state, promise({ round: 2, process: 0 }, 0), promise({ round: 2, process: 0 }, 1), { type: 'Refuse', promised: { round: 3, process: 1 } });
    expect(campaignOf(led.state, 1 + first + 1)).toBe(first + 1);
  });
});

describe('whoever follows', () => {
  const third: Ballot = { round: 3, process: 2 };
  const follower = (): Coordinator.Coordinator => told(of(1), tick(1), { type: 'Alive', ballot: third, decided: 0 }).state;

  it('passes submissions on to whom it follows', () => {
    for (const to of [0, 2])
      expect(told(of(1), { type: 'Alive', ballot: { round: 3, process: to }, decided: 0 }, submit(7)).sent).toEqual([[], [{ to, type: 'Submit', commands: Uint8Array.of(7) }]]);
  });

  it('drops them while it knows of nobody but itself', () => {
    expect(told(of(1), tick(1), submit(7)).sent.at(-1)).toEqual([]);
    expect(told(Coordinator.initial(1, THREE, SETTINGS, { round: 4, process: 1 }), tick(1), submit(7)).sent.at(-1)).toEqual([]);
  });

  it('tells a coordinator of a lower ballot that it is deposed', () => {
    for (const type of ['Alive', 'Prepare'] as const)
      expect(told(follower(), { type, ballot: { round: 3, process: 0 }, decided: 0, from: 0 }).sent).toEqual([[{ to: 0, type: 'Refuse', promised: third }]]);
    expect(told(follower(), { type: 'Alive', ballot: third, decided: 0 }, { type: 'Alive', ballot: { round: 1, process: 1 }, decided: 0 }).sent).toEqual([[], []]);
  });

  it('follows the highest ballot that it hears of, by a refusal as well, and no lower one', () => {
    for (const event of [{ type: 'Refuse', promised: { round: 9, process: 2 } }, { type: 'Alive', ballot: { round: 9, process: 2 }, decided: 0 }, { type: 'Prepare', ballot: { round: 9, process: 2 }, from: 0 }] as const) {
      const { state } = told(leader(), submit(1), submit(2), event);
      expect([state.ballot, state.role, state.backlog, state.backlogBytes]).toEqual([{ round: 9, process: 2 }, { type: 'Following', since: 1 }, List(), 0]);
    }
    for (const promised of [FIRST, { round: 0, process: 2 }]) expect(told(leader(), { type: 'Refuse', promised }).state).toEqual(leader());
  });

  it('neither skips nor proposes what it had waiting', () => expect(told(follower(), { type: 'Skip', to: 9 }, decision(0), tick(2)).sent).toEqual([[], [], []]));
});

describe('a takeover', () => {
  const vote = (round: number, process: ProcessId, ...bytes: readonly number[]): Entry => ({ type: 'Voted', ballot: { round, process }, id: `${round}.${process}.0`, value: batch(...bytes) });
  const mine: Ballot = { round: 5, process: 0 };
  const proposedAfter = (...reports: readonly (readonly (readonly [number, Entry])[])[]) => {
    const start = told(Coordinator.initial(0, FIVE, SETTINGS, { round: 4, process: 1 }, 2), tick(1), tick(1000)).state;
    const { sent, state } = told(start, ...reports.map((entries, acceptor) => promise(mine, acceptor, entries)));
    return { state, proposed: sent.at(-1)!.flatMap((one) => (one.type === 'Phase2' ? [{ instance: one.instance, id: one.id, value: valueIn(sent.at(-1)!, one.id) }] : [])) };
  };
  const valueIn = (sent: readonly Sent[], id: string): unknown => sent.flatMap((one) => (one.type === 'Value' && one.id === id ? [one.value] : []))[0];

  it('proposes the vote of the highest ballot under its own id, whoever reports it first (CON-8)', () => {
    const [low, high] = [vote(2, 3, 1), vote(2, 4, 2)];
    for (const reports of [[low, high], [high, low]])
      expect(proposedAfter([], ...reports.map((entry) => [[2, entry] as const])).proposed).toEqual([{ instance: 2, id: '2.4.0', value: batch(2) }]);
  });

  it('proposes a decision whatever else was voted for', () => {
    const decided: Entry = { type: 'Decided', id: '1.1.0', value: batch(3) };
    for (const reports of [[decided, vote(3, 3, 1)], [vote(3, 3, 1), decided]])
      expect(proposedAfter([], ...reports.map((entry) => [[2, entry] as const])).proposed).toEqual([{ instance: 2, id: '1.1.0', value: batch(3) }]);
  });

  it('fills holes with no-ops up to the last instance reported, and goes on after it with what waits', () => {
    const { state, proposed } = proposedAfter([], [[4, vote(1, 1, 4)]], [[2, vote(1, 1, 2)]]);
    expect(proposed.map(({ instance }) => instance)).toEqual([2, 3, 4]);
    expect(proposed[1]!.value).toEqual({ type: 'Noop' });
    const { sent } = told(state, decision(2), decision(3), decision(4), submit(9));
    expect(sent.at(-1)!.flatMap((one) => (one.type === 'Phase2' ? [one.instance] : []))).toEqual([5]);
  });

  it('names new values by its ballot, and counts them', () => {
    const values = told(leader(), submit(1), { type: 'Skip', to: 4 }).sent.flatMap((sent) => sent.flatMap((one) => (one.type === 'Value' ? [[one.id, one.value]] : [])));
    expect(values).toEqual([['1.0.0', batch(1)], ['1.0.1', { type: 'Skip', to: 4 }]]);
  });

  it('says at once that somebody leads, and proposes what has waited', () => {
    const { sent } = told(candidate().state, submit(1, 2), promise(FIRST, 1));
    expect(sent.at(-1)).toEqual([
      ...[1, 2, 3].map((to) => ({ to, type: 'Alive', ballot: FIRST, decided: 0 })),
      { to: 0, type: 'Value', ballot: FIRST, ring: [0, 1, 2, 3], id: '1.0.0', value: batch(1, 2) },
      { to: 0, type: 'Phase2', ballot: FIRST, ring: [0, 1, 2, 3], instance: 0, id: '1.0.0', voters: [] },
    ]);
  });
});

describe('a coordinator that leads', () => {
  const aliveIn = (sent: readonly (readonly Sent[])[]) => sent.map((each) => each.filter(({ type }) => type === 'Alive').map(({ to }) => to));
  const instancesIn = (sent: readonly (readonly Sent[])[]) => sent.map((each) => each.flatMap((one) => (one.type === 'Phase2' ? [one.instance] : [])));
  const batchesIn = (sent: readonly (readonly Sent[])[]) => sent.map((each) => each.flatMap((one) => (one.type === 'Value' && one.value.type === 'Batch' ? [[...one.value.commands]] : [])));
  const here = (...processes: readonly ProcessId[]): readonly Coordinator.Event[] => processes.map((process) => ({ type: 'Here', process }));

  it('says so to everyone else every heartbeat, with what it has learned', () => {
    const { heartbeat } = SETTINGS;
    const { sent } = told(leader(), tick(heartbeat), tick(1 + heartbeat), { type: 'Learned', decided: 6 }, tick(heartbeat + 2), tick(1 + 2 * heartbeat));
    expect(aliveIn(sent)).toEqual([[], [1, 2, 3], [], [], [1, 2, 3]]);
    expect(sent.at(-1)![0]).toEqual({ to: 1, type: 'Alive', ballot: FIRST, decided: 6 });
  });

  it('sends round again what is open for longer than resendAfter, in order, and not again at once', () => {
    const { state, sent } = told(leader(), { type: 'Skip', to: 1 }, { type: 'Skip', to: 2 }, ...here(1, 2, 3), tick(1 + SETTINGS.resendAfter), tick(2 + SETTINGS.resendAfter), tick(3 + SETTINGS.resendAfter));
    expect(instancesIn(sent)).toEqual([[0], [1], [], [], [], [], [0, 1], []]);
    expect(sent[6]!.filter(({ type }) => type !== 'Alive')).toEqual([...sent[0]!, ...sent[1]!]);
    expect(instancesIn(told(state, decision(0), ...here(1, 2, 3), tick(3 + 2 * SETTINGS.resendAfter)).sent).flat()).toEqual([1]);
    const votes = [0, 1, 2].map((instance) => [instance, { type: 'Voted', ballot: { round: 0, process: 2 }, id: `0.2.${instance}`, value: batch(1) }] as const);
    const takenOver = told(candidate().state, promise(FIRST, 1, votes)).state;
    expect(instancesIn(told(takenOver, decision(0), tick(2 + SETTINGS.resendAfter)).sent)).toEqual([[], [1, 2]]);
  });

  it('begins another ballot without a process that falls silent, if a quorum is up', () => {
    const silence = SETTINGS.suspectAfter;
    const heardLast = (...processes: readonly ProcessId[]) => told(leader(), tick(50), ...here(...processes), tick(1 + silence), tick(2 + silence));
    const prepared = ({ sent }: Told): boolean[] => sent.slice(-2).map((each) => each.some(({ type }) => type === 'Prepare'));
    expect(prepared(heardLast(1, 2, 3))).toEqual([false, false]);
    expect(prepared(heardLast(1, 2))).toEqual([false, true]);
    expect(prepared(heardLast(2, 3))).toEqual([false, true]);
    expect(prepared(heardLast(3))).toEqual([false, false]); // alone, it could not lead again
  });

  it('takes a process back into the ring when that has been up for longer than suspectAfter', () => {
    const without = told(leader(), tick(50), ...here(1, 2), tick(110), promise({ round: 2, process: 0 }, 0), promise({ round: 2, process: 0 }, 1));
    expect(without.state.role).toMatchObject({ type: 'Leading', ring: [0, 1, 2] });
    const steady = [130, 160, 190, 220].flatMap((now) => [tick(now), ...here(1, 2, 3)]);
    const back = told(without.state, ...steady, tick(230), ...here(3), tick(231));
    expect(back.sent.slice(-2).map((each) => each.some(({ type }) => type === 'Prepare'))).toEqual([false, true]);
    const justSteady = told(without.state, tick(130), ...here(1, 2, 3), tick(180), ...here(1, 2), tick(230), ...here(1, 2, 3), tick(231));
    expect(justSteady.sent.at(-1)!.some(({ type }) => type === 'Prepare')).toBe(true);
    // One that comes and goes begins to count anew.
    const fickle = told(without.state, tick(130), ...here(1, 2, 3), tick(200), ...here(1, 2), tick(240), ...here(1, 2, 3), tick(260));
    expect(fickle.sent.some((each) => each.some(({ type }) => type === 'Prepare'))).toBe(false);
  });

  it('proposes at once when no batch is open, and then joins what comes to batches', () => {
    const { sent } = told(leader(), submit(1), submit(2), submit(3, 4), decision(0));
    expect(batchesIn(sent)).toEqual([[[1]], [], [], [[2, 3, 4]]]);
  });

  it('proposes a full batch without waiting for another one, while its window has room', () => {
    const eight = [1, 2, 3, 4, 5, 6, 7, 8];
    const { sent } = told(leader(), submit(0), submit(...eight.slice(1)), submit(8), submit(...eight), submit(9), decision(0), decision(1), decision(2));
    expect(batchesIn(sent)).toEqual([[[0]], [], [[2, 3, 4, 5, 6, 7, 8, 8]], [], [], [eight], [], [[9]]]);
  });

  it('joins no more than batchBytes, but sends alone what is longer', () => {
    const long = Array.from({ length: 12 }, (_, i) => i);
    const { sent } = told(leader(), { type: 'Skip', to: 1 }, submit(0), submit(1, 2, 3, 4, 5), submit(1, 2, 3, 4), decision(0), decision(1), submit(...long), decision(2));
    expect(batchesIn(sent)).toEqual([[], [[0]], [], [], [[1, 2, 3, 4, 5]], [], [[1, 2, 3, 4]], [long]]);
    expect(batchesIn(told(leader(), submit(...long)).sent)).toEqual([[long]]);
  });

  it('lets wait backlogBytes and no more: what comes beyond is dropped (CON-9)', () => {
    const ten = Array.from({ length: 10 }, () => 7);
    const full = told(leader(), { type: 'Skip', to: 1 }, { type: 'Skip', to: 2 }, submit(...ten), submit(...ten), submit(1));
    expect(full.state.backlogBytes).toBe(SETTINGS.backlogBytes);
    expect(batchesIn(told(full.state, decision(0), decision(1), decision(2)).sent)).toEqual([[ten], [ten], []]);
  });

  it('skips while its window has room', () =>
    expect(instancesIn(told(leader(), { type: 'Skip', to: 1 }, { type: 'Skip', to: 2 }, { type: 'Skip', to: 3 }, decision(1), { type: 'Skip', to: 3 }).sent)).toEqual([[0], [1], [], [], [2]]));

  it('proposes every command that it lets in, in the order in which they came', () =>
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 12 }), fc.constant('decided')), { maxLength: 30 }), (turns) => {
        const accepted: number[] = [];
        const proposed: number[] = [];
        let state = leader();
        const turn = (event: Coordinator.Event): void => {
          const next = told(state, event);
          if (event.type === 'Submit' && next.state !== state) accepted.push(...event.commands);
          proposed.push(...batchesIn(next.sent).flat(2));
          state = next.state;
        };
        const decideAll = (): void => {
          if (state.role.type === 'Leading') for (const instance of [...state.role.open.keys()].sort((a, b) => a - b)) turn(decision(instance));
        };
        for (const each of turns) if (each instanceof Uint8Array) turn({ type: 'Submit', commands: each });
          else decideAll();
        for (let i = 0; i < 30; i += 1) decideAll();
        expect(proposed).toEqual(accepted);
      }),
    ));
});
