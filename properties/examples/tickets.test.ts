/** A service of one's own before the judge: tickets with numbers that rise, as `docs/histories.md` shows it. */

import { expect, it } from 'vitest';
import { judge, replay, type History, type Model } from '../../src/index.js';

type Command = { readonly type: 'take' } | { readonly type: 'last' };

/** How many tickets are taken; both commands answer with a number. */
const tickets: Model<number, Command, number> = {
  initial: 0,
  apply: (taken, { type }) => (type === 'take' ? [taken + 1, taken + 1] : [taken, taken]),
  sameResult: (a, b) => a === b,
  stateKey: (taken) => taken,
  commandKey: ({ type }) => type,
  isReadOnly: ({ type }) => type === 'last',
};

const history: History<Command, number> = [
  { type: 'completed', id: 1, session: 1, command: { type: 'take' }, call: 0, return: 4, result: 1 },
  { type: 'pending', id: 2, session: 2, command: { type: 'take' }, call: 1 },
  { type: 'completed', id: 3, session: 3, command: { type: 'last' }, call: 2, return: 3, result: 2 },
  { type: 'completed', id: 4, session: 3, command: { type: 'last' }, call: 5, return: 6, result: 1 },
];

it('knows that a number never falls', () => {
  const verdict = judge(tickets, history);
  expect(verdict).toMatchObject({ type: 'illegal', certificate: { operations: [3, 4] } });
});

it('knows the order of what is right', () => {
  const verdict = judge(tickets, history.slice(0, 3));
  expect(verdict.type === 'ok' && replay(tickets, history.slice(0, 3), verdict.linearization)).toEqual([]);
});
