/** Everything that travels between processes, and everything that acceptors keep. */
import * as fc from 'fast-check';
import type { Frame, Kept } from '../../src/adapter/wire.js';
import type { Ballot } from '../../src/consensus/ballot.js';
import type { Durable, Entry, Message, Value } from '../../src/consensus/messages.js';
import { encodeCommand, encodeReply, join, type Command, type Reply } from '../../src/record.js';

const u8 = fc.nat(255);
const u16 = fc.nat(65_535);
const u32 = fc.nat(2 ** 32 - 1);
/** Often small, sometimes beyond 32 bits, as an instance is after a year. */
const natural = fc.oneof(fc.nat(1000), fc.maxSafeNat());
const process = fc.nat(254);
const attempt = fc.constantFrom(0, 1);
const payload = fc.uint8Array({ maxLength: 20 });

export const command: fc.Arbitrary<Command> = fc.record({
  kind: u8,
  attempt,
  session: natural,
  sequence: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
  floor: u32,
  payload,
});

export const reply: fc.Arbitrary<Reply> = fc.record({
  status: fc.constantFrom('Executed', 'Failed', 'Refused'),
  attempt,
  session: natural,
  sequence: u32,
  position: fc.record({ group: u16, slot: natural, offset: u32 }),
  payload,
});

/** Well-formed batches. */
export const commands = fc.array(command.map(encodeCommand), { maxLength: 5 }).map(join);
export const replies = fc.array(reply.map(encodeReply), { maxLength: 5 }).map(join);

const ballot: fc.Arbitrary<Ballot> = fc.record({ round: u32, process: fc.oneof(process, fc.constant(-1)) });
const ring = fc.array(process, { maxLength: 6 });
const id = fc.tuple(u32, process, natural).map((numbers) => numbers.join('.'));
const instance = natural;

const value: fc.Arbitrary<Value> = fc.oneof(
  fc.record({ type: fc.constant('Noop') }),
  fc.record({ type: fc.constant('Batch'), commands }),
  fc.record({ type: fc.constant('Skip'), to: natural }),
);

const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({ type: fc.constant('Voted'), ballot, id, value }),
  fc.record({ type: fc.constant('Decided'), id, value }),
);

type Of<U extends { readonly type: string }> = { readonly [K in U['type']]: fc.Arbitrary<Extract<U, { readonly type: K }>> };

const messages: Of<Message> = {
  Prepare: fc.record({ type: fc.constant('Prepare'), ballot, from: instance }),
  Promise: fc.record({ type: fc.constant('Promise'), ballot, entries: fc.array(fc.tuple(instance, entry), { maxLength: 4 }) }),
  Refuse: fc.record({ type: fc.constant('Refuse'), promised: ballot }),
  Value: fc.record({ type: fc.constant('Value'), ballot, ring, id, value }),
  Phase2: fc.record({ type: fc.constant('Phase2'), ballot, ring, instance, id, voters: ring }),
  Decision: fc.record({ type: fc.constant('Decision'), ballot, ring, decider: process, instance, id }),
  Ask: fc.record({ type: fc.constant('Ask'), from: instance, to: instance }),
  Chosen: fc.record({ type: fc.constant('Chosen'), instance, id, value }),
  Alive: fc.record({ type: fc.constant('Alive'), ballot, decided: instance }),
  Here: fc.record({ type: fc.constant('Here') }),
  Submit: fc.record({ type: fc.constant('Submit'), commands }),
};

const durables: Of<Durable> = {
  Promised: fc.record({ type: fc.constant('Promised'), ballot }),
  Voted: fc.record({ type: fc.constant('Voted'), instance, ballot, id, value }),
  Decided: fc.record({ type: fc.constant('Decided'), instance, id }),
  Learned: fc.record({ type: fc.constant('Learned'), instance, id, value }),
};

/** Frames with each message, by its type, and those with replies. */
export const frames: Readonly<Record<Message['type'] | 'Replies', fc.Arbitrary<Frame>>> = {
  ...mapped<Message, Frame>(messages, (message) => fc.record({ type: fc.constant('Message'), group: u16, message })),
  Replies: fc.record({ type: fc.constant('Replies'), replies }),
};

export const frame: fc.Arbitrary<Frame> = fc.oneof(...Object.values(frames));

/** What is kept, by the type of its record. */
export const keeps: Readonly<Record<Durable['type'], fc.Arbitrary<Kept>>> = mapped<Durable, Kept>(durables, (record) => fc.record({ group: u16, record }));

export const kept: fc.Arbitrary<Kept> = fc.oneof(...Object.values(keeps));

function mapped<U extends { readonly type: string }, T>(
  variants: Of<U>,
  wrap: (variant: fc.Arbitrary<U>) => fc.Arbitrary<T>,
): Readonly<Record<U['type'], fc.Arbitrary<T>>> {
  const entries = Object.entries<fc.Arbitrary<U>>(variants).map(([type, variant]) => [type, wrap(variant)]);
  return Object.fromEntries(entries) as Readonly<Record<U['type'], fc.Arbitrary<T>>>;
}
