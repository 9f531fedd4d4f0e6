/**
 * Digests of bytes, and bytes that stand in for others of the same digest.
 *
 * A digest is a polynomial over the 32-bit words of the bytes, modulo 2^32, whose base is odd. So a change of any one word
 * always shows; and as the sum is linear, a payload may be replaced by one that has its digest as first word and nothing
 * behind it, without changing the digest of the batch around it. That is how a trace can leave values out and still be
 * replayed: the machines below a service look at nothing but lengths. It finds accidents, not forgeries.
 */
import { COMMAND_HEADER } from '../record.js';

const BASE = 0x9e3779b1;
const SQUARE = Math.imul(BASE, BASE);

/** Whether words in memory are as they are on the wire. */
const IS_LITTLE_ENDIAN = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** Bytes from which on it pays to look at them as words. */
const MANY = 64;

/** The digest of these bytes, from 0 to 2^32 - 1. Missing bytes of the last word count as 0. */
export const digestOf = (bytes: Uint8Array, from = 0, to = bytes.length): number => {
  const length = to - from;
  if (IS_LITTLE_ENDIAN && length >= MANY && length % 8 === 0 && (bytes.byteOffset + from) % 4 === 0) return digestOfWords(new Int32Array(bytes.buffer, bytes.byteOffset + from, length >> 2));
  let sum = 0;
  let power = 1;
  let at = from;
  for (; at + 4 <= to; at += 4) {
    sum = (sum + Math.imul(bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24), power)) | 0;
    power = Math.imul(power, BASE);
  }
  let last = 0;
  for (let shift = 0; at < to; at += 1, shift += 8) last |= bytes[at]! << shift;
  return (sum + Math.imul(last, power)) >>> 0;
};

/** The digest of an even number of words, after Horner: of every other word apart, as neither sum has to wait for the other then. */
const digestOfWords = (words: Int32Array): number => {
  let even = 0;
  let odd = 0;
  for (let i = words.length - 2; i >= 0; i -= 2) {
    even = (Math.imul(even, SQUARE) + words[i]!) | 0;
    odd = (Math.imul(odd, SQUARE) + words[i + 1]!) | 0;
  }
  return (even + Math.imul(odd, BASE)) >>> 0;
};

/** A payload of this length and digest. */
export const standIn = (length: number, digest: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < Math.min(4, length); at += 1) bytes[at] = digest >>> (8 * at);
  return bytes;
};

/**
 * A batch of this length and digest that bears a mark, a natural number below 2^32. What was put together of several can be
 * taken apart again (`marksIn`): its words are what the digest wants, the mark, the length, and zeros. As long as any command.
 */
export const marked = (length: number, digest: number, mark: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  const words = new DataView(bytes.buffer);
  words.setUint32(0, digest - Math.imul(mark, BASE) - Math.imul(length, SQUARE), true);
  words.setUint32(4, mark, true);
  words.setUint32(8, length, true);
  return bytes;
};

/** The marks of all that a batch was put together of. */
export const marksIn = (batch: Uint8Array): readonly number[] => {
  const words = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  const marks: number[] = [];
  for (let at = 0; at < batch.length; at += words.getUint32(at + 8, true)) marks.push(words.getUint32(at + 4, true));
  return marks;
};

/** The digest of what was digested so far and one number more: of a state, by what can be counted of it, from 0 on. */
export const digested = (sum: number, number: number): number => {
  const finite = number === -Infinity ? -1.5 : number === Infinity ? 1.5 : number;
  const low = Math.imul(sum ^ (finite | 0), BASE);
  const whole = low ^ (low >>> 15);
  return finite === (finite | 0) ? whole : Math.imul(whole ^ Math.floor(finite / 2 ** 32) ^ (finite * 1024), BASE);
};

/** The digest of what was digested so far and a text more, or a part of one: of its length and its words in UTF-8. */
export const digestedText = (sum: number, text: string, from = 0, to = text.length): number => {
  if (page.bytes.length < 3 * (to - from) + 4) page = pageOf(6 * (to - from));
  const { written } = ENCODER.encodeInto(text.slice(from, to), page.bytes);
  page.words.setInt32(written, 0);
  let digest = digested(sum, written);
  for (let at = 0; at < written; at += 4) digest = digested(digest, page.words.getInt32(at, true));
  return digest >>> 0;
};

const ENCODER = new TextEncoder();

const pageOf = (length: number) => {
  const bytes = new Uint8Array(length);
  return { bytes, words: new DataView(bytes.buffer) };
};

/** Where a text is written to be digested: to look at its characters one by one would take twice as long. */
let page = pageOf(4096);

/** The hexadecimal digits of every byte: to have a number above 2^31 turned into digits as a whole takes five times as long. */
const DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** A digest as it is written: 8 hexadecimal digits. */
export const hexOf = (digest: number): string => `${DIGITS[digest >>> 24]}${DIGITS[(digest >>> 16) & 255]}${DIGITS[(digest >>> 8) & 255]}${DIGITS[digest & 255]}`;

/** The digest that `hexOf` has written at this place of a text. */
export const digestAt = (text: string, at: number): number => {
  let digest = 0;
  for (let i = at; i < at + 8; i += 1) {
    const code = text.charCodeAt(i);
    digest = (digest << 4) | (code - (code < A ? 48 : A - 10));
  }
  return digest >>> 0;
};

const A = 97;

/** Where the payload of a command starts: at a word. */
if (COMMAND_HEADER % 4 !== 0) throw new Error('payloads start at words');
