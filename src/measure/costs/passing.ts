/** What it takes a replica to pass things on between its threads: decided values inwards, by the scheduler if there is one, and replies outwards. */
import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { newBell } from '../../adapter/bell.js';
import { clusterOf, local, serviceOf } from '../../adapter/config.js';
import { newSharedLog, reader } from '../../adapter/shared-log.js';
import { decodeValue, newOutlets } from '../../adapter/tcp/outlets.js';
import { encode } from '../../adapter/wire.js';
import { groupsOf } from '../../multicast/groups.js';
import { encodeCommand, extend, G_ALL, join, newSheet, nextRecord, putReply, sessionAt } from '../../record.js';
import { deal } from '../../replica/scheduler.js';
import type { Costs } from '../simulated/costs.js';
import { draws } from './keys.js';
import { medianOf } from '../statistics.js';
import { costOf, lineThrough } from './processor.js';

const FEW = 8;
const MANY = 256;
/** Lanes of the scheduler: those of the paper's machine. */
const THREADS = 8;
const KEYS = 100_000;
const TURNS = 2000;
const CAPACITY = 4 * 2 ** 20;

/** Half of the commands read; the others insert. */
const batchOf = (commands: number): Uint8Array => {
  const draw = draws(1);
  return join(
    Array.from({ length: commands }, (_, i) => {
      const payload = new Uint8Array(i % 2 === 0 ? 8 : 16);
      new DataView(payload.buffer).setBigInt64(0, BigInt(draw(2 * KEYS)), true);
      return encodeCommand({ kind: i % 2 === 0 ? 1 : 3, attempt: 0, session: 1, sequence: i + 1, floor: 1, payload });
    }),
  );
};

/** A log for each group with one reader, which is emptied as soon as something is in it. */
const outletsFor = (groups: readonly number[]) => {
  const outlets = groups.map((group) => ({ group, memory: newSharedLog({ capacity: CAPACITY, readers: 1 }), bells: [newBell()] }));
  const readers = outlets.map(({ memory }) => reader(memory, 0));
  const { feed, wake } = newOutlets(outlets);
  return { feed, wake, next: (group: number) => readers[group]?.next() };
};

/** A decided value put into the log of a group. */
const feeding = (commands: number): number => {
  const value = { type: 'Batch', commands: batchOf(commands) } as const;
  const { feed, wake, next } = outletsFor([G_ALL]);
  return costOf(TURNS, () => {
    feed(G_ALL, value);
    wake();
    next(G_ALL);
  });
};

/** A decided value taken out of the order, dealt, and put into the lanes. */
const dealing = (commands: number): number => {
  const config = local({ technique: 'sp-smr', threads: THREADS, acceptors: 1, replicas: 1, ports: [1, 2], m: 1, service: { keySpace: 2 * KEYS, keys: KEYS } });
  const { threads } = clusterOf(config);
  const { create, load } = serviceOf(config);
  const scheduler = { threads, footprintAt: create(load).engine.footprintAt };
  const value = { type: 'Batch', commands: batchOf(commands) } as const;
  const order = outletsFor([G_ALL]);
  const lanes = outletsFor(groupsOf(threads));
  const whole = costOf(TURNS, () => {
    order.feed(G_ALL, value);
    order.wake();
    const entry = order.next(G_ALL);
    if (entry === undefined) throw new Error('a value is not in the log');
    deal(scheduler, decodeValue(entry)).forEach((part, lane) => {
      lanes.feed(lane, part);
      lanes.next(lane);
    });
    lanes.wake();
  });
  return Math.max(0, whole - feeding(commands));
};

/** A portion of replies given away by a thread, taken by another, and put into a frame. */
const answering = async (commands: number): Promise<number> => {
  const { port1, port2 } = new MessageChannel();
  const sheet = newSheet(64 * commands);
  for (let i = 0; i < commands; i += 1) putReply(sheet.bytes, extend(sheet, 48), 'Executed', 0, 1, i + 1, G_ALL, 1, i, 16);
  const replies = sheet.bytes.slice(0, sheet.length);
  const rounds: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    const before = process.cpuUsage();
    await passed(port1, port2, () => replies.slice(), TURNS);
    const { user, system } = process.cpuUsage(before);
    rounds.push((user + system) / TURNS);
  }
  port1.close();
  return medianOf(rounds);
};

const passed = (from: MessagePort, to: MessagePort, next: () => Uint8Array, times: number): Promise<void> =>
  new Promise((done) => {
    let left = times;
    const give = (): void => {
      const portion = next();
      from.postMessage(portion, [portion.buffer as ArrayBuffer]);
    };
    const take = (portion: Uint8Array): void => {
      for (let at = 0; at < portion.length; at = nextRecord(portion, at)) if (sessionAt(portion, at) !== 1) throw new Error('a reply to a stranger');
      encode({ type: 'Replies', replies: join([portion]) });
      left -= 1;
      if (left > 0) return give();
      to.off('message', take);
      done();
    };
    to.on('message', take);
    give();
  });

/** Seconds, most of them for portions of replies. */
export const measurePassing = async (): Promise<Pick<Costs, 'replica' | 'scheduler'>> => ({
  replica: { feed: lineThrough(FEW, feeding(FEW), MANY, feeding(MANY)), reply: lineThrough(FEW, await answering(FEW), MANY, await answering(MANY)) },
  scheduler: lineThrough(FEW, dealing(FEW), MANY, dealing(MANY)),
});
