/** Text that is written as it is made, line by line, so that it never has to be in memory as a whole. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { encodeHeader, encodeOperation, FORMAT, VERSION, type FiledOperation, type Header } from './codec.js';

/** Lines that are written at once. */
const BATCH = 4096;

/** Writes lines to a new file, or over an old one. Throws an error that names the file if it cannot be written. */
export const saveLines = (file: string, lines: Iterable<string>): void => {
  try {
    const to = openSync(file, 'w');
    try {
      let batch: string[] = [];
      const flush = (): void => {
        const bytes = Buffer.from(batch.map((line) => `${line}\n`).join(''));
        for (let at = 0; at < bytes.length; ) at += writeSync(to, bytes, at);
        batch = [];
      };
      for (const line of lines) {
        batch.push(line);
        if (batch.length === BATCH) flush();
      }
      flush();
    } finally {
      closeSync(to);
    }
  } catch (error) {
    throw new Error(`${file}: cannot be written: ${(error as Error).message}`, { cause: error });
  }
};

/** The lines of a history of the ordered map. */
export function* linesOf(of: Pick<Header, 'keySpace' | 'keys' | 'slotsPerTurn'>, operations: Iterable<FiledOperation>): Generator<string> {
  const { keySpace, keys, slotsPerTurn } = of;
  yield encodeHeader({ format: FORMAT, version: VERSION, model: 'ordered-map', keySpace, keys, slotsPerTurn });
  for (const operation of operations) yield encodeOperation(operation);
}
