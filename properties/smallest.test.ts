/** Certificates of what is illegal: the smallest there are, where that is said. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accessesOf } from '../src/check/accesses.js';
import { whyMany } from '../src/check/argument.js';
import type { History } from '../src/check/history.js';
import { smallestHittingSet } from '../src/check/hitting-set.js';
import { leftOut, testOf } from '../src/check/left-out.js';
import type { Answer, Call } from '../src/check/jepsen/models.js';
import { judge, type Certificate } from '../src/check/linearizability.js';
import type { Model } from '../src/check/model.js';
import { shortageIn } from '../src/check/shortage.js';
import { smallestContradiction } from '../src/check/smallest.js';
import { corrupted, orderedMap, type MapHistory, type MapOperation } from './arbitraries/history.js';
import { jepsenHistory, modelOf, type JepsenOperation, type World } from './arbitraries/jepsen.js';
import { isExplained, leavingOutAllBut } from './arbitraries/plain-search.js';

const COUNT = 9;
const sets = (maxLength: number): fc.Arbitrary<readonly (readonly number[])[]> => fc.array(fc.uniqueArray(fc.nat({ max: COUNT - 1 }), { minLength: 1, maxLength: 5 }), { maxLength });
const holds = (some: readonly number[], part: readonly number[]): boolean => part.every((each) => some.includes(each));
const hits = (some: readonly number[], all: readonly (readonly number[])[]): boolean => all.every((set) => set.some((each) => some.includes(each)));

const worlds: readonly World[] = ['register', 'cas-register', 'append'].flatMap((model) => [
  { model, clients: 4, values: 2, keys: 1, ticks: 3, crashes: 1 },
  { model, clients: 3, values: 3, keys: 1, ticks: 3, crashes: 4 },
]);

describe('a smallest hitting set', () => {
  it('hits all, and no smaller one does', () =>
    fc.assert(
      fc.property(sets(12), fc.integer({ min: 0, max: COUNT + 1 }), (all, size) => {
        const least = sizeOfSmallest(COUNT, (some) => hits(some, all))!;
        const hitting = smallestHittingSet(all, COUNT, size, 0, 100_000);
        expect(hitting.type).toBe(least < size ? 'smallest' : 'too large');
        if (hitting.type !== 'smallest') return;
        expect(hits(hitting.elements, all)).toBe(true);
        expect(hitting.elements).toHaveLength(least);
        expect(smallestHittingSet(all, COUNT, size, least, 100_000)).toMatchObject({ type: 'smallest', elements: { length: least } });
      }),
      { numRuns: 2000 },
    ));

  it('is not looked for beyond a budget', () =>
    expect(smallestHittingSet([[0, 1], [2, 3], [4, 5]], 6, 7, 0, 2)).toEqual({ type: 'exhausted' }));
});

describe('a smallest contradiction', () => {
  /** What contradicts itself is whatever holds one of these sets. */
  const among = fc.tuple(sets(6).filter((all) => all.length > 0), fc.func(fc.integer({ min: 0, max: 9 })));

  it('is found whatever contradicts what, and is bounded where something cannot be known', () =>
    fc.assert(
      fc.property(among, fc.boolean(), ([cores, chance], isKnown) => {
        const isOne = (named: readonly number[]): boolean => cores.some((core) => holds(named, core));
        const find = (named: readonly number[]) => (!isKnown && chance(named.toSorted()) === 0 ? 'unknown' : isOne(named) ? 'contradiction' : 'none');
        const all = Array.from({ length: COUNT }, (_, i) => i);
        const least = Math.min(...cores.map(({ length }) => length));
        const { operations, atLeast } = smallestContradiction(find, all, all, () => true);
        expect(isOne(operations)).toBe(true);
        expect(atLeast).toBeLessThanOrEqual(least);
        if (isKnown) expect([operations.length, atLeast]).toEqual([least, least]);
      }),
      { numRuns: 2000 },
    ));

  const reads = fc.array(fc.nat({ max: 2 }), { minLength: 2, maxLength: 7 });
  const scans = corrupted(7, { sessions: 4, keys: 2n, values: 2n, ticks: 3 }).map((history) => history.map(({ position: _, ...operation }) => operation));
  /** Before everything a scan of all keys finds nothing. */
  const tied = scans.map((history): MapHistory => {
    const scan: MapOperation = { type: 'completed', id: 99, session: 99, command: { type: 'scan', from: 0n, to: 1n }, call: -9, return: -8, result: { type: 'entries', entries: [], complete: true } };
    return [scan, ...history];
  });

  const isSmallest = <S, C, R>(model: Model<S, C, R>, history: History<C, R>): void => {
    const certificate = certificateOf(model, history);
    if (certificate === undefined) return;
    const { operations, isMinimal, atLeast } = certificate;
    expect(sizeOfSmallest(history.length, (some) => !isExplained(model, leavingOutAllBut(some.map((i) => history[i]!.id), history)))).toBe(operations.length);
    expect([isMinimal, atLeast]).toEqual([true, operations.length]);
  };
  for (const world of worlds)
    it(`is what a certificate names, as trying all finds: ${world.model}, ${world.crashes} in ten crash`, () =>
      fc.assert(fc.property(jepsenHistory(8, world), (history) => isSmallest(modelOf(world.model), history)), { numRuns: 400 }));
  it('is what a certificate names where scans tie keys', () => fc.assert(fc.property(tied, (history) => isSmallest(orderedMap, history)), { numRuns: 300 }));
  it('is what a certificate names of any service', () => {
    const { registers: _, spansOf: __, ...service } = orderedMap;
    fc.assert(fc.property(scans, (history) => isSmallest(service, history)), { numRuns: 300 });
  });

  it('is told from what is none as a plain search does, however many of a kind are left out', () =>
    fc.assert(
      fc.property(reads, fc.array(fc.tuple(fc.constantFrom(null, 0, 1, 2), fc.nat({ max: 2 })), { maxLength: 7 }), fc.nat(), (values, writes, chosen) => {
        const history = [
          ...values.map((value, id) => operation(id, 'read', value, 2 * id, 2 * id + 1)),
          ...writes.map(([from, to], i) => operation(values.length + i, from === null ? 'write' : 'cas', from === null ? to : [from, to], -1, 99)),
        ];
        const byCall = history.toSorted((a, b) => a.call - b.call);
        // What is left out are mostly writes.
        const named = [...byCall.keys()].filter((i) => ((chosen >> i) & 1) === 1 || byCall[i]!.id < values.length);
        const expected = isExplained(modelOf('cas-register'), leavingOutAllBut(named.map((i) => byCall[i]!.id), byCall));
        const finding = testOf(modelOf('cas-register'), byCall).of(named);
        if (finding !== 'unknown') expect(finding).toBe(expected ? 'none' : 'contradiction');
      }),
      { numRuns: 3000 },
    ));
});

