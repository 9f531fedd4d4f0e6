/** The shared log: every reader gets every entry, in order, however far apart reader and writer are; and a bell loses no ring. */
import * as fc from 'fast-check';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { bell, newBell } from '../src/adapter/bell.js';
import { newSharedLog, reader, writer, type Reader, type Writer } from '../src/adapter/shared-log.js';

const CAPACITY = 64;
const READERS = 3;

/** An entry in up to three parts. The largest takes half the capacity. */
const parts = fc.array(fc.uint8Array({ maxLength: 9 }), { maxLength: 3 });
const move = fc.oneof(
  { weight: 1, arbitrary: fc.record({ type: fc.constant('append' as const), parts }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('next' as const), by: fc.nat({ max: READERS - 1 }) }) },
);
/** Long enough to go round the ring many times. */
const moves = fc.array(move, { maxLength: 200, size: 'max' });

type Move = typeof move extends fc.Arbitrary<infer M> ? M : never;
type Log = { readonly writer: Writer; readonly readers: readonly Reader[] };

describe('a shared log always', () => {
  it('is a plain queue to every reader, and refuses an entry only for want of room', () =>
    fc.assert(fc.property(moves, (all) => behaves(newLog(), all)), { numRuns: 300 }));

  it('goes on where its cursors pass 2^31 and 2^32', () =>
    fc.assert(
      fc.property(moves, fc.constantFrom(2 ** 31, 2 ** 32), fc.nat({ max: 20 }), (all, edge, before) => {
        const memory = newSharedLog({ capacity: CAPACITY, readers: READERS });
        startAt(memory, edge - 4 * before);
        return behaves(over(memory), all);
      }),
      { numRuns: 300 },
    ));

  it('takes an entry of half its capacity once it has been read', () => {
    const { writer: w, readers } = newLog();
    const entry = new Uint8Array(CAPACITY / 2 - 4).fill(5);
    for (let i = 0; i < 20; i += 1) {
      expect(w.append(entry)).toBe(true);
      for (const r of readers) expect(r.next()).toEqual(entry);
    }
    expect(() => w.append(entry, Uint8Array.of(1))).toThrow('an entry of 29 bytes in a shared log of 64');
  });

  it('hands out entries that later appends do not change', () => {
    const { writer: w, readers } = newLog();
    w.append(Uint8Array.of(1, 2, 3));
    const [first, ...rest] = readers.map((r) => r.next());
    rest.forEach((entry) => expect(entry).toEqual(first));
    for (let i = 0; i < 40; i += 1) {
      w.append(Uint8Array.of(9, 9, 9));
      for (const r of readers) r.next();
    }
    expect(first).toEqual(Uint8Array.of(1, 2, 3));
  });
});

it('a shared log is sometimes full, and entries sometimes wrap round', () => {
  const runs = fc.sample(moves, { seed: 1, numRuns: 50 }).map((all) => {
    const { writer: w, readers } = newLog();
    const run = { bytes: 0, refusals: 0 };
    for (const m of all) {
      if (m.type === 'next') readers[m.by]?.next();
      else if (w.append(...m.parts)) run.bytes += sizeOf(lengthOf(m.parts));
      else run.refusals += 1;
    }
    return run;
  });
  expect(runs.some(({ refusals }) => refusals > 0)).toBe(true);
  expect(runs.some(({ bytes }) => bytes > 3 * CAPACITY)).toBe(true);
});

describe('a plain queue to every reader catches', () => {
  const isCaught = (mutant: (log: Log) => Log): boolean =>
    fc.check(fc.property(moves, (all) => behaves(mutant(newLog()), all)), { numRuns: 300 }).failed;

  it('no log that is right', () => expect(isCaught((log) => log)).toBe(false));

  it('a writer that overwrites what is unread', () => {
    const forgetful = (): Log => {
      const memory = newSharedLog({ capacity: CAPACITY, readers: 1 });
      const [reads, ...others] = [0, 1, 2].map(() => reader(memory, 0)); // they share one cursor; the writer heeds only that
      return { writer: writer(memory), readers: [reads as Reader, ...others] };
    };
    expect(isCaught(forgetful)).toBe(true);
  });

  it('a writer that gives up an entry although there is room', () => {
    let calls = 0;
    expect(isCaught((log) => ({ ...log, writer: { append: (...p) => (calls += 1) % 7 !== 0 && log.writer.append(...p) } }))).toBe(true);
  });

  it('a reader that skips an entry', () => {
    let calls = 0;
    const skips = (r: Reader): Reader => ({ next: () => ((calls += 1) % 9 === 0 ? (r.next(), r.next()) : r.next()) });
    expect(isCaught((log) => ({ ...log, readers: log.readers.map(skips) }))).toBe(true);
  });
});

