/** Frames: what a splitter yields depends on the bytes of the stream alone. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frame, FRAME_HEADER, gather, splitter, type Splitter } from '../src/adapter/frames.js';
import { chunks, cuts, fromEveryChunk, heard, LIMIT, payload, payloads, rest } from './arbitraries/bytes.js';

/** Streams that begin well more often than chance would have it, then go on with anything. */
const anyBytes = fc.tuple(payloads, rest).map(([good, end]) => new Uint8Array([...gather(good), ...end]));

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
    expect(isCaught(() => fromEveryChunk)).toBe(true));

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

const header = (length: number): Uint8Array => {
  const bytes = new Uint8Array(FRAME_HEADER);
  new DataView(bytes.buffer).setUint32(0, length, true);
  return bytes;
};
