/** Judges of bytes, and mistakes in them: codecs of the wire, and frames on a stream. */

import * as E from 'fp-ts/lib/Either.js';
import * as fc from 'fast-check';
import { gather, splitter, type Splitter } from '../../src/adapter/frames.js';
import { decode, decodeKept, encode, encodeKept, type Frame, type Kept } from '../../src/adapter/wire.js';
import { join } from '../../src/record.js';
import { beginning, chunks, cuts, fromEveryChunk, heard, isEqual, lenient, LIMIT, payloads, rest, withAnother } from '../arbitraries/bytes.js';
import { frame, kept } from '../arbitraries/messages.js';
import { judgeOf, mutant, type Judge, type Mutant } from './mutant.js';

// The wire

type Wire = {
  readonly encode: (sent: Frame) => Uint8Array;
  readonly decode: (payload: Uint8Array) => E.Either<string, Frame>;
  readonly encodeKept: (noted: Kept) => Uint8Array;
  readonly decodeKept: (logged: Uint8Array) => E.Either<string, Kept>;
};

/** A frame and a record, and what may become of the bytes of a frame: it is cut, or goes on, or one byte is another. */
type Sent = { readonly frame: Frame; readonly kept: Kept; readonly cut: number; readonly rest: Uint8Array; readonly at: number; readonly by: number };

const sent: fc.Arbitrary<Sent> = fc.record({
  frame,
  kept,
  cut: fc.nat(),
  rest: fc.uint8Array({ minLength: 1, maxLength: 40 }),
  at: fc.nat(),
  by: fc.integer({ min: 1, max: 255 }),
});

/** Equal for what has equal fields, in whatever order. */
const text = (value: unknown): string =>
  JSON.stringify(value, (_, each: unknown) => {
    if (each instanceof Uint8Array) return Buffer.from(each).toString('hex');
    return typeof each === 'object' && each !== null && !Array.isArray(each) ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1))) : each;
  });

const RIGHT: Wire = { encode, decode, encodeKept, decodeKept };

export const ofWire: Judge<Partial<Wire>> = judgeOf({
  judge: 'wire',
  samples: sent,
  numRuns: 4000,
  factsOf: (mistake: Partial<Wire>, sample: Sent) => ({ wire: { ...RIGHT, ...mistake }, sample, bytes: encode(sample.frame) }),
  clauses: {
    'what is sent is decoded as it was encoded': ({ wire, sample }) => {
      const got = wire.decode(wire.encode(sample.frame));
      return E.isRight(got) && text(got.right) === text(sample.frame) ? [] : [fc.stringify(got)];
    },
    'what is kept is decoded as it was encoded': ({ wire, sample }) => {
      const got = wire.decodeKept(wire.encodeKept(sample.kept));
      return E.isRight(got) && text(got.right) === text(sample.kept) ? [] : [fc.stringify(got)];
    },
    'bytes are refused, or the only ones that mean what they say': ({ wire, sample: { at, by }, bytes }) => {
      const changed = withAnother(bytes, at, by);
      const got = wire.decode(changed);
      return E.isLeft(got) || isEqual(wire.encode(got.right), changed) ? [] : [fc.stringify(got)];
    },
    'the beginning of a frame is refused': ({ wire, sample: { cut }, bytes }) => (E.isLeft(wire.decode(beginning(bytes, cut))) ? [] : [`${cut % bytes.length} bytes of ${bytes.length}`]),
    'more than a frame is refused': ({ wire, sample: { rest }, bytes }) => (E.isLeft(wire.decode(join([bytes, rest]))) ? [] : [`${rest.length} bytes more`]),
  },
  lengthOf: ({ frame: one }) => encode(one).length,
  unit: 'bytes',
});

const LARGEST = 2 ** 53 - 1;

/** As many zeros as it takes. */
const padded = (payload: Uint8Array): E.Either<string, Frame> => {
  const longer = new Uint8Array(payload.length + 64);
  longer.set(payload);
  const ends = Array.from({ length: 65 }, (_, more) => decode(longer.subarray(0, payload.length + more)));
  return ends.find(E.isRight) ?? decode(payload);
};

