/**
 * A smallest set that holds an element of each of some sets, by branch and bound: whatever is chosen must hold one of the smallest set
 * that is not hit yet; an element that was tried is banned from the ways that are tried after it, as those with it are known; and
 * sets that share no element need one each. NP-hard, but the sets met here are small.
 */

export type Hitting =
  /** The chosen ones: as few as there can be. */
  | { readonly type: 'smallest'; readonly elements: readonly number[] }
  /** Every such set has `size` elements or more. */
  | { readonly type: 'too large' }
  | { readonly type: 'exhausted' };

/**
 * Of sets of numbers below `count`, a smallest hitting set among those of fewer than `size` elements. None has fewer than `atLeast`:
 * the first one of so many ends the search. At most `budget` choices are made.
 */
export const smallestHittingSet = (sets: readonly (readonly number[])[], count: number, size: number, atLeast: number, budget: number): Hitting => {
  const isBanned = new Uint8Array(count);
  const [hits, markOf] = [new Int32Array(count), new Int32Array(count)];
  const chosen: number[] = [];
  let best: readonly number[] | undefined;
  let [left, mark] = [budget, 0];

  /** How many of these sets share no element, the first ones taken first. */
  const apart = (some: readonly (readonly number[])[]): number => {
    mark += 1;
    let number = 0;
    for (const set of some)
      if (set.every((each) => markOf[each] !== mark)) {
        number += 1;
        for (const each of set) markOf[each] = mark;
      }
    return number;
  };

  /** Whether the search is at its end. */
  const isDone = (open: readonly (readonly number[])[]): boolean => {
    if (open.length === 0) {
      best = [...chosen];
      return best.length <= atLeast;
    }
    if (left === 0) return true;
    left -= 1;
    const free = open.map((set) => set.filter((each) => isBanned[each] === 0)).sort((a, b) => a.length - b.length);
    const room = (best?.length ?? size) - 1 - chosen.length;
    if (free[0]!.length === 0 || apart(free) > room) return false;
    hits.fill(0);
    for (const set of free) for (const each of set) hits[each]! += 1;
    const ways = free[0]!.toSorted((a, b) => hits[b]! - hits[a]! || a - b);
    for (const way of ways) {
      chosen.push(way);
      const isOver = chosen.length < (best?.length ?? size) && isDone(open.filter((set) => !set.includes(way)));
      chosen.pop();
      if (isOver) return true;
      isBanned[way] = 1;
    }
    for (const way of ways) isBanned[way] = 0;
    return false;
  };

  if (size > 0) isDone(sets);
  if (best !== undefined && (left > 0 || best.length <= atLeast)) return { type: 'smallest', elements: best };
  return left > 0 ? { type: 'too large' } : { type: 'exhausted' };
};
