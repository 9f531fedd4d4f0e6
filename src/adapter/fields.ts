/** Fields of a file that a person writes: io-ts codecs whose refusals name the field, what belongs there and what stands there. */
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as t from 'io-ts';

/** The values that pass a test, `name` saying which those are: `expected <name>`. */
export const where = <A>(name: string, is: (u: unknown) => u is A): t.Type<A, A, unknown> =>
  new t.Type<A, A, unknown>(name, is, (u, context) => (is(u) ? t.success(u) : t.failure(u, context)), t.identity);

export const integer = (least: number, most = Number.MAX_SAFE_INTEGER): t.Type<number, number, unknown> =>
  where(
    most === Number.MAX_SAFE_INTEGER ? `an integer from ${least} on` : `an integer from ${least} to ${most}`,
    (u): u is number => Number.isSafeInteger(u) && (u as number) >= least && (u as number) <= most,
  );

export const between = (least: number, most: number): t.Type<number, number, unknown> =>
  where(`a number from ${least} to ${most}`, (u): u is number => typeof u === 'number' && u >= least && u <= most);

export const text: t.Type<string, string, unknown> = where('a text that is not empty', (u): u is string => typeof u === 'string' && u !== '');

/** What letters, digits, dots, dashes and underscores make: fit to name a file by. */
export const word: t.Type<string, string, unknown> = where(
  'a name of letters, digits, . - and _, the first a letter or digit',
  (u): u is string => typeof u === 'string' && /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(u),
);

export const oneOf = <A extends string>(...words: readonly A[]): t.Type<A, A, unknown> =>
  where(words.map(quote).join(' or '), (u): u is A => (words as readonly unknown[]).includes(u));

/** What `codec` accepts; where the file says nothing, it is read as if it said `otherwise`. */
export const or = <A>(codec: t.Type<A, unknown>, otherwise: A | Record<string, never>): t.Type<A, unknown> =>
  new t.Type(codec.name, codec.is, (u, context) => codec.validate(u === undefined ? otherwise : u, context), codec.encode);

/** What `codec` accepts, or nothing at all. */
export const optional = <A>(codec: t.Type<A, unknown>): t.Type<A | undefined, unknown> =>
  new t.Type<A | undefined, unknown, unknown>(
    codec.name,
    (u): u is A | undefined => u === undefined || codec.is(u),
    (u, context) => (u === undefined ? t.success(u) : codec.validate(u, context)),
    t.identity,
  );

/** An object with these fields and no others; whatever of it has a default may be left out. */
export const fields = <P extends t.Props>(props: P): t.Type<t.TypeOfProps<P>, unknown> => {
  const codec = t.type(props, 'an object');
  const known = Object.keys(props);
  return new t.Type(codec.name, codec.is, (u, context) => {
    const unknown = isObject(u) ? Object.keys(u).filter((key) => !known.includes(key)) : [];
    const flaws = unknown.map((key) => flawAt(context, key, u, `no such field; there are ${known.join(', ')}`));
    return pipe(
      codec.validate(u, context),
      E.match((others) => t.failures([...flaws, ...others]), (value) => (flaws.length === 0 ? t.success(value) : t.failures(flaws))),
    );
  }, t.identity);
};

/** One of some objects, told apart by their field `type`. */
export const tagged = <A extends { readonly type: string }>(variants: { readonly [K in A['type']]: t.Type<Extract<A, { readonly type: K }>, unknown> }): t.Type<A, unknown> => {
  const codecs = new Map(Object.entries(variants) as [string, t.Type<A, unknown>][]);
  const type = oneOf(...codecs.keys());
  const codecOf = (u: unknown): t.Type<A, unknown> | undefined => (isObject(u) && 'type' in u && typeof u.type === 'string' ? codecs.get(u.type) : undefined);
  return new t.Type<A, unknown, unknown>(
    'an object',
    (u): u is A => codecOf(u)?.is(u) === true,
    (u, context) => {
      const codec = codecOf(u);
      if (codec !== undefined) return codec.validate(u, context);
      return isObject(u) ? t.failure((u as { readonly type?: unknown }).type, t.appendContext(context, 'type', type)) : t.failure(u, context);
    },
    t.identity,
  );
};

const isObject = (u: unknown): u is object => typeof u === 'object' && u !== null;

const flawAt = (context: t.Context, key: string, u: unknown, message: string): t.ValidationError => ({
  value: (u as Record<string, unknown>)[key],
  context: t.appendContext(context, key, t.unknown),
  message,
});

/** One flaw: where it is, and what to put right. */
export const sayFlaw = ({ context, value, message }: t.ValidationError): string => {
  const path = context.slice(1).reduce((before, { key }) => (/^\d+$/.test(key) ? `${before}[${key}]` : before === '' ? key : `${before}.${key}`), '');
  return `${path === '' ? '' : `${path}: `}${message ?? `expected ${context.at(-1)?.type.name ?? 'something else'}`}, got ${quote(value)}`;
};

const LONGEST = 60;

const quote = (value: unknown): string => {
  if (value === undefined) return 'nothing';
  const written = JSON.stringify(value);
  return written.length <= LONGEST ? written : `${written.slice(0, LONGEST)}...`;
};
