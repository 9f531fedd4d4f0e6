/** Histories in files: what is written is read, what is wrong is named, and how much fits in memory makes no difference. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import * as fc from 'fast-check';
import * as E from 'fp-ts/lib/Either.js';
import { afterAll, describe, expect, it } from 'vitest';
import { decodeHeader, encodeHeader, encodeOperation, operationDecoder, type FiledOperation, type Header } from '../src/adapter/history/codec.js';
import { readQuickly } from '../src/adapter/history/quick.js';
import { linesOf } from '../src/adapter/history/save.js';
import { lineSplitter, open } from '../src/adapter/history/source.js';
import { eventsIn } from '../src/check/jepsen/events.js';
import { modelNamed } from '../src/check/jepsen/models.js';
import { operationsIn } from '../src/check/jepsen/operations.js';
import { writeEvent } from '../src/check/jepsen/write.js';
import { judge } from '../src/check/linearizability.js';
import type { Key, Span } from '../src/check/model.js';
import { eventsOf, operationsOf } from '../src/cli/history/convert.js';
import { judged } from '../src/cli/history/judged.js';
import { partsOf } from '../src/cli/history/parts.js';
import { treeSubject } from '../src/cli/history/subjects.js';
import { corrupted, linearizable } from './arbitraries/history.js';

const KEY_SPACE = 8;
const HEADER: Header = { format: 'psmr-history', version: 1, model: 'ordered-map', keySpace: KEY_SPACE, keys: 0, slotsPerTurn: 2 };
const SCOPE = { sessions: 4, keys: BigInt(KEY_SPACE), values: 4n, ticks: 4 };
const decode = operationDecoder(HEADER);

/** Small histories, whose values may be as large as they like. */
const histories: fc.Arbitrary<readonly FiledOperation[]> = fc.oneof(linearizable(20, SCOPE), corrupted(12, SCOPE));
const large: fc.Arbitrary<readonly FiledOperation[]> = fc.tuple(histories, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })).map(([history, value]) =>
  history.map((operation) => ('value' in operation.command ? { ...operation, command: { ...operation.command, value } } : operation)));

/** A line with a word of it replaced, left out or doubled. */
const mangled: fc.Arbitrary<string> = fc
  .tuple(large.filter((history) => history.length > 0), fc.nat(), fc.nat(), fc.constantFrom('', '0', '-0', '007', '1e3', '"5"', '"99999999999999999999"', 'null', '8', '-1', '1.5', 'absent', 'value', ',', ' '))
  .map(([history, which, at, word]) => {
    const words = encodeOperation(history[which % history.length]!).split(/(?<=[{:,])|(?=[},])/);
    return words.with(at % words.length, word).join('');
  });

