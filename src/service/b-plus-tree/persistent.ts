/**
 * The B+-tree as a value: what the commands mean. A change copies the nodes on the path to it and shares the others with the
 * tree it came from, which stays as it was.
 */

import { keyOf, SCAN_LIMIT, type Command, type Entry, type Result } from './commands.js';
import { addEntry, emptyDigest } from './digest.js';
import type { Load } from './load.js';
import { childFor, descend, leavesOf, occupancyOf, type Inner, type Leaf, type Node, type Tree } from './outline.js';
import type { Partitions } from './partition.js';
import { safetyCheck, type Place } from './safety-check.js';
import { firstOf, leftHalf, nodesFor, type Shape } from './shape.js';

/** What a tree is made of: its nodes, and the id of the next node to be made. */
type State = { readonly root: Node; readonly fresh: number };

/** A tree that holds the entries of `load`. */
export const persistentTree = (shape: Shape, partitions: Partitions, load: Load): Tree =>
  treeOf(shape, partitions, loaded(shape, load));

const treeOf = (shape: Shape, partitions: Partitions, state: State): Tree => ({
  check: (thread, command) => safetyCheck(shape, partitions, (key) => placeOf(state.root, key), thread, command.type, keyOf(command)),
  execute: (command) => {
    const [next, result] = execute(shape, state, command);
    return [treeOf(shape, partitions, next), result];
  },
  digest: () => entriesOf(state.root).reduce((digest, [key, value]) => addEntry(digest, key, value), emptyDigest),
  outline: () => ({ root: state.root, chain: leavesOf(state.root).map((leaf) => leaf.id) }),
});

const placeOf = (root: Node, key: number): Place => {
  const { leaf, beta1, beta2 } = descend(root, key);
  return { beta1, beta2, leaf: () => ({ entries: leaf.keys.length, present: leaf.keys.includes(key), isRoot: leaf === root }) };
};

const execute = (shape: Shape, state: State, command: Command): readonly [State, Result] => {
  if (command.type === 'scan') return [state, scan(state.root, command.from, command.to)];

  const key = Number(command.key);
  const value = find(state.root, key);
  switch (command.type) {
    case 'read':
      return [state, value === undefined ? { type: 'absent' } : { type: 'found', value }];
    case 'update':
      return value === undefined
        ? [state, { type: 'absent' }]
        : [{ ...state, root: update(state.root, key, command.value) }, { type: 'updated', previous: value }];
    case 'insert':
      return value === undefined
        ? [insert(shape, state, key, command.value), { type: 'inserted' }]
        : [state, { type: 'exists', value }];
    case 'delete':
      return value === undefined
        ? [state, { type: 'absent' }]
        : [{ ...state, root: withoutKey(shape, state.root, key) }, { type: 'removed', value }];
  }
};

const find = (root: Node, key: number): bigint | undefined => {
  const { leaf } = descend(root, key);
  return leaf.values[leaf.keys.indexOf(key)];
};

const scan = (root: Node, from: bigint, to: bigint): Result => {
  const entries = entriesOf(root).filter(([key]) => from <= key && key <= to);
  return { type: 'entries', entries: entries.slice(0, SCAN_LIMIT), complete: entries.length <= SCAN_LIMIT };
};

const entriesOf = (root: Node): readonly Entry[] =>
  leavesOf(root).flatMap((leaf) => leaf.keys.map((key, i): Entry => [BigInt(key), leaf.values[i]!]));

const update = (node: Node, key: number, value: bigint): Node => {
  if (node.type === 'Leaf') return { ...node, values: node.values.with(node.keys.indexOf(key), value) };
  const at = childFor(node, key);
  return withChild(node, at, update(node.children[at]!, key, value));
};

/** Two nodes where there was one. */
type Split = { readonly type: 'Split'; readonly left: Node; readonly separator: number; readonly right: Node };

const insert = (shape: Shape, { root, fresh }: State, key: number, value: bigint): State => {
  let id = fresh; // taken from by every node that splits on the way up
  const take = (): number => id++;
  const grown = withEntry(shape, root, key, value, take);
  const next: Node =
    grown.type === 'Split'
      ? { type: 'Inner', id: take(), separators: [grown.separator], children: [grown.left, grown.right] }
      : grown;
  return { root: next, fresh: id };
};

const withEntry = (shape: Shape, node: Node, key: number, value: bigint, take: () => number): Node | Split => {
  const grown = node.type === 'Leaf' ? place(node, key, value) : withEntryBelow(shape, node, key, value, take);
  return occupancyOf(grown) > shape.capacity ? split(grown, take()) : grown;
};

