/**
 * The safety check of opt-PSMR for a B+-tree (paper, section V), written once for both forms of the tree.
 *
 * Thread t_i got a command optimistically, from its own group g_i. The command goes to leaf α, to which the inner nodes
 * send exactly the keys from β1 to β2. The check passes if
 *
 * 1. the command changes no structure: α has room for an insert, and need not merge after a delete;
 * 2. the largest key of the partition of t_(i-1) is smaller than β1;
 * 3. the smallest key of the partition of t_(i+1) is greater than β2.
 *
 * 2 and 3 come first. The inner nodes change only under the barrier, so β1 and β2 are the same at every replica; and when
 * both hold no other thread can touch α, so its occupancy follows from what t_i itself has executed. When one fails, α is not
 * even looked at: what it holds just now may be up to another thread, and the outcome must be the same at every replica.
 */

import type { Condition } from '../service.js';
import type { Command } from './commands.js';
import { largestKey, smallestKey, type Partitions } from './partition.js';
import type { Shape } from './shape.js';

/** Where a key belongs: the keys that share its leaf and, only when asked, how full that leaf is. */
export type Place = {
  /** β1, from the separators on the way down and never from the keys in the leaf. `-Infinity` at the left edge. */
  readonly beta1: number;
  /** β2, likewise. `Infinity` at the right edge. */
  readonly beta2: number;
  readonly leaf: () => Occupancy;
};

export type Occupancy = {
  readonly entries: number;
  /** Whether the key is in the leaf. */
  readonly present: boolean;
  /** The root may be as empty as it likes. */
  readonly isRoot: boolean;
};

/** The first condition that a command of this type on `key` fails on thread t_`thread`, or `undefined` when it passes. */
export const safetyCheck = (
  shape: Shape,
  partitions: Partitions,
  placeOf: (key: number) => Place,
  thread: number,
  type: Command['type'],
  key: number,
): Condition | undefined => {
  switch (type) {
    case 'read': // Writes nothing, so its leaf may be shared and only its key must be the thread's: from its own group it passes.
      return sharedWith(partitions, thread, key, key);
    case 'update':
    case 'insert':
    case 'delete': {
      const place = placeOf(key);
      return sharedWith(partitions, thread, place.beta1, place.beta2) ?? (changesStructure(shape, type, place) ? 'structure' : undefined);
    }
    case 'scan': // Walks from leaf to leaf, and belongs in g_all.
      return sharedWith(partitions, thread, -Infinity, Infinity);
  }
};

/** Conditions 2 and 3: the neighbour who may touch the place as well. */
const sharedWith = (partitions: Partitions, thread: number, beta1: number, beta2: number): 'left' | 'right' | undefined => {
  if (thread > 1 && largestKey(partitions, thread - 1) >= beta1) return 'left';
  if (thread < partitions.lowerBounds.length && smallestKey(partitions, thread + 1) <= beta2) return 'right';
  return undefined;
};

/** Condition 1. An insert of a present key and a delete of an absent one write nothing, and are no reason to fail. */
const changesStructure = (shape: Shape, type: 'update' | 'insert' | 'delete', place: Place): boolean => {
  switch (type) {
    case 'update':
      return false;
    case 'insert': {
      const leaf = place.leaf();
      return !leaf.present && leaf.entries === shape.capacity;
    }
    case 'delete': {
      const leaf = place.leaf();
      return leaf.present && leaf.entries === shape.leafMinimum && !leaf.isRoot;
    }
  }
};