describe('a line of a history', () => {
  it('is read as it was written', () =>
    fc.assert(fc.property(large, (history) => history.forEach((operation) => expect(decode(encodeOperation(operation))).toEqual(E.right(operation))))));

  it('is read the same quickly, if it is', () =>
    fc.assert(
      fc.property(fc.oneof(large.map((history) => history.map(encodeOperation)), mangled.map((line) => [line])), (lines) => {
        for (const line of lines) {
          const quick = readQuickly(line, KEY_SPACE);
          if (quick !== undefined) expect(decode(line)).toEqual(E.right(quick));
        }
      }),
      { numRuns: 1000 },
    ));

  it('is mostly read quickly', () => {
    const lines = fc.sample(histories, { seed: 1, numRuns: 100 }).flat().filter(({ command }) => command.type !== 'scan').map(encodeOperation);
    expect(lines.length).toBeGreaterThan(500);
    expect(lines.filter((line) => readQuickly(line, KEY_SPACE) === undefined)).toEqual([]);
  });

  const LINE = '{"id":0,"session":1,"command":{"type":"insert","key":5,"value":7},"call":1,"return":2,"result":{"type":"inserted"}}';
  it.each([
    ['{"id":0', 'not JSON: '],
    ['7', 'expected an object, got 7'],
    [LINE.replace('"id":0', '"id":-1'), 'id: expected an integer from 0 on, got -1'],
    [LINE.replace('"session":1,', ''), 'session: expected an integer from 0 on, got nothing'],
    [LINE.replace('insert', 'put'), 'command.type: expected "read" or "update" or "insert" or "delete" or "scan", got "put"'],
    [LINE.replace('"key":5', '"key":8'), 'command.key: expected an integer from 0 to 7, got 8'],
    [LINE.replace('"value":7', '"value":9007199254740993'), 'command.value: expected an integer of 64 bits, as a text beyond 2^53, got 9007199254740992'],
    [LINE.replace('"value":7', '"value":"9223372036854775808"'), 'command.value: expected an integer of 64 bits'],
    [LINE.replace('"call":1', '"call":"1"'), 'call: expected a number, got "1"'],
    [LINE.replace('"return":2', '"return":0'), 'return: expected 1 or later, when it was called, got 0'],
    [LINE.replace('"return":2', '"return":null'), 'result: expected none where return is null'],
    [LINE.replace(',"result":{"type":"inserted"}', ''), 'result: expected an object, got nothing'],
    [LINE.replace('inserted', 'found'), 'result.value: expected an integer of 64 bits, as a text beyond 2^53, got nothing'],
    [LINE.replace('"id":0', '"id":0,"key":1'), 'key: no such field; there are id, session, command, call, return, result, position'],
  ])('%s is refused by name', (line, reason) => {
    expect(readQuickly(line, KEY_SPACE)).toBeUndefined();
    expect(decode(line)).toEqual(E.left(expect.stringContaining(reason)));
  });

  it.each([
    [{ ...HEADER, version: 2 }, 'version: expected 1, got 2'],
    [{ ...HEADER, model: 'queue' }, 'model: expected "ordered-map", got "queue"'],
    [{ ...HEADER, keys: 6 }, 'keys: expected even keys below 8, got 6 of them'],
  ])('a header is refused by name: %#', (header, reason) => expect(decodeHeader(JSON.stringify(header))).toEqual(E.left(reason)));

  it('a header is read as it was written', () => expect(decodeHeader(encodeHeader(HEADER))).toEqual(E.right(HEADER)));
});

