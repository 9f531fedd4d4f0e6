/**
 * A log in shared memory: one thread appends entries, and each of several readers takes all of them, in order, at its own
 * pace. A ring of bytes in which nothing unread is ever overwritten, and in which nobody ever waits for anybody.
 *
 * ```
 * words   0 capacity · 1 readers · 32 written · 64 read by reader 0 · 96 read by reader 1 · …
 * ring    entries of [u32 length][bytes], padded to whole words, wrapping round at the end
 * ```
 *
 * Cursors count bytes modulo 2^32; the capacity is a power of two, so that a cursor's place in the ring survives the wrap of
 * the count. Each is written by one thread alone and has its cache lines to itself. An entry's bytes are plain memory: the
 * atomic store of a cursor is what hands them over.
 */

export type Writer = {
  /** Appends the parts as one entry. False if the slowest reader is too far behind: keep the entry and try again. */
  readonly append: (...parts: readonly Uint8Array[]) => boolean;
};

export type Reader = {
  /** The next entry, copied out of the ring, or `undefined` if this reader has them all. */
  readonly next: () => Uint8Array | undefined;
};

const WORD = Int32Array.BYTES_PER_ELEMENT;
const LINE = 32; // words; two cache lines, since processors fetch them in pairs
const CAPACITY = 0;
const READERS = 1;
const WRITTEN = LINE;

const readBy = (reader: number): number => (reader + 2) * LINE;

/** The memory of a log with room for `capacity` bytes, a power of two. An entry may take up half of it. */
export const newSharedLog = ({ capacity, readers }: { readonly capacity: number; readonly readers: number }): SharedArrayBuffer => {
  if (!isPowerOfTwo(capacity) || capacity < 16 || capacity > 2 ** 30)
    throw new RangeError(`a shared log's capacity is a power of two from 16 to 2^30, not ${capacity}`);
  if (!Number.isInteger(readers) || readers < 1) throw new RangeError(`a shared log has at least one reader, not ${readers}`);
  const memory = new SharedArrayBuffer(readBy(readers) * WORD + capacity);
  const words = new Int32Array(memory);
  words[CAPACITY] = capacity;
  words[READERS] = readers;
  return memory;
};

/** The log's one writer. */
export const writer = (memory: SharedArrayBuffer): Writer => {
  const { words, ring, capacity, readers } = layout(memory);
  let written = Atomics.load(words, WRITTEN);
  let room = 0; // bytes free when last reckoned; readers only ever add to it

  const reckon = (): number => {
    let unread = 0;
    for (let reader = 0; reader < readers; reader += 1)
      unread = Math.max(unread, (written - Atomics.load(words, readBy(reader))) | 0);
    return capacity - unread;
  };

  return {
    append: (...parts) => {
      const length = parts.reduce((sum, part) => sum + part.length, 0);
      const taken = sizeOf(length);
      if (taken > capacity / 2) throw new RangeError(`an entry of ${length} bytes in a shared log of ${capacity}`);
      if (room < taken) room = reckon();
      if (room < taken) return false;

      ring.setLength(written, length);
      let at = written + WORD;
      for (const part of parts) {
        ring.copyIn(at, part);
        at += part.length;
      }
      written = (written + taken) | 0;
      room -= taken;
      Atomics.store(words, WRITTEN, written);
      return true;
    },
  };
};

/** Reader `index` of the log, from 0. There may be one at a time. */
export const reader = (memory: SharedArrayBuffer, index: number): Reader => {
  const { words, ring, readers } = layout(memory);
  if (!(index >= 0 && index < readers)) throw new RangeError(`reader ${index} of a shared log that has ${readers}`);
  let read = Atomics.load(words, readBy(index));
  let written = read; // as last seen

  return {
    next: () => {
      if (read === written) written = Atomics.load(words, WRITTEN);
      if (read === written) return undefined;

      const length = ring.lengthAt(read);
      const entry = ring.copyOut(read + WORD, length);
      read = (read + sizeOf(length)) | 0;
      Atomics.store(words, readBy(index), read);
      return entry;
    },
  };
};

/** Bytes that an entry takes in the ring. */
const sizeOf = (length: number): number => (WORD + length + WORD - 1) & -WORD;

const isPowerOfTwo = (n: number): boolean => Number.isInteger(n) && (n & (n - 1)) === 0;

const layout = (memory: SharedArrayBuffer) => {
  const words = new Int32Array(memory);
  const capacity = words[CAPACITY] as number;
  const readers = words[READERS] as number;
  return { words, capacity, readers, ring: ringAt(memory, readBy(readers) * WORD, capacity) };
};

/** The ring of bytes, addressed by cursors. */
const ringAt = (memory: SharedArrayBuffer, start: number, capacity: number) => {
  const bytes = new Uint8Array(memory, start, capacity);
  const lengths = new Uint32Array(memory, start, capacity / WORD);
  const placeOf = (cursor: number): number => cursor & (capacity - 1);

  return {
    lengthAt: (cursor: number): number => lengths[placeOf(cursor) / WORD] as number,
    setLength: (cursor: number, length: number): void => {
      lengths[placeOf(cursor) / WORD] = length;
    },
    copyIn: (cursor: number, part: Uint8Array): void => {
      const place = placeOf(cursor);
      const untilEnd = capacity - place;
      if (part.length <= untilEnd) return bytes.set(part, place);
      bytes.set(part.subarray(0, untilEnd), place);
      bytes.set(part.subarray(untilEnd), 0);
    },
    copyOut: (cursor: number, length: number): Uint8Array => {
      const place = placeOf(cursor);
      if (place + length <= capacity) return bytes.slice(place, place + length);
      const entry = new Uint8Array(length);
      const straight = bytes.subarray(place);
      entry.set(straight);
      entry.set(bytes.subarray(0, length - straight.length), straight.length);
      return entry;
    },
  };
};
