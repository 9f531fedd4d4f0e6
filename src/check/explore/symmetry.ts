/**
 * Symmetry reduction (Ip and Dill 1996): of all states that differ only in the names of their parts, one is explored.
 *
 * Exact: the fingerprint of an orbit is the least of its members', whatever order the parts came in. Parts are sorted by
 * their signatures first, and only those whose signatures are equal are tried in every order; unless swapping neighbours
 * changes nothing, as then no order of them does.
 */

import type { Fingerprint } from './fingerprint.js';
import type { Symmetry } from './system.js';

/** The fingerprint of a state's orbit. The array is overwritten by the next call. */
export const orbits = <S>({ size, permute, signature = () => 0 }: Symmetry<S>, fingerprintOf: (state: S) => Fingerprint): ((state: S) => Fingerprint) => {
  const least = new Int32Array(2);
  const inOrder = Array.from({ length: size }, (_, part) => part);

  const isFixed = (state: S, groups: readonly (readonly number[])[]): boolean => {
    const [high, low] = fingerprintOf(state);
    return groups.every((group) =>
      group.every((part, i) => {
        if (i === 0) return true;
        const [swappedHigh, swappedLow] = fingerprintOf(permute(state, swapped(inOrder, group[i - 1]!, part)));
        return swappedHigh === high && swappedLow === low;
      }),
    );
  };

  return (state) => {
    const signatures = inOrder.map((part) => signature(state, part));
    const order = inOrder.toSorted((a, b) => signatures[a]! - signatures[b]!);
    const sorted = permute(state, order);
    const groups = runsOf(order.map((part) => signatures[part]!));
    if (groups.length === 0 || isFixed(sorted, groups)) {
      least.set(fingerprintOf(sorted));
      return least;
    }
    least.fill(2 ** 31 - 1);
    for (const arrangement of arrangementsOf(inOrder, groups)) {
      const [high, low] = fingerprintOf(permute(sorted, arrangement)) as unknown as readonly [number, number];
      if (high < least[0]! || (high === least[0] && low < least[1]!)) least.set([high, low]);
    }
    return least;
  };
};

const swapped = (order: readonly number[], a: number, b: number): readonly number[] => order.with(a, order[b]!).with(b, order[a]!);

/** The places at which equal numbers stand in a row, two or more. */
const runsOf = (sorted: readonly number[]): readonly (readonly number[])[] => {
  const runs: number[][] = [];
  sorted.forEach((one, place) => {
    if (place > 0 && sorted[place - 1] === one) runs.at(-1)!.push(place);
    else runs.push([place]);
  });
  return runs.filter((run) => run.length > 1);
};

/** All ways to rearrange the members of each group among themselves. */
function* arrangementsOf(order: readonly number[], groups: readonly (readonly number[])[]): Generator<readonly number[]> {
  const [group, ...others] = groups;
  if (group === undefined) {
    yield order;
    return;
  }
  for (const arranged of permutationsOf(group)) {
    const next = [...order];
    group.forEach((place, i) => (next[place] = arranged[i]!));
    yield* arrangementsOf(next, others);
  }
}

/** All orders of some things. */
export function* permutationsOf(things: readonly number[]): Generator<readonly number[]> {
  if (things.length === 0) yield [];
  for (const [i, thing] of things.entries()) for (const others of permutationsOf(things.toSpliced(i, 1))) yield [thing, ...others];
}
