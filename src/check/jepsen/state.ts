/** The state of Jepsen's models: what differs from what was there at first. */

import type { State } from './call.js';
import { keyOf } from './edn.js';

/** Equal if and only if the states are. */
export const stateKeyOf = (state: State): string => {
  const entries = [...state].map(([key, value]) => `${key}=${keyOf(value)}`);
  return entries.length < 2 ? entries.join() : entries.sort().join('\n');
};
