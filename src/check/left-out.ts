/**
 * Whether operations are a contradiction: whether there is no linearization of them even when all others are left out, in the weakest
 * sense there is: each of the others may have taken effect at any time, before all and after all, or never, and been answered
 * anything. That is a history too: the others are crashed operations that were called before everything. So the same
 * procedures decide it, and whoever does not trust them may ask the definition.
 *
 * Of a kind of which there is plenty nobody need count how many took effect: that makes a search much shorter. Those of a kind ask for the
 * same and leave the same of the same key. There is plenty of it if as many are left out as there are others that ask for
 * what it leaves, named or not. For take an order in which kinds of plenty take effect as often as they like, and those left out as seldom
 * as can be. Then each of these stands, on its key, right before one that asks for what it leaves. Were one kind there more often
 * than there are of it, then so would be, and by no less, some kind left out that asks for what it leaves; and again some kind that
 * asks for what that one leaves; and at last the first one again. Then there are equally many of all of these, and nobody else asks for
 * what they leave: they only lead to each other, and can go.
 */

import { accessesOf, NONE, selection, type Accesses } from './accesses.js';
import { partsOf } from './components.js';
import type { History, Operation } from './history.js';
import type { Model } from './model.js';
import { wantedIn } from './normalise.js';
import { registerJudge } from './registers.js';
import { decideService } from './services.js';

/** Junctions that a test may abandon. */
export const BUDGET = 300;

/** Looking at so many operations takes about as long as a junction: where zones may decide, and where only a search can. */
const [SORTED, SEARCHED] = [17, 7];

/** What is known of operations, given by their index in ascending order. */
export type Finding = 'contradiction' | 'none' | 'unknown';

export type Test = {
  readonly of: (named: readonly number[]) => Finding;
  /**
   * The same if those left out may do even more than they can: take effect whatever is there, and as often as they like. That is sooner
   * known, and what is a contradiction then is one for certain.
   */
  readonly boldly: (named: readonly number[]) => Finding;
  /** Operations that take as long as a junction. */
  readonly perJunction: number;
  /** The same test, but only for parts of these operations: it need not look at all others every time. */
  readonly within: (named: readonly number[]) => Test;
  /** The same test of few keys, if all operations contradict each other there already: what is contradictory there is so everywhere. */
  readonly onFewKeys?: () => Test | undefined;
};

export const testOf = <S, C, R>(model: Model<S, C, R>, history: History<C, R>): Test => testOfRegisters(model, history) ?? testOfService(model, history);

/** An operation that may have taken effect at any time, or never. */
export const leftOut = <C, R>({ id, session, command }: Operation<C, R>): Operation<C, R> => ({ type: 'pending', id, session, command, call: -Infinity });

const testOfService = <S, C, R>(model: Model<S, C, R>, history: History<C, R>): Test => {
  const of = (named: readonly number[]): Finding => {
    const isNamed = new Set(named);
    const others = history.filter((_, i) => !isNamed.has(i)).map(leftOut);
    const { type } = decideService(model, [...others, ...named.map((i) => history[i]!)], BUDGET);
    return type === 'illegal' ? 'contradiction' : type === 'ok' ? 'none' : 'unknown';
  };
  const test: Test = { perJunction: SEARCHED, of, boldly: of, within: () => test };
  return test;
};

const testOfRegisters = <S, C, R>(model: Model<S, C, R>, history: History<C, R>): Test | undefined => {
  const accesses = model.registers && accessesOf(model.registers, [...history, ...history.map(leftOut)]);
  return accesses && testOn(accesses, history.length);
};

/** The test of accesses of which the second half are those of the first half, left out. */
const testOn = (accesses: Accesses, count: number): Test => {
  const all = Array.from({ length: count }, (_, i) => i);
  const isOf = (i: number): boolean => accesses.key[i] !== ELSEWHERE;
  const bold = { ...accesses, asks: accesses.asks.map((condition, i) => (i < count ? condition : NONE)) };

  /** Of those left out only `others` may matter, for whatever is named. */
  const testWith = (others: readonly number[]): Test => {
    const withoutThese = (named: readonly number[]): readonly number[] => {
      const isNamed = new Set(named);
      return others.filter((i) => !isNamed.has(i - count));
    };
    return {
      perJunction: accesses.sights.size > 0 ? SEARCHED : SORTED,
      of: (named) => decided(withPlenty(accesses, withoutThese(named), named.filter(isOf))),
      boldly: (named) => decided(selection(bold, [...withoutThese(named), ...named.filter(isOf)])),
      within: (named) => {
        const isNamed = new Set(named);
        const isWanted = wantedIn(accesses, accesses.end, [...others, ...named.filter(isOf)]); // any of those named may yet be left out
        return testWith(others.filter((i) => isNamed.has(i - count) || isWanted(i)));
      },
    };
  };
  return {
    ...testWith(all.map((i) => count + i).filter((i) => isOf(i) && accesses.leaves[i] !== NONE)),
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

/** Before everything, but not so early that it may repeat itself. */
const EARLY = -Number.MAX_VALUE;

/** Those left out, by call, and those named behind them. Of a kind of which there is plenty two are enough: they may repeat themselves. */
const withPlenty = (accesses: Accesses, others: readonly number[], named: readonly number[]): Accesses => {
  const { key, asks, leaves, sights, values } = accesses;
  /** By key and value; and by key, of those that ask for any but one value. */
  const [askers, curious] = [new Map<number, number>(), new Map<number, number>()];
  const ask = (of: number, condition: number): void => {
    if (condition >= 0) increase(askers, of * values + condition);
    else if (condition !== NONE) increase(curious, of);
  };
  for (const op of named) {
    const sight = sights.get(op);
    if (sight === undefined) ask(key[op]!, asks[op]!);
    else sight.keys.forEach((of, i) => ask(of, sight.asks[i]!));
  }
  const kinds = new Map<string, number[]>();
  for (const op of others) {
    ask(key[op]!, asks[op]!);
    const kind = `${key[op]} ${asks[op]} ${leaves[op]}`;
    const known = kinds.get(kind);
    if (known === undefined) kinds.set(kind, [op]);
    else known.push(op);
  }
  const isPlenty = ([op = NONE, ...more]: readonly number[]): boolean => 1 + more.length >= (askers.get(key[op]! * values + leaves[op]!) ?? 0) + (curious.get(key[op]!) ?? 0);
  const plenty = [...kinds.values()].filter(isPlenty);
  const counted = [...kinds.values()].filter((kind) => !isPlenty(kind)).flat();
  const call = Float64Array.from(accesses.call);
  for (const op of counted) call[op] = EARLY;
  return selection({ ...accesses, call }, [...plenty.flatMap((kind) => kind.slice(0, 2)), ...counted, ...named]);
};

const increase = (counts: Map<number, number>, at: number): void => void counts.set(at, (counts.get(at) ?? 0) + 1);

/** Whether accesses have no linearization, where what was called at -Infinity may repeat itself. */
const decided = (accesses: Accesses): Finding => {
  const { order, starts } = partsOf(accesses);
  const { decide } = registerJudge(accesses, order, BUDGET, true);
  let finding: Finding = 'none';
  for (let part = 0; part + 1 < starts.length; part += 1) {
    if (starts[part] === starts[part + 1]) continue;
    const decision = decide(starts[part]!, starts[part + 1]!);
    if (decision.type === 'illegal') return 'contradiction';
    if (decision.type === 'unknown') finding = 'unknown';
  }
  return finding;
};
