/** Stable storage: what was reported durable is there after any crash, and what is damaged is never taken for a record. */
import * as fc from 'fast-check';
import { copyFile, mkdtemp, open as openFile, readFile, rm, truncate, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FILE, memory, open, type Storage } from '../src/adapter/storage.js';

const record = fc.uint8Array({ maxLength: 40, size: 'max' });
const records = fc.array(record, { minLength: 1, maxLength: 8 });
const fewRecords = fc.array(record, { minLength: 2, maxLength: 3 });
/** Appends in bursts, with a wait until all is durable between them or not. */
const bursts = fc.array(fc.record({ records, waits: fc.boolean() }), { minLength: 1, maxLength: 5 });

type Burst = { readonly records: readonly Uint8Array[]; readonly waits: boolean };

const HEADER = 12;

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'opt-psmr-storage-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('a log on disk always', () => {
  it('replays what was appended, in order, and counts on from there', () =>
    fc.assert(
      fc.asyncProperty(bursts, async (all) => {
        const directory = await fresh();
        for (const [i, { records: burst }] of all.entries()) {
          const { storage, replayed } = await reopen(directory);
          const before = all.slice(0, i).flatMap((earlier) => earlier.records);
          expect(replayed).toEqual(before);
          expect(burst.map((bytes) => storage.append(bytes))).toEqual(burst.map((_, j) => before.length + j + 1));
          await storage.close();
        }
        expect(await replay(directory)).toEqual(all.flatMap((each) => each.records));
      }),
      { numRuns: 25 },
    ));

  it('keeps exactly the records fully written, wherever a crash cut the file, and appends after them', () =>
    fc.assert(
      fc.asyncProperty(fewRecords, async (all) => {
        const { directory, bytes } = await written(all);
        const starts = startsOf(all);
        for (let length = 0; length <= bytes.length; length += 1) {
          await writeFile(join(directory, FILE), bytes.subarray(0, length));
          const whole = all.filter((_, i) => (starts[i + 1] as number) <= length);
          const { storage, replayed } = await reopen(directory);
          expect(replayed).toEqual(whole);
          storage.append(Uint8Array.of(1, 2, 3));
          await storage.close();
          expect(await replay(directory)).toEqual([...whole, Uint8Array.of(1, 2, 3)]);
        }
      }),
      { numRuns: 3 },
    ));

  it('drops space that the file system made at the end and never wrote', () =>
    fc.assert(
      fc.asyncProperty(records, fc.integer({ min: 1, max: 5000 }), async (all, zeros) => {
        const { directory, bytes } = await written(all);
        await writeFile(join(directory, FILE), Buffer.concat([bytes, Buffer.alloc(zeros)]));
        expect(await replay(directory)).toEqual(all);
      }),
      { numRuns: 25 },
    ));

  it('refuses a flipped bit anywhere, naming the file and the byte at which the damaged record starts', () =>
    fc.assert(
      fc.asyncProperty(records, fc.nat(), fc.nat({ max: 7 }), async (all, where, bit) => {
        const { directory, bytes } = await written(all);
        const at = where % bytes.length;
        bytes[at] = (bytes[at] as number) ^ (1 << bit);
        await writeFile(join(directory, FILE), bytes);
        const start = startsOf(all).findLast((s) => s <= at) as number;
        await expect(reopen(directory)).rejects.toThrow(`${join(directory, FILE)} is damaged at byte ${start}:`);
        expect(await readFile(join(directory, FILE))).toEqual(bytes); // and touches nothing
      }),
      { numRuns: 60 },
    ));

  it('reports as durable only what was synced, never backwards, and all of it in the end', () =>
    fc.assert(fc.asyncProperty(bursts, (all) => survivesCrashes(all)), { numRuns: 25 }));

  it('which catches a disk that says it synced, and did not', async () =>
    expect((await fc.check(fc.asyncProperty(bursts, (all) => survivesCrashes(all, async () => {})), { numRuns: 5 })).failed).toBe(true));
});

it('a log on disk syncs what comes in during a sync in one further round', async () => {
  const positions: number[] = [];
  const storage: Storage = await open(await fresh(), {
    onRecord: () => {},
    onFailure: fail,
    onDurable: (position) => {
      positions.push(position);
      if (position === 10) for (let i = 0; i < 100; i += 1) storage.append(Uint8Array.of(i));
    },
  });
  for (let i = 0; i < 10; i += 1) storage.append(Uint8Array.of(i));
  expect(positions).toEqual([]); // never within append
  await storage.close();
  expect(positions).toEqual([10, 110]);
});

it('a log on disk replays records larger than what it reads at once', async () => {
  const all = [3_000_000, 0, 1, 2 ** 20, 2 ** 20 - HEADER, 17].map((length, i) => new Uint8Array(length).fill(i + 1));
  const { directory } = await written(all);
  const replayed = await replay(directory);
  expect(replayed.length).toBe(all.length);
  expect(replayed.every((bytes, i) => Buffer.from(bytes).equals(all[i] as Uint8Array))).toBe(true);
});

it('a log on disk keeps a copy: its caller may reuse the bytes at once', async () => {
  const directory = await fresh();
  const { storage } = await reopen(directory);
  const bytes = Uint8Array.of(1, 2, 3);
  storage.append(bytes);
  bytes.fill(9);
  await storage.close();
  expect(await replay(directory)).toEqual([Uint8Array.of(1, 2, 3)]);
});

