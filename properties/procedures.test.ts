/** What decides whether a history is linearizable, procedure by procedure, and what each of their rules is for. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accessesOf } from '../src/check/accesses.js';
import type { History } from '../src/check/history.js';
import { judge } from '../src/check/linearizability.js';
import type { Machine } from '../src/check/machines.js';
import type { Access, Model } from '../src/check/model.js';
import { problemOf } from '../src/check/problem.js';
import { replay } from '../src/check/replay.js';
import { ALL_RULES, search, type Outcome, type Problem, type Rules } from '../src/check/search.js';
import { stuckWithin } from '../src/check/windows.js';
import { zonesOf } from '../src/check/zones.js';
import { corrupted, linearizable, orderedMap, type MapHistory } from './arbitraries/history.js';
import { FUNCTIONS, jepsenHistory, modelOf, type JepsenOperation, type World } from './arbitraries/jepsen.js';
import { isExplained, leavingOutAllBut } from './arbitraries/plain-search.js';

const SMALL: World = { model: '', clients: 4, values: 2, keys: 1, ticks: 3, crashes: 1 };
const CRASHING: World = { ...SMALL, values: 3, crashes: 4, clients: 3 };
const DENSE: World = { ...SMALL, clients: 8, values: 3, ticks: 8 };
const TWO_KEYS: World = { ...SMALL, keys: 2, values: 3 };
/** Every value is written about once, so that zones apply. */
const DISTINCT: World = { ...SMALL, values: 1000, crashes: 2 };

const expected = <S, C, R>(model: Model<S, C, R>, history: History<C, R>): 'ok' | 'illegal' => (isExplained(model, history) ? 'ok' : 'illegal');

describe.each(Object.keys(FUNCTIONS))('of the model %s', (name) => {
  const model = modelOf(name);
  const some = (maxLength: number) => fc.oneof(...[SMALL, CRASHING, DENSE, TWO_KEYS, DISTINCT].map((world) => jepsenHistory(maxLength, { ...world, model: name })));

  it('the judge gives the verdict of a plain search, and orders that replay', () =>
    fc.assert(
      fc.property(fc.oneof(some(8), some(16)), (history) => {
        const verdict = judge(model, history);
        expect(verdict.type).toBe(expected(model, history));
        if (verdict.type === 'ok') expect(replay(model, history, verdict.linearization)).toEqual([]);
      }),
      { numRuns: 1500 },
    ));

  it('what is named contradicts itself, whatever the others did, and nothing can be left out where that is said', () =>
    fc.assert(
      fc.property(some(8), (history) => {
        const verdict = judge(model, history);
        if (verdict.type !== 'illegal') return;
        const { operations, argument, isMinimal } = verdict.certificate;
        expect(isExplained(model, leavingOutAllBut(operations, history))).toBe(false);
        if (isMinimal) for (const id of operations) expect(isExplained(model, leavingOutAllBut(operations.filter((other) => other !== id), history))).toBe(true);
        expect(history.filter(({ id }) => operations.includes(id)).toSorted((a, b) => a.call - b.call).map(({ id }) => id)).toHaveLength(operations.length);
        for (const [, id] of argument.join(' ').matchAll(/\{(\d+)\}/g)) expect(operations).toContain(Number(id));
      }),
      { numRuns: 700 },
    ));

  const { registers } = model;
  if (registers !== undefined)
    it('an operation is answered so if and only if what it says it sees is there, and leaves what it says', () => {
      const value = fc.constantFrom(null, 0, 1, true, false);
      fc.assert(
        fc.property(fc.constantFrom(...FUNCTIONS[name]!), value, value, fc.array(fc.tuple(fc.constantFrom(...FUNCTIONS[name]!), value, value)), (f, a, b, before) => {
          const call = (of: string, x: unknown, y: unknown) => ({ f: of, key: '', value: of === 'cas' ? [x, y] : x });
          const state = before.reduce((so, [of, x, y]) => model.apply(so, call(of, x, y))[0], model.initial);
          const there = (at: typeof state) => (at.has('') ? at.get('') : registers.valueAtFirst(''));
          const holds = ({ sees, misses }: Access): boolean => (sees === undefined || sees === there(state)) && (misses === undefined || misses !== there(state));
          const command = call(f, a, b);
          const [next, result] = model.apply(state, command);
          const crashed = registers.unanswered(command)!;
          expect(there(next)).toBe(holds(crashed) && crashed.leaves !== undefined ? crashed.leaves : there(state));
          for (const answer of [true, false, null, 0, 1]) {
            const access = registers.answered(command, answer) as Access | undefined;
            if (access === undefined) continue;
            expect(holds(access)).toBe(model.sameResult(result, answer));
            if (holds(access)) expect(there(next)).toBe(access.leaves === undefined ? there(state) : access.leaves);
          }
        }),
      );
    });
});

