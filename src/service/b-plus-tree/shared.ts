/**
 * The B+-tree in shared memory: what the workers of a replica execute on. The same splits and merges as in the persistent
 * form, in place. One handle per thread over one buffer, and no locks: what may run at the same time is the business of the
 * safety check and the barrier. Nodes are taken and given back under the barrier only, where structure changes.
 */

import { engineOf, type Engine } from '../engine.js';
import type { Digest } from '../service.js';
import { codec, SCAN_LIMIT, type Command, type Entry, type Result } from './commands.js';
import { HIGH, LOW, mix } from './digest.js';
import { footprintOf } from './footprint.js';
import type { Load } from './load.js';
import * as M from './memory.js';
import type { Node, Tree } from './outline.js';
import type { Partitions } from './partition.js';
import { safetyCheck, type Place } from './safety-check.js';
import { firstOf, leftHalf, nodesFor, type Shape } from './shape.js';

/** Told of every node that a check or an execution looks at or writes in, in that order. */
export type Observe = (node: number, mode: 'read' | 'write') => void;

/** A handle on a tree: `execute` changes it in place, for every handle; `digest` and `outline` want all threads to rest. */
export interface SharedTree extends Tree {
  /** The tree itself, to which other threads attach. */
  readonly buffer: SharedArrayBuffer;
  /** What a worker drives. */
  readonly engine: Engine;
}

/** A new tree in new memory, large enough for whatever may be executed, that holds the entries of `load`. */
export const createShared = (shape: Shape, { keySpace }: Partitions, load: Load): SharedArrayBuffer => {
  const buffer = allocate(M.bytesFor(shape, keySpace));
  fill(M.memoryOver(shape, buffer), shape, load);
  return buffer;
};

