/** Mistakes of the B+-tree, and of the check that speaks for it. */

import { addEntry, bPlusTree, emptyDigest, type Command, type Result, type SharedTree } from '../../src/service/b-plus-tree/index.js';
import { memoryOver, NONE, setNext } from '../../src/service/b-plus-tree/memory.js';
import { descend, leavesOf, type Inner, type Leaf, type Node, type Tree } from '../../src/service/b-plus-tree/outline.js';
import type { Partitions } from '../../src/service/b-plus-tree/partition.js';
import { boundedByKeys, emptier, misled, type Check } from '../arbitraries/checks.js';
import { treeOf, type Change } from '../arbitraries/world.js';
import { storing } from './change.js';
import { CHECKS } from './checks.js';
import { before, mutant, type Mutant } from './mutant.js';
import { ofTree, type MistakenTree } from './trees.js';
import { inCalm, inCrowd } from './worlds.js';

/** A check that every replica of a world makes. */
const checking = (check: Check): Change => storing((store, threads) => ({ check: (thread, command) => check(treeOf({ threads }), store, thread, command) }));

const everywhere = (check: Check) => [...before(CHECKS, check), inCrowd(checking(check))];

/** Every boundary between partitions, so many keys further on. */
const moved = (by: number) => (partitions: Partitions): Partitions => ({
  ...partitions,
  lowerBounds: partitions.lowerBounds.map((bound, i, bounds) => (i === 0 ? bound : Math.min(bound + by, (bounds[i + 1] ?? partitions.keySpace) - 1))),
});

/** A tree whose commands do something else. */
const executing = (execute: (tree: Tree, command: Command) => readonly [Tree, Result]): ((tree: Tree) => Tree) => {
  const wrap = (tree: Tree): Tree => ({
    ...tree,
    execute: (command) => {
      const [next, result] = execute(tree, command);
      return [wrap(next), result];
    },
  });
  return wrap;
};

// The nodes of a persistent tree that nobody has seen yet may be changed in place: what a wrong split would have made of them.

type Loose<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

/** What has just been split: two leaves, their parent, and where in it the right one is. */
type Splitting = { readonly left: Loose<Leaf>; readonly right: Loose<Leaf>; readonly parent: Loose<Inner>; readonly at: number };

const splitting = (spoil: (split: Splitting) => void): MistakenTree => ({
  tree: executing((tree, command) => {
    const known = new Set(tree.outline().chain);
    const [next, result] = tree.execute(command);
    const { root, chain } = next.outline();
    const fresh = command.type === 'insert' && !('buffer' in tree) ? chain.find((id) => !known.has(id)) : undefined;
    const parent = fresh === undefined ? undefined : parentOf(root, fresh);
    if (parent === undefined) return [next, result];
    const at = parent.children.findIndex(({ id }) => id === fresh);
    const [left, right] = [parent.children[at - 1], parent.children[at]];
    if (left?.type === 'Leaf' && right?.type === 'Leaf') spoil({ left: left as Loose<Leaf>, right: right as Loose<Leaf>, parent: parent as Loose<Inner>, at });
    return [next, result];
  }),
});

const parentOf = (node: Node, leaf: number): Inner | undefined => {
  if (node.type === 'Leaf') return undefined;
  if (node.children.some(({ id }) => id === leaf)) return node;
  return node.children.reduce<Inner | undefined>((found, child) => found ?? parentOf(child, leaf), undefined);
};

/** As if the descent to a key that is its leaf's first went to the leaf on the left, where it is not. */
const lostAtSeparators = (tree: Tree, command: Command): readonly [Tree, Result] => {
  const isLost = command.type !== 'scan' && command.type !== 'insert' && descend(tree.outline().root, Number(command.key)).beta1 === Number(command.key);
  return isLost ? [tree, { type: 'absent' }] : tree.execute(command);
};

export const CHECK_MISTAKES: readonly Mutant[] = [
  mutant('OP04', 'bounds are taken from the keys in the leaf, not from the separators', ...before(CHECKS, misled({ place: boundedByKeys }))),
  mutant('OP08', 'the check reads another version of the partition map than the clients', ...everywhere(misled({ partitions: moved(8) }))),
  mutant('OPb', 'the left neighbour is always suspected', ...before(CHECKS, (_, tree, thread, command) => tree.check(thread, command) ?? (thread > 1 ? 'left' : undefined))),
];

