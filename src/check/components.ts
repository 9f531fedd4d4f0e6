/**
 * A history in parts that may be judged apart. Linearizability is local (Herlihy and Wing 1990, theorem 1): a history is
 * linearizable if and only if each part of it is, where no two parts touch the same key. A command that covers several keys,
 * such as a scan, ties them all together, for it must see them at one instant.
 */

import { NONE, type Accesses } from './accesses.js';
import type { History } from './history.js';
import type { Key, Span } from './model.js';

/** The parts, as indices of the history, in its order. */
export const componentsOf = <C, R>(
  history: History<C, R>,
  spansOf: (command: C) => readonly Span[] = () => [],
): readonly (readonly number[])[] => {
  const spans = history.map(({ command }) => spansOf(command));
  const regionByStart = regionsOf(spans.flat());
  const forest = plantForest();
  const regions = spans.map((covered) => {
    const [first = NOWHERE, ...others] = covered.map(({ from }) => regionByStart.get(from) as number);
    others.forEach((other) => forest.tie(first, other));
    return first;
  });

  const parts = new Map<number, number[]>();
  regions.forEach((region, i) => {
    const root = forest.rootOf(region);
    const part = parts.get(root);
    if (part === undefined) parts.set(root, [i]);
    else part.push(i);
  });
  return [...parts.values()];
};

/** The operations of a history in numbers, part by part and by call in each. Part i lies between start i and the next one. */
export type Parts = { readonly order: Int32Array; readonly starts: readonly number[] | Int32Array };

/** The parts of a history of registers: its keys, but for those that are tied. */
export const partsOf = ({ count, call, key, sights, valuesAtFirst }: Accesses): Parts => {
  const keys = valuesAtFirst.length;
  const forest = plantForest();
  for (const { keys: seen } of sights.values()) seen.forEach((other) => forest.tie(seen[0]!, other));
  const partOf = (op: number): number => {
    const sight = sights.size === 0 ? undefined : sights.get(op);
    const first = sight === undefined ? key[op]! : (sight.keys[0] ?? NONE);
    return first === NONE || sights.size === 0 ? first : forest.rootOf(first);
  };
  /** What sees no key at all comes behind the last one. */
  const starts = new Int32Array(keys + 2);
  const parts = Int32Array.from({ length: count }, (_, op) => (partOf(op) === NONE ? keys : partOf(op)));
  for (const part of parts) starts[part + 1]! += 1;
  for (let part = 0; part <= keys; part += 1) starts[part + 1]! += starts[part]!;
  const next = starts.slice();
  const order = new Int32Array(count);
  for (const op of byCall(call)) {
    const part = parts[op]!;
    order[next[part]!] = op;
    next[part]! += 1;
  }
  return { order, starts };
};

const byCall = (call: Float64Array): Int32Array => {
  const order = Int32Array.from(call.keys());
  return call.every((time, i) => i === 0 || call[i - 1]! <= time) ? order : order.sort((a, b) => call[a]! - call[b]! || a - b);
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
