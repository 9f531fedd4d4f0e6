/** What the machines of a thread and of a client hear and do, as JSON. */
import type * as Proxy from '../client/proxy.js';
import type { Effect as MergeEffect, Event as MergeEvent } from '../multicast/merge.js';
import { COMMAND_HEADER, encodeCall, encodeReply, join, kindAt, lengthAt } from '../record.js';
import type { Value } from '../replica/scheduler.js';
import type { Effect as WorkerEffect, Event as WorkerEvent } from '../replica/worker.js';
import { hearCommands, hearPayload, hearReply, placeholder, sayCommands, sayEach, sayPayload, sayReplies, sayReplyAt, summaryOf, type Detail } from './batch.js';
import { sayValue } from './protocol.js';
import { digest, fields, isObject, list, maybe, natural, text, time, variants } from './shape.js';

type Run = Extract<WorkerEvent, { type: 'Run' }>;

// The merge of a thread

/** With values, all of the batch: whoever replays the thread can execute it. Else what tells it from others: the merge asks for no more. */
export const sayMergeEvent = ({ group, value }: Pick<MergeEvent, 'group' | 'value'>, detail: Detail): string => {
  const isWhole = detail === 'values' && value.type === 'Batch';
  return `{"type":"Decided","group":${group},"value":${isWhole ? JSON.stringify({ type: 'Batch', commands: sayCommands(value.commands, detail), ...summaryOf(value.commands) }) : sayValue(value)}}`;
};

export const sayMergeEffect = ({ type, group, slot, commands }: MergeEffect): string => {
  const { bytes, digest: sum } = summaryOf(commands);
  return `{"type":"${type}","group":${group},"slot":${slot},"bytes":${bytes},"digest":"${sum}"}`;
};

const mergeEvent = variants({
  Decided: { group: natural, value: variants({ Noop: {}, Skip: { to: natural }, Batch: { commands: maybe(list(text)), bytes: natural, digest } }) },
});

/** The event that was told, or what is wrong with it. */
export const hearMergeEvent = (told: unknown, detail: Detail): MergeEvent | string => {
  const flaw = mergeEvent(told);
  if (flaw !== undefined) return `event${flaw}`;
  const { value, ...rest } = told as { readonly type: 'Decided'; readonly group: number; readonly value: Readonly<Record<string, unknown>> & { readonly type: string } };
  if (value.type !== 'Batch') return told as MergeEvent;
  const summary = { bytes: value['bytes'] as number, digest: value['digest'] as string };
  if (detail === 'digests') return { ...rest, value: { type: 'Batch', commands: placeholder(summary) } };
  if (value['commands'] === undefined) return 'event.value.commands: expected a list, got nothing';
  const commands = hearCommands(value['commands'] as readonly unknown[]);
  if (typeof commands === 'number') return `event.value.commands[${commands}]: not a command`;
  const found = summaryOf(commands);
  if (found.digest !== summary.digest || found.bytes !== summary.bytes) return `event.value.digest: ${summary.digest} of ${summary.bytes} bytes, and the commands have ${found.digest} of ${found.bytes}`;
  return { ...rest, value: { type: 'Batch', commands } };
};

// The scheduler of a replica, which hears what a merge hears

/** What lane `lane` is given. */
export const sayDealt = (value: Value, lane: number): string => `{"type":"Deal","lane":${lane},"value":${sayValue(value)}}`;

/** The lanes that the end of a line tells of, with stand-ins for their commands, or what is wrong with it. */
export const hearDealt = (tail: string): readonly Value[] | string => {
  const { effects } = JSON.parse(`{${tail.slice(1)}`) as { readonly effects: unknown };
  if (!Array.isArray(effects)) return 'effects: expected a list';
  const lanes = effects.map((effect, lane) => hearMergeEvent({ type: 'Decided', group: lane, value: isObject(effect) ? effect['value'] : undefined }, 'digests'));
  const flaw = lanes.find((lane) => typeof lane === 'string');
  return flaw ?? lanes.flatMap((lane) => (typeof lane === 'string' ? [] : [lane.value]));
};

