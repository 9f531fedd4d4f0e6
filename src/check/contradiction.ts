/**
 * Why a history is not linearizable, in as few operations as can be found.
 *
 * A set of operations is a *contradiction* if there is no linearization even when all others are left out, in the weakest
 * sense there is: each of them may have taken effect at any time, before all and after all, or never, and been answered
 * anything. That is a history too: the others are crashed operations that were called before everything. So the same
 * procedures decide it, and whoever does not trust them may ask the definition.
 *
 * A contradiction stays one when operations are added, for that leaves less freedom. So the smallest ones can be found one by
 * one (Junker 2004, QuickXplain: of n operations k in O(k log n/k) tests), and one from which no single operation can be taken
 * away has no smaller one within it. The tests have a budget of junctions each. One that runs out counts as no contradiction:
 * what is named is always proved, it may only be more than is needed, and then it is not called minimal.
 */

import { accessesOf, NONE, selection, type Accesses } from './accesses.js';
import { partsOf } from './components.js';
import type { History, Operation } from './history.js';
import type { Model } from './model.js';
import { wantedIn } from './normalise.js';
import { registerJudge } from './registers.js';
import { decideService } from './services.js';

/** Junctions that a test may abandon. */
const BUDGET = 300;

/** So many tests may run out of their budget; then all that are left count as if they did. Those of many operations count too. */
const PATIENCE = 30;

/** So many operations are as bad as a test that runs out of its budget: where zones may decide, and where only a search can. */
const [SORTED, SEARCHED] = [5000, 2000];

/** So many operations at least are tried at once, before they are made fewer. */
const FEW = 8;

/** A person can follow so many. */
export const ENOUGH = 10;

/** What is known of operations, given by their index in ascending order. */
type Finding = 'contradiction' | 'none' | 'none, if they may repeat themselves' | 'unknown';
/**
 * What those that are left out may do. What contradicts itself even if they do more than they can does so for certain, and
 * that is sooner seen: if they take effect whatever they find there, nobody need ask what they find.
 */
type How = 'whatever is there' | 'as often as they like' | 'once';

const REPEATED: Finding = 'none, if they may repeat themselves';

type Test = {
  readonly weight: number;
  readonly of: (named: readonly number[], how?: How) => Finding;
  /** The same test, but only for parts of these operations: it need not look at all others every time. */
  readonly within: (named: readonly number[]) => Test;
  /** The same test of few keys, if all operations contradict each other there already: what is contradictory there is so everywhere. */
  readonly onFewKeys?: () => Test | undefined;
};

/** Operations that contradict each other, by their index. The history is not linearizable, and it stands in the order of calls. */
export const contradictionIn = <S, C, R>(model: Model<S, C, R>, history: History<C, R>, suspects: readonly number[]) => {
  const whole = testOf(model, history);
  const test = patient(whole.onFewKeys?.() ?? whole, PATIENCE);
  const base = enough(test, byNearness(history, suspects), suspects.length);
  const inBase = test.within(base);
  let best = base;
  for (const how of ['whatever is there', 'as often as they like'] as const)
    for (const order of ordersOf(best)) {
      if (best.length <= ENOUGH) break;
      const found = smallest((named) => inBase.of(ascending(named), how) === 'contradiction', [], false, order);
      if (found.length < best.length && inBase.of(ascending(found), how) === 'contradiction') best = found;
    }
  return minimal(patient(whole, PATIENCE), ascending(best));
};

/** What is found depends on which operations are tried first. */
const ordersOf = (base: readonly number[]): readonly (readonly number[])[] => [base, ascending(base), base.toReversed(), ascending(base).toReversed()];

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
    if (test.of(ascending(some), 'whatever is there') === 'contradiction') return some;
  }
  return sorted;
};

/** QuickXplain: what of the candidates, the first ones rather than the last, makes a contradiction with what is given. */
const smallest = (isContradiction: (named: readonly number[]) => boolean, given: readonly number[], hasGrown: boolean, candidates: readonly number[]): readonly number[] => {
  if (hasGrown && isContradiction(given)) return [];
  if (candidates.length <= 1) return candidates;
  const middle = candidates.length >> 1;
  const [first, second] = [candidates.slice(0, middle), candidates.slice(middle)];
  const ofSecond = smallest(isContradiction, [...given, ...first], true, second);
  const ofFirst = smallest(isContradiction, [...given, ...ofSecond], ofSecond.length > 0, first);
  return [...ofFirst, ...ofSecond];
};

/** Takes away what can be taken away, one by one. */
const minimal = (test: Test, all: readonly number[]): { readonly operations: readonly number[]; readonly isMinimal: boolean } => {
  if (all.length > 4 * FEW) return { operations: all, isMinimal: false };
  let operations = all;
  let isMinimal = true;
  for (const i of all) {
    const others = operations.filter((other) => other !== i);
    const finding = test.of(others, 'once');
    if (finding === 'contradiction') operations = others;
    else if (finding !== 'none') isMinimal = false;
  }
  return { operations, isMinimal };
};

const ascending = (some: readonly number[]): readonly number[] => some.toSorted((a, b) => a - b);

