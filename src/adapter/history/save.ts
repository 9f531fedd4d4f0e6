/** Text that is written as it is made, line by line, so that it never has to be in memory as a whole. */
import { createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { encodeHeader, encodeOperation, FORMAT, VERSION, type FiledOperation, type Header } from './codec.js';

/** Lines that are written at once. */
const BATCH = 4096;

/** Writes lines to a new file, or over an old one; `-` is the standard output. Rejects, naming the file, if it cannot. */
export const saveLines = async (file: string, lines: Iterable<string> | AsyncIterable<string>): Promise<void> => {
  let isOfLines = false as boolean;
  async function* batches(): AsyncGenerator<string> {
    let batch: string[] = [];
    const text = (): string => batch.map((line) => `${line}\n`).join('');
    try {
      for await (const line of lines) {
        batch.push(line);
        if (batch.length < BATCH) continue;
        yield text();
        batch = [];
      }
    } catch (error) {
      isOfLines = true; // and not of the file
      throw error;
    }
    if (batch.length > 0) yield text();
  }
  try {
    if (file === '-') await pipeline(Readable.from(batches()), process.stdout, { end: false });
    else await pipeline(Readable.from(batches()), createWriteStream(file));
  } catch (error) {
    if (isOfLines) throw error;
    throw new Error(`${file}: cannot be written: ${(error as Error).message.replace(/, \w+ '.*'$/, '')}`, { cause: error });
  }
};

/** The lines of a history of the ordered map. */
export function* linesOf(of: Pick<Header, 'keySpace' | 'keys' | 'slotsPerTurn'>, operations: Iterable<FiledOperation>): Generator<string> {
  const { keySpace, keys, slotsPerTurn } = of;
  yield encodeHeader({ format: FORMAT, version: VERSION, model: 'ordered-map', keySpace, keys, slotsPerTurn });
  for (const operation of operations) yield encodeOperation(operation);
}
