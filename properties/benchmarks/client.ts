/**
 * What a command costs its client, in microseconds of CPU: drawn, named, encoded, sent to nobody; its reply parsed, timed and
 * noted. `npm run -s bench -- client`, `--json` for machines.
 *
 * CPU time rather than wall time, the median of several rounds: only ratios between figures of one run mean anything. The same
 * steps with an object per command, as a caller of single commands takes them, stand beside for comparison.
 */
import { clusterOf, local, serviceOf } from '../../src/adapter/config.js';
import { outstandingInPlace } from '../../src/client/outstanding.js';
import * as Proxy from '../../src/client/proxy.js';
import { costOf, ROUNDS } from '../../src/measure/costs/processor.js';
import { auditedRanges, commandsOf, drawsOf } from '../../src/measure/draws.js';
import { histogram } from '../../src/measure/histogram.js';
import { ledger } from '../../src/measure/ledger.js';
import { batcher, routesOf } from '../../src/measure/load.js';
import { tally, underwayOf } from '../../src/measure/tally.js';
import { WORKLOADS } from '../../src/measure/workload.js';
import { routeOf } from '../../src/node.js';
import { encodeCall, extend, kindAt, newSheet, nextRecord, putReply, replyAt, sequenceAt, sessionAt, type Reply } from '../../src/record.js';
import type { Command } from '../../src/service/b-plus-tree/index.js';
import { OUTCOME } from '../../src/service/b-plus-tree/calls.js';

const BATCH = 256;
const WINDOW = 4096;
const keys = 1_000_000;
const source = { keys, workload: WORKLOADS.mixed, seed: 1 };

const config = local({
  technique: 'opt-psmr',
  threads: 2,
  acceptors: 3,
  replicas: 2,
  ports: [1, 2, 3, 4, 5],
  skip: { lambda: 10_000, delta: 5, origin: 1 },
  service: { name: 'b-plus-tree', keySpace: 2 * keys, keys, capacity: 64, fill: 0.7, minimum: 'one' },
  sessions: { window: WINDOW },
});
const { service } = serviceOf(config);
const cluster = clusterOf(config);
const ranges = auditedRanges(keys, [0, keys]);

/** The OUTCOME of a command by its kind, when it succeeds. */
const SUCCESS = [0, OUTCOME.found, OUTCOME.updated, OUTCOME.inserted, OUTCOME.removed, OUTCOME.entries];
let slot = 0;
/** What a replica answers: that all went well. This is no work of the client, and is subtracted. */
const repliesTo = (records: Uint8Array, group: number): Uint8Array => {
  const sheet = newSheet(2 * records.length);
  let offset = 0;
  slot += 1;
  for (let at = 0; at < records.length; at = nextRecord(records, at), offset += 1) {
    const to = extend(sheet, 48);
    putReply(sheet.bytes, to, 'Executed', 0, sessionAt(records, at), sequenceAt(records, at), group, slot, offset, 16);
    sheet.bytes[to + 32] = SUCCESS[kindAt(records, at)]!;
  }
  return sheet.bytes.subarray(0, sheet.length);
};

/** A batch of commands called and answered, as the load generator does it. */
const byTheBatch = (): number => {
  const draw = drawsOf(source, 1);
  const underway = underwayOf(WINDOW);
  const kept = tally(service.codec, config.m, ranges);
  let proxy = Proxy.initial(7, { window: WINDOW, retryAfter: 1e9 }, outstandingInPlace(WINDOW));
  let sent: { readonly group: number; readonly records: Uint8Array }[] = [];
  let called = 0;
  const handle = (event: Proxy.Event): readonly Proxy.Effect[] => {
    const [next, effects] = Proxy.onEvent(proxy, event);
    proxy = next;
    return effects;
  };
  const callBatch = batcher(config, (_, calls) => {
    for (const effect of handle({ type: 'Calls', calls })) if (effect.type === 'Multicast') sent.push(effect);
  });
  kept.setMeasuring(true);
  kept.begin(performance.now());
  return (
    costOf(400, () => {
      const start = performance.now();
      callBatch(0, draw, underway, called + 1, BATCH, () => start);
      called += BATCH;
      const batches = sent;
      sent = [];
      for (const { group, records } of batches) {
        const answers = handle({ type: 'Replies', replies: repliesTo(records, group) });
        const now = performance.now();
        for (const effect of answers)
          if (effect.type === 'Answers')
            for (let i = 0; i < effect.calls.length; i += 1) kept.answered(underway, effect.calls[i]! & underway.mask, 0, true, now, effect.replies, effect.places[i]!);
      }
    }) / BATCH
  );
};