const testOf = <S, C, R>(model: Model<S, C, R>, history: History<C, R>): Test =>
  testOfRegisters(model, history) ?? testOfService(model, history, [...history.keys()]);

/** A test that is given up once it has run out of its budget too often. */
const patient = (test: Test, patience: number): Test => {
  let left = patience;
  const counting = ({ weight, of, within }: Test): Test => ({
    weight,
    of: (named, how) => {
      const finding = left > 0 ? of(named, how) : 'unknown';
      left -= named.length / weight + Number(finding === 'unknown');
      return finding;
    },
    within: (named) => counting(within(named)),
  });
  return counting(test);
};

/** An operation that may have taken effect at any time, or never. */
const leftOut = <C, R>({ id, session, command }: Operation<C, R>): Operation<C, R> => ({ type: 'pending', id, session, command, call: -Infinity });

const testOfService = <S, C, R>(model: Model<S, C, R>, history: History<C, R>, known: readonly number[]): Test => ({
  weight: SEARCHED,
  of: (named) => {
    const isNamed = new Set(named);
    const others = known.filter((i) => !isNamed.has(i)).map((i) => leftOut(history[i]!));
    const { type } = decideService(model, [...others, ...named.map((i) => history[i]!)], BUDGET);
    return type === 'illegal' ? 'contradiction' : type === 'ok' ? 'none' : 'unknown';
  },
  within: () => testOfService(model, history, known),
});

const testOfRegisters = <S, C, R>(model: Model<S, C, R>, history: History<C, R>): Test | undefined => {
  const accesses = model.registers && accessesOf(model.registers, [...history, ...history.map(leftOut)]);
  if (accesses === undefined) return undefined;
  return testOn(accesses, history.length);
};

/** The test of accesses of which the second half are those of the first half, left out. */
const testOn = (accesses: Accesses, count: number): Test => {
  const all = Array.from({ length: count }, (_, i) => i);
  const isOf = (i: number): boolean => accesses.key[i] !== ELSEWHERE;
  const others = all.map((i) => count + i).filter((i) => isOf(i) && accesses.leaves[i] !== NONE);

  const bold = { ...accesses, asks: accesses.asks.map((condition, i) => (i < count ? condition : NONE)) };

  /** Of those left out only `others` may matter, for whatever is named. */
  const testWith = (others: readonly number[]): Test => {
    const allWith = (named: readonly number[]): readonly number[] => {
      const isNamed = new Set(named);
      return [...others.filter((i) => !isNamed.has(i - count)), ...named.filter(isOf)];
    };
    return {
      weight: accesses.sights.size > 0 ? SEARCHED : SORTED,
      of: (named, how = 'as often as they like') => {
        const some = selection(how === 'whatever is there' ? bold : accesses, allWith(named));
        const finding = decided(some, true);
        return finding === REPEATED && how === 'once' ? decided(some, false) : finding;
      },
      within: (named) => {
        const isNamed = new Set(named);
        const isWanted = wantedIn(accesses, accesses.end, [...others, ...named.filter(isOf)]); // any of those named may yet be left out
        return testWith(others.filter((i) => isNamed.has(i - count) || isWanted(i)));
      },
    };
  };
  return {
    ...testWith(others),
    onFewKeys: () => {
      const keys = [...new Set([...accesses.sights.values()].flatMap((sight) => [...sight.keys]))];
      for (const a of keys.length > 2 ? keys : [])
        for (const b of keys) {
          const test = a < b ? testOn(onKeys(accesses, new Set([a, b])), count) : undefined;
          if (test?.of(all) === 'contradiction') return test;
        }
      return undefined;
    },
  };
};

/** The key of what touches none that are looked at. */
const ELSEWHERE = -2;

/** What is seen and done of some keys. */
const onKeys = (accesses: Accesses, keys: ReadonlySet<number>): Accesses => ({
  ...accesses,
  key: accesses.key.map((key) => (key === NONE || keys.has(key) ? key : ELSEWHERE)),
  sights: new Map(
    [...accesses.sights].map(([op, sight]) => {
      const places = [...sight.keys.keys()].filter((place) => keys.has(sight.keys[place]!));
      return [op, { keys: Int32Array.from(places, (place) => sight.keys[place]!), asks: Int32Array.from(places, (place) => sight.asks[place]!) }];
    }),
  ),
});

/** Whether accesses have no linearization. If what was left out may repeat itself, one that needs that is not known to be one. */
const decided = (accesses: Accesses, isRepeated: boolean): Finding => {
  const { order, starts } = partsOf(accesses);
  const { decide } = registerJudge(accesses, order, BUDGET, isRepeated);
  let finding: Finding = 'none';
  for (let part = 0; part + 1 < starts.length; part += 1) {
    if (starts[part] === starts[part + 1]) continue;
    const decision = decide(starts[part]!, starts[part + 1]!);
    if (decision.type === 'illegal') return 'contradiction';
    if (decision.type === 'unknown') finding = 'unknown';
    else if (decision.isRepeated === true && finding === 'none') finding = REPEATED;
  }
  return finding;
};
