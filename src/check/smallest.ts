/**
 * The smallest contradiction, by implicit hitting sets (Ignatiev, Previti, Liffiton and Marques-Silva 2015, "Smallest MUS extraction with
 * minimal hitting set dualization"; the duality is Reiter's of 1987).
 *
 * A *correction* is a set of operations without which the rest are no contradiction. Every contradiction holds an operation of every
 * correction: else it would be among the rest, which would be one then too, for adding operations never ends a contradiction. So a smallest
 * set that hits all corrections known is no larger than the smallest contradiction, and if it is one, it is the smallest. If it is none,
 * operations are added to it as long as it stays none, and what could not be added is a correction that it does not hit. So each
 * round makes a new one, and there are only so many. On the way hitting sets only grow: their size bounds that of all contradictions.
 *
 * A correction need not be the smallest of its kind to be one: what is not known to be no contradiction is not added. Only a hitting set of
 * which nothing can be known ends the search; then the bound holds that has been reached.
 */

import type { Finding } from './left-out.js';
import { smallestHittingSet } from './hitting-set.js';

/** Choices for one hitting set. */
const CHOICES = 100_000;

/** So many operations are added at once, then half of them. */
const AT_ONCE = 16;

/** A contradiction, and how many operations each one has at least: as many, if it is the smallest. */
export type Smallest = { readonly operations: readonly number[]; readonly atLeast: number };

/**
 * A contradiction among `all` numbers below `count`, which `find` tells from others; all together are one, and so is `known`. Those that
 * stand first in `all` are added first. `isWorth` says whether to go on when one of so many is known.
 */
export const smallestContradiction = (
  find: (named: readonly number[]) => Finding,
  all: readonly number[],
  known: readonly number[],
  isWorth: (size: number) => boolean,
): Smallest => {
  const count = 1 + all.reduce((most, each) => Math.max(most, each), -1);
  const corrections: (readonly number[])[] = [];
  let [best, atLeast] = [known, 0];
  while (isWorth(best.length)) {
    const hitting = smallestHittingSet(corrections, count, best.length, atLeast, CHOICES);
    if (hitting.type === 'too large') return { operations: best, atLeast: best.length };
    if (hitting.type === 'exhausted') break;
    atLeast = hitting.elements.length;
    const before = corrections.length;
    let union = hitting.elements;
    let finding = find(union);
    // Corrections that have nothing in common are worth more than the same number of others.
    for (; finding === 'none'; finding = find(union)) {
      const correction = correctionOf(find, union, all);
      corrections.push(correction);
      union = [...union, ...correction];
    }
    if (corrections.length === before) return finding === 'contradiction' ? { operations: union, atLeast } : { operations: best, atLeast };
    // Whatever hits all of them at once is a contradiction, and may be a better one than is known, long before it is the smallest.
    if (finding === 'contradiction') best = shorter(best, reduced(find, union));
  }
  return { operations: best, atLeast };
};

const shorter = (a: readonly number[], b: readonly number[]): readonly number[] => (b.length < a.length ? b : a);

/** What cannot be added to a set that is no contradiction, if it shall stay none. */
const correctionOf = (find: (named: readonly number[]) => Finding, given: readonly number[], all: readonly number[]): readonly number[] => {
  const isGiven = new Set(given);
  const left: number[] = [];
  let kept = given;
  const add = (some: readonly number[]): void => {
    const more = [...kept, ...some];
    if (find(more) === 'none') kept = more;
    else if (some.length === 1) left.push(some[0]!);
    else {
      add(some.slice(0, some.length >> 1));
      add(some.slice(some.length >> 1));
    }
  };
  const others = all.filter((each) => !isGiven.has(each));
  for (let at = 0; at < others.length; at += AT_ONCE) add(others.slice(at, at + AT_ONCE));
  return left;
};

/** A contradiction without what can be left out of it, the last ones first. */
const reduced = (find: (named: readonly number[]) => Finding, contradiction: readonly number[]): readonly number[] =>
  contradiction.toReversed().reduce((so, each) => {
    const less = so.filter((other) => other !== each);
    return find(less) === 'contradiction' ? less : so;
  }, contradiction);
