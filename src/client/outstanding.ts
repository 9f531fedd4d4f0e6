/**
 * What a proxy has asked and was not answered, by sequence number: at most a window of it at once. REP-3.
 */
import { Map } from 'immutable';
import type { Group } from '../record.js';
import { attemptAt, extend, lengthAt, padded, type Sheet } from '../record.js';

export interface Outstanding {
  readonly size: () => number;
  /** The attempt that is under way, or `NONE` if no such command is outstanding. The other fields are of those that are. */
  readonly attemptOf: (sequence: number) => number;
  /** The user's own name for it. */
  readonly callOf: (sequence: number) => number;
  /** Where the attempt went, and where the command goes when that fails. */
  readonly groupOf: (sequence: number) => Group;
  readonly fallbackOf: (sequence: number) => Group;
  /** When it was last sent. */
  readonly sentOf: (sequence: number) => number;
  /** Writes the record that is under way at the end of `sheet`, and returns where. */
  readonly write: (sequence: number, sheet: Sheet) => number;
  /** From now on the attempt whose record is at byte `at` of `batch` is under way, in place of what was before. */
  readonly put: (sequence: number, call: number, group: Group, fallback: Group, now: number, batch: Uint8Array, at: number) => Outstanding;
  /** It was sent once more. */
  readonly touch: (sequence: number, now: number) => Outstanding;
  /** It is answered. */
  readonly settle: (sequence: number) => Outstanding;
}

/** No attempt. */
export const NONE = -1;

// The persistent form

type Asked = { readonly call: number; readonly group: Group; readonly fallback: Group; readonly sent: number; readonly record: Uint8Array };

/** What is meant. */
export const persistentOutstanding = (asked: Map<number, Asked> = Map()): Outstanding => {
  const known = (sequence: number): Asked | undefined => asked.get(sequence);
  return {
    size: () => asked.size,
    attemptOf: (sequence) => {
      const record = known(sequence)?.record;
      return record === undefined ? NONE : attemptAt(record, 0);
    },
    callOf: (sequence) => known(sequence)?.call ?? NONE,
    groupOf: (sequence) => known(sequence)?.group ?? NONE,
    fallbackOf: (sequence) => known(sequence)?.fallback ?? NONE,
    sentOf: (sequence) => known(sequence)?.sent ?? Infinity,
    write: (sequence, sheet) => {
      const record = known(sequence)?.record ?? new Uint8Array();
      const to = extend(sheet, record.length);
      sheet.bytes.set(record, to);
      return to;
    },
    put: (sequence, call, group, fallback, sent, batch, at) =>
      persistentOutstanding(asked.set(sequence, { call, group, fallback, sent, record: batch.slice(at, at + padded(lengthAt(batch, at))) })),
    touch: (sequence, sent) => {
      const before = known(sequence);
      return before === undefined ? persistentOutstanding(asked) : persistentOutstanding(asked.set(sequence, { ...before, sent }));
    },
    settle: (sequence) => persistentOutstanding(asked.delete(sequence)),
  };
};

// The form in place

/** Bytes of a record that every slot has room for; those of longer ones lie beside. */
const SLOT_BYTES = 64;

/**
 * The same in place: numbers that are outstanding together are less than `window` apart, so each has a slot of its own.
 * Every change is made to this very object.
 */
export const outstandingInPlace = (window: number): Outstanding => {
  const slots = 2 ** Math.ceil(Math.log2(Math.max(1, window)));
  const mask = slots - 1;
  const sequences = new Uint32Array(slots); // 0: free
  const attempts = new Uint8Array(slots);
  const groups = new Uint16Array(slots);
  const fallbacks = new Uint16Array(slots);
  const calls = new Float64Array(slots);
  const sent = new Float64Array(slots);
  const lengths = new Uint32Array(slots);
  const records = new Uint8Array(slots * SLOT_BYTES);
  const long = new globalThis.Map<number, Uint8Array>();
  let size = 0;

  const holds = (sequence: number): boolean => sequence > 0 && sequences[sequence & mask] === sequence;
  const of = (sequence: number, field: ArrayLike<number>, otherwise: number): number => (holds(sequence) ? (field[sequence & mask] as number) : otherwise);

  const table: Outstanding = {
    size: () => size,
    attemptOf: (sequence) => of(sequence, attempts, NONE),
    callOf: (sequence) => of(sequence, calls, NONE),
    groupOf: (sequence) => of(sequence, groups, NONE),
    fallbackOf: (sequence) => of(sequence, fallbacks, NONE),
    sentOf: (sequence) => of(sequence, sent, Infinity),
    write: (sequence, sheet) => {
      const slot = sequence & mask;
      const length = of(sequence, lengths, 0);
      const to = extend(sheet, length);
      const beside = length > SLOT_BYTES ? long.get(slot) : undefined;
      sheet.bytes.set(beside ?? records.subarray(slot * SLOT_BYTES, slot * SLOT_BYTES + length), to);
      return to;
    },
    put: (sequence, call, group, fallback, now, batch, at) => {
      const slot = sequence & mask;
      const length = padded(lengthAt(batch, at));
      if (sequences[slot] === 0) size += 1;
      if ((lengths[slot] as number) > SLOT_BYTES) long.delete(slot);
      sequences[slot] = sequence;
      attempts[slot] = attemptAt(batch, at);
      calls[slot] = call;
      groups[slot] = group;
      fallbacks[slot] = fallback;
      sent[slot] = now;
      lengths[slot] = length;
      if (length > SLOT_BYTES) long.set(slot, batch.slice(at, at + length));
      else for (let i = 0, to = slot * SLOT_BYTES; i < length; i += 1) records[to + i] = batch[at + i] as number;
      return table;
    },
    touch: (sequence, now) => {
      if (holds(sequence)) sent[sequence & mask] = now;
      return table;
    },
    settle: (sequence) => {
      const slot = sequence & mask;
      if (!holds(sequence)) return table;
      sequences[slot] = 0;
      size -= 1;
      return table;
    },
  };
  return table;
};
