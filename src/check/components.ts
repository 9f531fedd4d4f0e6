/**
 * A history in parts that may be judged apart. Linearizability is local (Herlihy and Wing 1990, theorem 1): a history is
 * linearizable if and only if each part of it is, where no two parts touch the same key. A command that covers several keys,
 * such as a scan, ties them all together, for it must see them at one instant.
 */

import type { History, Operation } from './history.js';
import type { Key, Span } from './model.js';

/** The parts, each in the order of the history. */
export const componentsOf = <C, R>(
  history: History<C, R>,
  spansOf: (command: C) => readonly Span[] = () => [],
): readonly History<C, R>[] => {
  const spans = history.map(({ command }) => spansOf(command));
  const regionByStart = regionsOf(spans.flat());
  const forest = plantForest();
  const regions = spans.map((covered) => {
    const [first = NOWHERE, ...others] = covered.map(({ from }) => regionByStart.get(from) as number);
    others.forEach((other) => forest.tie(first, other));
    return first;
  });

  const parts = new Map<number, Operation<C, R>[]>();
  history.forEach((operation, i) => {
    const root = forest.rootOf(regions[i] as number);
    const part = parts.get(root);
    if (part === undefined) parts.set(root, [operation]);
    else part.push(operation);
  });
  return [...parts.values()];
};

/** The region of commands that cover no key. */
const NOWHERE = -1;

/** Numbers the stretches that overlapping spans cover together: the region of every span, by its start. */
const regionsOf = (spans: readonly Span[]): ReadonlyMap<Key, number> => {
  const endByStart = new Map<Key, Key>();
  for (const { from, to } of spans) {
    const end = endByStart.get(from);
    if (end === undefined || end < to) endByStart.set(from, to);
  }
  const regionByStart = new Map<Key, number>();
  let region = NOWHERE;
  let reach: Key | undefined;
  for (const [from, to] of [...endByStart].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) {
    if (reach === undefined || from > reach) region += 1;
    if (reach === undefined || to > reach) reach = to;
    regionByStart.set(from, region);
  }
  return regionByStart;
};

/** Which regions belong together: a forest whose trees grow into one another, with every other link cut on the way up. */
const plantForest = () => {
  const parentOf = new Map<number, number>();
  const rootOf = (region: number): number => {
    let node = region;
    for (let parent = parentOf.get(node); parent !== undefined; parent = parentOf.get(node)) {
      parentOf.set(node, parentOf.get(parent) ?? parent);
      node = parentOf.get(node) as number;
    }
    return node;
  };
  const tie = (a: number, b: number): void => {
    if (rootOf(a) !== rootOf(b)) parentOf.set(rootOf(a), rootOf(b));
  };
  return { rootOf, tie };
};
