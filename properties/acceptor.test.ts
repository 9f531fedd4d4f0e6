/** What an acceptor answers, and what it keeps: promise by promise, vote by vote. */

import { describe, expect, it } from 'vitest';
import * as Acceptor from '../src/consensus/acceptor.js';
import { isHigher, isLower, isSame, NO_BALLOT, quorumOf, ringFrom, successor, type Ballot, type Membership } from '../src/consensus/ballot.js';
import type { Durable, Effect, Entry, Message, Value } from '../src/consensus/messages.js';
import { walk } from './check.js';

const THREE: Membership = { acceptors: [0, 1, 2], learners: [3] };
const ME = 1;
const RING = [0, 1, 2, 3];
const FIRST: Ballot = { round: 1, process: 0 };
const SECOND: Ballot = { round: 2, process: 2 };
const VALUE: Value = { type: 'Skip', to: 5 };
const OTHER: Value = { type: 'Skip', to: 6 };

const prepare = (ballot: Ballot, from = 0): Acceptor.Event => ({ type: 'Prepare', ballot, from });
const value = (ballot: Ballot, id: string, of: Value = VALUE): Acceptor.Event => ({ type: 'Value', ballot, ring: RING, id, value: of });
const phase2 = (ballot: Ballot, instance: number, id: string, voters: readonly number[] = [0], ring: readonly number[] = RING): Acceptor.Event => ({ type: 'Phase2', ballot, ring, instance, id, voters });
const learned = (instance: number, id: string, of: Value = VALUE): Acceptor.Event => ({ type: 'Learned', instance, id, value: of });
const ask = (from: number, to: number): Acceptor.Event => ({ type: 'Ask', from, to, learner: 3 });

type Told = { readonly state: Acceptor.Acceptor; readonly effects: readonly Effect[] };

/** An acceptor that was told some events, and what it made of the last one. */
const told = (events: readonly Acceptor.Event[], start = Acceptor.initial(ME, THREE)): Told => {
  const { after: state, effects } = walk(start, Acceptor.onEvent, events).at(-1)!;
  return { state, effects };
};

const sent = (events: readonly Acceptor.Event[], start?: Acceptor.Acceptor): readonly (readonly [to: number, Message, after: number])[] =>
  told(events, start).effects.flatMap((effect) => (effect.type === 'Send' ? [[effect.to, effect.message, effect.after] as const] : []));
const persisted = (events: readonly Acceptor.Event[]): readonly Durable[] => told(events).effects.flatMap((effect) => (effect.type === 'Persist' ? [effect.record] : []));
const logAfter = (events: readonly Acceptor.Event[]): readonly (readonly [number, Entry])[] => [...told(events).state.log];

describe('ballots', () => {
  const rising: readonly Ballot[] = [NO_BALLOT, FIRST, { round: 1, process: 2 }, { round: 2, process: 0 }, SECOND];

  it('are ordered by round, then by process, and one that names nobody is lower than all', () =>
    rising.forEach((a, i) =>
      rising.forEach((b, j) => expect([isLower(a, b), isSame(a, b), isHigher(a, b)]).toEqual([i < j, i === j, i > j]))));

  it('have quorums of which any two meet, and no smaller ones', () => {
    for (const count of [1, 2, 3, 4, 5, 6, 7]) {
      const quorum = quorumOf({ acceptors: Array.from({ length: count }, (_, i) => i), learners: [] });
      expect(2 * quorum).toBeGreaterThan(count);
      expect(2 * (quorum - 1)).toBeLessThanOrEqual(count);
    }
  });

  it('go round: from the coordinator through the acceptors in cyclic order to the learners, and back', () => {
    const many: Membership = { acceptors: [4, 5, 6, 7], learners: [1, 2] };
    expect(ringFrom(many, 5, () => true)).toEqual([5, 6, 7, 4, 1, 2]);
    expect(ringFrom(many, 4, (process) => process !== 6 && process !== 1)).toEqual([4, 5, 7, 2]);
    expect(RING.map((process) => successor(RING, process))).toEqual([1, 2, 3, 0]);
    expect(successor([], 4)).toBe(4);
  });
});

