/**
 * Why a history is not linearizable, in as few operations as can be found.
 *
 * Operations are a *contradiction* if they have no linearization whatever all others did (`left-out.ts`). A contradiction stays one when
 * operations are added, for that leaves less freedom. So those of a small one can be found one by
 * one (Junker 2004, QuickXplain: of n operations k in O(k log n/k) tests); one from which no single operation can be taken
 * away has no smaller one within it; and where the operations are not too many, the smallest of all can be found (`smallest.ts`).
 *
 * Tests may abandon so many junctions each, and so many together. One that runs out counts as no contradiction: what is named is
 * always proved, it may only be more than is needed, and then it is not called minimal.
 */

import type { History } from './history.js';
import { BUDGET, testOf, type Test } from './left-out.js';
import type { Model } from './model.js';
import { smallestContradiction } from './smallest.js';

/** Junctions for finding a contradiction, for finding the smallest one, and how many of these are kept for when a person cannot follow the best one yet. */
const [FIRST, BEST, KEPT] = [9_000, 120_000, 90_000];

/** So many operations at least are tried at once, before they are made fewer. */
const FEW = 8;

/** Among so many operations the smallest contradiction is looked for. Among more the tests take too long. */
const MANY = 256;

/** A person can follow so many. */
export const ENOUGH = 10;

export type Contradiction = {
  /** By their index. */
  readonly operations: readonly number[];
  /** None of them can be left out: that was proved. */
  readonly isMinimal: boolean;
  /** Fewer operations of this history are no contradiction: that was proved. */
  readonly atLeast: number;
};

/** Operations that contradict each other. The history is not linearizable, and it stands in the order of calls. */
export const contradictionIn = <S, C, R>(model: Model<S, C, R>, history: History<C, R>, suspects: readonly number[]): Contradiction => {
  const whole = testOf(model, history);
  const first = limited(whole.onFewKeys?.() ?? whole, FIRST).test;
  const base = enough(first, byNearness(history, suspects), suspects.length);
  const inBase = first.within(base);
  const known = [inBase.boldly, inBase.of].reduce<readonly number[]>((best, find) => {
    const found = best.length > ENOUGH ? small((named) => find(ascending(named)) === 'contradiction', [], false, best) : best;
    return find(ascending(found)) === 'contradiction' ? found : best;
  }, base);

  const all = [...history.keys()];
  const second = limited(whole.within(all), BEST);
  const isWorth = (size: number): boolean => all.length <= MANY && second.left() > (size > ENOUGH ? 0 : KEPT);
  const { operations, atLeast } = smallestContradiction((named) => second.test.of(ascending(named)), writesFirst(model, history, all), known, isWorth);
  if (operations.length === atLeast) return { operations: ascending(operations), isMinimal: true, atLeast };
  return { ...minimal(limited(whole, FIRST).test, ascending(operations)), atLeast };
};

/** Suspects first, then the others by how far in time they are from the last of these. */
const byNearness = <C, R>(history: History<C, R>, suspects: readonly number[]): readonly number[] => {
  const isSuspect = new Set(suspects);
  const last = suspects.reduce((latest, i) => Math.max(latest, history[i]!.call), -Infinity);
  const distance = (i: number): number => Math.abs(history[i]!.call - last);
  const sorted = (some: readonly number[]): readonly number[] => some.toSorted((a, b) => distance(a) - distance(b));
  return [...sorted(suspects), ...sorted([...history.keys()].filter((i) => !isSuspect.has(i)))];
};

/** The shortest beginning of a list, of a few lengths, that is a contradiction. */
const enough = (test: Test, sorted: readonly number[], suspects: number): readonly number[] => {
  for (let length = suspects <= 4 * FEW ? suspects : FEW; length < sorted.length; length *= 2) {
    const some = sorted.slice(0, length);
    if (test.boldly(ascending(some)) === 'contradiction') return some;
  }
  return sorted;
};

/** QuickXplain: what of the candidates, the first ones rather than the last, makes a contradiction with what is given. */
const small = (isContradiction: (named: readonly number[]) => boolean, given: readonly number[], hasGrown: boolean, candidates: readonly number[]): readonly number[] => {
  if (hasGrown && isContradiction(given)) return [];
  if (candidates.length <= 1) return candidates;
  const middle = candidates.length >> 1;
  const [first, second] = [candidates.slice(0, middle), candidates.slice(middle)];
  const ofSecond = small(isContradiction, [...given, ...first], true, second);
  const ofFirst = small(isContradiction, [...given, ...ofSecond], ofSecond.length > 0, first);
  return [...ofFirst, ...ofSecond];
};

/** The last writes first, then the last reads: the fewer writes are left out, the sooner a test is done. */
const writesFirst = <S, C, R>(model: Model<S, C, R>, history: History<C, R>, all: readonly number[]): readonly number[] => {
  const isRead = (i: number): boolean => {
    const operation = history[i]!;
    return operation.type === 'completed' && model.isReadOnly?.(operation.command, operation.result) === true;
  };
  return all.toSorted((a, b) => Number(isRead(a)) - Number(isRead(b)) || b - a);
};

/** Takes away what can be taken away, one by one. */
const minimal = (test: Test, all: readonly number[]): Pick<Contradiction, 'operations' | 'isMinimal'> => {
  if (all.length > 4 * FEW) return { operations: all, isMinimal: false };
  let operations = all;
  let isMinimal = true;
  for (const i of all) {
    const others = operations.filter((other) => other !== i);
    const finding = test.of(others);
    if (finding === 'contradiction') operations = others;
    else if (finding !== 'none') isMinimal = false;
  }
  return { operations, isMinimal };
};

const ascending = (some: readonly number[]): readonly number[] => some.toSorted((a, b) => a - b);

/** A test that is given up once it has abandoned so many junctions, or done as much otherwise. */
const limited = (test: Test, junctions: number): { readonly test: Test; readonly left: () => number } => {
  let left = junctions;
  const counting = ({ perJunction, of, boldly, within }: Test): Test => {
    const paid =
      (find: Test['of']): Test['of'] =>
      (named) => {
        const finding = left > 0 ? find(named) : 'unknown';
        left -= 1 + named.length / perJunction + (finding === 'unknown' ? BUDGET : 0);
        return finding;
      };
    return { perJunction, of: paid(of), boldly: paid(boldly), within: (named) => counting(within(named)) };
  };
  return { test: counting(test), left: () => left };
};
