/**
 * What the machine of a process hears and does, as JSON: messages as they are, but batches by name and digest. An event tells
 * all that the machine needs in order to take the same step again; an effect only enough to be told from others.
 */
import type { Ballot } from '../consensus/ballot.js';
import { NOOP, type Durable, type Entry, type Message, type Value } from '../consensus/messages.js';
import type { ProcessEffect, ProcessEvent } from '../node.js';
import { COMMAND_HEADER, type Group } from '../record.js';
import { hearCommands, isPlaceholder, namesIn, placeholder, sayBatch, sayCommands, sayNames, summaryOf, type Summary } from './batch.js';
import { marked } from './digest.js';
import { digest, fields, integer, list, maybe, natural, text, time, variants, type Check } from './shape.js';

/** A record that the process found on its disk when it started: told before all that happened since. */
export type Kept = { readonly type: 'Kept'; readonly group: Group; readonly record: Durable };

// Saying. Whoever is traced waits for what is said here: the text is put together at once, and no object is made for it.

/** JSON. What is said of two things is equal if and only if they are, whatever order their fields were written in. */
type Text = string;

/** `isNamed` where the commands of every batch are to be read in every event; else only whoever is the first to hear of them tells. */
export const sayProcessEvent = (event: ProcessEvent | Kept, isNamed: boolean): Text => {
  const say = isNamed ? sayNamedValue : sayValue;
  switch (event.type) {
    case 'Tick':
      return `{"type":"Tick","now":${event.now}}`;
    case 'Received':
      return `{"type":"Received","group":${event.group},"from":${event.from},"message":${messageWith(event.message, say, isNamed ? sayWhole : sayByName)}}`;
    case 'Kept':
      return `{"type":"Kept","group":${event.group},"record":${recordWith(event.record, say)}}`;
  }
};

/** What an effect is about: its message, its record or its value. */
export const sayMatter = (effect: ProcessEffect): Text => {
  switch (effect.type) {
    case 'Send':
      return sayMessage(effect.message);
    case 'Persist':
      return sayRecord(effect.record);
    case 'Decided':
      return sayValue(effect.value);
  }
};

/** An effect, given what is said of what it is about. */
export const sayProcessEffect = (effect: ProcessEffect, matter: Text): Text => {
  switch (effect.type) {
    case 'Send':
      return `{"type":"Send","to":${effect.to},"message":${matter},"after":${effect.after},"group":${effect.group}}`;
    case 'Persist':
      return `{"type":"Persist","record":${matter},"group":${effect.group}}`;
    case 'Decided':
      return `{"type":"Decided","instance":${effect.instance},"id":${sayText(effect.id)},"value":${matter},"group":${effect.group}}`;
  }
};

/** A message as its effect tells of it. */
export const sayMessage = (message: Message): Text => messageWith(message, sayValue, saySummary);

/** A record as its effect tells of it. */
export const sayRecord = (record: Durable): Text => recordWith(record, sayValue);

/** A value as an effect tells of it. */
export const sayValue = (value: Value): Text => {
  switch (value.type) {
    case 'Batch':
      return sayBatch(value.commands);
    case 'Skip':
      return `{"type":"Skip","to":${value.to}}`;
    case 'Noop':
      return '{"type":"Noop"}';
  }
};

const sayNamedValue = (value: Value): Text => (value.type === 'Batch' ? `{"type":"Batch","commands":${JSON.stringify(namesIn(value.commands))},${sumOf(value.commands)}}` : sayValue(value));

const sumOf = (batch: Uint8Array): Text => {
  const { bytes, digest: sum } = summaryOf(batch);
  return `"bytes":${bytes},"digest":"${sum}"`;
};

/** A submission: each command with all but its payload; the commands by name; or no more than what tells it from others. */
const sayWhole = (commands: Uint8Array): Text => JSON.stringify(sayCommands(commands, 'digests'));
const sayByName = (commands: Uint8Array): Text => `{"names":"${sayNames(commands)}",${sumOf(commands)}}`;
const saySummary = (commands: Uint8Array): Text => `{${sumOf(commands)}}`;

const messageWith = (message: Message, say: (value: Value) => Text, saySubmitted: (commands: Uint8Array) => Text): Text => {
  switch (message.type) {
    case 'Prepare':
      return `{"type":"Prepare","ballot":${sayBallot(message.ballot)},"from":${message.from}}`;
    case 'Promise':
      return `{"type":"Promise","ballot":${sayBallot(message.ballot)},"entries":[${message.entries.map(([instance, entry]) => `[${instance},${entryWith(entry, say)}]`).join()}]}`;
    case 'Refuse':
      return `{"type":"Refuse","promised":${sayBallot(message.promised)}}`;
    case 'Value':
      return `{"type":"Value","ballot":${sayBallot(message.ballot)},"ring":${sayRing(message.ring)},"id":${sayText(message.id)},"value":${say(message.value)}}`;
    case 'Phase2':
      return `{"type":"Phase2","ballot":${sayBallot(message.ballot)},"ring":${sayRing(message.ring)},"instance":${message.instance},"id":${sayText(message.id)},"voters":${sayNumbers(message.voters)}}`;
    case 'Decision':
      return `{"type":"Decision","ballot":${sayBallot(message.ballot)},"ring":${sayRing(message.ring)},"decider":${message.decider},"instance":${message.instance},"id":${sayText(message.id)}}`;
    case 'Ask':
      return `{"type":"Ask","from":${message.from},"to":${message.to}}`;
    case 'Chosen':
      return `{"type":"Chosen","instance":${message.instance},"id":${sayText(message.id)},"value":${say(message.value)}}`;
    case 'Alive':
      return `{"type":"Alive","ballot":${sayBallot(message.ballot)},"decided":${message.decided}}`;
    case 'Here':
      return '{"type":"Here"}';
    case 'Submit':
      return `{"type":"Submit","commands":${saySubmitted(message.commands)}}`;
  }
};