describe('an acceptor that is asked for a promise', () => {
  it('gives it to the ballot that asks, when it is durable, with what it knows from there on, in order', () => {
    const known = [value(FIRST, 'b'), phase2(FIRST, 2, 'b'), learned(1, 'a'), learned(0, 'c')];
    const entries = [[1, { type: 'Decided', id: 'a', value: VALUE }], [2, { type: 'Voted', ballot: FIRST, id: 'b', value: VALUE }]];
    expect(sent([...known, prepare(SECOND, 1)])).toEqual([[2, { type: 'Promise', ballot: SECOND, entries }, 4]]);
    expect(persisted([...known, prepare(SECOND, 1)])).toEqual([{ type: 'Promised', ballot: SECOND }]);
  });

  it('gives it again without writing it again', () => {
    expect(sent([prepare(FIRST), prepare(FIRST)])).toEqual([[0, { type: 'Promise', ballot: FIRST, entries: [] }, 1]]);
    expect(persisted([prepare(FIRST), prepare(FIRST)])).toEqual([]);
  });

  it('refuses a lower ballot, and says which one it has promised (CON-2)', () => {
    const refusal = [[0, { type: 'Refuse', promised: SECOND }, 0]];
    expect(sent([prepare(SECOND), prepare(FIRST)])).toEqual(refusal);
    expect(sent([prepare(SECOND), phase2(FIRST, 0, 'a')])).toEqual(refusal);
    expect(sent([value(FIRST, 'a'), prepare(SECOND), phase2(FIRST, 0, 'a')])).toEqual(refusal);
  });
});

describe('an acceptor that is asked for a vote', () => {
  it('casts it for a value that it holds, and passes it on when it is durable', () => {
    const events = [value(FIRST, 'a'), phase2(FIRST, 4, 'a', [])];
    expect(persisted(events)).toEqual([{ type: 'Voted', instance: 4, ballot: FIRST, id: 'a', value: VALUE }]);
    expect(sent(events)).toEqual([[2, { type: 'Phase2', ballot: FIRST, ring: RING, instance: 4, id: 'a', voters: [ME] }, 1]]);
    expect(told(events).state.held.size).toBe(0);
  });

  it('waits for the value, and holds none of a ballot below its promise', () => {
    expect(told([phase2(FIRST, 4, 'a')]).effects).toEqual([]);
    expect(told([prepare(SECOND), value(FIRST, 'a')]).state.held.size).toBe(0);
    expect(told([prepare(FIRST), value(FIRST, 'a'), value(FIRST, 'b')]).state.held.size).toBe(2);
  });

  it('drops what it held of lower ballots when a value of a higher one comes', () =>
    expect([...told([prepare(FIRST), value(FIRST, 'a'), value(SECOND, 'b')]).state.held.keys()]).toEqual(['b']));

  it('passes on what it has voted for, when asked again, without writing it again', () => {
    const again = [value(FIRST, 'a'), phase2(FIRST, 4, 'a', []), value(FIRST, 'a'), phase2(FIRST, 4, 'a', [])];
    for (const events of [again, again.toSpliced(2, 1)]) {
      expect(persisted(events)).toEqual([]);
      expect(sent(events).map(([to, { type }, after]) => [to, type, after])).toEqual([[2, 'Phase2', 1]]);
      expect(told(events).state.held.size).toBe(0);
    }
  });

  it('votes again in a higher ballot, for the same value without being sent it, or for another', () => {
    const voted = [value(FIRST, 'a'), phase2(FIRST, 4, 'a', [])];
    expect(persisted([...voted, phase2(SECOND, 4, 'a')])).toEqual([{ type: 'Voted', instance: 4, ballot: SECOND, id: 'a', value: VALUE }]);
    expect(persisted([...voted, value(SECOND, 'b', OTHER), phase2(SECOND, 4, 'b')])).toEqual([{ type: 'Voted', instance: 4, ballot: SECOND, id: 'b', value: OTHER }]);
    expect(told([...voted, phase2(SECOND, 4, 'b')]).effects).toEqual([]);
  });

  it('votes for one value in one ballot (CON-1)', () =>
    expect(told([value(FIRST, 'a'), phase2(FIRST, 4, 'a', []), value(FIRST, 'b', OTHER), phase2(FIRST, 4, 'b', [])]).effects).toEqual([]));

  it('decides when its vote completes a quorum, and says so to itself when its vote is durable (CON-4)', () => {
    const decision: Message = { type: 'Decision', ballot: FIRST, ring: RING, decider: ME, instance: 4, id: 'a' };
    expect(sent([value(FIRST, 'a'), phase2(FIRST, 4, 'a', [0])])).toEqual([[ME, decision, 1]]);
    expect(sent([value(FIRST, 'a'), phase2(FIRST, 4, 'a', [ME])]).map(([, { type }]) => type)).toEqual(['Phase2']); // its own vote counts once
  });

  it('passes nothing on to the coordinator: the way round has ended without a quorum', () => {
    const pair = [2, 1];
    expect(sent([value(FIRST, 'a'), phase2(FIRST, 4, 'a', [], pair)])).toEqual([]);
    expect(persisted([value(FIRST, 'a'), phase2(FIRST, 4, 'a', [], pair)])).toHaveLength(1);
  });

  it('tells the decision that it knows, at once, and votes for nothing else', () => {
    const known = [learned(4, 'a'), value(SECOND, 'a'), value(SECOND, 'b')];
    expect(told([...known, phase2(SECOND, 4, 'a')])).toMatchObject({ effects: [{ type: 'Send', to: ME, message: { type: 'Decision', decider: ME, instance: 4, id: 'a' }, after: 0 }] });
    expect([...told([...known, phase2(SECOND, 4, 'a')]).state.held.keys()]).toEqual(['b']);
    expect(told([...known, phase2(SECOND, 4, 'b')]).effects).toEqual([]);
  });
});

