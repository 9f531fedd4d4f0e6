/** What can be foreseen of a text: it only gets longer, until another one takes its place. */

import type { Growth } from '../model.js';
import type { Answer, Call, State } from './call.js';

export const growthOf = (initial: unknown, isUnknown: (answer: Answer) => boolean): Growth<State, Call, Answer> => ({
  mayLeadTo: (state, { key }, answer) => {
    const [now, then] = [state.has(key) ? state.get(key) : initial, answer].map(textIn);
    return isUnknown(answer) || now === undefined || then?.startsWith(now) !== false;
  },
  replaces: ({ f }) => f === 'put' || f === 'write',
});

/** What an append finds; `undefined` where nothing is foreseen. */
const textIn = (value: unknown): string | undefined => {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
};
