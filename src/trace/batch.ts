/**
 * Commands, replies and batches as a trace writes them: by name, with a digest in the place of what they carry, or with all
 * of it where values are asked for.
 *
 * ```
 * name     session.sequence.attempt
 * command  name/kind/floor/bytes/digest            or  name/kind/floor/=payload            floor! where it is sent once more
 * reply    name/status/group/slot/offset/bytes/digest   or  name/status/group/slot/offset/=payload
 * ```
 *
 * Digests are 8 hexadecimal digits, payloads base64.
 */
import { commandAt, encodeCommand, join, recordsOf, replyAt, type Command, type Reply, type Status } from '../record.js';
import { digestOf, hexOf, standIn } from './digest.js';

/** How much of a value a trace keeps. */
export type Detail = 'digests' | 'values';

/** What is known of a batch that is not here: enough to tell it from others. */
export type Summary = { readonly bytes: number; readonly digest: string };

const summaries = new WeakMap<Uint8Array, Summary>();

/** Length and digest of a batch, or of the one that these bytes stand for. */
export const summaryOf = (batch: Uint8Array): Summary => {
  const known = summaries.get(batch);
  if (known !== undefined) return known;
  const summary = { bytes: batch.length, digest: hexOf(digestOf(batch)) };
  summaries.set(batch, summary);
  return summary;
};

/** Bytes that stand for a batch wherever nobody looks inside it. */
export const placeholder = (summary: Summary): Uint8Array => {
  const bytes = new Uint8Array(0);
  summaries.set(bytes, summary);
  return bytes;
};

export const nameOf = ({ session, sequence, attempt }: { readonly session: number; readonly sequence: number; readonly attempt: number }): string =>
  `${session}.${sequence}.${attempt}`;

/** The names of the commands in a batch. */
export const namesIn = (batch: Uint8Array): readonly string[] => {
  const names: string[] = [];
  for (const at of recordsOf(batch)) names.push(nameOf(commandAt(batch, at)));
  return names;
};

/** A payload: its length and digest, or all of it. */
export const sayPayload = (payload: Uint8Array, detail: Detail): string =>
  detail === 'values' ? `=${Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('base64')}` : `${payload.length}/${hexOf(digestOf(payload))}`;

const PAYLOAD = /^(?:=([A-Za-z0-9+/]*={0,2})|(\d{1,9})\/([0-9a-f]{8}))$/;

/** The payload that was said, or one that stands in for it; `undefined` if nothing was said. */
export const hearPayload = (said: string): Uint8Array | undefined => {
  const [, values, length, digest] = PAYLOAD.exec(said) ?? [];
  if (values !== undefined) return new Uint8Array(Buffer.from(values, 'base64'));
  return length === undefined || digest === undefined ? undefined : standIn(Number(length), Number.parseInt(digest, 16));
};

export const sayCommand = (command: Command, detail: Detail): string => `${nameOf(command)}/${command.kind}/${command.floor}${command.isAgain === true ? '!' : ''}/${sayPayload(command.payload, detail)}`;

const COMMAND = /^(\d{1,16})\.(\d{1,10})\.(\d{1,3})\/(\d{1,3})\/(\d{1,10})(!?)\/(.*)$/;

/** The command that was said, or `undefined`. */
export const hearCommand = (said: string): Command | undefined => {
  const [, session, sequence, attempt, kind, floor, again, rest] = COMMAND.exec(said) ?? [];
  const payload = rest === undefined ? undefined : hearPayload(rest);
  if (payload === undefined) return undefined;
  return { kind: Number(kind), attempt: Number(attempt), session: Number(session), sequence: Number(sequence), floor: Number(floor), ...(again === '!' ? { isAgain: true } : {}), payload };
};

/** All commands of a batch. */
export const sayCommands = (batch: Uint8Array, detail: Detail): readonly string[] => {
  const said: string[] = [];
  for (const at of recordsOf(batch)) said.push(sayCommand(commandAt(batch, at), detail));
  return said;
};

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

export const sayReply = (reply: Reply, detail: Detail): string => {
  const { group, slot, offset } = reply.position;
  return `${nameOf(reply)}/${reply.status}/${group}/${slot}/${offset}/${sayPayload(reply.payload, detail)}`;
};

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
export const sayReplies = (replies: Uint8Array, detail: Detail): readonly string[] => {
  const said: string[] = [];
  for (const at of recordsOf(replies)) said.push(sayReply(replyAt(replies, at), detail));
  return said;
};
