/** A B+-tree as one sees it drawn: nodes, separators and keys. The persistent form is made of this, the shared form can be shown as it. */

import type { Store } from '../service.js';
import type { Command, Result } from './commands.js';
import type { Shape } from './shape.js';

export type Leaf = {
  readonly type: 'Leaf';
  /** Stays the same through every change of the node. */
  readonly id: number;
  /** Rising. */
  readonly keys: readonly number[];
  /** The value of each key. */
  readonly values: readonly bigint[];
};

export type Inner = {
  readonly type: 'Inner';
  readonly id: number;
  /** Rising. `separators[i]` is the smallest key that is sent to `children[i + 1]`, and greater than all sent to `children[i]`. */
  readonly separators: readonly number[];
  readonly children: readonly Node[];
};

export type Node = Leaf | Inner;

/** A whole tree, with the ids of the leaves in the order of the leaf chain. */
export type Outline = { readonly root: Node; readonly chain: readonly number[] };

/** A store that can be shown. Both forms of the tree are one. */
export interface Tree extends Store<Command, Result> {
  readonly execute: (command: Command) => readonly [Tree, Result];
  readonly outline: () => Outline;
}

/** The index of the child to which a key is sent. */
export const childFor = (inner: Inner, key: number): number => {
  const at = inner.separators.findIndex((separator) => key < separator);
  return at < 0 ? inner.separators.length : at;
};

/** The leaf to which a key is sent, and [β1, β2], the keys that are sent to it. */
export type Descent = { readonly leaf: Leaf; readonly beta1: number; readonly beta2: number };

export const descend = (node: Node, key: number, beta1 = -Infinity, beta2 = Infinity): Descent => {
  if (node.type === 'Leaf') return { leaf: node, beta1, beta2 };
  const at = childFor(node, key);
  const [left, right] = [node.separators[at - 1], node.separators[at]];
  return descend(node.children[at]!, key, left ?? beta1, right === undefined ? beta2 : right - 1);
};

/** The leaves in order. */
export const leavesOf = (node: Node): readonly Leaf[] => (node.type === 'Leaf' ? [node] : node.children.flatMap(leavesOf));

/** Entries of a leaf, children of an inner node. */
export const occupancyOf = (node: Node): number => (node.type === 'Leaf' ? node.keys.length : node.children.length);

/** What a tree looks like when the entries in its leaves are left out: equal before and after whatever changes no structure. */
export const structureOf = ({ root, chain }: Outline): string => {
  const draw = (node: Node): string =>
    node.type === 'Leaf' ? `${node.id}` : `${node.id}(${node.separators.join(' ')}: ${node.children.map(draw).join(' ')})`;
  return `${draw(root)} chained ${chain.join(' ')}`;
};

const nodesOf = (node: Node): readonly Node[] => (node.type === 'Leaf' ? [node] : [node, ...node.children.flatMap(nodesOf)]);
const rises = (keys: readonly number[]): boolean => keys.every((key, i) => i === 0 || key > keys[i - 1]!);
const depthsOf = (node: Node, depth = 0): readonly number[] =>
  node.type === 'Leaf' ? [depth] : node.children.flatMap((child) => depthsOf(child, depth + 1));
const isBounded = (node: Node, from: number, below: number): boolean =>
  node.type === 'Leaf'
    ? node.keys.every((key) => from <= key && key < below)
    : node.children.every((child, i) => isBounded(child, node.separators[i - 1] ?? from, node.separators[i] ?? below));

/** What every tree satisfies, whatever was executed. */
export const outlineInvariants = {
  'keys and separators rise': ({ root }: Outline) =>
    rises(leavesOf(root).flatMap((leaf) => leaf.keys)) && nodesOf(root).every((node) => node.type === 'Leaf' || rises(node.separators)),
  'an inner node has one separator between two children': ({ root }: Outline) =>
    nodesOf(root).every((node) => node.type === 'Leaf' || node.separators.length === node.children.length - 1),
  'separators bound the keys of the subtrees beside them': ({ root }: Outline) => isBounded(root, -Infinity, Infinity),
  'every node but the root is between its minimum and its capacity': ({ root }: Outline, shape: Shape) =>
    occupancyOf(root) <= shape.capacity &&
    (root.type === 'Leaf' || root.children.length > 1) &&
    nodesOf(root)
      .filter((node) => node !== root)
      .every((node) => occupancyOf(node) >= (node.type === 'Leaf' ? shape.leafMinimum : shape.half) && occupancyOf(node) <= shape.capacity),
  'all leaves are equally deep': ({ root }: Outline) => new Set(depthsOf(root)).size === 1,
  'no two nodes have the same id': ({ root }: Outline) => new Set(nodesOf(root).map((node) => node.id)).size === nodesOf(root).length,
  'the leaf chain is the walk in order': ({ root, chain }: Outline) => leavesOf(root).map((leaf) => leaf.id).join() === chain.join(),
  'every stored key is found': ({ root }: Outline) =>
    leavesOf(root).every((leaf) => leaf.keys.every((key) => descend(root, key).leaf === leaf)),
};