it.each([0, 7, 24, 2 ** 31, 100.5, NaN])('a capacity of %s is refused', (capacity) => {
  expect(() => newSharedLog({ capacity, readers: 1 })).toThrow(RangeError);
});

describe('between threads', () => {
  it.each([0, 1000])('two readers that sleep by a bell (spin %s) get every entry, whole and in order', async (spin) => {
    const entries = 30_000;
    const memory = newSharedLog({ capacity: 4096, readers: 2 });
    const alarm = newBell();
    const sums = [0, 1].map((index) => readInThread({ memory, alarm, index, entries, spin }));
    const w = writer(memory);
    const { ring } = bell(alarm);
    for (let i = 0; i < entries; i += 1) {
      while (!w.append(...entryOf(i))) await new Promise((done) => setImmediate(done));
      ring();
      if (i % 997 === 0) await new Promise((done) => setTimeout(done, 1)); // let them fall asleep
    }
    expect(await Promise.all(sums)).toEqual(['all', 'all']);
  });

  it('a bell tells a ring that came before the wait, and a wait in vain', () => {
    const { ring, rung, wait } = bell(newBell());
    const seen = rung();
    expect(wait(seen, 10, 1)).toBe(false);
    ring();
    expect(wait(seen, 0, 1)).toBe(true);
    expect(wait(seen, 10)).toBe(true);
    expect(wait(rung(), 0, 0)).toBe(false);
  });
});

/** Plays the moves on the log and on one plain array per reader, and compares every answer. */
const behaves = ({ writer: w, readers }: Log, all: readonly Move[]): boolean => {
  const queues = readers.map((): Uint8Array[] => []);
  const takenBy = (queue: readonly Uint8Array[]): number => queue.reduce((sum, { length }) => sum + sizeOf(length), 0);
  return all.every((m) => {
    if (m.type === 'next') return isSame(readers[m.by]?.next(), queues[m.by]?.shift());
    const entry = Uint8Array.from(m.parts.flatMap((part) => [...part]));
    const fits = Math.max(...queues.map(takenBy)) + sizeOf(entry.length) <= CAPACITY;
    if (fits) queues.forEach((queue) => queue.push(entry));
    return w.append(...m.parts) === fits;
  });
};

const sizeOf = (length: number): number => 4 + 4 * Math.ceil(length / 4);

const isSame = (a: Uint8Array | undefined, b: Uint8Array | undefined): boolean =>
  a === undefined || b === undefined ? a === b : Buffer.from(a).equals(b);

const lengthOf = (all: readonly Uint8Array[]): number => all.reduce((sum, { length }) => sum + length, 0);

const over = (memory: SharedArrayBuffer): Log => ({
  writer: writer(memory),
  readers: Array.from({ length: READERS }, (_, index) => reader(memory, index)),
});

const newLog = (): Log => over(newSharedLog({ capacity: CAPACITY, readers: READERS }));

/** As if that many bytes had been written and read already. */
const startAt = (memory: SharedArrayBuffer, cursor: number): void => {
  const words = new Int32Array(memory);
  for (let line = 1; line <= READERS + 1; line += 1) words[line * 32] = cursor | 0;
};

/** Entry `i` of the run between threads: its number, then as many bytes as the number tells, in a part of their own. */
const entryOf = (i: number): readonly Uint8Array[] => [new Uint8Array(Uint32Array.of(i).buffer), new Uint8Array(i % 61).fill(i)];

/** Reads in a thread of its own, which runs the compiled modules: Node does not load TypeScript into workers. */
const readInThread = (data: object): Promise<unknown> =>
  new Promise((done, fail) => {
    const compiled = (name: string): string => JSON.stringify(new URL(`../dist/src/adapter/${name}.js`, import.meta.url));
    const worker = new Worker(
      `const { parentPort, workerData: { memory, alarm, index, entries, spin } } = require('node:worker_threads');
       Promise.all([import(${compiled('shared-log')}), import(${compiled('bell')})]).then(([{ reader }, { bell }]) => {
         const { rung, wait } = bell(alarm);
         const log = reader(memory, index);
         for (let i = 0; i < entries; ) {
           const seen = rung();
           const entry = log.next();
           if (entry === undefined) {
             if (!wait(seen, spin, 10_000)) return parentPort.postMessage('asleep at ' + i);
             continue;
           }
           const number = new DataView(entry.buffer).getUint32(0, true);
           if (number !== i || entry.length !== 4 + i % 61 || entry.subarray(4).some((byte) => byte !== i % 256))
             return parentPort.postMessage('wrong at ' + i);
           i += 1;
         }
         parentPort.postMessage('all');
       });`,
      { eval: true, workerData: data },
    );
    worker.once('message', (sum) => void worker.terminate().then(() => done(sum))).once('error', fail);
  });