it('scans of several keys agree with a plain search, phantoms and all', () =>
  fc.assert(
    fc.property(corrupted(14, { sessions: 5, keys: 3n, values: 2n, ticks: 4 }), (history) => {
      const asked = history.map(({ position: _, ...operation }) => operation);
      expect(judge(orderedMap, asked).type).toBe(expected(orderedMap, asked));
    }),
    { numRuns: 2000 },
  ));

describe('zones', () => {
  type Ops = readonly (readonly [call: number, end: number, sees: number, leaves: number])[];
  /** Of one key that holds 0 at first; -1 is no value. */
  const zonesDecide = (ops: Ops): string => {
    const [count, column] = [ops.length, (i: 2 | 3) => Int32Array.from(ops, (op) => op[i])];
    const [call, end] = [Float64Array.from(ops, ([c]) => c), Float64Array.from(ops, ([, e]) => e)];
    const accesses = { count, call, end, key: new Int32Array(count), asks: column(2), leaves: column(3), sights: new Map(), valuesAtFirst: Int32Array.of(0), values: 10 };
    return zonesOf(accesses, end, Int32Array.from(ops.keys())).call(undefined, 0, count).type;
  };

  it.each<[string, Ops, string]>([
    ['order a read between its write and the next one', [[0, 1, -1, 1], [2, 3, 1, -1], [4, 5, -1, 2]], 'ordered'],
    ['refute a read of what nobody left', [[0, 1, 7, -1]], 'contradiction'],
    ['refute a read that ended before its write began', [[0, 1, 1, -1], [2, 3, -1, 1]], 'contradiction'],
    ['refute two forward zones that overlap', [[0, 1, -1, 1], [0, 1, -1, 2], [2, 3, 1, -1], [2, 3, 2, -1]], 'contradiction'],
    ['refute a backward zone within a forward one', [[0, 1, -1, 1], [2, 3, -1, 2], [4, 5, 1, -1]], 'contradiction'],
    ['order zones that only touch', [[0, 1, -1, 1], [1, 4, -1, 2], [4, 5, 1, -1]], 'ordered'],
    ['refute a read of the first value after a write', [[0, 1, -1, 1], [2, 3, 0, -1]], 'contradiction'],
    ['refute two that replace one value', [[0, 9, 0, 1], [0, 9, 0, 2]], 'contradiction'],
    ['refute values that are made from each other', [[0, 9, 2, 1], [0, 9, 1, 2]], 'contradiction'],
    ['order a value that comes back, where all is conditional', [[0, 1, 0, 1], [2, 3, 1, 0], [4, 5, 0, -1], [6, 7, 0, 2]], 'ordered'],
    ['refute two blocks that never end', [[0, 1, 0, 1], [2, 3, 1, 0], [4, 9, 0, 2], [4, 9, 0, 3]], 'contradiction'],
    ['do not decide where a value is left twice blindly', [[0, 1, -1, 1], [2, 3, 1, -1], [4, 5, -1, 2], [6, 7, -1, 1], [8, 9, 1, -1]], 'undecided'],
    ['do not decide where two values come back', [[0, 1, 0, 1], [2, 3, 1, 0], [4, 5, 0, 1]], 'undecided'],
    ['do not decide while something is pending', [[0, Infinity, -1, 1], [2, 3, 1, -1]], 'undecided'],
    ['do not decide what asks for any value but one', [[0, 1, -3, 1], [2, 3, 1, -1]], 'undecided'],
  ])('%s', (_, ops, type) => expect(zonesDecide(ops)).toBe(type));

  const decided = (world: World) => {
    const [name, history] = [world.model, jepsenHistory(12, world, 6)];
    return fc.sample(history, { seed: 1, numRuns: 1000 }).map((each) => judge(modelOf(name), each));
  };
  for (const type of ['ok', 'illegal'] as const)
    it(`sometimes find ${type}`, () =>
      expect(decided({ ...DISTINCT, model: 'cas-register' }).filter((verdict) => verdict.type === type && verdict.procedure === 'zones').length).toBeGreaterThan(10));
});