/** The same with an object for every command and reply. */
const oneByOne = (): number => {
  const next = commandsOf(source, 1);
  const calls = new Map<number, { readonly command: Command; readonly called: number }>();
  const latency = histogram();
  const writes = ledger(config.m);
  let proxy = Proxy.initial(7, { window: WINDOW, retryAfter: 1e9 });
  let called = 0;
  const hear = (call: number, reply: Reply): void => {
    const asked = calls.get(call)!;
    calls.delete(call);
    const result = service.codec.decodeResult(service.codec.kindOf(asked.command), reply.payload);
    const { group, slot: at, offset } = reply.position;
    const value = 'value' in asked.command ? asked.command.value : 0n;
    if (result.type === 'inserted' || result.type === 'removed' || result.type === 'updated')
      writes.note(Number('key' in asked.command ? asked.command.key : 0n), result.type === 'removed', Number(BigInt.asIntN(32, value)), Number(value >> 32n), group, at, offset);
    latency.record((performance.now() - asked.called) * 1000);
  };
  return (
    costOf(40, () => {
      const sent: { readonly group: number; readonly records: Uint8Array }[] = [];
      for (let i = 0; i < BATCH; i += 1) {
        const command = next();
        called += 1;
        calls.set(called, { command, called: performance.now() });
        const commands = encodeCall(service.codec.kindOf(command), service.codec.encode(command));
        const [after, effects] = Proxy.onEvent(proxy, { type: 'Calls', calls: { first: called, commands, ...routeOf(cluster, service, command) } });
        proxy = after;
        for (const effect of effects) if (effect.type === 'Multicast') sent.push(effect);
      }
      for (const { group, records } of sent) {
        const [after, effects] = Proxy.onEvent(proxy, { type: 'Replies', replies: repliesTo(records, group) });
        proxy = after;
        for (const effect of effects) if (effect.type === 'Answers') effect.calls.forEach((call, i) => hear(call, replyAt(effect.replies, effect.places[i]!)));
      }
    }) / BATCH
  );
};

const draw = drawsOf(source, 1);
const zipf = drawsOf({ ...source, workload: WORKLOADS.zipf }, 1);
const groupOf = routesOf(config);
const latency = histogram();
const written = ledger(config.m);
const requests = newSheet(0);
for (const [at] of Array.from({ length: BATCH }, () => [extend(requests, 32)])) requests.bytes[at!] = 32;
const answering = costOf(400, () => repliesTo(requests.bytes.subarray(0, requests.length), 1)) / BATCH;
let time = 0;

const figures = {
  'a command called and answered, by the batch': byTheBatch() - answering,
  'a command called and answered, one by one with an object each': oneByOne() - answering,
  'of it: a uniform draw': costOf(200_000, () => void draw()),
  'of it: a draw by Zipf': costOf(200_000, () => void zipf()),
  'of it: its group': costOf(200_000, () => void groupOf(draw())) - costOf(200_000, () => void draw()),
  'of it: a latency recorded': costOf(200_000, () => latency.record((time = (time * 7 + 13) % 20_000))),
  'of it: a write noted': costOf(200_000, () => written.note((time = (time * 7919 + 13) % 2_000_003), false, 1, 2, 1, 5, 6)),
};

if (process.argv.includes('--json')) console.log(JSON.stringify({ unit: 'us of CPU', rounds: ROUNDS, batch: BATCH, figures }, null, 2));
else for (const [what, cost] of Object.entries(figures)) console.log(`${cost.toFixed(3).padStart(8)} us  ${what}`);