// The worker of a thread

export const sayWorkerEvent = (event: Run): string => JSON.stringify(event);

export const sayWorkerEffect = (effect: WorkerEffect): string => JSON.stringify(effect.type === 'Reply' ? { type: 'Reply', replies: sayReplies(effect.replies, 'values') } : effect);

const workerEvent = variants({ Run: { budget: natural } });

export const hearWorkerEvent = (told: unknown): Run | string => {
  const flaw = workerEvent(told);
  return flaw === undefined ? (told as Run) : `event${flaw}`;
};

// The proxy of a client

export const sayProxyEvent = (event: Proxy.Event, detail: Detail): string => JSON.stringify(toldOfEvent(event, detail));

const toldOfEvent = (event: Proxy.Event, detail: Detail): object => {
  switch (event.type) {
    case 'Calls':
      return { type: 'Calls', calls: { ...event.calls, commands: sayEach(event.calls.commands, (batch, at) => sayCallAt(batch, at, detail)) } };
    case 'Replies':
      return { type: 'Replies', replies: sayReplies(event.replies, detail) };
    case 'Tick':
      return event;
  }
};

/** A command that has no name yet: `kind/payload`. */
const sayCallAt = (batch: Uint8Array, at: number, detail: Detail): string => `${kindAt(batch, at)}/${sayPayload(batch, detail, at + COMMAND_HEADER, at + lengthAt(batch, at))}`;

export const sayProxyEffect = (effect: Proxy.Effect): string => JSON.stringify(toldOfEffect(effect));

const toldOfEffect = (effect: Proxy.Effect): object => {
  switch (effect.type) {
    case 'Multicast':
      return { ...effect, records: sayCommands(effect.records, 'digests') };
    case 'Failed':
      return { ...effect, payload: sayPayload(effect.payload, 'digests') };
    case 'Answers':
      return { type: 'Answers', calls: effect.calls, replies: effect.places.map((at) => sayReplyAt(effect.replies, at, 'digests')) };
  }
};

const proxyEvent = variants({
  Calls: { calls: fields({ first: natural, group: natural, fallback: natural, commands: list(text) }) },
  Replies: { replies: list(text) },
  Tick: { now: time },
});

export const hearProxyEvent = (told: unknown): Proxy.Event | string => {
  const flaw = proxyEvent(told);
  if (flaw !== undefined) return `event${flaw}`;
  const event = told as
    | { readonly type: 'Calls'; readonly calls: Omit<Proxy.Calls, 'commands'> & { readonly commands: readonly string[] } }
    | { readonly type: 'Replies'; readonly replies: readonly string[] }
    | Extract<Proxy.Event, { type: 'Tick' }>;
  switch (event.type) {
    case 'Calls': {
      const records = event.calls.commands.map(hearCall);
      const flawed = records.indexOf(undefined);
      return flawed >= 0
        ? `event.calls.commands[${flawed}]: expected a kind and bytes/digest, or a kind and = and base64`
        : { type: 'Calls', calls: { ...event.calls, commands: join(records.flatMap((record) => record ?? [])) } };
    }
    case 'Replies': {
      const replies = event.replies.map(hearReply);
      const flawed = replies.indexOf(undefined);
      return flawed >= 0 ? `event.replies[${flawed}]: not a reply` : { type: 'Replies', replies: join(replies.flatMap((reply) => (reply === undefined ? [] : [encodeReply(reply)]))) };
    }
    case 'Tick':
      return event;
  }
};

const hearCall = (said: string): Uint8Array | undefined => {
  const slash = said.indexOf('/');
  const kind = Number(said.slice(0, slash));
  const payload = slash > 0 && slash <= 3 && kind < 256 ? hearPayload(said.slice(slash + 1)) : undefined;
  return payload === undefined ? undefined : encodeCall(kind, payload);
};
