/** What can be foreseen of a text: it only gets longer, until another one takes its place. */

import type { Map } from 'immutable';
import type { Growth } from '../model.js';

type Call = { readonly f: string; readonly key: string };

export const growthOf = (initial: unknown, isUnknown: (answer: unknown) => boolean): Growth<Map<string, unknown>, Call, unknown> => ({
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
