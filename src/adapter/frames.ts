/**
 * Frames: payloads on a byte stream, each as `[u32 length][payload]`, little-endian.
 *
 * A stream keeps the order of bytes and forgets where one write ended. What a splitter yields depends on the bytes alone,
 * never on how they were cut into chunks; a part of a frame is never taken for a frame.
 */

/** Bytes that a frame adds to its payload. */
export const FRAME_HEADER = 4;

/**
 * What a chunk completed. `Refused` also carries the frames that came whole before the flaw; it is the splitter's last word,
 * and its answer to every later chunk.
 */
export type Split =
  | { readonly type: 'Frames'; readonly frames: readonly Uint8Array[] }
  | { readonly type: 'Refused'; readonly frames: readonly Uint8Array[]; readonly reason: string };

/** Takes the next chunk of a stream. The chunk must not change afterwards. */
export type Splitter = (chunk: Uint8Array) => Split;

/** A payload in two parts, one after the other. The second may be long, and is never copied. */
export type Payload = { readonly head: Uint8Array; readonly body?: Uint8Array | undefined };

export const lengthOf = ({ head, body }: Payload): number => head.length + (body?.length ?? 0);

/** Several payloads as the bytes of as many frames, in the fewest pieces that leave every body where it is. */
export const pieces = (payloads: readonly Payload[]): readonly Uint8Array[] => {
  const made: Uint8Array[] = [];
  for (let from = 0; from < payloads.length; ) {
    let to = from;
    while (to < payloads.length - 1 && payloads[to]?.body === undefined) to += 1;
    made.push(headsOf(payloads, from, to));
    const body = payloads[to]?.body;
    if (body !== undefined) made.push(body);
    from = to + 1;
  }
  return made;
};

/** The headers and heads of the payloads `from` up to and including `to`. */
const headsOf = (payloads: readonly Payload[], from: number, to: number): Uint8Array => {
  let size = 0;
  for (let i = from; i <= to; i += 1) size += FRAME_HEADER + payloads[i]!.head.length;
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (let i = from; i <= to; i += 1) {
    const payload = payloads[i]!;
    view.setUint32(at, lengthOf(payload), true);
    bytes.set(payload.head, at + FRAME_HEADER);
    at += FRAME_HEADER + payload.head.length;
  }
  return bytes;
};

/** Several payloads as the bytes of as many frames, in one piece. */
export const gather = (payloads: readonly Uint8Array[]): Uint8Array => (payloads.length === 0 ? new Uint8Array() : headsOf(payloads.map((head) => ({ head })), 0, payloads.length - 1));

/** One payload as the bytes of its frame. */
export const frame = (payload: Uint8Array): Uint8Array => gather([payload]);

/**
 * Splits a stream into the payloads of its frames. A payload that lies within one chunk is a view of that chunk; one that
 * spans several is a copy. No byte is copied twice.
 */
export const splitter = ({ limit }: { readonly limit: number }): Splitter => {
  let awaited: Part = part('header', FRAME_HEADER);
  let reason: string | undefined;

  return (chunk) => {
    const frames: Uint8Array[] = [];
    let at = 0;
    while (at < chunk.length && reason === undefined) {
      const end = Math.min(at + awaited.wanted - awaited.filled, chunk.length);
      const whole = fill(awaited, chunk.subarray(at, end));
      at = end;
      if (whole === undefined) continue;
      if (awaited.type === 'payload') {
        frames.push(whole);
        awaited = part('header', FRAME_HEADER);
      } else {
        const length = lengthIn(whole);
        reason = flawInLength(length, limit);
        awaited = part('payload', length);
      }
    }
    return reason === undefined ? { type: 'Frames', frames } : { type: 'Refused', frames, reason };
  };
};

/** A header or a payload of which `filled` bytes have come. */
type Part = { readonly type: 'header' | 'payload'; readonly wanted: number; filled: number; bytes: Uint8Array | undefined };

const part = (type: Part['type'], wanted: number): Part => ({ type, wanted, filled: 0, bytes: undefined });

/** Adds the next bytes, no more than are missing. Returns the part once it is whole. */
const fill = (awaited: Part, piece: Uint8Array): Uint8Array | undefined => {
  if (piece.length === awaited.wanted) return piece;
  awaited.bytes ??= new Uint8Array(awaited.wanted);
  awaited.bytes.set(piece, awaited.filled);
  awaited.filled += piece.length;
  return awaited.filled === awaited.wanted ? awaited.bytes : undefined;
};

const lengthIn = (header: Uint8Array): number => new DataView(header.buffer, header.byteOffset).getUint32(0, true);

const flawInLength = (length: number, limit: number): string | undefined => {
  if (length === 0) return 'an empty frame';
  if (length > limit) return `a frame of ${length} bytes, above the limit of ${limit}`;
  return undefined;
};