export const TREE: readonly Mutant[] = [
  mutant('BT01a', 'the check sees room for one entry more', ...everywhere(misled({ place: emptier(1) }))),
  mutant('BT01b', 'a node is split one entry too late', ofTree({ options: (options) => ({ ...options, capacity: options.capacity + 1 }) })),
  mutant('BT02a', 'the check sees one entry more to delete', ...everywhere(misled({ place: emptier(-1) }))),
  mutant('BT02b', 'the minimum of a leaf is ignored when entries are deleted', ofTree({ options: (options) => ({ ...options, minimum: 'one' }) })),
  mutant('BTa', 'a split gives the parent another child and no separator', ofTree(splitting(({ parent, at }) => parent.separators.splice(at - 1, 1)))),
  mutant('BT04', 'the descent goes the wrong way at a separator', ofTree({ tree: executing(lostAtSeparators) }), inCalm(storing((store) => ({ execute: (command) => lostAtSeparators(store, command) })))),
  mutant('BTb', 'the separator of a split is the largest key on its left', ofTree(splitting(({ left, parent, at }) => void (parent.separators[at - 1] = left.keys.at(-1)!)))),
  mutant('BTc', 'a split gives both halves the same id', ofTree(splitting(({ left, right }) => void (right.id = left.id)))),
  mutant('BT07a', 'a split puts the middle entry on both sides', ofTree(splitting(({ left, right }) => {
    right.keys.unshift(left.keys.at(-1)!);
    right.values.unshift(left.values.at(-1)!);
  }))),
  mutant('BT07b', 'a split puts the middle entry on neither side', ofTree(splitting(({ right }) => {
    right.keys.shift();
    right.values.shift();
  }))),
  mutant('BTd', 'a split grows the tree over one half only', ofTree(splitting(({ right, parent, at }) => void (parent.children[at] = { type: 'Inner', id: -right.id, separators: [], children: [right] })))),
  mutant('BT09', 'the leaf chain is not relinked on a split', ofTree({ tree: (tree, options) => executing(leavingChain(options))(tree) })),
  mutant('BTe', 'a scan ends with its first leaf', ofTree({ tree: executing((tree, command) => {
    const [next, result] = tree.execute(command);
    if (command.type !== 'scan' || result.type !== 'entries') return [next, result];
    const { beta2 } = descend(tree.outline().root, Number(command.from));
    return [next, { ...result, entries: result.entries.filter(([key]) => key <= beta2) }];
  }) })),
  mutant('BTf', 'the digest misses the last entry', ofTree({ tree: (tree) => digesting(tree) })),
  mutant('BT12', 'a persistent update changes a node that older trees share', ofTree({ tree: executing((tree, command) => {
    if (command.type !== 'update' || 'buffer' in tree) return tree.execute(command);
    const [, result] = tree.execute(command);
    const { leaf } = descend(tree.outline().root, Number(command.key));
    if (result.type === 'updated') (leaf as Loose<Leaf>).values[leaf.keys.indexOf(Number(command.key))] = command.value;
    return [tree, result];
  }) })),
];

function digesting(tree: Tree): Tree {
  return {
    ...tree,
    execute: (command) => {
      const [next, result] = tree.execute(command);
      return [digesting(next), result];
    },
    digest: () => {
      const leaves = leavesOf(tree.outline().root);
      const entries = leaves.flatMap(({ keys, values }) => keys.map((key, i) => [BigInt(key), values[i]!] as const));
      return entries.slice(0, -1).reduce((digest, [key, value]) => addEntry(digest, key, value), emptyDigest);
    },
  };
}

/** In the shared form: the leaf on the left goes on to the one that came after it before the split. */
function leavingChain(options: Parameters<NonNullable<MistakenTree['options']>>[0]) {
  return (tree: Tree, command: Command): readonly [Tree, Result] => {
    const known = tree.outline().chain;
    const [next, result] = tree.execute(command);
    const { chain } = next.outline();
    const at = command.type === 'insert' && 'buffer' in tree ? chain.findIndex((id) => !known.includes(id)) : -1;
    if (at > 0) setNext(memoryOver(bPlusTree(options).shape, (tree as SharedTree).buffer), chain[at - 1]!, chain[at + 1] ?? NONE);
    return [next, result];
  };
}
