/**
 * Commands, replies and batches as a trace writes them: by name, with a digest in the place of what they carry, or with all
 * of it where values are asked for.
 *
 * ```
 * name     session.sequence.attempt               of several that follow each other: session.first-last.attempt
 * command  name/kind/floor/bytes/digest            or  name/kind/floor/=payload            floor! where it is sent once more
 * reply    name/status/group/slot/offset/bytes/digest   or  name/status/group/slot/offset/=payload
 * ```
 *
 * Digests are 8 hexadecimal digits, payloads base64.
 */
import {
  attemptAt, COMMAND_HEADER, encodeCommand, floorAt, groupAt, isAgainAt, join, kindAt, lengthAt, nextRecord, offsetAt, REPLY_HEADER,
  sequenceAt, sessionAt, slotAt, statusAt, type Command, type Reply, type Status,
} from '../record.js';
import { digestOf, hexOf, standIn } from './digest.js';

/** How much of a value a trace keeps. */
export type Detail = 'digests' | 'values';

/** What is known of a batch that is not here: enough to tell it from others. */
export type Summary = { readonly bytes: number; readonly digest: string };

/** Bytes that stand for a batch wherever nobody looks inside it, and what is said of it. */
class Placeholder extends Uint8Array {
  readonly words: string;
  constructor(readonly summary: Summary) {
    super(0);
    this.words = sayBatchOf(summary);
  }
}

export const placeholder = (summary: Summary): Uint8Array => new Placeholder(summary);

export const isPlaceholder = (batch: Uint8Array): boolean => batch instanceof Placeholder;

const sayBatchOf = ({ bytes, digest }: Summary): string => `{"type":"Batch","bytes":${bytes},"digest":"${digest}"}`;

/** A batch as an effect tells of it. */
export const sayBatch = (batch: Uint8Array): string => (batch instanceof Placeholder ? batch.words : sayBatchOf(summaryOf(batch)));

/** The batches that were summed up last: whoever speaks of one does so a few times in a row. */
const recent: { batch: Uint8Array; summary: Summary }[] = [];
const RECENT = 16;
let oldest = 0;

/** Length and digest of a batch, or of the one that these bytes stand for. */
export const summaryOf = (batch: Uint8Array): Summary => {
  if (batch instanceof Placeholder) return batch.summary;
  for (const known of recent) if (known.batch === batch) return known.summary;
  const summary = { bytes: batch.length, digest: hexOf(digestOf(batch)) };
  recent[oldest] = { batch, summary };
  oldest = (oldest + 1) % RECENT;
  return summary;
};

export const nameOf = ({ session, sequence, attempt }: { readonly session: number; readonly sequence: number; readonly attempt: number }): string =>
  `${session}.${sequence}.${attempt}`;

// Whoever is traced waits for what is said here: of a batch, no object is made for each of its records.

/** What is said of each record of a batch. */
export const sayEach = (batch: Uint8Array, say: (batch: Uint8Array, at: number) => string): readonly string[] => {
  const said: string[] = [];
  for (let at = 0; at < batch.length; at = nextRecord(batch, at)) said.push(say(batch, at));
  return said;
};

/** The name of the command or the reply at byte `at`. */
export const nameAt = (batch: Uint8Array, at: number): string => `${sessionAt(batch, at)}.${sequenceAt(batch, at)}.${attemptAt(batch, at)}`;

/** The names of the commands in a batch, one after another; those that follow each other in a session as one: `7.12.0 7.13-20.1`. */
export const sayNames = (batch: Uint8Array): string => {
  let said = '';
  for (let at = 0; at < batch.length; ) {
    const [session, first, attempt] = [sessionAt(batch, at), sequenceAt(batch, at), attemptAt(batch, at)];
    let last = first;
    for (at = nextRecord(batch, at); at < batch.length && sequenceAt(batch, at) === last + 1 && sessionAt(batch, at) === session && attemptAt(batch, at) === attempt; at = nextRecord(batch, at)) last += 1;
    said += `${said === '' ? '' : ' '}${session}.${first}${last === first ? '' : `-${last}`}.${attempt}`;
  }
  return said;
};

const NAMES = /^(\d{1,16})\.(\d{1,10})(?:-(\d{1,10}))?\.(\d{1,3})$/;

/** The names as they were said, those that follow each other as one, if these are names of `most` commands at most; or `undefined`. */
export const hearRuns = (said: string, most: number): readonly string[] | undefined => {
  const runs = said.split(' ');
  let count = 0;
  for (const run of runs) {
    const [, session, first, last = first] = NAMES.exec(run) ?? [];
    count += 1 + Number(last) - Number(first);
    if (session === undefined || Number(last) < Number(first) || count > most) return undefined;
  }
  return runs;
};

