/**
 * Entries put into a leaf of the shared tree and taken out of it, and what that asks of the nodes above: the same splits and
 * merges as in the persistent form, in place. Nodes are taken and given back here only, and so under the barrier only.
 */

import type { Descent } from './descent.js';
import * as M from './memory.js';
import type { Observe } from './observe.js';
import { leftHalf, type Shape } from './shape.js';

export const structureOver = (shape: Shape, m: M.Memory, { path, turns, descend }: Descent, touch: Observe) => {
  /** Puts an entry in its leaf, before the one at `at`. */
  const insert = (leaf: number, at: number, key: number, low: number, high: number): void => {
    const count = M.countOf(m, leaf);
    const overflows = count === shape.capacity;
    if (overflows) change(key);
    touch(leaf, 'write');
    M.copy(m, M.keysOf(m, leaf) + at + 1, M.keysOf(m, leaf) + at, count - at);
    M.copy(m, M.valuesOf(m, leaf) + at + 1, M.valuesOf(m, leaf) + at, count - at);
    M.setKey(m, leaf, at, key);
    M.setWords(m, leaf, at, low, high);
    M.setCount(m, leaf, count + 1);
    if (overflows) split(0);
  };

  /** Takes the entry at `at`, which is that of `key`, out of its leaf. */
  const remove = (leaf: number, at: number, key: number): void => {
    const count = M.countOf(m, leaf);
    const underflows = count === shape.leafMinimum && M.heightOf(m) > 0;
    if (underflows) change(key);
    touch(leaf, 'write');
    M.copy(m, M.keysOf(m, leaf) + at, M.keysOf(m, leaf) + at + 1, count - at - 1);
    M.copy(m, M.valuesOf(m, leaf) + at, M.valuesOf(m, leaf) + at + 1, count - at - 1);
    M.setCount(m, leaf, count - 1);
    if (underflows) refill(0);
  };

  /** From here on places that handles remember are void, and the path is that of `key`. */
  const change = (key: number): void => {
    descend(key);
    M.beginEpoch(m);
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

  return { insert, remove };
};
