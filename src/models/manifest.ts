/**
 * How many states each model has, exactly. A change of a machine that changes these figures changes what the machine does:
 * a test compares them, and whoever changes them says why.
 *
 * The figures of two-phase commit and of Lamport's Paxos are those of other checkers; depth counts states.
 */

export type Pinned = {
  readonly model: string;
  readonly size: number;
  readonly symmetry?: true;
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
  { model: 'ring', size: 1, distinct: 94, generated: 166, depth: 11 },
  { model: 'ring', size: 2, distinct: 16011, generated: 54303, depth: 20 },
];

/** How many states a model has, where that is known. */
export const knownDistinct = (model: string, size: number, symmetry: boolean): number | undefined =>
  MANIFEST.find((one) => one.model === model && one.size === size && (one.symmetry === true) === symmetry)?.distinct;
