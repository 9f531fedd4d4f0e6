/** Results on disk: read with the file and the field that is wrong, written whole or not at all. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import * as J from 'fp-ts/lib/Json.js';
import type * as t from 'io-ts';

type Decode<A> = (text: string) => E.Either<string, A>;

/** A file's text as what a codec knows, or the fields that keep it from being that. */
export const decoder =
  <A>(codec: t.Type<A, unknown>): Decode<A> =>
  (text) =>
    pipe(
      J.parse(text),
      E.mapLeft(() => 'not JSON'),
      E.flatMap((json) =>
        pipe(
          codec.decode(json),
          E.mapLeft((errors) => errors.map(complaint).join('; ')),
        ),
      ),
    );

/** What is in a file, or why there is nothing: the file and the field. */
export const reader =
  <A>(decode: Decode<A>) =>
  (file: string): E.Either<string, A> =>
    pipe(
      E.tryCatch(() => readFileSync(file, 'utf8'), (error) => (error as Error).message),
      E.flatMap(decode),
      E.mapLeft((reason) => `${file}: ${reason}`),
    );

/** Writes a file whole or not at all. What could not be read back is not written: it throws. */
export const writer =
  <A>(decode: Decode<A>) =>
  (file: string, content: A): void => {
    const text = `${JSON.stringify(content, undefined, 2)}\n`;
    const refused = decode(text);
    if (E.isLeft(refused)) throw new Error(`${file}: ${refused.left}`);
    writeWhole(file, text);
  };

/** Writes a text whole or not at all, and makes the directory for it. */
export const writeWhole = (file: string, text: string): void => {
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.tmp`;
  try {
    writeFileSync(draft, text);
    renameSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
};

/** One refusal, as `runs[1].latency.p99: expected a number from 0, got "fast"`. */
const complaint = ({ value, context }: t.ValidationError): string => {
  const path = context.slice(1).map(({ key }) => (/^\d+$/.test(key) ? `[${key}]` : `.${key}`)).join('').replace(/^\./, '');
  const expected = plainly(context.at(-1)?.type.name ?? 'something else');
  const found = value === undefined ? 'nothing' : abridged(JSON.stringify(value));
  return `${path || 'the file'}: expected ${expected}, got ${found}`;
};

/** io-ts names an object by all that is in it. */
const plainly = (name: string): string => (/^{/.test(name) ? 'an object' : /^ReadonlyArray/.test(name) ? 'an array' : name);

const abridged = (text: string): string => (text.length > 40 ? `${text.slice(0, 39)}…` : text);
