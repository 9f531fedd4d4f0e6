/** A process of a ring: what its learner waits for and whom it asks, what it passes on, and what it comes back with. */

import { describe, expect, it } from 'vitest';
import type { Ballot, Membership, ProcessId } from '../src/consensus/ballot.js';
import * as Learner from '../src/consensus/learner.js';
import type { Durable, Effect, Message, Value } from '../src/consensus/messages.js';
import * as Ring from '../src/consensus/ring.js';
import { walk } from './check.js';

const THREE: Membership = { acceptors: [0, 1, 2], learners: [3, 4] };
const EVERYONE = [0, 1, 2, 3, 4];
const SETTINGS: Ring.Settings = { batchBytes: 8, backlogBytes: 20, window: 2, heartbeat: 20, suspectAfter: 100, resendAfter: 50, askAfter: 30, askFor: 4 };
const FIRST: Ballot = { round: 1, process: 0 };
const SECOND: Ballot = { round: 2, process: 1 };
const VALUE: Value = { type: 'Skip', to: 5 };

type Sent = readonly [to: ProcessId, message: Message];
const sentIn = (effects: readonly Effect[]): readonly Sent[] => effects.flatMap((effect) => (effect.type === 'Send' ? [[effect.to, effect.message] as const] : []));
const deliveredIn = (effects: readonly Effect[]): readonly number[] => effects.flatMap((effect) => (effect.type === 'Deliver' ? [effect.instance] : []));

const value = (id: string, ballot = FIRST, ring: readonly ProcessId[] = EVERYONE): Message => ({ type: 'Value', ballot, ring, id, value: VALUE });
const decision = (instance: number, id = `${instance}`, decider = 1, ring: readonly ProcessId[] = EVERYONE): Message => ({ type: 'Decision', ballot: FIRST, ring, decider, instance, id });
const alive = (decided: number): Message => ({ type: 'Alive', ballot: FIRST, decided });
const chosen = (instance: number): Message => ({ type: 'Chosen', instance, id: `${instance}`, value: VALUE });

describe('a learner', () => {
  type Event = Learner.Event | Message;
  /** What it makes of each event. */
  const learning = (events: readonly Event[], me = 3, next = 0) => {
    const steps = walk(Learner.initial(me, THREE, SETTINGS, next), Learner.onEvent, events as readonly Learner.Event[]);
    return { state: steps.at(-1)!.after, effects: steps.map(({ effects }) => effects) };
  };
  const asked = (events: readonly Event[], me?: ProcessId, next?: number): readonly (readonly [ProcessId, number, number] | undefined)[] =>
    learning(events, me, next).effects.map((effects) => sentIn(effects).flatMap(([to, message]) => (message.type === 'Ask' ? [[to, message.from, message.to] as const] : []))[0]);
  const tick = (now: number): Event => ({ type: 'Tick', now });

  it('asks for nothing while it misses nothing', () => expect(asked([tick(100), value('0'), decision(0), tick(200), tick(300)])).toEqual(Array.from({ length: 5 }, () => undefined)));

  it('asks when nothing has moved for askAfter, from the first instance that it misses to the last that is decided', () => {
    expect(asked([tick(100), decision(2), tick(110), tick(129), tick(130)]).slice(2)).toEqual([undefined, undefined, [expect.any(Number), 0, 3]]);
    expect(asked([tick(100), alive(2), tick(129), tick(130)]).slice(2)).toEqual([undefined, [expect.any(Number), 0, 2]]);
    expect(asked([tick(100), alive(7), alive(5), tick(130)], 3, 6).at(-1)).toEqual([expect.any(Number), 6, 7]);
  });

  it('does not ask again before askAfter has passed once more', () =>
    expect(asked([tick(100), alive(2), tick(130), tick(159), tick(160)]).map((one) => one !== undefined)).toEqual([false, false, true, false, true]));

  it('waits anew when something has moved', () =>
    expect(asked([tick(100), alive(2), chosen(0), tick(125), tick(154), tick(155)]).map((one) => one !== undefined)).toEqual([false, false, false, false, false, true]));

  it('asks for no more than askFor at once, and for the next ones as soon as it has these', () => {
    const all = asked([tick(100), alive(9), tick(130), ...[0, 1, 2].map(chosen), tick(131), chosen(3), tick(132), ...[4, 5, 6, 7].map(chosen), tick(133), chosen(8), tick(400)]);
    expect(all.filter((one) => one !== undefined).map(([, from, to]) => [from, to])).toEqual([[0, 4], [4, 8], [8, 9]]);
    expect(new Set(all.flatMap((one) => (one === undefined ? [] : [one[0]]))).size).toBe(1); // of one that answers, one goes on asking
  });

  it('asks one acceptor after the other while none answers, and never itself', () => {
    const questions = (me: ProcessId) => asked([tick(100), alive(1), ...[130, 160, 190, 220, 250, 280].map(tick)], me).flatMap((one) => (one === undefined ? [] : [one[0]]));
    for (const me of EVERYONE) {
      const others = THREE.acceptors.filter((acceptor) => acceptor !== me);
      const firsts = questions(me).slice(0, others.length);
      expect([...firsts].sort()).toEqual(others);
      expect(questions(me)).toEqual(Array.from({ length: 6 }, (_, i) => firsts[i % firsts.length]));
    }
    expect(questions(3)[0]).not.toBe(questions(4)[0]); // not all ask the same one
  });

  it('that is the only acceptor has nobody to ask', () => {
    const [, effects] = Learner.onEvent({ ...Learner.initial(0, { acceptors: [0], learners: [] }, SETTINGS), horizon: 3 }, { type: 'Tick', now: 1000 });
    expect(effects).toEqual([]);
  });

  it('keeps no value that nobody decided once there is a higher ballot, and all that are decided', () => {
    const { state } = learning([value('a'), value('b'), decision(1, 'b'), value('c', SECOND), value('d', FIRST)]);
    expect([...state.values.keys()].sort()).toEqual(['b', 'c', 'd']);
    expect(learning([value('a', SECOND), value('b', FIRST), value('c', SECOND)]).state.values.size).toBe(3);
  });

  it('keeps nothing of what it has handed over', () => {
    const { state, effects } = learning([value('0'), decision(0), value('0'), decision(0), chosen(0)]);
    expect(effects.flatMap(deliveredIn)).toEqual([0]);
    expect([state.next, state.values.size, state.decided.size]).toEqual([1, 0, 0]);
  });
});

