/** The way from the root of the shared tree to the leaf of a key, one command at a time. */

import * as M from './memory.js';
import type { Observe } from './observe.js';

export type Descent = {
  /** The way of the last descent: the node at each level, the leaf's being 0, and which of its children came next. */
  readonly path: Int32Array;
  readonly turns: Int32Array;
  /** [β1, β2] of the last descent, the keys that share its leaf. */
  readonly bounds: Float64Array;
  /** The leaf to which the inner nodes send `key`. It is not looked at. */
  readonly descend: (key: number) => number;
};

export const descentOver = (m: M.Memory, touch: Observe): Descent => {
  const path = new Int32Array(MOST_LEVELS);
  const turns = new Int32Array(MOST_LEVELS);
  const bounds = new Float64Array(2);

  const descend = (key: number): number => {
    let node = M.rootOf(m);
    bounds[0] = -Infinity;
    bounds[1] = Infinity;
    for (let level = M.heightOf(m); level > 0; level--) {
      touch(node, 'read');
      const last = M.countOf(m, node) - 1;
      const at = M.ranked(m, node, last, key);
      if (at > 0) bounds[0] = M.keyAt(m, node, at - 1);
      if (at < last) bounds[1] = M.keyAt(m, node, at) - 1;
      path[level] = node;
      turns[level] = at;
      node = M.childAt(m, node, at);
    }
    path[0] = node;
    return node;
  };

  return { path, turns, bounds, descend };
};

/** Levels of the highest tree there can be: at least half of 4 children each, and 2^53 keys. */
const MOST_LEVELS = 56;
