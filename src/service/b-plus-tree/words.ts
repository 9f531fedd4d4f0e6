/** The tree's commands and results as words in their records, with neither bigint nor object (layouts: `commands.ts`). */

import { COMMAND_HEADER, extend, type Sheet } from '../../record.js';
import { KINDS, OUTCOMES, payloadLength, type Command, type Result } from './commands.js';

/** Where the halves of a command's second word are: its value, or the end of its range. */
const SECOND = COMMAND_HEADER + 8;

const SCAN = KINDS.indexOf('scan') + 1;

/** The length of a record by its kind, 0 where there is no such kind. */
const LENGTHS = Float64Array.from({ length: 256 }, (_, kind) => {
  const type = KINDS[kind - 1];
  return type === undefined ? 0 : COMMAND_HEADER + payloadLength(type);
});

/** What a kind that `keyAt` found a key for stands for. */
export const typeOf = (kind: number): Command['type'] => KINDS[kind - 1]!;

/** A reader of records. It keeps a view of the last batch, so that it makes one a batch and not one a command. */
export const readerOver = (keySpace: number) => {
  let seen: Uint8Array = new Uint8Array();
  let view = viewOf(seen);
  const over = (batch: Uint8Array): DataView => {
    if (batch !== seen) {
      seen = batch;
      view = viewOf(batch);
    }
    return view;
  };
  const word = (of: DataView, at: number): number => of.getUint32(at, true) + of.getInt32(at + 4, true) * 2 ** 32;
  /** A word so large that it is rounded here is above every key space. */
  const isKey = (key: number): boolean => key >= 0 && key < keySpace;

  /** The key of the command at byte `at`, the first of its range if it is a scan. -1 if it is no command over this key space. */
  const keyAt = (batch: Uint8Array, at: number): number => {
    const of = over(batch);
    const kind = of.getUint8(at + 4);
    if (of.getUint32(at, true) !== LENGTHS[kind]) return -1;
    const key = word(of, at + COMMAND_HEADER);
    return isKey(key) && (kind !== SCAN || isKey(word(of, at + SECOND))) ? key : -1;
  };

  return {
    keyAt,
    kindAt: (batch: Uint8Array, at: number): number => over(batch).getUint8(at + 4),
    /** The last key of a scan's range. */
    lastKeyAt: (batch: Uint8Array, at: number): number => word(over(batch), at + SECOND),
    lowAt: (batch: Uint8Array, at: number): number => over(batch).getInt32(at + SECOND, true),
    highAt: (batch: Uint8Array, at: number): number => over(batch).getInt32(at + SECOND + 4, true),
  };
};

/** A writer of results at the end of a sheet. It keeps a view likewise. */
export const resultWriter = () => {
  let seen: Uint8Array = new Uint8Array();
  let view = viewOf(seen);
  const over = (bytes: Uint8Array): DataView => {
    if (bytes !== seen) {
      seen = bytes;
      view = viewOf(bytes);
    }
    return view;
  };
  const words = (sheet: Sheet, at: number, low: number, high: number): void => {
    const to = over(sheet.bytes);
    to.setInt32(at, low, true);
    to.setInt32(at + 4, high, true);
  };

  return {
    /** A result without a value. */
    bare: (sheet: Sheet, type: Result['type']): void => {
      const at = extend(sheet, 1);
      over(sheet.bytes).setUint8(at, OUTCOMES.indexOf(type));
    },
    withValue: (sheet: Sheet, type: Result['type'], low: number, high: number): void => {
      const at = extend(sheet, 16);
      words(sheet, at, OUTCOMES.indexOf(type), 0);
      words(sheet, at + 8, low, high);
    },
    /** Entries, of which there are none yet. Returns where they begin. */
    entries: (sheet: Sheet): number => {
      const at = extend(sheet, 8);
      words(sheet, at, OUTCOMES.indexOf('entries'), 0);
      return at;
    },
    /** One more. */
    entry: (sheet: Sheet, key: number, low: number, high: number): void => {
      const at = extend(sheet, 16);
      words(sheet, at, key, Math.floor(key / 2 ** 32));
      words(sheet, at + 8, low, high);
    },
    /** No more, of those that begin at byte `at`. */
    close: (sheet: Sheet, at: number, isComplete: boolean): void => {
      const to = over(sheet.bytes);
      to.setUint8(at + 1, +isComplete);
      to.setUint32(at + 4, (sheet.length - at - 8) / 16, true);
    },
  };
};

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