const recordWith = (record: Durable, say: (value: Value) => Text): Text => {
  switch (record.type) {
    case 'Promised':
      return `{"type":"Promised","ballot":${sayBallot(record.ballot)}}`;
    case 'Voted':
      return `{"type":"Voted","instance":${record.instance},"ballot":${sayBallot(record.ballot)},"id":${sayText(record.id)},"value":${say(record.value)}}`;
    case 'Decided':
      return `{"type":"Decided","instance":${record.instance},"id":${sayText(record.id)}}`;
    case 'Learned':
      return `{"type":"Learned","instance":${record.instance},"id":${sayText(record.id)},"value":${say(record.value)}}`;
  }
};

const entryWith = (one: Entry, say: (value: Value) => Text): Text =>
  one.type === 'Voted' ? `{"type":"Voted","ballot":${sayBallot(one.ballot)},"id":${sayText(one.id)},"value":${say(one.value)}}` : `{"type":"Decided","id":${sayText(one.id)},"value":${say(one.value)}}`;

/** Says the same of the same as before, at once: an event and its effects mostly speak of one ballot, one ring and one id. */
const lately = <T>(say: (what: T) => Text): ((what: T) => Text) => {
  let last: T | undefined;
  let said = '';
  return (what) => {
    if (what === last) return said;
    last = what;
    return (said = say(what));
  };
};

const sayBallot = lately(({ round, process }: Ballot): Text => `{"round":${round},"process":${process}}`);

const sayText = lately((said: string): Text => JSON.stringify(said));

const sayNumbers = (numbers: readonly number[]): Text => {
  let said = '[';
  for (let i = 0; i < numbers.length; i += 1) said += i === 0 ? `${numbers[i]!}` : `,${numbers[i]!}`;
  return `${said}]`;
};

const sayRing = lately(sayNumbers);

// Hearing

const ballot = fields({ round: natural, process: integer });
const value = variants({ Noop: {}, Skip: { to: natural }, Batch: { commands: maybe(list(text)), bytes: natural, digest } });
const entry = variants({ Voted: { ballot, id: text, value }, Decided: { id: text, value } });
const numbered: Check = (pair) => (Array.isArray(pair) && pair.length === 2 ? instanceAndEntry(pair) : ': expected an instance and its entry');
const instanceAndEntry = ([instance, voted]: readonly unknown[]): string | undefined => {
  const flaw = natural(instance);
  if (flaw !== undefined) return `[0]${flaw}`;
  const other = entry(voted);
  return other === undefined ? undefined : `[1]${other}`;
};
const processes = list(natural);

const message = variants({
  Prepare: { ballot, from: natural },
  Promise: { ballot, entries: list(numbered) },
  Refuse: { promised: ballot },
  Value: { ballot, ring: processes, id: text, value },
  Phase2: { ballot, ring: processes, instance: natural, id: text, voters: processes },
  Decision: { ballot, ring: processes, decider: natural, instance: natural, id: text },
  Ask: { from: natural, to: natural },
  Chosen: { instance: natural, id: text, value },
  Alive: { ballot, decided: natural },
  Here: {},
  Submit: { commands: () => undefined }, // which depends on the level
});

const record = variants({
  Promised: { ballot },
  Voted: { instance: natural, ballot, id: text, value },
  Decided: { instance: natural, id: text },
  Learned: { instance: natural, id: text, value },
});

const event = variants({
  Received: { group: natural, from: integer, message },
  Tick: { now: time },
  Kept: { group: natural, record },
});

/**
 * The event that was told, with stand-ins for what was left out; or what is wrong with it, and in which field. `mark` is what
 * a submission bears of which no more than the names is told; `undefined` where all is told of it.
 */
export const hearProcessEvent = (told: unknown, mark: number | undefined): ProcessEvent | Kept | string => {
  const flaw = event(told);
  if (flaw !== undefined) return `event${flaw}`;
  const sound = told as ProcessEvent | Kept;
  switch (sound.type) {
    case 'Tick':
      return { type: 'Tick', now: sound.now };
    case 'Received': {
      const heard = hearMessage(sound.message, mark);
      return typeof heard === 'string' ? heard : { type: 'Received', group: sound.group, from: sound.from, message: heard };
    }
    case 'Kept':
      return { type: 'Kept', group: sound.group, record: hearRecord(sound.record) };
  }
};

