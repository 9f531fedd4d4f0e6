/**
 * The commands of the B+-tree and their results (paper, section V: 8-byte integer keys, 8-byte values).
 *
 * ```
 * command  1 read, 4 delete     0 i64 key
 *          2 update, 3 insert   0 i64 key  · 8 i64 value
 *          5 scan               0 i64 from · 8 i64 to
 * result   absent, inserted     0 u8 outcome
 *          with a value         0 u8 outcome · 8 i64 value
 *          entries              0 u8 outcome · 1 u8 complete · 4 u32 count · 8 (i64 key · i64 value) each
 * ```
 */

import type { Codec } from '../service.js';

/** Keys are 0..keySpace - 1, values are signed 64-bit integers. */
export type Command =
  | { readonly type: 'read'; readonly key: bigint }
  | { readonly type: 'update'; readonly key: bigint; readonly value: bigint }
  | { readonly type: 'insert'; readonly key: bigint; readonly value: bigint }
  | { readonly type: 'delete'; readonly key: bigint }
  /** The entries with keys from `from` to `to`, both included, in order; no more than `SCAN_LIMIT` of them. */
  | { readonly type: 'scan'; readonly from: bigint; readonly to: bigint };

export type Entry = readonly [key: bigint, value: bigint];

export type Result =
  /** A read, update or delete found no such key. */
  | { readonly type: 'absent' }
  | { readonly type: 'found'; readonly value: bigint }
  | { readonly type: 'updated'; readonly previous: bigint }
  | { readonly type: 'inserted' }
  /** An insert found the key taken, and changed nothing. */
  | { readonly type: 'exists'; readonly value: bigint }
  | { readonly type: 'removed'; readonly value: bigint }
  /** Not `complete`: there are more entries in the range. The next scan starts after the last key of this one. */
  | { readonly type: 'entries'; readonly entries: readonly Entry[]; readonly complete: boolean };

/** The most entries that one scan returns, so that a reply stays small (4 KiB). */
export const SCAN_LIMIT = 256;

export const KINDS = ['read', 'update', 'insert', 'delete', 'scan'] as const satisfies readonly Command['type'][];
export const OUTCOMES = ['absent', 'found', 'updated', 'inserted', 'exists', 'removed', 'entries'] as const satisfies readonly Result['type'][];

/** The layout of commands and results over a key space. */
export const codec = (keySpace: number): Codec<Command, Result> => ({
  kindOf: (command) => KINDS.indexOf(command.type) + 1,
  encode,
  decode: (kind, payload) => {
    const type = KINDS[kind - 1];
    if (type === undefined) return `kind: ${kind} is none of 1 read, 2 update, 3 insert, 4 delete, 5 scan`;
    const command = commandOf(type, payload);
    return typeof command === 'string' ? command : (flawIn(command, keySpace) ?? command);
  },
  encodeResult,
  decodeResult: (_, payload) => decodeResult(payload),
});

const encode = (command: Command): Uint8Array => {
  switch (command.type) {
    case 'read':
    case 'delete':
      return words(command.key);
    case 'update':
    case 'insert':
      return words(command.key, command.value);
    case 'scan':
      return words(command.from, command.to);
  }
};

const commandOf = (type: Command['type'], payload: Uint8Array): Command | string => {
  const length = type === 'read' || type === 'delete' ? 8 : 16;
  if (payload.length !== length) return `payload: ${type} takes ${length} bytes, not ${payload.length}`;
  switch (type) {
    case 'read':
    case 'delete':
      return { type, key: wordAt(payload, 0) };
    case 'update':
    case 'insert':
      return { type, key: wordAt(payload, 0), value: wordAt(payload, 8) };
    case 'scan':
      return { type, from: wordAt(payload, 0), to: wordAt(payload, 8) };
  }
};

/** Why a command cannot be executed over this key space, or `undefined` if it can. */
const flawIn = (command: Command, keySpace: number): string | undefined => {
  const keys = command.type === 'scan' ? { from: command.from, to: command.to } : { key: command.key };
  const outside = Object.entries(keys).find(([, key]) => key < 0n || key >= BigInt(keySpace));
  return outside && `${outside[0]}: ${outside[1]} is outside 0..${keySpace - 1}`;
};

const encodeResult = (result: Result): Uint8Array => {
  switch (result.type) {
    case 'absent':
    case 'inserted':
      return outcome(result.type, new Uint8Array(1));
    case 'found':
    case 'exists':
    case 'removed':
      return outcome(result.type, words(0n, result.value));
    case 'updated':
      return outcome(result.type, words(0n, result.previous));
    case 'entries': {
      const bytes = words(0n, ...result.entries.flat());
      bytes[1] = Number(result.complete);
      viewOf(bytes).setUint32(4, result.entries.length, true);
      return outcome(result.type, bytes);
    }
  }
};

const decodeResult = (payload: Uint8Array): Result => {
  const view = viewOf(payload);
  const type = OUTCOMES[view.getUint8(0)];
  if (type === undefined) throw new RangeError(`byte 0: ${view.getUint8(0)} is no outcome of the B+-tree`);
  switch (type) {
    case 'absent':
    case 'inserted':
      return { type };
    case 'found':
    case 'exists':
    case 'removed':
      return { type, value: wordAt(payload, 8) };
    case 'updated':
      return { type, previous: wordAt(payload, 8) };
    case 'entries': {
      const entryAt = (i: number): Entry => [wordAt(payload, 8 + 16 * i), wordAt(payload, 16 + 16 * i)];
      return { type, entries: Array.from({ length: view.getUint32(4, true) }, (_, i) => entryAt(i)), complete: payload[1] === 1 };
    }
  }
};

const outcome = (type: Result['type'], bytes: Uint8Array): Uint8Array => {
  bytes[0] = OUTCOMES.indexOf(type);
  return bytes;
};

/** Signed 64-bit integers, one after the other. One that takes more bits throws: half an integer must not be replicated. */
const words = (...integers: readonly bigint[]): Uint8Array => {
  const bytes = new Uint8Array(8 * integers.length);
  const view = viewOf(bytes);
  integers.forEach((integer, i) => {
    if (BigInt.asIntN(64, integer) !== integer) throw new RangeError(`${integer} does not fit in 64 bits`);
    view.setBigInt64(8 * i, integer, true);
  });
  return bytes;
};

const wordAt = (bytes: Uint8Array, at: number): bigint => viewOf(bytes).getBigInt64(at, true);

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
