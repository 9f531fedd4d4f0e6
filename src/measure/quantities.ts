/** Numbers of a result as codecs, which say in a refusal what belongs there. */
import * as t from 'io-ts';

const number = (name: string, holds: (n: number) => boolean): t.Type<number, unknown> => {
  const is = (u: unknown): u is number => typeof u === 'number' && holds(u);
  return new t.Type(name, is, (u, context) => (is(u) ? t.success(u) : t.failure(u, context)), t.identity);
};

export const integer = number('an integer', Number.isSafeInteger);
export const natural = number('an integer from 0', (n) => Number.isSafeInteger(n) && n >= 0);
export const quantity = number('a number from 0', (n) => Number.isFinite(n) && n >= 0);
export const ratio = number('a number from 0 to 1', (n) => n >= 0 && n <= 1);