/** A handle on the tree in `buffer`, for one thread. */
export const attachShared = (shape: Shape, partitions: Partitions, buffer: SharedArrayBuffer, touch: Observe = ignore): SharedTree => {
  if (buffer.byteLength !== M.bytesFor(shape, partitions.keySpace))
    throw new RangeError(`buffer: ${buffer.byteLength} bytes are no tree with this keySpace, capacity and fill`);
  const m = M.memoryOver(shape, buffer);

  // The way of the last descent: the node at each level (the leaf's is 0), and which of its children came next.
  const path = new Int32Array(MOST_LEVELS);
  const turns = new Int32Array(MOST_LEVELS);

  const placeOf = (key: number): Place => {
    let node = M.rootOf(m);
    let [beta1, beta2] = [-Infinity, Infinity];
    for (let level = M.heightOf(m); level > 0; level--) {
      touch(node, 'read');
      const last = M.countOf(m, node) - 1;
      const at = M.ranked(m, node, last, key);
      if (at > 0) beta1 = M.keyAt(m, node, at - 1);
      if (at < last) beta2 = M.keyAt(m, node, at) - 1;
      node = M.childAt(m, node, at);
    }
    return { beta1, beta2, leaf: () => occupancy(node, key) };
  };

  const occupancy = (leaf: number, key: number) => {
    touch(leaf, 'read');
    return { entries: M.countOf(m, leaf), present: isAt(leaf, rankIn(leaf, key), key), isRoot: M.heightOf(m) === 0 };
  };

  const execute = (command: Command): Result => {
    if (command.type === 'scan') return scan(Number(command.from), Number(command.to));

    const key = Number(command.key);
    const leaf = descend(key);
    const rank = rankIn(leaf, key);
    if (!isAt(leaf, rank, key)) {
      if (command.type !== 'insert') return { type: 'absent' };
      insert(leaf, rank, key, command.value);
      return { type: 'inserted' };
    }
    const value = M.valueAt(m, leaf, rank - 1);
    switch (command.type) {
      case 'read':
        return { type: 'found', value };
      case 'update':
        touch(leaf, 'write');
        M.setValue(m, leaf, rank - 1, command.value);
        return { type: 'updated', previous: value };
      case 'insert':
        return { type: 'exists', value };
      case 'delete':
        remove(leaf, rank - 1);
        return { type: 'removed', value };
    }
  };

  const descend = (key: number): number => {
    let node = M.rootOf(m);
    for (let level = M.heightOf(m); level > 0; level--) {
      touch(node, 'read');
      const at = M.ranked(m, node, M.countOf(m, node) - 1, key);
      path[level] = node;
      turns[level] = at;
      node = M.childAt(m, node, at);
    }
    path[0] = node;
    touch(node, 'read');
    return node;
  };

  /** How many keys of a leaf are not above `key`: it is the last of these, or absent. */
  const rankIn = (leaf: number, key: number): number => M.ranked(m, leaf, M.countOf(m, leaf), key);
  const isAt = (leaf: number, rank: number, key: number): boolean => rank > 0 && M.keyAt(m, leaf, rank - 1) === key;

  const scan = (from: number, to: number): Result => {
    const entries: Entry[] = [];
    let leaf = descend(from);
    for (let i = M.ranked(m, leaf, M.countOf(m, leaf), from - 1); ; i++) {
      while (i === M.countOf(m, leaf)) {
        leaf = M.nextOf(m, leaf);
        if (leaf === M.NONE) return { type: 'entries', entries, complete: true };
        touch(leaf, 'read');
        i = 0;
      }
      const key = M.keyAt(m, leaf, i);
      if (key > to) return { type: 'entries', entries, complete: true };
      if (entries.length === SCAN_LIMIT) return { type: 'entries', entries, complete: false };
      entries.push([BigInt(key), M.valueAt(m, leaf, i)]);
    }
  };

  const insert = (leaf: number, at: number, key: number, value: bigint): void => {
    const count = M.countOf(m, leaf);
    touch(leaf, 'write');
    M.copy(m, M.keysOf(m, leaf) + at + 1, M.keysOf(m, leaf) + at, count - at);
    M.copy(m, M.valuesOf(m, leaf) + at + 1, M.valuesOf(m, leaf) + at, count - at);
    M.setKey(m, leaf, at, key);
    M.setValue(m, leaf, at, value);
    M.setCount(m, leaf, count + 1);
    split(0);
  };

  /** Splits the node at `level` of the path if it overflows, and then those above it. */
  const split = (level: number): void => {
    const node = path[level]!;
    const count = M.countOf(m, node);
    if (count <= shape.capacity) return;
    const right = M.take(m);
    moveRight(node, right, count - leftHalf(count));
    if (level === 0) {
      M.setNext(m, right, M.nextOf(m, node));
      M.setNext(m, node, right);
    }
    if (level === M.heightOf(m)) return grow(level + 1, node, separatorOf(level, node, right), right);
    addChild(path[level + 1]!, turns[level + 1]!, separatorOf(level, node, right), right);
    split(level + 1);
  };

  /** A new root over two nodes. */
  const grow = (height: number, left: number, separator: number, right: number): void => {
    const root = M.take(m);
    touch(root, 'write');
    M.setChild(m, root, 0, left);
    M.setCount(m, root, 1);
    addChild(root, 0, separator, right);
    M.setRoot(m, root, height);
  };

  const remove = (leaf: number, at: number): void => {
    const count = M.countOf(m, leaf);
    touch(leaf, 'write');
    M.copy(m, M.keysOf(m, leaf) + at, M.keysOf(m, leaf) + at + 1, count - at - 1);
    M.copy(m, M.valuesOf(m, leaf) + at, M.valuesOf(m, leaf) + at + 1, count - at - 1);
    M.setCount(m, leaf, count - 1);
    refill(0);
  };

  /** Merges the node at `level` of the path if it is below its minimum, or shares evenly with the one beside it. */
  const refill = (level: number): void => {
    const node = path[level]!;
    if (level === M.heightOf(m)) return shrink(level, node);
    if (M.countOf(m, node) >= (level === 0 ? shape.leafMinimum : shape.half)) return;
    const [parent, at] = [path[level + 1]!, Math.max(0, turns[level + 1]! - 1)];
    const [left, right] = [M.childAt(m, parent, at), M.childAt(m, parent, at + 1)];
    const [before, after] = [M.countOf(m, left), M.countOf(m, right)];

    if (level > 0) M.setKey(m, left, before - 1, M.keyAt(m, parent, at)); // The separator comes down among the others.
    if (before + after > shape.capacity) {
      const surplus = before - leftHalf(before + after);
      if (surplus > 0) moveRight(left, right, surplus);
      else moveLeft(left, right, -surplus);
      touch(parent, 'write');
      M.setKey(m, parent, at, separatorOf(level, left, right));
    } else {
      moveLeft(left, right, after);
      if (level === 0) M.setNext(m, left, M.nextOf(m, right));
      removeChild(parent, at);
      M.giveBack(m, right);
      refill(level + 1);
    }
  };

  /** A root with a single child gives way to it. */
  const shrink = (height: number, root: number): void => {
    if (height === 0 || M.countOf(m, root) > 1) return;
    M.setRoot(m, M.childAt(m, root, 0), height - 1);
    M.giveBack(m, root);
  };

  /**
   * What separates two nodes beside each other once entries, or children with their separators, have moved between them.
   * An inner node has one separator less than children; in the place that is left, the move has put that one.
   */
  const separatorOf = (level: number, left: number, right: number): number =>
    level === 0 ? M.keyAt(m, right, 0) : M.keyAt(m, left, M.countOf(m, left) - 1);

  /** Moves the last `n` of `left` to the start of `right`. */
  const moveRight = (left: number, right: number, n: number): void => {
    const [stay, old] = [M.countOf(m, left) - n, M.countOf(m, right)];
    touch(left, 'write');
    touch(right, 'write');
    for (const start of [M.keysOf, M.valuesOf]) {
      M.copy(m, start(m, right) + n, start(m, right), old);
      M.copy(m, start(m, right), start(m, left) + stay, n);
    }
    M.setCount(m, left, stay);
    M.setCount(m, right, old + n);
  };

  /** Moves the first `n` of `right` to the end of `left`. */
  const moveLeft = (left: number, right: number, n: number): void => {
    const [old, stay] = [M.countOf(m, left), M.countOf(m, right) - n];
    touch(left, 'write');
    touch(right, 'write');
    for (const start of [M.keysOf, M.valuesOf]) {
      M.copy(m, start(m, left) + old, start(m, right), n);
      M.copy(m, start(m, right), start(m, right) + n, stay);
    }
    M.setCount(m, left, old + n);
    M.setCount(m, right, stay);
  };

  /** Puts `child`, and the separator before it, after the child at `at`. */
  const addChild = (parent: number, at: number, separator: number, child: number): void => {
    const count = M.countOf(m, parent);
    touch(parent, 'write');
    M.copy(m, M.keysOf(m, parent) + at + 1, M.keysOf(m, parent) + at, count - 1 - at);
    M.copy(m, M.valuesOf(m, parent) + at + 2, M.valuesOf(m, parent) + at + 1, count - 1 - at);
    M.setKey(m, parent, at, separator);
    M.setChild(m, parent, at + 1, child);
    M.setCount(m, parent, count + 1);
  };

  /** Takes away the child after the one at `at`, and the separator before it. */
  const removeChild = (parent: number, at: number): void => {
    const count = M.countOf(m, parent);
    touch(parent, 'write');
    M.copy(m, M.keysOf(m, parent) + at, M.keysOf(m, parent) + at + 1, count - 2 - at);
    M.copy(m, M.valuesOf(m, parent) + at + 1, M.valuesOf(m, parent) + at + 2, count - 2 - at);
    M.setCount(m, parent, count - 1);
  };

  const digest = (): Digest => {
    let [entries, high, low] = [0, 0, 0];
    const add = (node: number, level: number): void => {
      const [count, keys, values] = [M.countOf(m, node), M.keysOf(m, node), M.valuesOf(m, node)];
      if (level > 0) {
        for (let i = 0; i < count; i++) add(M.childAt(m, node, i), level - 1);
        return;
      }
      entries += count;
      for (let i = 0; i < count; i++) {
        const key = m.numbers[keys + i]!;
        const keyHigh = Math.floor(key / 2 ** 32);
        const valueLow = m.ints[2 * (values + i)]!;
        const valueHigh = m.ints[2 * (values + i) + 1]!;
        high = (high + mix(HIGH, key, keyHigh, valueLow, valueHigh)) | 0;
        low = (low + mix(LOW, key, keyHigh, valueLow, valueHigh)) | 0;
      }
    };
    add(M.rootOf(m), M.heightOf(m));
    return { entries, high: high >>> 0, low: low >>> 0 };
  };

  const nodeAt = (node: number, level: number): Node => {
    const count = M.countOf(m, node);
    const first = <T>(length: number, at: (m: M.Memory, node: number, i: number) => T): T[] =>
      Array.from({ length }, (_, i) => at(m, node, i));
    if (level === 0) return { type: 'Leaf', id: node, keys: first(count, M.keyAt), values: first(count, M.valueAt) };
    const children = first(count, M.childAt).map((child) => nodeAt(child, level - 1));
    return { type: 'Inner', id: node, separators: first(count - 1, M.keyAt), children };
  };

  /** The leaves as they are chained, up to one that has been there before. */
  const chain = (): readonly number[] => {
    const leaves = new Set<number>();
    for (let leaf = firstLeaf(); leaf !== M.NONE && !leaves.has(leaf); leaf = M.nextOf(m, leaf)) leaves.add(leaf);
    return [...leaves];
  };

  const firstLeaf = (): number => {
    let node = M.rootOf(m);
    for (let level = M.heightOf(m); level > 0; level--) node = M.childAt(m, node, 0);
    return node;
  };

  const tree: Omit<SharedTree, 'engine'> = {
    check: (thread, command) => safetyCheck(shape, partitions, placeOf, thread, command),
    execute: (command) => [tree, execute(command)],
    digest,
    outline: () => ({ root: nodeAt(M.rootOf(m), M.heightOf(m)), chain: chain() }),
    buffer,
  };
  const service = { codec: codec(partitions.keySpace), footprint: (command: Command) => footprintOf(partitions, command) };
  return { ...tree, engine: engineOf(service, tree) };
};