describe('an acceptor that learns a decision', () => {
  const voted = [value(FIRST, 'a'), phase2(FIRST, 4, 'a', [])];

  it('writes no value twice: only what it has not voted for', () => {
    expect(persisted([...voted, learned(4, 'a')])).toEqual([{ type: 'Decided', instance: 4, id: 'a' }]);
    expect(persisted([...voted, learned(4, 'b', OTHER)])).toEqual([{ type: 'Learned', instance: 4, id: 'b', value: OTHER }]);
    expect(persisted([learned(4, 'a')])).toEqual([{ type: 'Learned', instance: 4, id: 'a', value: VALUE }]);
    expect(persisted([learned(4, 'a'), learned(4, 'a')])).toEqual([]);
    for (const events of [[...voted, learned(4, 'a')], [learned(4, 'a')]]) expect(logAfter(events)).toEqual([[4, { type: 'Decided', id: 'a', value: VALUE }]]);
    expect(logAfter([...voted, learned(4, 'b', OTHER)])).toEqual([[4, { type: 'Decided', id: 'b', value: OTHER }]]);
  });

  it('holds its value no longer', () => expect(told([value(FIRST, 'a'), learned(4, 'a')]).state.held.size).toBe(0));

  it('answers whoever asks for it: what is decided, from there on and below there', () => {
    const known = [learned(0, 'a'), learned(1, 'b'), learned(3, 'd'), value(FIRST, 'c'), phase2(FIRST, 2, 'c')];
    expect(told([...known, ask(1, 4)]).effects).toEqual([
      { type: 'Send', to: 3, message: { type: 'Chosen', instance: 1, id: 'b', value: VALUE }, after: 0 },
      { type: 'Send', to: 3, message: { type: 'Chosen', instance: 3, id: 'd', value: VALUE }, after: 0 },
    ]);
    expect(sent([...known, ask(0, 1)]).map(([, message]) => message)).toEqual([{ type: 'Chosen', instance: 0, id: 'a', value: VALUE }]);
  });

  it('answers for 1024 instances at once, and no more', () => {
    const many = Array.from({ length: 1100 }, (_, i) => learned(i, `${i}`));
    const instances = sent([...many, ask(10, 10_000)]).map(([, message]) => (message.type === 'Chosen' ? message.instance : -1));
    expect([instances.length, instances[0], instances.at(-1)]).toEqual([1024, 10, 1033]);
  });
});

describe('an acceptor that comes back', () => {
  it('has its promise, its votes and its decisions, but not what it only held', () => {
    const records: readonly Durable[] = [
      { type: 'Promised', ballot: FIRST },
      { type: 'Voted', instance: 0, ballot: FIRST, id: 'a', value: VALUE },
      { type: 'Voted', instance: 1, ballot: SECOND, id: 'b', value: OTHER },
      { type: 'Decided', instance: 0, id: 'a' },
      { type: 'Learned', instance: 2, id: 'c', value: OTHER },
    ];
    const back = Acceptor.recover(ME, THREE, records);
    expect([back.promised, back.records, back.held.size]).toEqual([SECOND, 5, 0]);
    expect([...back.log.entries()].sort(([a], [b]) => a - b)).toEqual([
      [0, { type: 'Decided', id: 'a', value: VALUE }],
      [1, { type: 'Voted', ballot: SECOND, id: 'b', value: OTHER }],
      [2, { type: 'Decided', id: 'c', value: OTHER }],
    ]);
    expect(sent([prepare({ round: 3, process: 0 }, 2)], back)).toEqual([[0, { type: 'Promise', ballot: { round: 3, process: 0 }, entries: [[2, { type: 'Decided', id: 'c', value: OTHER }]] }, 6]]);
  });
});
