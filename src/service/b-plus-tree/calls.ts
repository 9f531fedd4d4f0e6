/** The tree's commands as a client writes them, and results as it reads them: as words in their records (layouts: `commands.ts`). */
import { COMMAND_HEADER, extend, putCommand, REPLY_HEADER, type Sheet } from '../../record.js';
import { KINDS, OUTCOMES, type Command, type Result } from './commands.js';

/** The numbers of the kinds on the wire. */
export const KIND = Object.fromEntries(KINDS.map((kind, i) => [kind, i + 1])) as Readonly<Record<Command['type'], number>>;

/** The numbers of the outcomes on the wire. */
export const OUTCOME = Object.fromEntries(OUTCOMES.map((outcome, i) => [outcome, i])) as Readonly<Record<Result['type'], number>>;

/** Whether a command of this kind has a second word: a value, or the last key of its range. */
const hasSecond = Uint8Array.from([0, ...KINDS], (kind) => Number(kind !== 0 && kind !== 'read' && kind !== 'delete'));

/** Writes a command that has no name yet at the end of `sheet`. Its second word, if it has one, is given in halves. */
export const putCall = (sheet: Sheet, kind: number, key: number, low: number, high: number): void => {
  const length = hasSecond[kind] === 1 ? 16 : 8;
  const at = extend(sheet, COMMAND_HEADER + length);
  putCommand(sheet.bytes, at, kind, length);
  putHalf(sheet.bytes, at + COMMAND_HEADER, key);
  putHalf(sheet.bytes, at + COMMAND_HEADER + 4, Math.floor(key / 2 ** 32));
  if (length === 8) return;
  putHalf(sheet.bytes, at + COMMAND_HEADER + 8, low);
  putHalf(sheet.bytes, at + COMMAND_HEADER + 12, high);
};

/** The number of the outcome in the reply at byte `at`. */
export const outcomeAt = (replies: Uint8Array, at: number): number => replies[at + REPLY_HEADER] as number;

const putHalf = (bytes: Uint8Array, at: number, half: number): void => {
  bytes[at] = half;
  bytes[at + 1] = half >>> 8;
  bytes[at + 2] = half >>> 16;
  bytes[at + 3] = half >>> 24;
};
