/** What may become of bytes on their way: one is another, they end early or go on, and a stream of them comes in chunks. */

import * as E from 'fp-ts/lib/Either.js';
import * as fc from 'fast-check';
import { FRAME_HEADER, type Splitter } from '../../src/adapter/frames.js';
import { decode, type Frame } from '../../src/adapter/wire.js';

export const isEqual = (a: Uint8Array, b: Uint8Array): boolean => Buffer.from(a).equals(b);

export const withAnother = (bytes: Uint8Array, at: number, by: number): Uint8Array => bytes.with(at % bytes.length, bytes[at % bytes.length]! ^ by);

export const beginning = (bytes: Uint8Array, end: number): Uint8Array => bytes.subarray(0, end % bytes.length);

/** A decoder that leaves bytes over. */
export const lenient = (bytes: Uint8Array): E.Either<string, Frame> => {
  const ends = Array.from({ length: bytes.length + 1 }, (_, end) => decode(bytes.subarray(0, end)));
  return ends.find(E.isRight) ?? decode(bytes);
};

// Streams

/** The longest payload there may be. */
export const LIMIT = 40;

export const payload = fc.uint8Array({ minLength: 1, maxLength: LIMIT });
export const payloads = fc.array(payload, { maxLength: 12 });
/** What comes after the last frame. */
export const rest = fc.uint8Array({ maxLength: 80 });
/** Sizes of chunks, most of them shorter than a frame and some than a header. */
export const cuts = fc.array(fc.nat({ max: 12 }), { maxLength: 60 });

/** What a listener hears: the payloads, and why it stopped listening if it did. */
export const heard = (split: Splitter, pieces: readonly Uint8Array[]) => {
  const got = pieces.map((piece) => split(piece));
  const last = got.at(-1);
  return {
    payloads: got.flatMap(({ frames }) => frames.map((bytes) => Uint8Array.from(bytes))),
    reason: last?.type === 'Refused' ? last.reason : undefined,
  };
};

/** The bytes in chunks of the given sizes, and the rest in one. */
export const chunks = (bytes: Uint8Array, sizes: Iterable<number>): readonly Uint8Array[] => {
  let at = 0;
  const pieces = Array.from(sizes, (size) => bytes.subarray(at, (at += size)));
  return [...pieces, bytes.subarray(at)];
};

/** The mistake of AD02: as if every chunk began with a frame and ended with one. */
export const fromEveryChunk: Splitter = (chunk) => {
  const frames: Uint8Array[] = [];
  for (let at = 0; at + FRAME_HEADER < chunk.length; ) {
    const length = new DataView(chunk.buffer, chunk.byteOffset + at).getUint32(0, true);
    frames.push(Uint8Array.from(chunk.subarray(at + FRAME_HEADER, at + FRAME_HEADER + length)));
    at += FRAME_HEADER + length;
  }
  return { type: 'Frames', frames };
};