const place = (leaf: Leaf, key: number, value: bigint): Leaf => {
  const at = leaf.keys.filter((other) => other < key).length;
  return { ...leaf, keys: leaf.keys.toSpliced(at, 0, key), values: leaf.values.toSpliced(at, 0, value) };
};

const withEntryBelow = (shape: Shape, node: Inner, key: number, value: bigint, take: () => number): Inner => {
  const at = childFor(node, key);
  const grown = withEntry(shape, node.children[at]!, key, value, take);
  return grown.type === 'Split' ? withSplit(node, at, grown) : withChild(node, at, grown);
};

/** The larger half of a node under its own id, and the smaller one under a new id. */
const split = (node: Node, id: number): Split => {
  const at = leftHalf(occupancyOf(node));
  if (node.type === 'Leaf') {
    const left = { ...node, keys: node.keys.slice(0, at), values: node.values.slice(0, at) };
    const right = { ...node, id, keys: node.keys.slice(at), values: node.values.slice(at) };
    return { type: 'Split', left, separator: right.keys[0]!, right };
  }
  const left = { ...node, separators: node.separators.slice(0, at - 1), children: node.children.slice(0, at) };
  const right = { ...node, id, separators: node.separators.slice(at), children: node.children.slice(at) };
  return { type: 'Split', left, separator: node.separators[at - 1]!, right };
};

const withoutKey = (shape: Shape, root: Node, key: number): Node => {
  const shrunk = without(shape, root, key);
  return shrunk.type === 'Inner' && shrunk.children.length === 1 ? shrunk.children[0]! : shrunk;
};

const without = (shape: Shape, node: Node, key: number): Node => {
  if (node.type === 'Leaf') {
    const at = node.keys.indexOf(key);
    return { ...node, keys: node.keys.toSpliced(at, 1), values: node.values.toSpliced(at, 1) };
  }
  const at = childFor(node, key);
  const child = without(shape, node.children[at]!, key);
  const shrunk = withChild(node, at, child);
  const minimum = child.type === 'Leaf' ? shape.leafMinimum : shape.half;
  return occupancyOf(child) < minimum ? refill(shape, shrunk, Math.max(0, at - 1)) : shrunk;
};

/** Makes one node of children `at` and `at + 1` or, where that would be too much for one, two of equal size. */
const refill = (shape: Shape, parent: Inner, at: number): Inner => {
  const [left, right] = [parent.children[at]!, parent.children[at + 1]!];
  const merged = merge(left, parent.separators[at]!, right);
  const one: Inner = {
    ...parent,
    separators: parent.separators.toSpliced(at, 1),
    children: parent.children.toSpliced(at, 2, merged),
  };
  return occupancyOf(merged) > shape.capacity ? withSplit(one, at, split(merged, right.id)) : one;
};

const merge = (left: Node, separator: number, right: Node): Node => {
  if (left.type === 'Leaf' && right.type === 'Leaf')
    return { ...left, keys: [...left.keys, ...right.keys], values: [...left.values, ...right.values] };
  if (left.type === 'Inner' && right.type === 'Inner')
    return { ...left, separators: [...left.separators, separator, ...right.separators], children: [...left.children, ...right.children] };
  throw new TypeError('leaves are equally deep: a leaf has no inner node beside it');
};

const withChild = (parent: Inner, at: number, child: Node): Inner => ({ ...parent, children: parent.children.with(at, child) });

const withSplit = (parent: Inner, at: number, { left, separator, right }: Split): Inner => ({
  ...parent,
  separators: parent.separators.toSpliced(at, 0, separator),
  children: parent.children.toSpliced(at, 1, left, right),
});

/** Leaves of equal size, and over them one level of inner nodes after the other. */
const loaded = (shape: Shape, load: Load): State => {
  const slices = (count: number): readonly (readonly [from: number, to: number])[] => {
    const nodes = nodesFor(shape, count);
    return Array.from({ length: nodes }, (_, i) => [firstOf(count, nodes, i), firstOf(count, nodes, i + 1)]);
  };
  const ranks = Array.from({ length: load.entries }, (_, i) => i);
  let fresh = 1;
  let level: readonly Node[] = slices(load.entries).map(([from, to]) => {
    const inside = ranks.slice(from, to);
    return { type: 'Leaf', id: fresh++, keys: inside.map(load.keyAt), values: inside.map(load.valueAt) };
  });
  while (level.length > 1) {
    const below = level;
    level = slices(below.length).map(([from, to]) => {
      const children = below.slice(from, to);
      return { type: 'Inner', id: fresh++, separators: children.slice(1).map(smallestIn), children };
    });
  }
  return { root: level[0]!, fresh };
};

const smallestIn = (node: Node): number => (node.type === 'Leaf' ? node.keys[0]! : smallestIn(node.children[0]!));
