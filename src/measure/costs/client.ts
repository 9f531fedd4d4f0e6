/** What a client spends: commands drawn, called and put into a frame; replies taken out of theirs, heard by the proxy and noted. */
import * as E from 'fp-ts/lib/Either.js';
import { local, serviceOf, type Config } from '../../adapter/config.js';
import { decode, encode } from '../../adapter/wire.js';
import { outstandingInPlace } from '../../client/outstanding.js';
import * as Proxy from '../../client/proxy.js';
import { extend, G_ALL, kindAt, newSheet, nextRecord, putReply, sequenceAt, sessionAt } from '../../record.js';
import { OUTCOME } from '../../service/b-plus-tree/calls.js';
import { auditedRanges, drawsOf } from '../draws.js';
import { batcher } from '../load.js';
import type { Costs } from '../simulated/costs.js';
import { tally, underwayOf } from '../tally.js';
import { dependent } from '../workload.js';
import { medianOf } from '../statistics.js';
import { lineThrough } from './processor.js';

/** Commands of the frames that are sent: what lies between is interpolated. */
const FEW = 8;
const MANY = 256;
const FRAMES = 3000;
const WINDOW = 4096;
const KEYS = 10_000_000;

/** The OUTCOME of a command by its kind, when it succeeds. */
const SUCCESS = [0, OUTCOME.found, OUTCOME.updated, OUTCOME.inserted, OUTCOME.removed, OUTCOME.entries];

/** The frame in which a replica answers commands decided in `slot`: that all went well. */
const framedReplies = (records: Uint8Array, slot: number): Uint8Array => {
  const sheet = newSheet(2 * records.length);
  let offset = 0;
  for (let at = 0; at < records.length; at = nextRecord(records, at), offset += 1) {
    const to = extend(sheet, 48);
    putReply(sheet.bytes, to, 'Executed', 0, sessionAt(records, at), sequenceAt(records, at), G_ALL, slot, offset, 16);
    sheet.bytes[to + 32] = SUCCESS[kindAt(records, at)] ?? 0;
  }
  return encode({ type: 'Replies', replies: sheet.bytes.slice(0, sheet.length) });
};

/** Medians of what one frame of commands, `share` percent of them writes, and one of their replies, takes its client; microseconds. */
const timesOf = (config: Config, commands: number, share: number): { readonly submit: number; readonly replies: number } => {
  const { service } = serviceOf(config);
  const draw = drawsOf({ keys: KEYS, workload: dependent(share), seed: 1 }, 1);
  const underway = underwayOf(WINDOW);
  const kept = tally(service.codec, config.m, auditedRanges(KEYS, [0, KEYS]));
  let proxy = Proxy.initial(1, { window: WINDOW, retryAfter: 1e9 }, outstandingInPlace(WINDOW));
  let sent: readonly Uint8Array[] = [];
  const handle = (event: Proxy.Event): readonly Proxy.Effect[] => {
    const [next, effects] = Proxy.onEvent(proxy, event);
    proxy = next;
    return effects;
  };
  const call = batcher(config, (_, calls) => {
    sent = handle({ type: 'Calls', calls }).flatMap((effect) => (effect.type === 'Multicast' ? [effect.records] : []));
  });
  kept.setMeasuring(true);
  kept.begin(performance.now());

  const submits: number[] = [];
  const replies: number[] = [];
  for (let i = 0; i < FRAMES; i += 1) {
    const called = performance.now();
    call(0, draw, underway, i * commands + 1, commands, () => called);
    for (const records of sent) encode({ type: 'Message', group: G_ALL, message: { type: 'Submit', commands: records } });
    submits.push((performance.now() - called) * 1000);

    for (const frame of sent.map((records) => framedReplies(records, i))) {
      const start = performance.now();
      const heard = decode(frame);
      if (E.isLeft(heard) || heard.right.type !== 'Replies') throw new Error('what was encoded as replies is none');
      for (const effect of handle({ type: 'Replies', replies: heard.right.replies }))
        if (effect.type === 'Answers')
          effect.calls.forEach((number, nth) => kept.answered(underway, number & underway.mask, 0, true, start, effect.replies, effect.places[nth] ?? 0));
      replies.push((performance.now() - start) * 1000);
    }
  }
  if (kept.commands() !== FRAMES * commands) throw new Error(`${kept.commands()} of ${FRAMES * commands} commands were answered`);
  const late = (all: readonly number[]): number => medianOf(all.slice(all.length >> 1)); // warm by then
  return { submit: late(submits), replies: late(replies) };
};

export const measureClient = (): Costs['client'] => {
  const config = local({ technique: 'smr', threads: 1, acceptors: 1, replicas: 1, ports: [1, 2], service: { keySpace: 2 * KEYS, keys: KEYS }, sessions: { window: WINDOW } });
  const few = timesOf(config, FEW, 0);
  const many = timesOf(config, MANY, 0);
  const writes = timesOf(config, MANY, 100);
  return {
    submit: lineThrough(FEW, few.submit, MANY, many.submit),
    replies: lineThrough(FEW, few.replies, MANY, many.replies),
    write: Math.max(0, writes.submit + writes.replies - many.submit - many.replies) / MANY,
  };
};
