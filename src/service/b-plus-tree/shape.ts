/** The numbers that make a tree the shape it has: where it splits, when it merges, how it is filled. Both forms agree on them. */

/** When a leaf that loses entries is merged: below `half` of its capacity, or only when it would not keep even `one`. */
export type Minimum = 'half' | 'one';

export type Shape = {
  /** The most entries of a leaf, and the most children of an inner node. */
  readonly capacity: number;
  /** The fewest entries of a leaf that is not the root. */
  readonly leafMinimum: number;
  /** The fewest children of an inner node that is not the root, whatever the minimum of a leaf. */
  readonly half: number;
  /** The entries of a leaf, and the children of an inner node, after a bulk load. */
  readonly fill: number;
};

/** The shape for a capacity (>= 4), a bulk-load fraction (1/2..1) and a policy for deletes. */
export const shapeOf = (capacity: number, fill: number, minimum: Minimum): Shape => {
  if (!Number.isInteger(capacity) || capacity < 4) throw new RangeError(`capacity: ${capacity} is not an integer from 4 on`);
  if (!(fill >= 0.5 && fill <= 1)) throw new RangeError(`fill: ${fill} is not between 0.5 and 1`);
  const half = Math.ceil(capacity / 2);
  return { capacity, half, leafMinimum: minimum === 'half' ? half : 1, fill: Math.max(half, Math.floor(capacity * fill)) };
};

/** How many entries, or children, stay on the left when `count` are split between two nodes. */
export const leftHalf = (count: number): number => Math.ceil(count / 2);

/** How many nodes a bulk load makes for `count` entries, or children: filled as asked, and none below half. */
export const nodesFor = (shape: Shape, count: number): number =>
  Math.max(1, Math.min(Math.ceil(count / shape.fill), Math.floor(count / shape.half)));

/** The first of `count` entries, or children, that the `i`th of `nodes` nodes takes in a bulk load. */
export const firstOf = (count: number, nodes: number, i: number): number => Math.floor((i * count) / nodes);

/**
 * More nodes than a tree over a key space can ever have. A leaf is made with at least half its capacity, of distinct keys,
 * and the range of keys that is sent to it never shrinks below these, however many are deleted.
 */
export const mostNodes = (shape: Shape, keySpace: number): number => {
  let level = Math.max(1, Math.floor(keySpace / shape.half));
  let nodes = level;
  while (level > 1) {
    level = Math.max(1, Math.floor(level / shape.half));
    nodes += level;
  }
  return nodes;
};
