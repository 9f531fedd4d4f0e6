/** Expands what zstd has compressed. Node itself can from 22.15 on; this does on every version of it that we run on. */
import { Decompress } from 'fzstd';

/** Bytes that are expanded at once: what they expand to is held until it is read. */
const PIECE = 2 ** 14;

/** The bytes, expanded. Rejects at the first that zstd has not written, or if some are missing at the end; checksums are passed over. */
export async function* unzstd(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let expanded: Uint8Array[] = [];
  const decompress = new Decompress((block) => expanded.push(block));
  const taken = (): readonly Uint8Array[] => {
    const blocks = expanded;
    expanded = [];
    return blocks;
  };
  for await (const all of bytes)
    for (let at = 0; at < all.length; at += PIECE) {
      decompress.push(all.subarray(at, at + PIECE));
      yield* taken();
    }
  decompress.push(new Uint8Array(0), true);
  yield* taken();
}
