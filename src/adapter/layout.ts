/**
 * Layouts: how values lie in bytes. A layout is put together like a codec, and says three things at once: how many bytes
 * a value takes, how they are written, and how they are read back. All integers are little-endian.
 *
 * Reading never throws. The first flaw is noted on the cursor and ends the bytes there, so that whatever is read after it
 * is empty, and nothing is allocated for a count that the bytes do not bear out.
 */
import * as E from 'fp-ts/lib/Either.js';

export type Layout<T> = {
  /** The bytes of the smallest value. */
  readonly least: number;
  readonly size: (value: T) => number;
  readonly write: (to: Cursor, value: T) => void;
  readonly read: (from: Cursor) => T;
};

/** A place in some bytes, and the first flaw that was found in them, if any. */
export type Cursor = { readonly bytes: Uint8Array; readonly view: DataView; at: number; end: number; flaw: string | undefined; readonly apart: Uint8Array | undefined };

/** A value as bytes: one allocation, of just the right size. The byte array `apart`, if given, is the value's last, and left out. */
export const encodeAs = <T>(layout: Layout<T>, value: T, apart?: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(layout.size(value) - (apart?.length ?? 0));
  layout.write(cursorOn(bytes, apart), value);
  return bytes;
};

/** The value that the bytes hold, all of them, or the reason they hold none. Its byte arrays are views of `bytes`. */
export const decodeAs = <T>(layout: Layout<T>, bytes: Uint8Array): E.Either<string, T> => {
  const from = cursorOn(bytes);
  const value = layout.read(from);
  if (from.at < from.end) refuse(from, `${from.end - from.at} bytes too many`);
  return from.flaw === undefined ? E.right(value) : E.left(from.flaw);
};

const cursorOn = (bytes: Uint8Array, apart?: Uint8Array): Cursor => ({
  bytes,
  view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength),
  at: 0,
  end: bytes.length,
  flaw: undefined,
  apart,
});

const refuse = (from: Cursor, reason: string): void => {
  from.flaw ??= `byte ${from.at}: ${reason}`;
  from.end = from.at;
};

/** Steps over the next bytes and says where they start, or `undefined` if there are too few. */
const take = (from: Cursor, length: number): number | undefined => {
  const { at, end } = from;
  if (length > end - at) {
    refuse(from, `${length} bytes are missing, ${end - at} are left`);
    return undefined;
  }
  from.at = at + length;
  return at;
};

// Numbers

const fixed = (least: number, get: (view: DataView, at: number) => number, set: (view: DataView, at: number, value: number) => void): Layout<number> => ({
  least,
  size: () => least,
  write: (to, value) => {
    set(to.view, to.at, value);
    to.at += least;
  },
  read: (from) => {
    const at = take(from, least);
    return at === undefined ? 0 : get(from.view, at);
  },
});

export const u8 = fixed(1, (view, at) => view.getUint8(at), (view, at, value) => view.setUint8(at, value));
export const u16 = fixed(2, (view, at) => view.getUint16(at, true), (view, at, value) => view.setUint16(at, value, true));
export const i16 = fixed(2, (view, at) => view.getInt16(at, true), (view, at, value) => view.setInt16(at, value, true));
export const u32 = fixed(4, (view, at) => view.getUint32(at, true), (view, at, value) => view.setUint32(at, value, true));

/** The values of a layout in which `flawIn` finds nothing wrong. */
export const where = <T>(layout: Layout<T>, flawIn: (value: T) => string | undefined): Layout<T> => ({
  ...layout,
  read: (from) => {
    const { at } = from;
    const value = layout.read(from);
    if (from.flaw !== undefined) return value;
    const flaw = flawIn(value);
    if (flaw === undefined) return value;
    from.at = at;
    refuse(from, flaw);
    return value;
  },
});

const getNatural = (view: DataView, at: number): number => view.getUint32(at, true) + view.getUint32(at + 4, true) * 2 ** 32;

const setNatural = (view: DataView, at: number, natural: number): void => {
  view.setUint32(at, natural >>> 0, true);
  view.setUint32(at + 4, Math.floor(natural / 2 ** 32), true);
};

