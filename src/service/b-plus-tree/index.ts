/** The B+-tree that the paper evaluates with (section V), as a replicated service: its commands, and its two stores. */

import type { Service } from '../service.js';
import { codec, type Command, type Result } from './commands.js';
import { createShared } from './fill.js';
import { footprintOf } from './footprint.js';
import { evenKeys, type Load } from './load.js';
import type { Observe } from './observe.js';
import type { Tree } from './outline.js';
import { evenly, startingAt } from './partition.js';
import { persistentTree } from './persistent.js';
import { attachShared, type SharedTree } from './shared.js';
import { shapeOf, type Minimum } from './shape.js';

export type Options = {
  /** Keys are 0..keySpace - 1; at most 2^53 - 1. */
  readonly keySpace: number;
  /** How many partitions of equal size, one a thread, or the smallest key of each, from 0 on. */
  readonly partitions: number | readonly number[];
  /** Most entries of a leaf and children of an inner node, from 4 on. 64 if not given. */
  readonly capacity?: number;
  /** The part of its capacity, 0.5 to 1, to which a bulk load fills a node. 0.7 if not given: full leaves fail inserts. */
  readonly fill?: number;
  /**
   * The fewest entries that a delete may leave in a leaf: half of its capacity, or one. `one` if not given: a split leaves
   * two leaves that are half full, and were that the minimum, most of the deletes that follow would change structure and
   * fail the safety check. Nothing is lost but room, as a range of keys that has been full once is likely to be so again.
   */
  readonly minimum?: Minimum;
};

/** A B+-tree with these options. An option out of its range throws a `RangeError` that starts with its name. */
export const bPlusTree = (options: Options) => {
  const shape = shapeOf(options.capacity ?? 64, options.fill ?? 0.7, options.minimum ?? 'one');
  const partitions =
    typeof options.partitions === 'number'
      ? evenly(options.keySpace, options.partitions)
      : startingAt(options.keySpace, options.partitions);
  const service: Service<Command, Result> = {
    codec: codec(options.keySpace),
    footprint: (command) => footprintOf(partitions, command),
  };
  return {
    shape,
    partitions,
    service,
    /** A tree that is a value. */
    persistent: (load: Load = nothing): Tree => persistentTree(shape, partitions, load),
    /** A new tree in shared memory, and a handle on it. Throws a `RangeError` if no memory is large enough for the key space. */
    create: (load: Load = nothing, observe?: Observe): SharedTree =>
      attachShared(shape, partitions, service, createShared(shape, partitions, load), observe),
    /** A handle on the tree in `buffer`, which was created with the same options. One for each thread. */
    attach: (buffer: SharedArrayBuffer, observe?: Observe): SharedTree => attachShared(shape, partitions, service, buffer, observe),
  };
};

const nothing = evenKeys(0);

export { SCAN_LIMIT, type Command, type Entry, type Result } from './commands.js';
export { addEntry, emptyDigest, mixEntry, removeEntry } from './digest.js';
export { evenKeys, type Load } from './load.js';
export { orderedMap, sayCommand, textOf } from './ordered-map.js';
export type { Observe } from './observe.js';
export { outlineInvariants, structureOf, type Outline, type Tree } from './outline.js';
export { evenly, largestKey, partitionOf, smallestKey, startingAt, type Partitions } from './partition.js';
export type { SharedTree } from './shared.js';