describe('a process of a ring', () => {
  const process = (me: ProcessId, records: readonly Durable[] = []): Ring.Ring => Ring.start(me, THREE, SETTINGS, records);
  const receive = (ring: Ring.Ring, ...messages: readonly Message[]): readonly [Ring.Ring, readonly Effect[]] =>
    messages.reduce<readonly [Ring.Ring, readonly Effect[]]>(([state], message) => Ring.onEvent(state, { type: 'Received', from: 1, message }), [ring, []]);
  /** Whom a process sends the very message that it received. */
  const onward = (me: ProcessId, message: Message): readonly ProcessId[] => sentIn(receive(process(me), message)[1]).flatMap(([to, sent]) => (sent === message ? [to] : []));

  it('passes a value on to its successor, until it has been to everyone', () =>
    expect(EVERYONE.map((me) => onward(me, value('a')))).toEqual([[1], [2], [3], [4], []]));

  it('passes a decision on, until it has been to everyone but the one that made it', () => {
    expect(EVERYONE.map((me) => onward(me, decision(0)))).toEqual([[], [2], [3], [4], [0]]);
    expect(onward(3, decision(0, '0', 1, [0, 1, 3]))).toEqual([0]);
  });

  it('passes nothing on in a ring that it is not in, or whose first or decider is not', () => {
    expect(onward(2, value('a', FIRST, [0, 1, 3]))).toEqual([]);
    expect(onward(2, decision(0, '0', 1, [0, 2, 3]))).toEqual([]);
    expect(onward(2, decision(0, '0', 1, [2]))).toEqual([]);
    expect(onward(2, value('a', FIRST, []))).toEqual([]);
  });

  it('passes votes on without voting if it only learns', () => {
    const phase2: Message = { type: 'Phase2', ballot: FIRST, ring: [0, 3, 1], instance: 0, id: 'a', voters: [0] };
    expect(onward(3, phase2)).toEqual([1]);
    expect(onward(3, { ...phase2, ring: [0, 1, 3] })).toEqual([]);
    expect(onward(2, { ...phase2, ring: [0, 2, 3] })).toEqual([]); // it holds no such value
  });

  it('passes on first, and hands over then', () => {
    const [, effects] = receive(process(3), value('0'), decision(0));
    expect(effects.map(({ type }) => type)).toEqual(['Send', 'Deliver']);
  });

  it('tells whoever says that it leads that it is there', () => {
    for (const me of EVERYONE) expect(sentIn(receive(process(me), alive(0))[1])).toEqual([[1, { type: 'Here' }]]);
  });

  it('answers with what its learner has handed over, if it is an acceptor', () => {
    const ask: Message = { type: 'Ask', from: 0, to: 5 };
    expect(sentIn(receive(process(2), value('0'), decision(0), chosen(1), ask)[1])).toEqual([0, 1].map((instance) => [1, { type: 'Chosen', instance, id: `${instance}`, value: VALUE }]));
    expect(receive(process(3), value('0'), decision(0), ask)[1]).toEqual([]);
  });

  it('asks for what it misses, and does nothing else about it', () => {
    const [waiting] = [{ type: 'Received', from: 0, message: alive(3) } as const, { type: 'Tick', now: 1 } as const].reduce<readonly [Ring.Ring, readonly Effect[]]>(([ring], event) => Ring.onEvent(ring, event), [process(2), []]);
    expect(Ring.onEvent(waiting, { type: 'Tick', now: 31 })[1]).toEqual([{ type: 'Send', to: expect.any(Number), message: { type: 'Ask', from: 0, to: 3 }, after: 0 }]);
  });

  it('that only learns is told of phase 1, skips and submissions for nothing', () => {
    for (const message of [{ type: 'Prepare', ballot: FIRST, from: 0 }, { type: 'Promise', ballot: FIRST, entries: [] }, { type: 'Refuse', promised: FIRST }, { type: 'Submit', commands: new Uint8Array(4) }, { type: 'Here' }] as const)
      expect(receive(process(3), message)).toEqual([process(3), []]);
    expect(Ring.onEvent(process(3), { type: 'Skip', to: 4 })).toEqual([process(3), []]);
  });

  it('comes back with what it had learned, and hands over and campaigns from there on', () => {
    const records: readonly Durable[] = [
      { type: 'Promised', ballot: SECOND },
      { type: 'Learned', instance: 0, id: 'a', value: VALUE },
      { type: 'Learned', instance: 1, id: 'b', value: VALUE },
      { type: 'Voted', instance: 2, ballot: SECOND, id: 'c', value: VALUE },
      { type: 'Learned', instance: 3, id: 'd', value: VALUE },
    ];
    const back = process(0, records);
    expect(deliveredIn(receive(back, chosen(0), chosen(2))[1])).toEqual([2]);
    const later = [1, 2000].reduce<readonly [Ring.Ring, readonly Effect[]]>(([ring], now) => Ring.onEvent(ring, { type: 'Tick', now }), [back, []]);
    expect(sentIn(later[1])).toContainEqual([0, { type: 'Prepare', ballot: { round: 3, process: 0 }, from: 2 }]);
    expect(process(3, records)).toEqual(process(3));
  });

  it('builds on what it learns: it campaigns from the first instance that it has not handed over', () => {
    const [ring] = receive(process(0), chosen(0), chosen(1));
    const later = Ring.onEvent(ring, { type: 'Tick', now: 1 });
    expect(sentIn(later[1])).toContainEqual([0, { type: 'Prepare', ballot: FIRST, from: 2 }]);
  });

  it('that alone is a quorum decides what it is told, by what it says to itself', () => {
    const alone: Membership = { acceptors: [0], learners: [] };
    let ring = Ring.start(0, alone, SETTINGS);
    const delivered: number[] = [];
    const tell = (event: Ring.Event): void => {
      const [next, effects] = Ring.onEvent(ring, event);
      ring = next;
      delivered.push(...deliveredIn(effects));
      for (const [to, message] of sentIn(effects)) {
        expect(to).toBe(0);
        tell({ type: 'Received', from: 0, message });
      }
    };
    tell({ type: 'Tick', now: 1 });
    tell({ type: 'Skip', to: 3 });
    tell({ type: 'Received', from: -1, message: { type: 'Submit', commands: new Uint8Array(8) } });
    expect(delivered).toEqual([0, 1]);
  });
});