/** A natural number up to 2^53 - 1, in eight bytes. */
export const natural = where(fixed(8, getNatural, setNatural), (value) => (Number.isSafeInteger(value) ? undefined : 'a number above 2^53 - 1'));

// What is made of others

/** Any bytes, after their number. */
export const bytes: Layout<Uint8Array> = {
  least: u32.least,
  size: (value) => u32.least + value.length,
  write: (to, value) => {
    u32.write(to, value.length);
    if (value === to.apart) return;
    to.bytes.set(value, to.at);
    to.at += value.length;
  },
  read: (from) => {
    const length = u32.read(from);
    const at = take(from, length) ?? from.end;
    return from.bytes.subarray(at, from.at);
  },
};

/** Any number of items, after their number. */
export const list = <T>(item: Layout<T>): Layout<readonly T[]> => ({
  least: u32.least,
  size: (values) => {
    let size = u32.least;
    for (const value of values) size += item.size(value);
    return size;
  },
  write: (to, values) => {
    u32.write(to, values.length);
    for (const value of values) item.write(to, value);
  },
  read: (from) => {
    const count = u32.read(from);
    if (count * item.least > from.end - from.at) refuse(from, `${count} items, for which ${from.end - from.at} bytes are too few`);
    const values: T[] = [];
    while (values.length < count && from.flaw === undefined) values.push(item.read(from));
    return values;
  },
});

/** Two values, one after the other. */
export const pair = <A, B>(first: Layout<A>, second: Layout<B>): Layout<readonly [A, B]> => ({
  least: first.least + second.least,
  size: ([a, b]) => first.size(a) + second.size(b),
  write: (to, [a, b]) => {
    first.write(to, a);
    second.write(to, b);
  },
  read: (from) => [first.read(from), second.read(from)],
});

/** A layout for every field of `T`. */
type Fields<T> = { readonly [K in keyof T]: Layout<T[K]> };

/** The fields of an object, in the order in which they are listed. */
export const record = <T extends object>(fields: Fields<T>): Layout<T> => {
  const keys = Object.keys(fields) as (keyof T)[];
  const layouts = keys.map((key) => fields[key]) as Layout<T[keyof T]>[];
  return {
    least: layouts.reduce((sum, { least }) => sum + least, 0),
    size: (value) => {
      let size = 0;
      for (let i = 0; i < keys.length; i += 1) size += layouts[i]!.size(value[keys[i]!]);
      return size;
    },
    write: (to, value) => {
      for (let i = 0; i < keys.length; i += 1) layouts[i]!.write(to, value[keys[i]!]);
    },
    read: (from) => {
      const value = {} as T;
      for (let i = 0; i < keys.length; i += 1) value[keys[i]!] = layouts[i]!.read(from);
      return value;
    },
  };
};

type Tagged = { readonly type: string };

/** The fields of every variant of `U`, but for its tag. */
export type Variants<U extends Tagged> = { readonly [K in U['type']]: Fields<Omit<Extract<U, { readonly type: K }>, 'type'>> };

/** Variants that are told apart by their tag: one byte, the variant's place in the list, from 1. New ones go last. */
export const union = <U extends Tagged>(variants: Variants<U>): Layout<U> => {
  const names = Object.keys(variants) as U['type'][];
  const layouts = names.map((type) => record<U>({ type: constant(type), ...variants[type] } as unknown as Fields<U>));
  const tagOf = new Map<string, number>(names.map((name, i) => [name, i + 1]));
  const layoutOf = ({ type }: U): Layout<U> => layouts[tagOf.get(type)! - 1]!;
  const tag = where(u8, (value) => (layouts[value - 1] === undefined ? `tag ${value} is none of 1 to ${names.length}` : undefined));
  return {
    least: tag.least + Math.min(...layouts.map(({ least }) => least)),
    size: (value) => tag.least + layoutOf(value).size(value),
    write: (to, value) => {
      tag.write(to, tagOf.get(value.type)!);
      layoutOf(value).write(to, value);
    },
    read: (from) => (layouts[tag.read(from) - 1] ?? layouts[0]!).read(from),
  };
};

/** What goes without saying. */
const constant = <T>(value: T): Layout<T> => ({ least: 0, size: () => 0, write: () => {}, read: () => value });