/** Levels of the highest tree there can be: at least half of 4 children each, and 2^53 keys. */
const MOST_LEVELS = 56;

const ignore: Observe = () => {};

const allocate = (bytes: number): SharedArrayBuffer => {
  try {
    return new SharedArrayBuffer(bytes);
  } catch {
    throw new RangeError(`keySpace: a tree over it may take ${bytes} bytes, more than there can be in shared memory`);
  }
};

/** Leaves of equal size, and over them one level of inner nodes after the other. */
const fill = (m: M.Memory, shape: Shape, load: Load): void => {
  const leaves = nodesFor(shape, load.entries);
  for (let i = 0; i < leaves; i++) {
    const leaf = M.take(m);
    const first = firstOf(load.entries, leaves, i);
    const count = firstOf(load.entries, leaves, i + 1) - first;
    for (let j = 0; j < count; j++) {
      M.setKey(m, leaf, j, load.keyAt(first + j));
      M.setValue(m, leaf, j, load.valueAt(first + j));
    }
    M.setCount(m, leaf, count);
    M.setNext(m, leaf, i + 1 < leaves ? leaf + 1 : M.NONE); // Fresh nodes are numbered one after the other.
  }
  stack(m, shape, 1, leaves, 0, Float64Array.from({ length: leaves }, (_, i) => M.keyAt(m, i + 1, 0)));
};

/** Puts inner nodes over the `count` nodes from `first` on, whose subtrees have these `smallest` keys, until one is the root. */
const stack = (m: M.Memory, shape: Shape, first: number, count: number, height: number, smallest: Float64Array): void => {
  if (count === 1) return M.setRoot(m, first, height);
  const nodes = nodesFor(shape, count);
  const starts = Array.from({ length: nodes + 1 }, (_, i) => firstOf(count, nodes, i));
  for (let i = 0; i < nodes; i++) {
    const node = M.take(m);
    const [from, to] = [starts[i]!, starts[i + 1]!];
    for (let child = from; child < to; child++) {
      M.setChild(m, node, child - from, first + child);
      if (child > from) M.setKey(m, node, child - from - 1, smallest[child]!);
    }
    M.setCount(m, node, to - from);
  }
  stack(m, shape, first + count, nodes, height + 1, Float64Array.from({ length: nodes }, (_, i) => smallest[starts[i]!]!));
};
