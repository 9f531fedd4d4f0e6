/** The hello: the first frame on a connection, in which the one who dialled says who is calling. */
import * as E from 'fp-ts/lib/Either.js';
import { flow } from 'fp-ts/lib/function.js';
import * as J from 'fp-ts/lib/Json.js';
import * as t from 'io-ts';

export const PROTOCOL = 'opt-psmr/1';

type Common = { readonly protocol: typeof PROTOCOL; readonly cluster: string };

export type Hello =
  | (Common & { readonly type: 'Peer'; readonly from: string })
  /** The replies to these sessions go back on this connection. */
  | (Common & { readonly type: 'Client'; readonly sessions: readonly number[] });

const isSession = (u: unknown): u is number => Number.isSafeInteger(u) && (u as number) >= 0;

const session = new t.Type<number, number, unknown>(
  'a session (a natural number up to 2^53 - 1)',
  isSession,
  (u, context) => (isSession(u) ? t.success(u) : t.failure(u, context)),
  t.identity,
);

const common = { protocol: t.literal(PROTOCOL), cluster: t.string };

export const Hello: t.Type<Hello, unknown> = t.union(
  [
    t.strict({ type: t.literal('Peer'), ...common, from: t.string }),
    t.strict({ type: t.literal('Client'), ...common, sessions: t.readonlyArray(session) }),
  ],
  'a hello',
);

/** A hello as the payload of a frame. */
export const encode = (hello: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(hello));

/** A payload as a hello that `codec` accepts, or the reason it is none. */
export const decodeAs = <H>(codec: t.Decoder<unknown, H>): ((payload: Uint8Array) => E.Either<string, H>) =>
  flow(
    decodeText,
    E.flatMap(flow(J.parse, E.mapLeft(() => 'a hello that is not JSON'))),
    E.flatMap(flow(codec.decode, E.mapLeft(firstFlaw))),
  );

const decodeText = (payload: Uint8Array): E.Either<string, string> =>
  E.tryCatch(
    () => new TextDecoder('utf-8', { fatal: true }).decode(payload),
    () => 'a hello that is not UTF-8',
  );

/** Names the field and what was expected there. What a stranger sent is not quoted: it may be long, deep or meant to mislead. */
const firstFlaw = ([error]: t.Errors): string => {
  const context = error?.context ?? [];
  const isField = (_: t.ContextEntry, i: number): boolean => i > 0 && !(context[i - 1]?.type instanceof t.UnionType);
  const field = context.filter(isField).map(({ key }) => key).join('.');
  const expected = context.at(-1)?.type.name ?? 'what was expected';
  return field === '' ? `not ${expected}` : `a hello whose ${field} is not ${expected}`;
};
