/** Does the load generator ask what it was told to, when it was told to? Skewed keys, arrivals, and batches of calls. */
import * as fc from 'fast-check';
import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { describe, expect, it } from 'vitest';
import { clusterOf, local, serviceOf } from '../src/adapter/config.js';
import { arrivalsOf } from '../src/measure/arrivals.js';
import { commandOf, commandsOf, drawsOf, keySpaceOf, type Source } from '../src/measure/draws.js';
import { histogram } from '../src/measure/histogram.js';
import { batcher } from '../src/measure/load.js';
import { underwayOf } from '../src/measure/tally.js';
import { WORKLOADS, type Distribution } from '../src/measure/workload.js';
import { rankerOf } from '../src/measure/zipf.js';
import { routeOf } from '../src/node.js';
import { commandAt, recordsOf } from '../src/record.js';
import type { Command } from '../src/service/b-plus-tree/index.js';

const KEYS = 1000;
const source = (keys: Distribution, mix = WORKLOADS.mixed.mix): Source => ({ keys: KEYS, workload: { mix, keys, span: 8 }, seed: 1 });
const take = (count: number, next: () => Command): readonly Command[] => Array.from({ length: count }, next);
const keyOf = (command: Command): number => Number(command.type === 'scan' ? command.from : command.key);

describe('ranks by Zipf', () => {
  const ranks = fc.integer({ min: 1, max: 2 ** 31 });
  const exponent = fc.double({ min: 0.05, max: 0.99, noNaN: true });

  it('are always in range, and rise with the draw', () =>
    fc.assert(
      fc.property(ranks, exponent, fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { maxLength: 20 }), (n, s, draws) => {
        const drawn = draws.toSorted((a, b) => a - b).map(rankerOf(n, s));
        expect(drawn.every((rank, i) => Number.isSafeInteger(rank) && rank >= (drawn[i - 1] ?? 0) && rank < n)).toBe(true);
      }),
    ));

  it('are as frequent as the law says, within a twentieth of all draws', () => {
    for (const n of [10, 5000]) {
      const rank = rankerOf(n, 0.99);
      const counts = new Float64Array(n);
      for (let i = 0; i < 100_000; i += 1) counts[rank((i + 0.5) / 100_000)]! += 1;
      const sum = counts.reduce((all, _, i) => all + 1 / (i + 1) ** 0.99, 0);
      let [seen, due] = [0, 0];
      counts.forEach((count, i) => {
        seen += count / 100_000;
        due += 1 / (i + 1) ** 0.99 / sum;
        expect(Math.abs(seen - due)).toBeLessThan(0.05);
      });
    }
  });
});

describe('keys', () => {
  it('by Zipf are scattered: the most popular are not neighbours, and every rank has a key of its own', () => {
    const counts = new Map<number, number>();
    for (const key of take(50_000, commandsOf(source({ type: 'zipf', exponent: 0.99 }), 1)).map(keyOf)) counts.set(key, (counts.get(key) ?? 0) + 1);
    const popular = [...counts].sort(([, a], [, b]) => b - a).slice(0, 5).map(([key]) => key);
    expect(popular.every((key, i) => popular.every((other, j) => i === j || Math.abs(key - other) > 2))).toBe(true);
    expect(counts.size).toBeGreaterThan(0.9 * keySpaceOf(KEYS));
  });

  it('that are hot take their share, and are neighbours', () => {
    const drawn = take(10_000, commandsOf(source({ type: 'hot', part: 0.01, share: 0.5 }), 1)).map(keyOf);
    const hot = drawn.filter((key) => key >= 990 && key < 1010).length;
    expect(Math.abs(hot - 5050)).toBeLessThan(250);
  });

  it('that are appended rise, are not in the tree, and belong to one writer', () => {
    const keys = [1, 2, 3].map((writer) => take(100, commandsOf({ ...source({ type: 'append' }, WORKLOADS['append-only'].mix), writers: 3 }, writer)).map(keyOf));
    expect(new Set(keys.flat()).size).toBe(300);
    for (const own of keys) expect(own.every((key, i) => key % 2 === 1 && key > (own[i - 1] ?? 0))).toBe(true);
  });

  it('of the latest are mostly those that were just inserted, and always some that were', () => {
    const commands = take(20_000, commandsOf(source({ type: 'latest' }, WORKLOADS['ycsb-d'].mix), 1));
    const inserted = new Set<number>();
    let fresh = 0;
    for (const command of commands)
      if (command.type === 'insert') inserted.add(keyOf(command));
      else {
        expect(keyOf(command) % 2 === 0 || inserted.has(keyOf(command))).toBe(true);
        if (keyOf(command) % 2 === 1) fresh += 1;
      }
    expect(fresh / commands.length).toBeGreaterThan(0.5);
  });
});

