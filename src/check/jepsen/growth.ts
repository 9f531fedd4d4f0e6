/** What can be foreseen of a text: it only gets longer, until another one takes its place. */

import type { Operation } from '../history.js';
import type { Growth, Said } from '../model.js';
import type { Answer, Call, State } from './call.js';

export const growthOf = (initial: unknown, isUnknown: (answer: Answer) => boolean, tokenOf: (argument: unknown) => string): Growth<State, Call, Answer> => ({
  mayLeadTo: (state, { key }, answer) => {
    const [now, then] = [state.has(key) ? state.get(key) : initial, answer].map(textIn);
    return isUnknown(answer) || now === undefined || then?.startsWith(now) !== false;
  },
  replaces: ({ f }) => f === 'put' || f === 'write',
  ...(initial === null || typeof initial === 'string' ? { textAtFirst: initial ?? '', says: saidBy(tokenOf, isUnknown) } : {}),
});

const saidBy =
  (tokenOf: (argument: unknown) => string, isUnknown: (answer: Answer) => boolean) =>
  (operation: Operation<Call, Answer>): Said | undefined => {
    const { f, value } = operation.command;
    if (f === 'append') return operation.type === 'pending' || operation.result === null ? { type: 'append', token: tokenOf(value) } : undefined;
    if (f !== 'get' && f !== 'read') return undefined;
    if (operation.type === 'pending' || isUnknown(operation.result)) return { type: 'nothing' };
    return typeof operation.result === 'string' ? { type: 'read', text: operation.result } : undefined;
  };

/** What an append finds; `undefined` where nothing is foreseen. */
const textIn = (value: unknown): string | undefined => {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
};