describe('what is said of crashed operations', () => {
  const write = (id: number, value: number, call: number, end?: number): JepsenOperation =>
    end === undefined
      ? { type: 'pending', id, session: id, command: { f: 'write', key: '', value }, call }
      : { type: 'completed', id, session: id, command: { f: 'write', key: '', value }, call, return: end, result: null };
  const read = (id: number, value: number, call: number): JepsenOperation => ({ type: 'completed', id, session: id, command: { f: 'read', key: '', value: null }, call, return: call + 1, result: value });
  const cas = (id: number, from: number, to: number, call: number): JepsenOperation => ({ type: 'pending', id, session: id, command: { f: 'cas', key: '', value: [from, to] }, call });
  const of = modelOf('cas-register');

  it('one may be dropped whose value nobody saw, and not if a crashed one that matters asks for it', () => {
    expect(judge(of, [write(1, 7, 0), read(2, 0, 2), read(3, 0, 4)])).toMatchObject({ type: 'ok', procedure: 'zones' });
    expect(judge(of, [write(1, 7, 0), cas(2, 7, 8, 0), read(3, 8, 2)]).type).toBe('ok');
    expect(judge(of, [cas(2, 7, 8, 0), read(3, 8, 2)]).type).toBe('illegal');
  });
  it('one may not be dropped that another key would have needed, were it the same', () =>
    expect(judge(of, [write(1, 7, 0), { ...read(2, 7, 2), command: { f: 'read', key: 'other', value: null } }]).type).toBe('illegal'));
  it('one has taken effect when it is seen first, and only if nobody else left that value', () => {
    expect(judge(of, [write(1, 7, 0), read(2, 7, 2), write(3, 8, 4, 5), read(4, 7, 6)]).type).toBe('illegal');
    expect(judge(of, [write(1, 7, 0), write(9, 7, 0), read(2, 7, 2), write(3, 8, 4, 5), read(4, 7, 6)]).type).toBe('ok');
    expect(judge(of, [write(1, 0, 0), read(2, 0, 2), write(3, 8, 4, 5), read(4, 0, 6)]).type).toBe('ok');
  });
});

it('an argument says step by step what comes before what', () => {
  const operation = (id: number, f: string, value: number, call: number): JepsenOperation => ({ type: 'completed', id, session: id, call, return: call + 1, command: { f, key: '', value: f === 'read' ? null : value }, result: f === 'read' ? value : null });
  const verdict = judge(modelOf('register'), [operation(1, 'write', 5, 0), operation(2, 'write', 6, 2), operation(3, 'read', 7, 3), operation(4, 'write', 7, 3), operation(5, 'read', 5, 9)]);
  expect(verdict.type === 'illegal' && verdict.certificate).toMatchObject({ operations: [1, 2, 5], isMinimal: true });
  expect(verdict.type === 'illegal' && verdict.certificate.argument).toEqual([
    '{2} returned before {5} was called, so it comes first.',
    '{1} returned before {2} was called, so it comes first.',
    '{5} sees what only {1} leaves, and {2} does not come in between, so it comes after {5} too.',
    'So {2} and {5} would each come before the other.',
  ]);
});

it('a budget that runs out names the window where it did', () => {
  const histories = fc.sample(jepsenHistory(30, { ...DENSE, model: 'cas-register' }), { seed: 1, numRuns: 300 });
  const unknown = histories.map((history) => ({ history, verdict: judge(modelOf('cas-register'), history, { nodes: 0 }) }));
  expect(unknown.filter(({ verdict }) => verdict.type === 'unknown').length).toBeGreaterThan(10);
  for (const { history, verdict } of unknown) {
    if (verdict.type !== 'unknown') continue;
    const { from, to, operations } = verdict.window;
    expect(from).toBeLessThanOrEqual(to);
    expect(operations.length).toBeGreaterThan(0);
    for (const { id, call, ...rest } of history) if (operations.includes(id)) expect(call <= to && (rest.type === 'pending' || rest.return >= from)).toBe(true);
  }
});

