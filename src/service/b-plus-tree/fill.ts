/** A new tree in shared memory, from the leaves up. */

import type { Load } from './load.js';
import * as M from './memory.js';
import type { Partitions } from './partition.js';
import { firstOf, nodesFor, type Shape } from './shape.js';

/** A new tree in new memory, large enough for whatever may be executed, that holds the entries of `load`. */
export const createShared = (shape: Shape, { keySpace }: Partitions, load: Load): SharedArrayBuffer => {
  const buffer = allocate(M.bytesFor(shape, keySpace));
  fill(M.memoryOver(shape, buffer), shape, load);
  return buffer;
};

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
