/** A contradiction in words. */

import type { History } from './history.js';
import type { Model } from './model.js';

/** One sentence per step. */
export const argumentOf = <S, C, R>(_model: Model<S, C, R>, named: History<C, R>, _history: History<C, R>): readonly string[] => [
  `No order of ${named.map(({ id }) => `{${id}}`).join(', ')} gives their answers, whatever the others did.`,
];