it('forty writes of three values may be open at once', () => {
  const of = modelOf('register');
  const writes = Array.from({ length: 40 }, (_, id): JepsenOperation => ({ type: 'completed', id, session: id, command: { f: 'write', key: '', value: id % 3 }, call: id, return: 100 + id, result: null }));
  const reads = (...values: readonly number[]) =>
    values.map((value, i): JepsenOperation => ({ type: 'completed', id: 50 + i, session: 50, command: { f: 'read', key: '', value: null }, call: 200 + 2 * i, return: 201 + 2 * i, result: value }));
  expect(judge(of, [...writes, ...reads(2, 2)]).type).toBe('ok');
  expect(judge(of, [...writes, ...reads(2, 1)])).toMatchObject({ type: 'illegal', procedure: 'search' });
});

describe('each rule of the search', () => {
  const CAS = fc.oneof(...[SMALL, CRASHING, DENSE].map((world) => jepsenHistory(12, { ...world, model: 'cas-register' })));
  const MAP = corrupted(10, { sessions: 5, keys: 3n, values: 2n, ticks: 4 }).map((history) => history.map(({ position: _, ...operation }) => operation));

  /** The write of 1 has no place: each compare-and-set needs what the one before it left. */
  const HIDDEN = [['write', 1, 0, 10], ['cas', [0, 2], 1, 2], ['cas', [2, 3], 3, 4], ['read', 3, 11, 12]].map(([f, value, call, end], id): JepsenOperation => ({
    type: 'completed', id, session: id, call: Number(call), return: Number(end), command: { f: String(f), key: '', value: f === 'read' ? null : value }, result: f === 'read' ? value : f === 'cas' ? true : null,
  }));
  /** The scan sees the entry of key 1, inserted meanwhile, and not yet that of key 0, whose insert returns first. */
  const TIED: MapHistory = [
    { type: 'completed', id: 0, session: 0, command: { type: 'scan', from: 0n, to: 1n }, call: 0, return: 9, result: { type: 'entries', entries: [[1n, 7n]], complete: true } },
    { type: 'completed', id: 1, session: 1, command: { type: 'insert', key: 1n, value: 7n }, call: 0, return: 9, result: { type: 'inserted' } },
    { type: 'completed', id: 2, session: 2, command: { type: 'insert', key: 0n, value: 7n }, call: 0, return: 1, result: { type: 'inserted' } },
  ];

  /** All operations at once: neither components nor zones, and nothing normalised. */
  const searched = <S, C, R>(model: Model<S, C, R>, history: History<C, R>, mistakeIn: (problem: Problem, key: Int32Array) => Partial<Problem>, ...how: readonly [Rules, Parameters<typeof search>[3]?]): Outcome['type'] => {
    const accesses = accessesOf(model.registers!, history);
    if (accesses === undefined) return isExplained(model, history) ? 'found' : 'illegal';
    const order = Int32Array.from(history.keys()).sort((a, b) => accesses.call[a]! - accesses.call[b]! || a - b);
    const problem = problemOf(accesses, accesses.end, order);
    return search({ ...problem, ...mistakeIn(problem, order.map((op) => accesses.key[op]!)) }, Infinity, ...how).type;
  };
  const differs = (mistakeIn: (problem: Problem, key: Int32Array) => Partial<Problem>, rules: Rules = ALL_RULES, isMissing?: Parameters<typeof search>[3]): boolean => {
    const isWrong = <S, C, R>(model: Model<S, C, R>, history: History<C, R>): boolean => (searched(model, history, mistakeIn, rules, isMissing) === 'found') !== isExplained(model, history);
    const of = modelOf('cas-register');
    if (isWrong(of, HIDDEN) || isWrong(orderedMap, TIED)) return true;
    return [
      fc.check(fc.property(CAS, (history) => !isWrong(of, history)), { seed: 1, numRuns: 2500, endOnFailure: true }),
      fc.check(fc.property(MAP, (history) => !isWrong(orderedMap, history)), { seed: 1, numRuns: 1500, endOnFailure: true }),
    ].some(({ failed }) => failed);
  };

  for (const rule of Object.keys(ALL_RULES).filter((each) => each !== 'R4' && each !== 'R3'))
    it(`${rule} can be left out`, () => expect(differs(() => ({}), { ...ALL_RULES, [rule]: false })).toBe(false));
  it('R3 can be left out, with R4', () => expect(differs(() => ({}), { ...ALL_RULES, R3: false, R4: false })).toBe(false));
  it('R4 can be left out', () => expect(differs(() => ({}), { ...ALL_RULES, R4: false })).toBe(false));
  it('but not R3 alone: R4 relies on it', () => expect(differs(() => ({}), { ...ALL_RULES, R3: false })).toBe(true));

  it('R8 that misses nothing is caught by a plain search', () => expect(differs(() => ({}), ALL_RULES, () => false)).toBe(true));

  const machineWith = (change: (machine: Machine, key: Int32Array) => Partial<Machine>) => (problem: Problem, key: Int32Array) => ({ machine: { ...problem.machine, ...change(problem.machine, key) } });
  const mistakes: Record<string, (problem: Problem, key: Int32Array) => Partial<Problem>> = {
    'R1, without a mistake': () => ({}),
    'R1 of what changes nothing only at first': ({ isRead, machine }) => ({ isRead: isRead.map((is, op) => (is === 1 || machine.isUnnoticed(op) ? 1 : 0)) }),
    'R2 that forgets the reads that tie keys': machineWith((_, key) => ({ near: (op, candidates) => candidates.filter((other) => key[op] === -1 || key[other] === key[op]) })),
    'R3 that hides a write before one that minds': machineWith(({ isBlind }, key) => ({ isHiddenBefore: (write, op) => isBlind(write) && key[write] === key[op] })),
    'R3 that takes every blind write for unnoticed': machineWith(({ isBlind }) => ({ isUnnoticed: isBlind })),
    'R3 that never uses what is spare': machineWith(() => ({ isAskedLater: () => false })),
    'R4 that forgets for whose sake': machineWith(() => ({ wantedBy: () => () => false })),
    'R4 of conditional writes': machineWith(() => ({ isBlind: () => true })),
    'R5 of writes that are not alike': ({ kinds }) => ({ kinds: kinds.map(() => 0) }),
    'R6 of crashed operations that are not alike': ({ deeds }) => ({ deeds: deeds.map(() => 0) }),
    'R7 that forgets the state': machineWith(() => ({ state: () => 0 })),
    'a search that gives up where something could be left yet': machineWith(() => ({ isHopeless: () => true })),
  };
  for (const [mistake, make] of Object.entries(mistakes)) {
    const isSound = mistake.endsWith('without a mistake');
    it(`${isSound ? 'agrees with' : 'is caught by'} a plain search: ${mistake}`, () => expect(differs(make)).toBe(!isSound));
  }
});

