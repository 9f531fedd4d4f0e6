/**
 * The wire: what travels between processes, and what acceptors keep, as bytes. The tables below are the layout: the fields
 * in this order, and before those of a variant its place in its table, so that a new variant goes last.
 *
 * Byte arrays of a decoded value are views of the bytes it was decoded from, which must not change as long as it is in use.
 */
import type * as E from 'fp-ts/lib/Either.js';
import type { Ballot } from '../consensus/ballot.js';
import type { Durable, Entry, Message, Value, ValueId } from '../consensus/messages.js';
import { flawInCommands, flawInReplies, type Group } from '../record.js';
import type { Payload } from './frames.js';
import { bytes, decodeAs, encodeAs, i16, list, natural, pair, record, u16, u32, union, where, type Layout } from './layout.js';

/** A payload on a connection. What a client submits is a `Message` too; `Replies` go back to it. */
export type Frame =
  | { readonly type: 'Message'; readonly group: Group; readonly message: Message }
  | { readonly type: 'Replies'; readonly replies: Uint8Array };

/** What an acceptor keeps of a group's ring. */
export type Kept = { readonly group: Group; readonly record: Durable };

// What messages are made of

const process = where(i16, (value) => (value < 0 ? `${value} is no process` : undefined));
/** A ballot's owner; NO_BALLOT's is -1. */
const owner = where(i16, (value) => (value < -1 ? `${value} is no process` : undefined));
const instance = natural;
const ballot = record<Ballot>({ round: u32, process: owner });
const ring = list(process);

/** The three numbers of `round.process.n`. */
const id: Layout<ValueId> = {
  least: u32.least + process.least + natural.least,
  size: () => id.least,
  write: (to, value) => {
    const first = value.indexOf('.');
    const second = value.indexOf('.', first + 1);
    u32.write(to, Number(value.slice(0, first)));
    process.write(to, Number(value.slice(first + 1, second)));
    natural.write(to, Number(value.slice(second + 1)));
  },
  read: (from) => `${u32.read(from)}.${process.read(from)}.${natural.read(from)}`,
};

const value = union<Value>({
  Noop: {},
  Batch: { commands: bytes },
  Skip: { to: natural },
});

const entry = union<Entry>({
  Voted: { ballot, id, value },
  Decided: { id, value },
});

/** Commands are checked where they come in, from a client or by way of another acceptor; what is ordered has been. */
const message = union<Message>({
  Prepare: { ballot, from: instance },
  Promise: { ballot, entries: list(pair(instance, entry)) },
  Refuse: { promised: ballot },
  Value: { ballot, ring, id, value },
  Phase2: { ballot, ring, instance, id, voters: list(process) },
  Decision: { ballot, ring, decider: process, instance, id },
  Ask: { from: instance, to: instance },
  Chosen: { instance, id, value },
  Alive: { ballot, decided: instance },
  Here: {},
  Submit: { commands: where(bytes, flawInCommands) },
});

// What travels, and what is kept

const frame = union<Frame>({
  Message: { group: u16, message },
  Replies: { replies: where(bytes, flawInReplies) },
});

const kept = record<Kept>({
  group: u16,
  record: union<Durable>({
    Promised: { ballot },
    Voted: { instance, ballot, id, value },
    Decided: { instance, id },
    Learned: { instance, id, value },
  }),
});

/** A frame as the payload of a connection. */
export const encode = (sent: Frame): Uint8Array => encodeAs(frame, sent);

/** From how many bytes on it costs more to copy a batch than to hand it over by itself. */
const LONG = 2048;

/** A frame in two parts: all but its batch, and its batch if that is long, as it is. Together they are what `encode` gives. */
export const encodeApart = (sent: Frame): Payload => {
  const batch = batchOf(sent);
  return batch === undefined || batch.length < LONG ? { head: encode(sent) } : { head: encodeAs(frame, sent, batch), body: batch };
};

/** The byte array that stands last in a frame, if it has one. */
const batchOf = (sent: Frame): Uint8Array | undefined => {
  if (sent.type === 'Replies') return sent.replies;
  const { message: said } = sent;
  switch (said.type) {
    case 'Value':
    case 'Chosen':
      return said.value.type === 'Batch' ? said.value.commands : undefined;
    case 'Submit':
      return said.commands;
    case 'Prepare':
    case 'Promise':
    case 'Refuse':
    case 'Phase2':
    case 'Decision':
    case 'Ask':
    case 'Alive':
    case 'Here':
      return undefined;
  }
};

/** A payload as a frame, or the reason it is none. Never throws. */
export const decode = (payload: Uint8Array): E.Either<string, Frame> => decodeAs(frame, payload);

/** A record as it is kept in an acceptor's log. */
export const encodeKept = (noted: Kept): Uint8Array => encodeAs(kept, noted);

/** A log's record as what it says, or the reason it says nothing. Never throws. */
export const decodeKept = (logged: Uint8Array): E.Either<string, Kept> => decodeAs(kept, logged);
