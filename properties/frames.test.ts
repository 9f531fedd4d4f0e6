/** Frames: what a splitter yields depends on the bytes of the stream alone. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frame, FRAME_HEADER, gather, splitter, type Splitter } from '../src/adapter/frames.js';

const LIMIT = 40;

const payload = fc.uint8Array({ minLength: 1, maxLength: LIMIT });
const payloads = fc.array(payload, { maxLength: 12 });
/** Sizes of chunks, most of them shorter than a frame and some than a header. */
const cuts = fc.array(fc.nat({ max: 12 }), { maxLength: 60 });
/** Streams that begin well more often than chance would have it, then go on with anything. */
const anyBytes = fc
  .tuple(payloads, fc.uint8Array({ maxLength: 80 }))
  .map(([good, rest]) => new Uint8Array([...gather(good), ...rest]));

describe('a splitter always', () => {
  it('gives back the payloads that were framed, however the bytes are cut', () =>
    fc.assert(
      fc.property(payloads, cuts, (sent, at) => {
        expect(heard(splitter(limits), chunks(gather(sent), at))).toEqual({ payloads: sent, reason: undefined });
      }),
    ));

  it('decodes any chunking of any bytes alike, and throws at none', () =>
    fc.assert(
      fc.property(anyBytes, cuts, (bytes, at) => {
        expect(heard(splitter(limits), chunks(bytes, at))).toEqual(heard(splitter(limits), [bytes]));
      }),
    ));

  it('yields no payload that is empty or above the limit', () =>
    fc.assert(
      fc.property(anyBytes, cuts, (bytes, at) =>
        heard(splitter(limits), chunks(bytes, at)).payloads.every(({ length }) => length > 0 && length <= LIMIT),
      ),
    ));

  it('accepts nothing after a refusal, and gives the same reason', () =>
    fc.assert(
      fc.property(payloads, payload, (before, after) => {
        const split = splitter(limits);
        const refusal = split(new Uint8Array([...gather(before), ...header(LIMIT + 1)]));
        expect(refusal).toMatchObject({ type: 'Refused', frames: before, reason: `a frame of ${LIMIT + 1} bytes, above the limit of ${LIMIT}` });
        expect(split(frame(after))).toEqual({ ...refusal, frames: [] });
      }),
    ));

  it('refuses an empty frame', () => {
    expect(splitter(limits)(header(0))).toEqual({ type: 'Refused', frames: [], reason: 'an empty frame' });
  });

  it('takes time in proportion to the bytes, in the smallest of chunks', () => {
    const sent = new Uint8Array(2 ** 20).fill(7);
    const split = splitter({ limit: sent.length });
    const bytes = frame(sent);
    const got = chunks(bytes, bytes.map(() => 1)).flatMap((chunk) => split(chunk).frames);
    expect(got).toHaveLength(1);
    expect(Buffer.from(got[0] as Uint8Array).equals(sent)).toBe(true);
  });
});

it('a splitter sometimes refuses, sometimes waits, and sometimes joins a payload out of several chunks', () => {
  const runs = fc.sample(fc.tuple(anyBytes, cuts), { seed: 1, numRuns: 200 }).map(([bytes, at]) => {
    const pieces = chunks(bytes, at);
    return { bytes, pieces, ...heard(splitter(limits), pieces) };
  });
  expect(runs.some(({ reason }) => reason !== undefined)).toBe(true);
  expect(runs.some(({ bytes, payloads: got, reason }) => reason === undefined && gather(got).length < bytes.length)).toBe(true);
  expect(runs.some(({ pieces, payloads: got }) => got.some((whole) => pieces.every((piece) => piece.length < whole.length)))).toBe(true);
});

describe('any chunking of the bytes decodes alike catches', () => {
  const isCaught = (mutant: () => Splitter): boolean =>
    fc.check(
      fc.property(payloads, cuts, (sent, at) => {
        expect(heard(mutant(), chunks(gather(sent), at)).payloads).toEqual(sent);
      }),
    ).failed;

  it('no splitter that is right', () => expect(isCaught(() => splitter(limits))).toBe(false));

  it('AD02: a splitter that takes a partial frame for a message', () =>
    expect(isCaught(() => (chunk) => ({ type: 'Frames', frames: fromEveryChunk(chunk) }))).toBe(true));

  it('a splitter that drops the frame that a chunk leaves unfinished', () =>
    expect(isCaught(() => (chunk) => splitter(limits)(chunk))).toBe(true));

  it('a splitter that takes only one frame out of a chunk', () =>
    expect(
      isCaught(() => {
        const split = splitter(limits);
        return (chunk) => ({ type: 'Frames', frames: split(chunk).frames.slice(0, 1) });
      }),
    ).toBe(true));
});

const limits = { limit: LIMIT };

/** What a listener hears: the payloads, and why it stopped listening if it did. */
const heard = (split: Splitter, pieces: readonly Uint8Array[]) => {
  const got = pieces.map((piece) => split(piece));
  const last = got.at(-1);
  return {
    payloads: got.flatMap(({ frames }) => frames.map((bytes) => Uint8Array.from(bytes))),
    reason: last?.type === 'Refused' ? last.reason : undefined,
  };
};

/** The bytes in chunks of the given sizes, and the rest in one. */
const chunks = (bytes: Uint8Array, sizes: Iterable<number>): readonly Uint8Array[] => {
  const pieces: Uint8Array[] = [];
  let at = 0;
  for (const size of sizes) {
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return [...pieces, bytes.subarray(at)];
};

const header = (length: number): Uint8Array => {
  const bytes = new Uint8Array(FRAME_HEADER);
  new DataView(bytes.buffer).setUint32(0, length, true);
  return bytes;
};

/** The mistake of AD02: as if every chunk began with a frame and ended with one. */
const fromEveryChunk = (chunk: Uint8Array): readonly Uint8Array[] => {
  const frames: Uint8Array[] = [];
  for (let at = 0; at + FRAME_HEADER < chunk.length; ) {
    const length = new DataView(chunk.buffer, chunk.byteOffset + at).getUint32(0, true);
    frames.push(Uint8Array.from(chunk.subarray(at + FRAME_HEADER, at + FRAME_HEADER + length)));
    at += FRAME_HEADER + length;
  }
  return frames;
};