describe('arrivals', () => {
  for (const spacing of ['even', 'poisson'] as const)
    it(`that are ${spacing} come at their rate, in order, to sessions in turn, whatever is taken`, () => {
      const backlog = arrivalsOf({ type: 'open', clients: 3, rate: 10_000, spacing }, 7);
      backlog.begin(100);
      const times: number[][] = [[], [], []];
      for (let now = 100; now <= 2100; now += 0.5) {
        backlog.arrive(now);
        for (const session of now % 7 === 0 ? [0, 1, 2] : [1]) for (let left = backlog.waiting(session); left > 0; left -= 1) times[session]!.push(backlog.take(session));
      }
      for (const [session, own] of times.entries()) {
        expect(own.every((time, i) => time > (own[i - 1] ?? 100) && time <= 2100)).toBe(true);
        expect(Math.abs(own.length + backlog.waiting(session) - 6667)).toBeLessThan(spacing === 'even' ? 3 : 5 * Math.sqrt(20_000 / 3));
      }
    });
});

it('a batch of calls is what was drawn, each command in the batch of its group, and known by its number', () => {
  const config = local({ technique: 'opt-psmr', threads: 3, acceptors: 1, replicas: 1, ports: [1, 2], skip: { lambda: 1, delta: 1, origin: 1 }, service: { name: 'b-plus-tree', keySpace: 2 * KEYS, keys: KEYS, capacity: 64, fill: 0.7, minimum: 'one' } });
  const { service } = serviceOf(config);
  const mix = { read: 20, update: 20, insert: 20, delete: 20, scan: 20 };
  const expected = take(200, commandsOf(source({ type: 'uniform' }, mix), 1));
  const underway = underwayOf(256);
  const called: { readonly number: number; readonly group: number; readonly command: Command }[] = [];
  const call = batcher(config, (_, { first, group, commands }) =>
    [...recordsOf(commands)].forEach((at, i) => {
      const { kind, payload } = commandAt(commands, at);
      called.push({ number: first + i, group, command: service.codec.decode(kind, payload) as Command });
    }),
  );
  const draw = drawsOf(source({ type: 'uniform' }, mix), 1);
  for (const first of [1, 101]) call(0, draw, underway, first, 100, () => first);
  const said = (commands: readonly Command[]): readonly string[] => commands.map((command) => service.codec.encode(command).join() + command.type).sort();
  expect(said(called.map(({ command }) => command))).toEqual(said(expected));
  expect(called.map(({ number }) => number).sort((a, b) => a - b)).toEqual(expected.map((_, i) => i + 1));
  for (const { number, group, command } of called) {
    const slot = number & underway.mask;
    expect(routeOf(clusterOf(config), service, command).group).toBe(group);
    expect(commandOf({ kind: underway.kinds[slot]!, key: underway.keys[slot]!, low: underway.lows[slot]!, high: underway.highs[slot]! })).toMatchObject(command.type === 'read' || command.type === 'delete' ? { type: command.type, key: command.key } : command);
  }
});

it('a histogram that was encoded can be read back', () => {
  const latencies = histogram();
  [5, 50, 500, 5000].forEach(latencies.record);
  const read = decodeFromCompressedBase64(latencies.encoded());
  expect([read.totalCount, read.getValueAtPercentile(50)]).toEqual([4, 50]);
});