/** The names that were said, one by one, if they are `most` at most; or `undefined`. */
export const hearNames = (said: string, most: number): readonly string[] | undefined => hearRuns(said, most)?.flatMap(namesOfRun);

const namesOfRun = (run: string): readonly string[] => {
  const [, session, first, last = first, attempt] = NAMES.exec(run) ?? [];
  return Array.from({ length: 1 + Number(last) - Number(first) }, (_, i) => `${session}.${Number(first) + i}.${attempt}`);
};

/** The names of the commands in a batch. */
export const namesIn = (batch: Uint8Array): readonly string[] => sayEach(batch, nameAt);

/** A payload, which is the bytes between two places: its length and digest, or all of it. */
export const sayPayload = (bytes: Uint8Array, detail: Detail, from = 0, to = bytes.length): string =>
  detail === 'values' ? `=${Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('base64')}` : `${to - from}/${hexOf(digestOf(bytes, from, to))}`;

const PAYLOAD = /^(?:=([A-Za-z0-9+/]*={0,2})|(\d{1,9})\/([0-9a-f]{8}))$/;

/** The payload that was said, or one that stands in for it; `undefined` if nothing was said. */
export const hearPayload = (said: string): Uint8Array | undefined => {
  const [, values, length, digest] = PAYLOAD.exec(said) ?? [];
  if (values !== undefined) return new Uint8Array(Buffer.from(values, 'base64'));
  return length === undefined || digest === undefined ? undefined : standIn(Number(length), Number.parseInt(digest, 16));
};

/** The command at byte `at` of a batch. */
export const sayCommandAt = (batch: Uint8Array, at: number, detail: Detail): string =>
  `${nameAt(batch, at)}/${kindAt(batch, at)}/${floorAt(batch, at)}${isAgainAt(batch, at) ? '!' : ''}/${sayPayload(batch, detail, at + COMMAND_HEADER, at + lengthAt(batch, at))}`;

const COMMAND = /^(\d{1,16})\.(\d{1,10})\.(\d{1,3})\/(\d{1,3})\/(\d{1,10})(!?)\/(.*)$/;

/** The command that was said, or `undefined`. */
export const hearCommand = (said: string): Command | undefined => {
  const [, session, sequence, attempt, kind, floor, again, rest] = COMMAND.exec(said) ?? [];
  const payload = rest === undefined ? undefined : hearPayload(rest);
  if (payload === undefined) return undefined;
  return { kind: Number(kind), attempt: Number(attempt), session: Number(session), sequence: Number(sequence), floor: Number(floor), ...(again === '!' ? { isAgain: true } : {}), payload };
};

/** All commands of a batch. */
export const sayCommands = (batch: Uint8Array, detail: Detail): readonly string[] => sayEach(batch, (_, at) => sayCommandAt(batch, at, detail));

/** The batch of these commands, or the place of one that is none. */
export const hearCommands = (said: readonly unknown[]): Uint8Array | number => {
  const records: Uint8Array[] = [];
  for (const [place, text] of said.entries()) {
    const command = typeof text === 'string' ? hearCommand(text) : undefined;
    if (command === undefined) return place;
    records.push(encodeCommand(command));
  }
  return join(records);
};

/** The reply at byte `at` of a batch of replies. */
export const sayReplyAt = (replies: Uint8Array, at: number, detail: Detail): string =>
  `${nameAt(replies, at)}/${statusAt(replies, at)}/${groupAt(replies, at)}/${slotAt(replies, at)}/${offsetAt(replies, at)}/${sayPayload(replies, detail, at + REPLY_HEADER, at + lengthAt(replies, at))}`;

const REPLY = /^(\d{1,16})\.(\d{1,10})\.(\d{1,3})\/(Executed|Failed|Refused)\/(\d{1,5})\/(\d{1,16})\/(\d{1,10})\/(.*)$/;

/** The reply that was said, or `undefined`. */
export const hearReply = (said: string): Reply | undefined => {
  const [, session, sequence, attempt, status, group, slot, offset, rest] = REPLY.exec(said) ?? [];
  const payload = rest === undefined ? undefined : hearPayload(rest);
  if (payload === undefined) return undefined;
  const position = { group: Number(group), slot: Number(slot), offset: Number(offset) };
  return { status: status as Status, attempt: Number(attempt), session: Number(session), sequence: Number(sequence), position, payload };
};

/** All replies of a batch of replies. */
export const sayReplies = (replies: Uint8Array, detail: Detail): readonly string[] => sayEach(replies, (_, at) => sayReplyAt(replies, at, detail));