describe('a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'psmr-source-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const fileOf = (name: string, bytes: string | Uint8Array): string => {
    writeFileSync(join(folder, name), bytes);
    return join(folder, name);
  };
  const textOf = async (file: string): Promise<string> => {
    let text = '';
    for await (const piece of open(file).pieces) text += piece;
    return text;
  };
  const TEXT = 'żółw 🐢 1\n'.repeat(100_000);

  it('is read whole, compressed or not', async () => {
    expect(await textOf(fileOf('plain', TEXT))).toBe(TEXT);
    expect(await textOf(fileOf('packed', zlib.gzipSync(TEXT)))).toBe(TEXT);
    expect(await textOf(fileOf('empty', ''))).toBe('');
    expect(await textOf(fileOf('short', 'ab'))).toBe('ab');
  });

  /** What `zstd -19` has made of `TEXT`, and of the squares of the first 300 numbers modulo 9973. */
  const [TURTLES, SQUARES] = [
    'KLUv/QRovAAAeMW8w7PFgncg8J+QoiAxCgEA7v+SzzpEAAAAAQD9/5JPIEQAAAABAP3/OQACRAAAAAEA/f85AAJEAAAAAQD9/zkAAkQAAAABAP3/OQACRAAAAAEA/f85AAJEAAAAAQD9/zkAAkQAAAABAP3/OQACRAAAAAEA/f85AAJEAAAAAQD9/zkAAkUAAAABAF1jHQABykHwXQ==',
    'KLUv/QRorRMAWlnACQmw64SiiXFSmHWWAJgAmwAA0znRx6BfHN0qmqJ0a+gLocdIc4AGuJmteaLz2cwlmSli7sF8PXnGZEbJAJVpI09Fvgm5QpkC5PLiA4sHKiY0BqCYMPGAxAcRl4wpIK4cvzE+LU4rByhnEJ8ZfhXeC04RvER+BnwCOHsD3Bx7rL6oW52it+gLemzmzAAzK0/IZ3Eppoh7/MpnOIMDcNrTb65Mcfk9cwiydGQjykQWD1FMFLHRcWk5lPAr4HC1AG2MDe6u6G0jNwvuXtkSZAeFLXZ1WTVpajPWFdet7eT0ErvA0UGlBYYukSZvtnaumNmMM+nksmSxkYNClgC5VzGLYhuJKxgbHOeVt4ZLgwcBl7ErnTJbxBUT7B7ofTB3GTcF3BWzb2pPx6aFDUCbcfVM1Veqe1JTRF2C+sz6RHWWei0ng0NrUi6xO07um7MNyL6CHdK6jvW0uoj0gaOrhg4C+qKzQcxnJUeJXHTxDMUijCeKF4UH7wPagIf1Josbzuy6sQu0i1WDSE1zPUqdxh5gNMXQQEBXdS7IXHIyFMkEIcdYTJs4gjG1OHB4EfBCXSQDN+lNF/fQ2cTaVmHLXA1sfRU10HWJdrvoVEcPlSYR2gi0QM1wMl/BDFUBxd4QcFOMHWI1J+qgdip0sKHrbC5lLikZSpmM4iDEnOFRNoEsrBuI9xnZIGBLTW28TpU+NJoatLFmKc4glc9ABqJYCLHVcJp7OBvZTZG7YLZY2NGqZaJuVCej25UuI23VmcW5rSylHG0sZdyWs8itehln9R7jfVe7DJuk6lLUV9UHpFOMhgrNs3li5qOTeyOTgNyi+Mh4AgD9fUT4',
  ].map((base64) => Buffer.from(base64, 'base64')) as [Buffer, Buffer];

  it('compressed by zstd is read on every Node, in one frame or several, and not if it is cut', async () => {
    const squares = Array.from({ length: 300 }, (_, i) => (i * i) % 9973).join('\n');
    expect(await textOf(fileOf('turtles', TURTLES))).toBe(TEXT);
    expect(await textOf(fileOf('squares', SQUARES))).toBe(squares);
    expect(await textOf(fileOf('frames', Buffer.concat([SQUARES, TURTLES, SQUARES])))).toBe(squares + TEXT + squares);
    for (const length of [4, 5, 6, 9, 100, SQUARES.length - 1]) await expect(textOf(fileOf('cut.zst', SQUARES.subarray(0, length)))).rejects.toThrow(/cut\.zst: cannot be read: unexpected EOF/);
    await expect(textOf(fileOf('bad.zst', SQUARES.fill(0xff, 6, 9)))).rejects.toThrow(/bad\.zst: cannot be read/);
  });

  it('that cannot be read is named', async () => {
    await expect(textOf(join(folder, 'none'))).rejects.toThrow(/none: cannot be read: ENOENT/);
    await expect(textOf(folder)).rejects.toThrow(/cannot be read: EISDIR/);
    await expect(textOf(fileOf('cut', zlib.gzipSync(TEXT).subarray(0, 50)))).rejects.toThrow(/cut: cannot be read: unexpected end of file/);
  });

  it('falls into the same lines, wherever its pieces end', () =>
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-c]{0,3}$/)), fc.array(fc.nat({ max: 5 })), (lines, sizes) => {
        const text = lines.map((line) => `${line}\n`).join('');
        const { push, end } = lineSplitter();
        expect([...piecesOf(text, sizes).flatMap(push), ...end()]).toEqual(lines);
      }),
    ));
});

