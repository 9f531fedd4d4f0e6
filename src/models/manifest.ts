/**
 * How many states each model has, exactly. A change of a machine that changes these figures changes what the machine does:
 * a test compares them, and whoever changes them says why.
 *
 * The figures of two-phase commit and of Lamport's Paxos are those of other checkers; depth counts states.
 */

import type { Options } from '../check/explore/explore.js';

export type Pinned = {
  readonly model: string;
  readonly size: number;
  readonly symmetry?: true;
  readonly reduce?: true;
  readonly distinct: number;
  readonly generated: number;
  readonly depth: number;
};

export const MANIFEST: readonly Pinned[] = [
  { model: 'two-phase-commit', size: 3, distinct: 288, generated: 1146, depth: 11 },
  { model: 'two-phase-commit', size: 5, distinct: 8832, generated: 58146, depth: 17 },
  { model: 'two-phase-commit', size: 7, distinct: 296448, generated: 2744706, depth: 23 },
  { model: 'two-phase-commit', size: 3, symmetry: true, distinct: 80, generated: 318, depth: 11 },
  { model: 'two-phase-commit', size: 5, symmetry: true, distinct: 314, generated: 2048, depth: 17 },
  { model: 'two-phase-commit', size: 7, symmetry: true, distinct: 920, generated: 8410, depth: 23 },
  { model: 'two-phase-commit', size: 9, symmetry: true, distinct: 2232, generated: 26316, depth: 29 },
  { model: 'lamport-paxos', size: 2, distinct: 3921, generated: 22995, depth: 17 },
  { model: 'lamport-paxos', size: 3, distinct: 185369, generated: 1316584, depth: 25 },
  { model: 'ring', size: 1, distinct: 85, generated: 160, depth: 11 },
  { model: 'ring', size: 2, distinct: 15328, generated: 52902, depth: 20 },
  { model: 'rings', size: 1, distinct: 78, generated: 151, depth: 12 },
  { model: 'rings', size: 4, distinct: 1988, generated: 5401, depth: 31 },
  { model: 'threads', size: 1, distinct: 648, generated: 2165, depth: 17 },
  { model: 'threads', size: 2, distinct: 2465, generated: 9189, depth: 26 },
  { model: 'threads', size: 3, distinct: 4013, generated: 15722, depth: 28 },
  { model: 'threads', size: 3, reduce: true, distinct: 52, generated: 64, depth: 28 },
  { model: 'chain', size: 1, distinct: 371, generated: 863, depth: 27 },
  { model: 'chain', size: 1, reduce: true, distinct: 175, generated: 267, depth: 27 },
  { model: 'chain', size: 2, reduce: true, distinct: 2115, generated: 4302, depth: 35 },
];

/** How many states a model has, where that is known. */
export const knownDistinct = (model: string, size: number, { symmetry = false, reduce = false }: Options): number | undefined =>
  MANIFEST.find((one) => one.model === model && one.size === size && (one.symmetry === true) === symmetry && (one.reduce === true) === reduce)?.distinct;