describe('that a value is seen anew more often than anybody leaves it', () => {
  const some = fc.oneof(...[1, 3].map((ticks) => jepsenHistory(9, { model: 'cas-register', clients: 2, values: 2, keys: 1, ticks, crashes: 1 }, 4)));
  const model = modelOf('cas-register');
  const shortage = (history: History<Call, Answer>, chosen: number): readonly [named: readonly number[], argument: readonly string[] | undefined] => {
    const on = (side: 0 | 1): typeof history => history.filter((_, i) => ((chosen >> i) & 1) === side);
    const [named, rest] = [on(0), on(1)];
    const accesses = accessesOf(model.registers!, [...named, ...rest.map(leftOut)])!;
    return [named.map(({ id }) => id), shortageIn(accesses, named.length, (op) => `{${named[op]!.id}}`)];
  };

  it('is said only of what contradicts itself', () =>
    fc.assert(
      fc.property(some, fc.oneof(fc.nat(), fc.constant(0)), (history, chosen) => {
        const [named, argument] = shortage(history, chosen);
        if (argument !== undefined) expect(isExplained(model, leavingOutAllBut(named, history))).toBe(false);
      }),
      { numRuns: 5000 },
    ));

  it('is sometimes said', () => expect(fc.sample(some, { seed: 1, numRuns: 300 }).filter((history) => shortage(history, 0)[1] !== undefined).length).toBeGreaterThan(5));

  it('is said gap by gap', () => {
    const history = [operation(1, 'read', 1, 0, 1), operation(2, 'read', 2, 2, 3), operation(3, 'read', 1, 4, 5), operation(4, 'write', 1, -1, 9), operation(5, 'write', 1, 6, 9), operation(6, 'write', 2, -1, 9)];
    expect(certificateOf(model, history)).toMatchObject({
      operations: [1, 2, 3, 5],
      argument: [
        '{1} sees what was not there at first: before it somebody leaves that.',
        '{2} returned before {3} was called, and sees or leaves another value: in between somebody leaves what {3} sees.',
        '{5} leaves it too, but returned before that or was called after it.',
        'So 2 have done that, each another one, and only 1 that is not named could have.',
      ],
    });
  });
});

describe('of more operations than a person follows, an argument says', () => {
  const last = (history: readonly JepsenOperation[]): string => certificateOf(modelOf('register'), history)!.argument.at(-1)!;
  /** Reads of 1, 2, 1, …, one after the other, and beside them all the writes of each that there are: one too few. */
  const changing = (length: number): readonly JepsenOperation[] =>
    Array.from({ length: 2 * length - 1 }, (_, id) =>
      id < length ? operation(id, 'read', 1 + (id % 2), 2 * id, 2 * id + 1) : operation(id, 'write', 1 + ((id - Number(length % 2 === 1)) % 2), -1, 2 * length));

  it('that no fewer would do, where that is proved', () =>
    expect(last(changing(13))).toMatch(/^No \d+ operations would do: whichever are named/));
  it('what was proved, where that was too much', () => {
    expect(whyMany(13, true, 11)).toEqual(['No 10 operations would do, for fewer than 11 never contradict each other.']);
    expect(whyMany(13, false, 10)).toEqual(['Whether any of these 13 can be left out was too much to find out.', 'Whether 10 operations would do was too much to find out.']);
  });
  it('nothing of that where they are few', () => expect(last(changing(4))).not.toContain('would do'));
});

/** An operation that was answered. */
function operation(id: number, f: 'read' | 'write' | 'cas', value: number | readonly [number, number], call: number, end: number): JepsenOperation {
  return { type: 'completed', id, session: id, call, return: end, command: { f, key: '', value: f === 'read' ? null : value }, result: f === 'read' ? value : f === 'cas' ? true : null };
}

/** The certificate of an illegal history. */
function certificateOf<S, C, R>(model: Model<S, C, R>, history: History<C, R>): Certificate | undefined {
  const verdict = judge(model, history);
  return verdict.type === 'illegal' ? verdict.certificate : undefined;
}

/** How many of the numbers below `count` it takes, by trying all. */
function sizeOfSmallest(count: number, isOne: (some: readonly number[]) => boolean): number | undefined {
  const all = Array.from({ length: 2 ** count }, (_, set) => Array.from({ length: count }, (_, i) => i).filter((i) => ((set >> i) & 1) === 1));
  return all.sort((a, b) => a.length - b.length).find(isOne)?.length;
}