describe('a window', () => {
  const windows = fc.oneof(...[SMALL, CRASHING, DENSE].map((world) => jepsenHistory(14, { ...world, model: 'cas-register' }, 4))).chain((history) =>
    fc.record({ history: fc.constant(history), from: fc.integer({ min: 0, max: 20 }), length: fc.integer({ min: 0, max: 20 }) }),
  );
  const of = modelOf('cas-register');

  /** Whether there is no order within, given the operations that are known to it. */
  const refutes = (history: History<JepsenOperation['command'], unknown>, from: number, to: number, isKnown: (call: number, end: number) => boolean): boolean => {
    const accesses = accessesOf(of.registers!, history)!;
    const { call, end } = accesses;
    const called = Int32Array.from(history.keys()).sort((a, b) => call[a]! - call[b]! || a - b).filter((op) => call[op]! <= to && isKnown(call[op]!, end[op]!));
    return stuckWithin(accesses, end, called, from, to, Infinity) !== undefined;
  };
  /** How many of those that a window refutes do have an order. */
  const wrong = (isKnown: (from: number) => (call: number, end: number) => boolean) => {
    const refuted = fc.sample(windows, { seed: 1, numRuns: 4000 }).filter(({ history, from, length }) => refutes(history, from, from + length, isKnown(from)));
    return { refuted: refuted.length, wrongly: refuted.filter(({ history }) => isExplained(of, history)).length };
  };

  it('refutes only what has no order', () => {
    const { refuted, wrongly } = wrong(() => () => true);
    expect(refuted).toBeGreaterThan(30);
    expect(wrongly).toBe(0);
  });
  it('would refute too much if it forgot what was open when it begins', () => expect(wrong((from) => (call) => call >= from).wrongly).toBeGreaterThan(0));
  it('is looked into in vain where a long history is legal', () => {
    /** Before all, and answered with what is there at first. */
    const first: JepsenOperation = { type: 'completed', id: -1, session: -1, command: { f: 'read', key: '', value: null }, call: -2, return: -1, result: 0 };
    const histories = fc.sample(jepsenHistory(24_000, { ...DENSE, model: 'cas-register', values: 5, ticks: 20, crashes: 0 }, 0).filter(({ length }) => length > 12_000), { seed: 3, numRuns: 8 }).map((history) => [first, ...history]);
    expect(histories.filter((history) => judge(of, history, { nodes: 2000 }).type === 'unknown').length).toBeGreaterThan(0);
    expect(histories.map((history) => judge(of, history).type)).toEqual(histories.map(() => 'ok'));
  });
  it('of a late contradiction decides, whatever crashed before it', () => {
    const story: JepsenOperation[] = [];
    const tell = (f: string, value: unknown, call: number, end?: number, result: unknown = null): number =>
      story.push(end === undefined ? { type: 'pending', id: story.length, session: 0, command: { f, key: '', value }, call } : { type: 'completed', id: story.length, session: 0, command: { f, key: '', value }, call, return: end, result });
    for (let i = 0; i < 300; i += 1) {
      if (i % 6 === 0) tell('cas', [i % 5, (i + 3) % 5], 10 * i);
      for (let client = 0; client < 6; client += 1) tell('write', (i + client) % 5, 10 * i + client / 10, 10 * i + 12 + client / 10);
      tell('read', null, 10 * i + 5, 10 * i + 9, (i * 7) % 5);
    }
    expect(judge(of, story, { nodes: 200_000 }).type).toBe('ok');
    tell('write', 7, 4000, 4001);
    tell('write', 8, 4002, 4003);
    tell('read', null, 4004, 4005, 7);
    expect(judge(of, story, { nodes: 200_000 })).toMatchObject({ type: 'illegal', procedure: 'search' });
  });
});

