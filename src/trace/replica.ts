/** What the machines of a thread and of a client hear and do, as JSON. */
import type * as Proxy from '../client/proxy.js';
import type { Effect as MergeEffect, Event as MergeEvent } from '../multicast/merge.js';
import { commandAt } from '../record.js';
import type { Value } from '../replica/scheduler.js';
import type { Effect as WorkerEffect, Event as WorkerEvent } from '../replica/worker.js';
import { hearCommands, hearPayload, hearReply, placeholder, sayCommand, sayCommands, sayPayload, sayReplies, sayReply, summaryOf, type Detail } from './batch.js';
import { sayValue } from './protocol.js';
import { fields, isObject, list, maybe, natural, text, time, variants, type Check } from './shape.js';

type Run = Extract<WorkerEvent, { type: 'Run' }>;

// The merge of a thread

/** With values, all of the batch: whoever replays the thread can execute it. Else what tells it from others: the merge asks for no more. */
export const sayMergeEvent = (event: MergeEvent, detail: Detail): object => {
  if (event.value.type !== 'Batch') return event;
  const { commands } = event.value;
  return { ...event, value: { type: 'Batch', ...(detail === 'values' ? { commands: sayCommands(commands, detail) } : {}), ...summaryOf(commands) } };
};

export const sayMergeEffect = ({ type, group, slot, commands }: MergeEffect): object => ({ type, group, slot, ...summaryOf(commands) });

const digest: Check = (value, field) => (typeof value === 'string' && /^[0-9a-f]{8}$/.test(value) ? undefined : `${field}: expected a digest of 8 hexadecimal digits`);
const mergeEvent = variants({
  Decided: { group: natural, value: variants({ Noop: {}, Skip: { to: natural }, Batch: { commands: maybe(list(text)), bytes: natural, digest } }) },
});

/** The event that was told, or what is wrong with it. */
export const hearMergeEvent = (told: unknown, detail: Detail): MergeEvent | string => {
  const flaw = mergeEvent(told, 'event');
  if (flaw !== undefined) return flaw;
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
export const sayDealt = (value: Value, lane: number): object => ({ type: 'Deal', lane, value: sayValue(value) });

/** The lanes that the end of a line tells of, with stand-ins for their commands, or what is wrong with it. */
export const hearDealt = (tail: string): readonly Value[] | string => {
  const { effects } = JSON.parse(`{${tail.slice(1)}`) as { readonly effects: unknown };
  if (!Array.isArray(effects)) return 'effects: expected a list';
  const lanes = effects.map((effect, lane) => hearMergeEvent({ type: 'Decided', group: lane, value: isObject(effect) ? effect['value'] : undefined }, 'digests'));
  const flaw = lanes.find((lane) => typeof lane === 'string');
  return flaw ?? lanes.flatMap((lane) => (typeof lane === 'string' ? [] : [lane.value]));
};

// The worker of a thread

export const sayWorkerEvent = (event: Run): object => event;

export const sayWorkerEffect = (effect: WorkerEffect): object => (effect.type === 'Reply' ? { type: 'Reply', replies: sayReplies(effect.replies, 'values') } : effect);

const workerEvent = variants({ Run: { budget: natural } });

export const hearWorkerEvent = (told: unknown): Run | string => workerEvent(told, 'event') ?? (told as Run);

// The proxy of a client

export const sayProxyEvent = (event: Proxy.Event, detail: Detail): object => {
  switch (event.type) {
    case 'Call':
      return { type: 'Call', call: { ...event.call, payload: sayPayload(event.call.payload, detail) } };
    case 'Reply':
      return { type: 'Reply', reply: sayReply(event.reply, detail) };
    case 'Tick':
      return event;
  }
};

export const sayProxyEffect = (effect: Proxy.Effect): object => {
  switch (effect.type) {
    case 'Multicast':
      return { ...effect, record: sayCommand(commandAt(effect.record, 0), 'digests') };
    case 'Failed':
      return { ...effect, payload: sayPayload(effect.payload, 'digests') };
    case 'Answer':
      return { ...effect, reply: sayReply(effect.reply, 'digests') };
  }
};

const proxyEvent = variants({
  Call: { call: fields({ call: natural, kind: natural, payload: text, group: natural, fallback: natural }) },
  Reply: { reply: text },
  Tick: { now: time },
});

export const hearProxyEvent = (told: unknown): Proxy.Event | string => {
  const flaw = proxyEvent(told, 'event');
  if (flaw !== undefined) return flaw;
  const { call, reply } = told as { readonly call?: Readonly<Record<string, unknown>>; readonly reply?: string };
  if (isObject(call)) {
    const payload = hearPayload(call['payload'] as string);
    return payload === undefined ? 'event.call.payload: expected bytes/digest, or = and base64' : ({ type: 'Call', call: { ...call, payload } } as unknown as Proxy.Event);
  }
  if (reply === undefined) return told as Proxy.Event;
  const heard = hearReply(reply);
  return heard === undefined ? 'event.reply: not a reply' : { type: 'Reply', reply: heard };
};
