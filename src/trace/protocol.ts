/**
 * What the machine of a process hears and does, as JSON: messages as they are, but batches by name and digest. An event tells
 * all that the machine needs in order to take the same step again; an effect only enough to be told from others.
 */
import type { Ballot } from '../consensus/ballot.js';
import type { Durable, Entry, Message, Value } from '../consensus/messages.js';
import type { ProcessEffect, ProcessEvent } from '../node.js';
import type { Group } from '../record.js';
import { hearCommands, namesIn, placeholder, sayCommands, summaryOf } from './batch.js';
import { digest, fields, integer, isObject, list, maybe, natural, text, time, variants, type Check } from './shape.js';

/** A record that the process found on its disk when it started: told before all that happened since. */
export type Kept = { readonly type: 'Kept'; readonly group: Group; readonly record: Durable };

// Saying

/** `isNamed` where the commands of every batch are to be read in every event; else only whoever is the first to hear of them tells. */
export const sayProcessEvent = (event: ProcessEvent | Kept, isNamed: boolean): object => {
  const say = isNamed ? sayNamedValue : sayValue;
  switch (event.type) {
    case 'Tick':
      return event;
    case 'Received':
      return { ...event, message: withValues(event.message, say, (commands) => sayCommands(commands, 'digests')) };
    case 'Kept':
      return { ...event, record: sayRecord(event.record, say) };
  }
};

export const sayProcessEffect = (effect: ProcessEffect): object => {
  switch (effect.type) {
    case 'Send':
      return { ...effect, message: summarized(effect.message) };
    case 'Persist':
      return { ...effect, record: sayRecord(effect.record, sayValue) };
    case 'Decided':
      return { ...effect, value: sayValue(effect.value) };
  }
};

/** A message as its effect tells of it: equal if and only if the messages are. */
const summarized = (message: Message): object => withValues(message, sayValue, (commands) => summaryOf(commands));

/** A message in one line: equal if and only if the messages are, whatever order their fields were written in. */
export const lineOfMessage = (sent: Message): string => {
  switch (sent.type) {
    case 'Prepare':
      return `Prepare ${lineOfBallot(sent.ballot)} from ${sent.from}`;
    case 'Promise':
      return `Promise ${lineOfBallot(sent.ballot)} ${sent.entries.map(([instance, one]) => `${instance} ${lineOfEntry(one)}`).join('; ')}`;
    case 'Refuse':
      return `Refuse ${lineOfBallot(sent.promised)}`;
    case 'Value':
      return `Value ${sent.id} ${lineOfBallot(sent.ballot)} ring ${sent.ring.join()}: ${lineOfValue(sent.value)}`;
    case 'Phase2':
      return `Phase2 ${sent.instance} ${sent.id} ${lineOfBallot(sent.ballot)} ring ${sent.ring.join()} votes ${sent.voters.join()}`;
    case 'Decision':
      return `Decision ${sent.instance} ${sent.id} ${lineOfBallot(sent.ballot)} ring ${sent.ring.join()} by ${sent.decider}`;
    case 'Ask':
      return `Ask ${sent.from} to ${sent.to}`;
    case 'Chosen':
      return `Chosen ${sent.instance} ${sent.id}: ${lineOfValue(sent.value)}`;
    case 'Alive':
      return `Alive ${lineOfBallot(sent.ballot)} decided ${sent.decided}`;
    case 'Here':
      return 'Here';
    case 'Submit':
      return `Submit ${lineOfBatch(sent.commands)}`;
  }
};

const lineOfBallot = ({ round, process }: Ballot): string => `${round}.${process}`;
const lineOfEntry = (one: Entry): string => `${one.type}${one.type === 'Voted' ? ` ${lineOfBallot(one.ballot)}` : ''} ${one.id}: ${lineOfValue(one.value)}`;
const lineOfBatch = (batch: Uint8Array): string => {
  const { bytes, digest: sum } = summaryOf(batch);
  return `${bytes} bytes ${sum}`;
};

/** A value in one line. */
export const lineOfValue = (decided: Value): string => (decided.type === 'Batch' ? lineOfBatch(decided.commands) : decided.type === 'Skip' ? `skip to ${decided.to}` : 'no-op');