describe('a failing disk', () => {
  it.each(['write', 'datasync'] as const)('is reported once when %s fails, and nothing is durable after it', async (call) => {
    const directory = await fresh();
    const durable: number[] = [];
    const failures: Error[] = [];
    const storage = await open(directory, {
      onRecord: () => {},
      onDurable: (position) => durable.push(position),
      onFailure: (error) => failures.push(error),
    });
    storage.append(Uint8Array.of(1));
    await until(() => durable.length === 1);
    await withHandles(call, () => Promise.reject(new Error('EIO')), async () => {
      storage.append(Uint8Array.of(2));
      await until(() => failures.length === 1);
    });
    storage.append(Uint8Array.of(3));
    await storage.close();
    expect(durable).toEqual([1]);
    expect(failures.map(({ message }) => message)).toEqual(['EIO']);
  });
});

it('a log in memory reports everything as durable, on a later turn', async () => {
  await fc.assert(
    fc.asyncProperty(bursts, async (all) => {
      const positions: number[] = [];
      const storage = memory({ onDurable: (position) => positions.push(position) });
      let appended = 0;
      for (const { records: burst, waits } of all) {
        const before = positions.length;
        burst.forEach((bytes) => expect(storage.append(bytes)).toBe((appended += 1)));
        expect(positions.length).toBe(before);
        if (waits) await until(() => positions.at(-1) === appended);
      }
      await storage.close();
      expect(positions.at(-1)).toBe(appended);
    }),
    { numRuns: 25 },
  );
});

const fresh = (): Promise<string> => mkdtemp(join(root, 'log-'));

const fail = (error: Error): never => {
  throw error;
};

const reopen = async (directory: string): Promise<{ readonly storage: Storage; readonly replayed: readonly Uint8Array[] }> => {
  const replayed: Uint8Array[] = [];
  const onRecord = (bytes: Uint8Array, position: number): void => expect(replayed.push(bytes)).toBe(position);
  return { storage: await open(directory, { onRecord, onDurable: () => {}, onFailure: fail }), replayed };
};

const replay = async (directory: string): Promise<readonly Uint8Array[]> => {
  const { storage, replayed } = await reopen(directory);
  await storage.close();
  return replayed;
};

const written = async (all: readonly Uint8Array[]) => {
  const directory = await fresh();
  const { storage } = await reopen(directory);
  all.forEach((bytes) => storage.append(bytes));
  await storage.close();
  return { directory, bytes: await readFile(join(directory, FILE)) };
};

/** The byte at which each record starts, and at which the last ends. */
const startsOf = (all: readonly Uint8Array[]): readonly number[] =>
  all.reduce<readonly number[]>((starts, { length }) => [...starts, (starts.at(-1) as number) + HEADER + length], [0]);

/** Crashes at every report, and finds what was reported in what a crash leaves: the bytes that were there when a sync began. */
const survivesCrashes = async (all: readonly Burst[], lyingSync?: () => Promise<void>): Promise<void> => {
  const directory = await fresh();
  const appended: Uint8Array[] = [];
  const reports: { readonly position: number; readonly left: Promise<readonly Uint8Array[]> }[] = [];
  let synced = 0;
  const datasync = async function (this: FileHandle, sound: () => Promise<void>): Promise<void> {
    const { size } = await this.stat();
    await (lyingSync ?? sound)();
    if (lyingSync === undefined) synced = size;
  };

  await withHandles('datasync', datasync, async () => {
    const onDurable = (position: number): unknown => reports.push({ position, left: afterCrash(directory, synced) });
    const storage = await open(directory, { onRecord: () => {}, onDurable, onFailure: fail });
    for (const { records: burst, waits } of all) {
      burst.forEach((bytes) => expect(storage.append(bytes)).toBe(appended.push(bytes)));
      if (waits) await until(() => reports.at(-1)?.position === appended.length);
    }
    await storage.close();
  });
  const positions = reports.map(({ position }) => position);
  const left = await Promise.all(reports.map((report) => report.left));
  left.forEach((found, i) => expect(found).toEqual(appended.slice(0, positions[i])));
  expect(positions).toEqual([...new Set(positions)].sort((a, b) => a - b));
  expect(positions.at(-1)).toBe(appended.length);
};

const afterCrash = async (directory: string, synced: number): Promise<readonly Uint8Array[]> => {
  const copy = await fresh();
  await copyFile(join(directory, FILE), join(copy, FILE));
  await truncate(join(copy, FILE), synced);
  return replay(copy);
};

/** Runs `body` while `standIn` takes the place of that call of every file handle, which it is given. */
const withHandles = async (
  call: 'write' | 'datasync',
  standIn: (this: FileHandle, sound: () => Promise<void>) => Promise<unknown>,
  body: () => Promise<void>,
): Promise<void> => {
  const handle = await openFile(root, 'r');
  const handles = Object.getPrototypeOf(handle) as Record<typeof call, (...args: unknown[]) => Promise<unknown>>;
  await handle.close();
  const sound = handles[call];
  handles[call] = function (this: unknown, ...args) {
    return standIn.call(this as FileHandle, () => sound.apply(this, args) as Promise<void>);
  };
  await body().finally(() => {
    handles[call] = sound;
  });
};

const until = async (holds: () => boolean): Promise<void> => {
  while (!holds()) await new Promise((done) => setTimeout(done, 1));
};
