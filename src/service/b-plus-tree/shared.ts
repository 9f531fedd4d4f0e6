/**
 * The B+-tree in shared memory: what the workers of a replica execute on. Its engine does the work; here it is put
 * together, digested and shown.
 */

import { storeOf, type Engine } from '../engine.js';
import type { Digest, Service } from '../service.js';
import type { Command, Result } from './commands.js';
import { HIGH, LOW, mix } from './digest.js';
import * as M from './memory.js';
import { ignore, type Observe } from './observe.js';
import type { Node, Tree } from './outline.js';
import type { Partitions } from './partition.js';
import type { Shape } from './shape.js';
import { treeEngine } from './tree-engine.js';

/** A handle on a tree: `execute` changes it in place, for every handle; `digest` and `outline` want all threads to rest. */
export interface SharedTree extends Tree {
  /** The tree itself, to which other threads attach. */
  readonly buffer: SharedArrayBuffer;
  /** What a worker drives. */
  readonly engine: Engine;
}

/** A handle on the tree in `buffer`, for one thread. */
export const attachShared = (
  shape: Shape,
  partitions: Partitions,
  service: Service<Command, Result>,
  buffer: SharedArrayBuffer,
  touch: Observe = ignore,
): SharedTree => {
  if (buffer.byteLength !== M.bytesFor(shape, partitions.keySpace))
    throw new RangeError(`buffer: ${buffer.byteLength} bytes are no tree with this keySpace, capacity and fill`);
  const m = M.memoryOver(shape, buffer);

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

  const engine = treeEngine(shape, partitions, m, digest, touch);
  const store = storeOf(service, engine);
  const tree: SharedTree = {
    check: store.check,
    execute: (command) => [tree, store.execute(command)[1]],
    digest,
    outline: () => ({ root: nodeAt(M.rootOf(m), M.heightOf(m)), chain: chain() }),
    buffer,
    engine,
  };
  return tree;
};