/** A submission of which no more than the names is told. */
export type Named = { readonly names: string; readonly bytes: number; readonly digest: string };

const named = fields({ names: text, bytes: natural, digest });
const whole = list(text);

const hearNamed = (told: unknown, mark: number): Uint8Array | string => {
  const flaw = named(told);
  if (flaw !== undefined) return flaw;
  const { bytes, digest: sum } = told as Named;
  return bytes < COMMAND_HEADER ? `.bytes: expected at least ${COMMAND_HEADER}, got ${bytes}` : marked(bytes, Number.parseInt(sum, 16), mark);
};

const hearWhole = (told: unknown): Uint8Array | string => {
  const flaw = whole(told);
  if (flaw !== undefined) return flaw;
  const commands = hearCommands(told as readonly string[]);
  return typeof commands === 'number' ? `[${commands}]: not a command` : commands;
};

// What follows is given what has been looked at: all of it is as its type says, but for the batches. It is written out field by
// field: a machine is quicker with objects that are made like its own than with what JSON made, or a copy of that.

const hearMessage = (told: Message, mark: number | undefined): Message | string => {
  switch (told.type) {
    case 'Prepare':
      return { type: 'Prepare', ballot: hearBallot(told.ballot), from: told.from };
    case 'Promise':
      return { type: 'Promise', ballot: hearBallot(told.ballot), entries: told.entries.map(([instance, one]) => [instance, hearEntry(one)]) };
    case 'Refuse':
      return { type: 'Refuse', promised: hearBallot(told.promised) };
    case 'Value':
      return { type: 'Value', ballot: hearBallot(told.ballot), ring: told.ring, id: told.id, value: hearValue(told.value) };
    case 'Phase2':
      return { type: 'Phase2', ballot: hearBallot(told.ballot), ring: told.ring, instance: told.instance, id: told.id, voters: told.voters };
    case 'Decision':
      return { type: 'Decision', ballot: hearBallot(told.ballot), ring: told.ring, decider: told.decider, instance: told.instance, id: told.id };
    case 'Ask':
      return { type: 'Ask', from: told.from, to: told.to };
    case 'Chosen':
      return { type: 'Chosen', instance: told.instance, id: told.id, value: hearValue(told.value) };
    case 'Alive':
      return { type: 'Alive', ballot: hearBallot(told.ballot), decided: told.decided };
    case 'Here':
      return { type: 'Here' };
    case 'Submit': {
      const commands = mark === undefined ? hearWhole(told.commands) : hearNamed(told.commands, mark);
      return typeof commands === 'string' ? `event.message.commands${commands}` : { type: 'Submit', commands };
    }
  }
};

const hearRecord = (told: Durable): Durable => {
  switch (told.type) {
    case 'Promised':
      return { type: 'Promised', ballot: hearBallot(told.ballot) };
    case 'Voted':
      return { type: 'Voted', instance: told.instance, ballot: hearBallot(told.ballot), id: told.id, value: hearValue(told.value) };
    case 'Decided':
      return { type: 'Decided', instance: told.instance, id: told.id };
    case 'Learned':
      return { type: 'Learned', instance: told.instance, id: told.id, value: hearValue(told.value) };
  }
};

const hearEntry = (told: Entry): Entry =>
  told.type === 'Voted' ? { type: 'Voted', ballot: hearBallot(told.ballot), id: told.id, value: hearValue(told.value) } : { type: 'Decided', id: told.id, value: hearValue(told.value) };

const hearBallot = ({ round, process }: Ballot): Ballot => ({ round, process });

/** A message as whoever receives it hears of it. */
export const asHeard = (sent: Message): Message => {
  switch (sent.type) {
    case 'Value':
    case 'Chosen': {
      const heard = withoutBatch(sent.value);
      return heard === sent.value ? sent : { ...sent, value: heard };
    }
    case 'Promise':
      return { ...sent, entries: sent.entries.map(([instance, one]) => [instance, { ...one, value: withoutBatch(one.value) }]) };
    case 'Prepare':
    case 'Refuse':
    case 'Phase2':
    case 'Decision':
    case 'Ask':
    case 'Alive':
    case 'Here':
    case 'Submit':
      return sent;
  }
};

/** A value with the place of its batch held, if that is here. */
export const withoutBatch = (one: Value): Value => (one.type === 'Batch' && !isPlaceholder(one.commands) ? { type: 'Batch', commands: placeholder(summaryOf(one.commands)) } : one);

/** The value, with a batch's place held: whoever asks for its length or looks inside it finds nothing there. */
const hearValue = (told: Value): Value => {
  switch (told.type) {
    case 'Batch': {
      const { bytes, digest: sum } = told as unknown as Summary;
      return { type: 'Batch', commands: placeholder({ bytes, digest: sum }) };
    }
    case 'Skip':
      return { type: 'Skip', to: told.to };
    case 'Noop':
      return NOOP;
  }
};