describe('a history in parts', () => {
  const subject = treeSubject(HEADER);
  async function* batchesOf(history: readonly FiledOperation[], size: number): AsyncGenerator<readonly FiledOperation[]> {
    for (let at = 0; at < history.length; at += size) yield await Promise.resolve(history.slice(at, at + size));
  }
  /** No bound, few operations in memory, none at all. */
  const bounds = fc.constantFrom([1000, 1000], [1000, 0], [3, 0], [0, 0]);

  it('is whole, and no two parts share a key', () =>
    fc.assert(
      fc.property(histories, bounds, fc.integer({ min: 1, max: 5 }), (history, [most, few], size) => {
        const parts = partsOf(subject, most, few);
        try {
          for (let at = 0; at < history.length; at += size) parts.add(history.slice(at, at + size));
          const taken = [...parts.taken()].map((part) => [...part]);
          expect(taken.flat().sort((a, b) => a.id - b.id)).toEqual(history.toSorted((a, b) => a.id - b.id));
          const spans = taken.map((part) => part.flatMap(({ command }) => subject.model.spansOf!(command)));
          expect(spans.every((mine, i) => spans.slice(i + 1).every((other) => !mine.some((a) => other.some((b) => meet(a, b)))))).toBe(true);
          if (most === 0 && history.some(({ command }) => command.type !== 'scan')) expect(parts.counted().aside).toBeGreaterThan(0);
        } finally {
          parts.close();
        }
      }),
    ));

  it('is judged as the whole is', () =>
    fc.assert(
      fc.asyncProperty(histories, bounds, async (history, [held]) => {
        const finding = await judged(subject, batchesOf(history, 3), { budget: 1_000_000, held: held }, () => undefined);
        expect(finding.type).toBe(judge(subject.model, history, { slotsPerTurn: HEADER.slotsPerTurn }).type);
        expect(finding.operations).toBe(history.length);
        const brief = await judged(subject, batchesOf(history, 3), { budget: 1_000_000, held: held, isBrief: true }, () => undefined);
        expect(brief.type).toBe(finding.type);
        if (brief.type === 'illegal') expect([brief.argument, finding.type === 'illegal' && finding.argument.length > 0]).toEqual([[], true]);
      }),
    ));
});

describe('a history of ours in the words of Jepsen', () => {
  const loaded: Header = { ...HEADER, keys: 3 };
  const { model } = treeSubject(loaded);
  const verdictOf = (text: string): string => {
    const read = rightOf(eventsIn(text));
    const known = rightOf(modelNamed('ordered-map', null, false));
    return judge(known, rightOf(operationsIn(known, read.events))).type;
  };

  it.each(['edn', 'json'] as const)('is judged as it was: %s', (notation) =>
    fc.assert(
      fc.property(histories, (history) => {
        const text = eventsOf(loaded, history).map((event) => writeEvent(notation, event)).join('\n');
        expect(verdictOf(text)).toBe(judge(model, history).type);
      }),
    ));

  it('is judged as it was when it comes back', () =>
    fc.assert(
      fc.property(histories, (history) => {
        const { header, operations } = rightOf(operationsOf(eventsOf(loaded, history)));
        const lines = [...linesOf(header, operations)];
        const read = operationDecoder(rightOf(decodeHeader(lines[0]!)));
        const back = lines.slice(1).map((line) => rightOf(read(line)));
        expect(judge(treeSubject({ ...header, slotsPerTurn: 1 }).model, back).type).toBe(judge(model, history).type);
      }),
    ));
});

function rightOf<A>(outcome: E.Either<string, A>): A {
  if (E.isLeft(outcome)) throw new Error(outcome.left);
  return outcome.right;
}

function piecesOf(text: string, sizes: readonly number[]): readonly string[] {
  const pieces: string[] = [];
  let at = 0;
  for (const size of sizes) {
    pieces.push(text.slice(at, at + size));
    at += size;
  }
  return [...pieces, text.slice(at)];
}

function meet(a: Span, b: Span): boolean {
  const isBelow = (one: Key, other: Key): boolean => one <= other;
  return isBelow(a.from, b.to) && isBelow(b.from, a.to);
}
