/** The wire: what is sent arrives, what is kept is found again, and whatever else comes is refused by name. */
import * as E from 'fp-ts/lib/Either.js';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decode, decodeKept, encode, encodeKept, type Frame } from '../src/adapter/wire.js';
import { NO_BALLOT } from '../src/consensus/ballot.js';
import type { Message } from '../src/consensus/messages.js';
import { COMMAND_HEADER, encodeCommand, encodeReply, flawInCommands, flawInReplies, join, REPLY_HEADER } from '../src/record.js';
import { beginning, isEqual, lenient, withAnother } from './arbitraries/bytes.js';
import { command, commands, frame, frames, keeps, kept, replies, reply } from './arbitraries/messages.js';

const anyBytes = fc.uint8Array({ maxLength: 200 });
const isFilled = ({ length }: Uint8Array): boolean => length > 0;
/** Bytes with one of them changed to another. */
const changed = (bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> =>
  fc.tuple(bytes.filter(isFilled), fc.nat(), fc.integer({ min: 1, max: 255 })).map(([good, at, by]) => withAnother(good, at, by));

describe('what is encoded is decoded again:', () => {
  for (const [type, arbitrary] of Object.entries(frames))
    it(`a frame with ${type}`, () =>
      fc.assert(
        fc.property(arbitrary, (sent) => {
          expect(decode(encode(sent))).toEqual(E.right(sent));
        }),
      ));

  for (const [type, arbitrary] of Object.entries(keeps))
    it(`a record ${type}`, () =>
      fc.assert(
        fc.property(arbitrary, (noted) => {
          expect(decodeKept(encodeKept(noted))).toEqual(E.right(noted));
        }),
      ));

  it('the lowest ballot of all', () => {
    const sent = messageFrame({ type: 'Refuse', promised: NO_BALLOT });
    expect(decode(encode(sent))).toEqual(E.right(sent));
  });
});

describe('any bytes', () => {
  const cut = fc.tuple(frame, fc.nat()).map(([sent, end]) => beginning(encode(sent), end));
  const longer = fc.tuple(frame, anyBytes.filter(isFilled)).map(([sent, rest]) => join([encode(sent), rest]));

  it('are refused or decoded, and then they are the only bytes that mean it', () =>
    fc.assert(
      fc.property(fc.oneof(anyBytes, changed(frame.map(encode))), (bytes) => {
        const decoded = decode(bytes);
        return E.isLeft(decoded) || isEqual(encode(decoded.right), bytes);
      }),
      { numRuns: 2000 },
    ));

  it('are refused or decoded as records in the same way', () =>
    fc.assert(
      fc.property(fc.oneof(anyBytes, changed(kept.map(encodeKept))), (bytes) => {
        const decoded = decodeKept(bytes);
        return E.isLeft(decoded) || isEqual(encodeKept(decoded.right), bytes);
      }),
      { numRuns: 2000 },
    ));

  it('are refused when they are the beginning of a frame', () => fc.assert(fc.property(cut, (bytes) => E.isLeft(decode(bytes)))));

  it('are refused when they are more than a frame', () => fc.assert(fc.property(longer, (bytes) => E.isLeft(decode(bytes)))));

  it('are decoded alike wherever they lie in a buffer', () =>
    fc.assert(
      fc.property(frame, fc.nat(7), (sent, offset) => {
        const bytes = encode(sent);
        const buffer = new Uint8Array(offset + bytes.length + 3);
        buffer.set(bytes, offset);
        expect(decode(buffer.subarray(offset, offset + bytes.length))).toEqual(E.right(sent));
      }),
    ));

  it('are sometimes decoded although one byte was changed', () => {
    const sample = fc.sample(changed(frame.map(encode)), { seed: 1, numRuns: 200 }).map(decode);
    expect(sample.some(E.isRight)).toBe(true);
    expect(sample.some(E.isLeft)).toBe(true);
  });
});

it('the byte arrays of a decoded frame are views of its bytes', () => {
  const bytes = encode({ type: 'Message', group: 1, message: { type: 'Value', ballot: NO_BALLOT, ring: [], id: '1.2.3', value: { type: 'Batch', commands: Uint8Array.of(1, 2) } } });
  const decoded = decode(bytes);
  expect(decoded).toMatchObject({ right: { message: { value: { commands: { buffer: bytes.buffer } } } } });
});

describe('a refusal says why:', () => {
  const here = encode(messageFrame({ type: 'Here' }));
  const alive = encode(messageFrame({ type: 'Alive', ballot: { round: 1, process: 2 }, decided: 3 }));
  const phase2 = encode(messageFrame({ type: 'Phase2', ballot: NO_BALLOT, ring: [], instance: 0, id: '1.2.3', voters: [] }));
  const submit = encode(messageFrame({ type: 'Submit', commands: new Uint8Array(0) }));

  for (const [what, bytes, reason] of [
    ['nothing at all', new Uint8Array(0), 'byte 0: 1 bytes are missing, 0 are left'],
    ['an unknown kind of frame', Uint8Array.of(3), 'byte 0: tag 3 is none of 1 to 2'],
    ['zeros', new Uint8Array(8), 'byte 0: tag 0 is none of 1 to 2'],
    ['an unknown message', here.with(3, 12), 'byte 3: tag 12 is none of 1 to 11'],
    ['a byte too many', join([here, Uint8Array.of(0)]), 'byte 4: 1 bytes too many'],
    ['a negative process', alive.with(9, 255).with(8, 254), 'byte 8: -2 is no process'],
    ['a number that is too large', alive.with(16, 32), 'byte 10: a number above 2^53 - 1'],
    ['more processes than bytes', phase2.with(13, 1), 'byte 14: 16777216 items, for which 26 bytes are too few'],
    ['more commands than bytes', submit.with(4, 24), 'byte 8: 24 bytes are missing, 0 are left'],
    ['a batch that is none', encode(messageFrame({ type: 'Submit', commands: Uint8Array.of(1) })), 'byte 4: byte 0: the header of a command takes 24 bytes, 1 are left'],
    ['replies that are none', encode({ type: 'Replies', replies: Uint8Array.of(1) }), 'byte 1: byte 0: the header of a reply takes 32 bytes, 1 are left'],
  ] as const)
    it(what, () => expect(decode(bytes)).toEqual(E.left(reason)));
});

describe('a batch', () => {
  it('is well-formed when it is made of records', () =>
    fc.assert(fc.property(commands, replies, (asked, answered) => flawInCommands(asked) === undefined && flawInReplies(answered) === undefined)));

  it('is well-formed or not whatever its bytes, and no record of one that is reaches beyond it', () =>
    fc.assert(
      fc.property(fc.oneof(changed(commands.filter(isFilled)), anyBytes), (bytes) => flawInCommands(bytes) !== undefined || bytes.length % 8 === 0),
      { numRuns: 2000 },
    ));

  it.each([2 ** 32 - 1, 2 ** 32 - 7, 2 ** 31, 2 ** 31 - 1, 33, 23, 0])('has no command of length %d', (length) => {
    const [asked] = fc.sample(command, { seed: 1, numRuns: 1 });
    expect(flawInCommands(withLength(encodeCommand({ ...asked!, payload: new Uint8Array(8) }).subarray(0, 32), length))).toMatch(/^byte 0: length/);
  });

  it('has no records of the other kind', () => {
    const [answered] = fc.sample(reply, { seed: 1, numRuns: 1 });
    const empty = { ...answered!, payload: new Uint8Array(0) };
    expect(flawInReplies(encodeReply(empty).with(4, 3))).toBe('byte 4: status 3 is none of Executed, Failed, Refused');
    expect(flawInReplies(encodeReply(empty).with(31, 1))).toBe('byte 24: slot is above 2^53 - 1');
    expect(flawInCommands(encodeReply({ ...empty, attempt: 0, sequence: 0 }))).toBe('byte 16: sequence numbers start at 1');
    expect(COMMAND_HEADER).toBeLessThan(REPLY_HEADER);
  });
});

it('that a frame has only one form catches a decoder that leaves bytes over', () => {
  const bytes = fc.tuple(frame, anyBytes).map(([sent, rest]) => join([encode(sent), rest]));
  const hasOneForm = fc.property(bytes, (some) => {
    const decoded = lenient(some);
    return E.isLeft(decoded) || isEqual(encode(decoded.right), some);
  });
  expect(fc.check(hasOneForm).failed).toBe(true);
});

function messageFrame(message: Message): Frame {
  return { type: 'Message', group: 1, message };
}

const withLength = (record: Uint8Array, length: number): Uint8Array => {
  const bytes = Uint8Array.from(record);
  new DataView(bytes.buffer).setUint32(0, length, true);
  return bytes;
};
