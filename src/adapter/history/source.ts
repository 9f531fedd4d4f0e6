/** A file as a stream of text, however large, and whether or not it is compressed. `-` is the standard input. */
import { createReadStream, statSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import { unzstd } from '../zstd.js';

export const STDIN = '-';

export type Source = {
  /** The text, in pieces that end anywhere. Rejects, naming the file, if it cannot be read. */
  readonly pieces: AsyncIterable<string>;
  /** How much of the file is read, 0 to 1; `undefined` where nobody knows how large it is. */
  readonly finished: () => number | undefined;
};

/** Bytes that are read at once. */
const PIECE = 2 ** 18;

const GZIP = [0x1f, 0x8b];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];

export const open = (file: string): Source => {
  let read = 0;
  let size: number | undefined;
  async function* counted(): AsyncGenerator<Buffer> {
    if (file !== STDIN) size = statSync(file).size;
    const bytes: Readable = file === STDIN ? process.stdin : createReadStream(file, { highWaterMark: PIECE });
    for await (const piece of bytes as AsyncIterable<Buffer>) {
      read += piece.length;
      yield piece;
    }
  }
  async function* pieces(): AsyncGenerator<string> {
    const text = new StringDecoder('utf8');
    try {
      for await (const piece of expanded(counted())) yield text.write(Buffer.from(piece.buffer, piece.byteOffset, piece.length));
      yield text.end();
    } catch (error) {
      const name = file === STDIN ? 'the standard input' : file;
      throw new Error(`${name}: cannot be read: ${error instanceof Error ? error.message.replace(/, (?:open|read|stat) '.*'$|, (?:read|stat)$/, '') : String(error)}`, { cause: error });
    }
  }
  return { pieces: pieces(), finished: () => (size === undefined || size === 0 ? undefined : Math.min(1, read / size)) };
};

/** The bytes, uncompressed where their first ones say that they are compressed. */
async function* expanded(bytes: AsyncGenerator<Buffer>): AsyncGenerator<Uint8Array> {
  let head = Buffer.alloc(0);
  while (head.length < ZSTD.length) {
    const next = await bytes.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  async function* whole(): AsyncGenerator<Buffer> {
    yield head;
    yield* bytes;
  }
  yield* startsWith(head, GZIP) ? gunzip(whole()) : startsWith(head, ZSTD) ? unzstd(whole()) : whole();
}

const startsWith = (head: Uint8Array, magic: readonly number[]): boolean => magic.every((byte, i) => head[i] === byte);

async function* gunzip(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const expander = createGunzip({ chunkSize: PIECE });
  // What goes wrong with the bytes reaches the reader through the expander, which the pipeline destroys.
  pipeline(Readable.from(bytes, { objectMode: false }), expander).catch(() => undefined);
  yield* expander as AsyncIterable<Buffer>;
}

/** What is left of a piece after its last line end waits for the next piece. */
export const lineSplitter = (): { readonly push: (piece: string) => readonly string[]; readonly end: () => readonly string[] } => {
  let rest = '';
  return {
    push: (piece) => {
      const lines = piece.split('\n');
      lines[0] = rest + (lines[0] ?? '');
      rest = lines.pop() ?? '';
      return lines;
    },
    end: () => (rest === '' ? [] : [rest]),
  };
};
