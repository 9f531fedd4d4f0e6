/**
 * Stable storage: the log in which an acceptor keeps what it must not forget.
 *
 * ```
 * file    records of [u32 length][u32 crc32 of the bytes][u32 crc32 of the eight bytes before][bytes], little-endian
 * ```
 *
 * A header that vouches for its own length tells a crash from damage. A crash in mid-write cuts the last record short, or
 * leaves nothing but zeros where the file had grown and was never written: that record was durable for nobody, and is
 * dropped. Anything else that does not add up may be a vote that was cast, so the log refuses to open.
 */
import { constants, mkdir, open as openFile, type FileHandle } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import { lock, type Lock } from './lock.js';

export type Storage = {
  /** Appends a record and returns its position, a count from 1. It is not durable yet. */
  readonly append: (record: Uint8Array) => number;
  /** Waits until what was appended is durable, and lets go of the file. */
  readonly close: () => Promise<void>;
};

export type Watcher = {
  /** Every record up to and including `position` would now survive a crash. */
  readonly onDurable: (position: number) => void;
};

export type FileWatcher = Watcher & {
  /** A record that was there when the log was opened. Called in order of position, before `open` resolves. */
  readonly onRecord: (record: Uint8Array, position: number) => void;
  /** The disk failed, and whether the last records reached it is unknown. Said once; nothing is durable from then on. */
  readonly onFailure: (error: Error) => void;
};

export const FILE = 'records.log';

const HEADER = 12;
const WINDOW = 2 ** 20;

/** Opens the log in `directory`, which is made if need be, and replays its records. Rejects if another process has it open. */
export const open = async (directory: string, watcher: FileWatcher): Promise<Storage> => {
  const path = resolve(directory, FILE);
  await mkdir(directory, { recursive: true });
  const held = await lock(directory);
  let file: FileHandle | undefined;
  try {
    file = await openFile(path, constants.O_RDWR | constants.O_CREAT);
    const { end, position } = await replay(file, path, watcher.onRecord);
    await file.truncate(end);
    await file.sync(); // what was replayed may have been in the cache alone
    await syncDirectory(dirname(path));
    await syncDirectory(dirname(dirname(path)));
    return appender(file, held, end, position, watcher);
  } catch (error) {
    await file?.close();
    await held.release();
    throw error;
  }
};

/** The same without a disk: durable as soon as whoever appends has done what it is doing, and gone with the process. */
export const memory = ({ onDurable }: Watcher): Storage => {
  let appended = 0;
  let turn: Promise<void> | undefined;
  const settle = async (): Promise<void> => {
    await Promise.resolve();
    turn = undefined;
    onDurable(appended);
  };
  return {
    append: () => {
      turn ??= settle();
      return (appended += 1);
    },
    close: async () => turn,
  };
};

/**
 * Appends in rounds: whatever came in while one round was being synced makes up the next, in one write and one fdatasync,
 * both off the main thread. A failed sync is never tried again: the second may succeed without the first one's bytes.
 */
const appender = (file: FileHandle, held: Lock, end: number, position: number, { onDurable, onFailure }: FileWatcher): Storage => {
  let waiting: Uint8Array[] = [];
  let appended = position;
  let rounds: Promise<void> | undefined;

  const commit = async (bytes: Uint8Array): Promise<void> => {
    await writeAll(file, bytes, end);
    await file.datasync();
    end += bytes.length;
  };

  const run = async (): Promise<void> => {
    await nextTurn();
    while (waiting.length > 0) {
      const round = Buffer.concat(waiting);
      const last = appended;
      waiting = [];
      try {
        await commit(round);
      } catch (error) {
        return onFailure(error as Error); // `rounds` stays taken: there is no further one
      }
      onDurable(last);
    }
    rounds = undefined;
  };

  return {
    append: (record) => {
      waiting.push(encode(record));
      rounds ??= run();
      return (appended += 1);
    },
    close: async () => {
      await rounds;
      await file.close();
      await held.release();
    },
  };
};

/** Hands over the intact records, and tells where the next is to be written. */
const replay = async (
  file: FileHandle,
  path: string,
  onRecord: FileWatcher['onRecord'],
): Promise<{ readonly end: number; readonly position: number }> => {
  const { size } = await file.stat();
  const read = reader(file, size);
  for (let at = 0, position = 0; ; position += 1) {
    const header = await read(at, HEADER);
    if (header.length < HEADER) return { end: at, position };
    const view = new DataView(header.buffer, header.byteOffset);
    const [length, check] = [view.getUint32(0, true), view.getUint32(4, true)];
    if (crc32(header.subarray(0, 8)) !== view.getUint32(8, true)) {
      if (await isZero(read, at, size)) return { end: at, position };
      throw damaged(path, at, 'the header does not match its checksum');
    }
    const record = await read(at + HEADER, length);
    if (record.length < length) return { end: at, position };
    if (crc32(record) !== check) throw damaged(path, at, `the ${length} bytes of the record do not match their checksum`);
    onRecord(record.slice(), position + 1);
    at += HEADER + length;
  }
};

const damaged = (path: string, at: number, flaw: string): Error =>
  new Error(`${path} is damaged at byte ${at}: ${flaw}. This acceptor must stay down: without all that it wrote, two values may be decided`);

/** A record as it stands in the file: a copy, so that the caller may reuse its bytes. */
const encode = (record: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(HEADER + record.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, record.length, true);
  view.setUint32(4, crc32(record), true);
  view.setUint32(8, crc32(bytes.subarray(0, 8)), true);
  bytes.set(record, HEADER);
  return bytes;
};

/** Reads `length` bytes at a place, fewer only at the end of the file. What it returns is valid until the next call. */
type Read = (at: number, length: number) => Promise<Uint8Array>;

const reader = (file: FileHandle, size: number): Read => {
  let window = new Uint8Array(0);
  let start = 0;
  return async (at, length) => {
    const end = Math.min(at + length, size);
    if (at < start || end > start + window.length) {
      window = await readAll(file, at, Math.min(Math.max(length, WINDOW), size - at));
      start = at;
    }
    return window.subarray(at - start, end - start);
  };
};

const isZero = async (read: Read, from: number, size: number): Promise<boolean> => {
  for (let at = from; at < size; at += WINDOW) if ((await read(at, WINDOW)).some((byte) => byte !== 0)) return false;
  return true;
};

const readAll = async (file: FileHandle, at: number, length: number): Promise<Uint8Array<ArrayBuffer>> => {
  const bytes = new Uint8Array(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, at + done);
    if (bytesRead === 0) throw new Error(`the file ended at byte ${at + done} while it was being read`);
    done += bytesRead;
  }
  return bytes;
};

const writeAll = async (file: FileHandle, bytes: Uint8Array, at: number): Promise<void> => {
  for (let done = 0; done < bytes.length; )
    done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
};

/** A file's name is durable only once its directory is. */
const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await openFile(directory, 'r');
  await handle.sync().finally(() => handle.close());
};

const nextTurn = (): Promise<void> => new Promise((done) => setImmediate(done));