it('what is spare is not taken for its like that must take effect, and was called after the place where it is hidden', () => {
  const calls: readonly (readonly [f: string, value: string | null, call: number, end: number])[] = [
    ['append', 'b', 1, 84],
    ['append', 'a', 10, 103], // hidden before the put
    ['put', 'b', 20, 66],
    ['append', 'a', 68, 173],
    ['append', 'b', 175, 288],
    ['append', 'b', 185, 193],
    ['append', 'a', 290, 407],
    ['append', 'a', 290, 322],
    ['get', null, 427, 534],
    ['append', 'a', 457, 460],
  ];
  const story = calls.map(([f, value, call, end], id): JepsenOperation => ({ type: 'completed', id, session: id, command: { f, key: '', value }, call, return: end, result: f === 'get' ? 'babbbaaa' : null }));
  expect(isExplained(modelOf('append'), story)).toBe(true);
  expect(judge(modelOf('append'), story).type).toBe('ok');
});

it('what is appended and replaced before anybody looks is not told apart', () => {
  const story: JepsenOperation[] = [];
  const tell = (f: string, value: string | null, call: number, end: number, result: unknown = null): number =>
    story.push({ type: 'completed', id: story.length, session: 0, command: { f, key: '', value }, call, return: end, result });
  for (let round = 0; round < 4; round += 1) {
    for (let client = 0; client < 7; client += 1) tell('append', `${round}${client};`, 100 * round + client, 100 * round + 20 + client);
    tell('put', '', 100 * round + 10, 100 * round + 40);
    tell('put', 'x', 100 * round + 11, 100 * round + 41);
  }
  tell('get', null, 405, 406, 'x');
  expect(judge(modelOf('append'), story, { nodes: 1000 }).type).toBe('ok');
  tell('get', null, 407, 408, '');
  expect(judge(modelOf('append'), story, { nodes: 1000 }).type).toBe('illegal');
});

it('long histories of a map are decided in orders that replay', () =>
  fc.assert(
    fc.property(linearizable(200, { sessions: 12, keys: 10n, values: 4n, ticks: 6 }), (history) => {
      const asked = history.map(({ position: _, ...operation }) => operation);
      const verdict = judge(orderedMap, asked);
      expect(verdict.type === 'ok' && replay(orderedMap, asked, verdict.linearization)).toEqual([]);
    }),
    { numRuns: 100 },
  ));