/** A record in one line. */
export const lineOfRecord = (kept: Durable): string => {
  switch (kept.type) {
    case 'Promised':
      return `Promised ${lineOfBallot(kept.ballot)}`;
    case 'Voted':
      return `Voted ${kept.instance} ${lineOfBallot(kept.ballot)} ${kept.id}: ${lineOfValue(kept.value)}`;
    case 'Decided':
      return `Decided ${kept.instance} ${kept.id}`;
    case 'Learned':
      return `Learned ${kept.instance} ${kept.id}: ${lineOfValue(kept.value)}`;
  }
};

/** A value as an effect tells of it. */
export const sayValue = (value: Value): object => (value.type === 'Batch' ? { type: 'Batch', ...summaryOf(value.commands) } : value);
const sayNamedValue = (value: Value): object => (value.type === 'Batch' ? { type: 'Batch', commands: namesIn(value.commands), ...summaryOf(value.commands) } : value);

const withValues = (message: Message, say: (value: Value) => object, saySubmitted: (commands: Uint8Array) => unknown): object => {
  switch (message.type) {
    case 'Value':
    case 'Chosen':
      return { ...message, value: say(message.value) };
    case 'Promise':
      return { ...message, entries: message.entries.map(([instance, entry]) => [instance, { ...entry, value: say(entry.value) }]) };
    case 'Submit':
      return { type: 'Submit', commands: saySubmitted(message.commands) };
    case 'Prepare':
    case 'Refuse':
    case 'Phase2':
    case 'Decision':
    case 'Ask':
    case 'Alive':
    case 'Here':
      return message;
  }
};

const sayRecord = (record: Durable, say: (value: Value) => object): object =>
  record.type === 'Voted' || record.type === 'Learned' ? { ...record, value: say(record.value) } : record;

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
  Submit: { commands: list(text) },
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

/** The event that was told, with stand-ins for what was left out; or what is wrong with it, and in which field. */
export const hearProcessEvent = (told: unknown): ProcessEvent | Kept | string => {
  const flaw = event(told);
  if (flaw !== undefined) return `event${flaw}`;
  const sound = told as Told;
  switch (sound.type as (ProcessEvent | Kept)['type']) {
    case 'Tick':
      return sound as unknown as ProcessEvent;
    case 'Received': {
      const heard = hearMessage(sound['message'] as Told);
      return typeof heard === 'string' ? heard : ({ ...sound, message: heard } as unknown as ProcessEvent);
    }
    case 'Kept':
      return { ...sound, record: hearRecord(sound['record'] as Told) } as unknown as Kept;
  }
};

/** JSON that has the shape of an event, a message, a record or a value. */
type Told = { readonly type: string } & Readonly<Record<string, unknown>>;

const hearMessage = (told: Told): Message | string => {
  switch (told.type as Message['type']) {
    case 'Value':
    case 'Chosen':
      return { ...told, value: hearValue(told['value'] as Told) } as Message;
    case 'Promise':
      return { ...told, entries: (told['entries'] as readonly (readonly [number, Told])[]).map(([instance, one]) => [instance, hearRecord(one)]) } as unknown as Message;
    case 'Submit': {
      const commands = hearCommands(told['commands'] as readonly unknown[]);
      return typeof commands === 'number' ? `event.message.commands[${commands}]: not a command` : { type: 'Submit', commands };
    }
    case 'Prepare':
    case 'Refuse':
    case 'Phase2':
    case 'Decision':
    case 'Ask':
    case 'Alive':
    case 'Here':
      return told as unknown as Message;
  }
};

const hearRecord = (told: Told): object => (isObject(told['value']) ? { ...told, value: hearValue(told['value'] as Told) } : told);

/** The value, with a batch's place held: whoever asks for its length or looks inside it finds nothing there. */
export const hearValue = (told: Told): Value =>
  told.type === 'Batch' ? { type: 'Batch', commands: placeholder({ bytes: told['bytes'] as number, digest: told['digest'] as string }) } : (told as Value);