/** What the decoder refuses as too large a number, it takes for the largest. */
const rounding = (payload: Uint8Array): E.Either<string, Frame> => {
  const decoded = decode(payload);
  const at = E.isLeft(decoded) ? /^byte (\d+): a number above 2\^53 - 1$/.exec(decoded.left)?.[1] : undefined;
  if (at === undefined) return decoded;
  const rounded = Uint8Array.from(payload);
  new DataView(rounded.buffer).setBigUint64(Number(at), BigInt(LARGEST), true);
  return decode(rounded);
};

export const CODECS: readonly Mutant[] = [
  mutant('AD01a', 'the codec drops a field: who has voted', ofWire({
    encode: (one) => encode(one.type === 'Message' && one.message.type === 'Phase2' ? { ...one, message: { ...one.message, voters: [] } } : one),
  })),
  mutant('AD01b', 'the codec swaps a tag: what is asked for comes as known', ofWire({
    decode: (payload) => E.map((one: Frame): Frame => {
      if (one.type !== 'Message' || one.message.type !== 'Prepare') return one;
      return { ...one, message: { type: 'Alive', ballot: one.message.ballot, decided: one.message.from } };
    })(decode(payload)),
  })),
  mutant('AD01c', 'the codec rounds a number above 2^53 - 1', ofWire({ decode: rounding })),
  mutant('AD01d', 'a record that is kept loses the upper half of its instance', ofWire({
    encodeKept: (noted) => encodeKept('instance' in noted.record ? { ...noted, record: { ...noted.record, instance: noted.record.instance % 2 ** 32 } } : noted),
  })),
  mutant('ADa', 'bytes that are left over are passed over', ofWire({ decode: lenient })),
  mutant('ADb', 'bytes that are missing are taken for zeros', ofWire({ decode: padded })),
];

// Frames

type Stream = { readonly payloads: readonly Uint8Array[]; readonly rest: Uint8Array; /** Sizes of chunks. */ readonly cuts: readonly number[] };

const stream: fc.Arbitrary<Stream> = fc.record({ payloads, rest, cuts });

export const ofStream: Judge<(limit: number) => Splitter> = judgeOf({
  judge: 'stream',
  samples: stream,
  numRuns: 1000,
  factsOf: (made: (limit: number) => Splitter, { payloads, rest, cuts }: Stream) => {
    const [good, any] = [gather(payloads), new Uint8Array([...gather(payloads), ...rest])];
    return {
      payloads,
      good: heard(made(LIMIT), chunks(good, cuts)),
      any: heard(made(LIMIT), chunks(any, cuts)),
      whole: heard(made(LIMIT), [any]),
      afterwards: heard(made(LIMIT), [new Uint8Array([LIMIT + 1, 0, 0, 0]), good]),
    };
  },
  clauses: {
    'payloads come out as they were framed, however the bytes are cut': ({ payloads, good }) => (fc.stringify(good.payloads) === fc.stringify(payloads) ? [] : [fc.stringify(good.payloads)]),
    'any bytes are split alike, however they are cut': ({ any, whole }) => (fc.stringify(any) === fc.stringify(whole) ? [] : [fc.stringify(any)]),
    'no payload is empty or above the limit': ({ any }) => any.payloads.filter(({ length }) => length === 0 || length > LIMIT).map(({ length }) => `one of ${length} bytes`),
    'nothing is taken after a refusal': ({ afterwards }) => afterwards.payloads.map((payload) => fc.stringify(payload)),
  },
  lengthOf: ({ payloads }) => payloads.length,
  unit: 'frames',
});

/** Begins anew with the chunk that comes after a refusal. */
const forgiving = (limit: number): Splitter => {
  let split = splitter({ limit });
  return (chunk) => {
    const got = split(chunk);
    if (got.type === 'Refused') split = splitter({ limit });
    return got;
  };
};

export const FRAMES: readonly Mutant[] = [
  mutant('AD02', 'a partial frame is taken for a message', ofStream(() => fromEveryChunk)),
  mutant('ADc', 'there is no limit to a frame', ofStream(() => splitter({ limit: 2 ** 31 }))),
  mutant('ADd', 'a stream that was refused is listened to again', ofStream(forgiving)),
];
