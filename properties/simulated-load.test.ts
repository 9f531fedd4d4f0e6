/** Whole runs in simulated time: what must be so of them whatever the costs are, how costs are fitted, and the command line. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chargedWhole, endsOf, fitted, scaled, spentIn, type Load } from '../src/measure/costs/fit.js';
import { referencesIn, seenIn } from '../src/measure/costs/reference.js';
import { closed } from '../src/measure/laboratory.js';
import type { Point } from '../src/measure/point.js';
import type { Experiment, Run } from '../src/measure/result.js';
import type { Costs } from '../src/measure/simulated/costs.js';
import { simulateRun, type Bench } from '../src/measure/simulated/simulate.js';
import { dependent } from '../src/measure/workload.js';
import { TECHNIQUES, type Technique } from '../src/replica/techniques.js';
import { COSTS } from './arbitraries/costs.js';
import { BASE, pointOf } from './arbitraries/points.js';

/** A small tree, and 20 ms of simulated time. */
const SMALL: Experiment = { ...BASE, keys: 1000, capacity: 16, threads: 4, arrivals: closed(64, 2), warmup: 0.01, seconds: 0.02, cooldown: 0 };
const APART: Bench = { cores: 8, place: 'apart' };
const TOGETHER: Bench = { cores: 2, place: 'together' };

const run = (technique: Technique, change: Partial<Experiment> = {}, bench: Bench = APART, costs: Costs = COSTS) => simulateRun({ ...SMALL, ...change }, technique, costs, bench);

/** Everything is free but what is named. */
const onlyCosting = (costs: { readonly client?: Costs['client']; readonly answer?: number; readonly scheduler?: Costs['scheduler']; readonly wire?: number }): Costs => {
  const free = { each: 0, command: 0 };
  return {
    ...COSTS,
    client: costs.client ?? { submit: free, replies: free, write: 0 },
    order: { submit: free, value: free, message: 0.01 },
    replica: { feed: free, reply: free },
    thread: { merge: free, answer: costs.answer ?? 0, read: [{ at: 1, cost: 0 }], write: [{ at: 1, cost: 0 }], check: 0, pass: 0 },
    scheduler: costs.scheduler ?? free,
    barrier: { spinning: 0, sleeping: 0, look: 0 },
    system: { call: 0.01, kilobyte: 0, wake: 0, rise: 0, wire: costs.wire ?? 1 },
    contention: [{ at: 1, cost: 1 }],
  };
};

describe.each(TECHNIQUES)('%s in simulated time', (technique) => {
  it('leaves all replicas with the same tree', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.constantFrom(0, 50, 100), fc.constantFrom(APART, TOGETHER), fc.nat(1000), fc.constantFrom<1 | 'batch'>(1, 'batch'), (threads, share, bench, seed, commandsPerBarrier) => {
        const { verdict, commands, judgements } = run(technique, { threads, workload: dependent(share), seed, commandsPerBarrier, seconds: 0.005, warmup: 0.002 }, bench);
        expect(commands).toBeGreaterThan(0);
        expect([verdict, judgements]).toEqual(['ok', [expect.objectContaining({ verdict: 'ok' })]]);
      }),
      { numRuns: 6 },
    ));

  it('carries every command and every answer', () => {
    const { commands, sent, received } = run(technique);
    // A command of a key and a value takes 32 to 48 bytes, an answer about as many; what is in flight may be counted on one way only.
    for (const { messages, bytes } of [sent, received]) {
      expect(bytes / commands).toBeGreaterThan(24);
      expect(bytes / commands).toBeLessThan(72);
      expect(messages).toBeLessThan(commands);
    }
  });

  it('comes out the same every time', () => expect(run(technique)).toEqual(run(technique)));

  it("obeys Little's law: what is in flight is throughput times latency", () => {
    for (const bench of [APART, TOGETHER]) {
      const { throughput, latency } = run(technique, { seconds: 0.04 }, bench);
      expect(throughput * latency.mean).toBeGreaterThan(0.94 * 64);
      expect(throughput * latency.mean).toBeLessThan(1.06 * 64);
    }
  });

  it('answers nobody before the wire has carried it there and back', () => {
    const { latency } = run(technique, { arrivals: closed(1, 1) }, APART, onlyCosting({ wire: 100 }));
    // From the client to the coordinator, to an acceptor, to a replica, and to the client: microseconds, as they are recorded.
    expect(latency.p50).toBeGreaterThanOrEqual(0.4 * 0.99);
    expect(latency.p50).toBeLessThan(1);
  });

  it('is not slowed down by more cores', () => {
    const throughputs = [1, 2, 4, 16].map((cores) => run(technique, { arrivals: closed(512, 2) }, { cores, place: 'together' }).throughput);
    throughputs.slice(1).forEach((throughput, i) => expect(throughput).toBeGreaterThan(0.9 * throughputs[i]!));
    expect(throughputs[3]).toBeGreaterThan(1.5 * throughputs[0]!);
  });
});

describe('throughput', () => {
  /** A load that keeps the bottleneck busy, in Kcps. */
  const most = (technique: Technique, costs: Costs, inFlight = 512): number => run(technique, { arrivals: closed(inFlight, 1), workload: dependent(0) }, APART, costs).throughput;

  it('of one client is what its commands let it: no more, and little less', () =>
    fc.assert(
      fc.property(fc.double({ min: 1, max: 5, noNaN: true }), fc.double({ min: 1, max: 5, noNaN: true }), (submit, replies) => {
        const costs = onlyCosting({ client: { submit: { each: 0, command: submit }, replies: { each: 0, command: replies }, write: 0 } });
        const throughput = most('opt-psmr', costs, 64);
        const bound = 1000 / (submit + replies);
        // A burst that began before is counted, or one that ends after is not: what is in flight, of some thousands.
        expect(throughput).toBeLessThan(bound * 1.05);
        expect(throughput).toBeGreaterThan(bound * 0.9);
      }),
      { numRuns: 8 },
    ));

  it('of one thread is what a command takes it; four take as many times more', () => {
    const costs = onlyCosting({ answer: 4 });
    const [one, four] = [most('smr', costs), most('opt-psmr', costs)];
    expect(one).toBeGreaterThan(0.85 * 250);
    expect(one).toBeLessThan(1.15 * 250);
    expect(four / one).toBeGreaterThan(3);
    expect(four / one).toBeLessThan(4.4);
  });

  it('of writes is lower by what they take the client, and by the check of opt-PSMR alone', () => {
    const base = onlyCosting({ answer: 1 });
    const writing = (technique: Technique, costs: Costs, share = 100): number => run(technique, { arrivals: closed(512, 1), workload: dependent(share), threads: 2 }, APART, costs).throughput;
    const noting: Costs = { ...base, client: { ...base.client, write: 4 } };
    for (const technique of ['smr', 'opt-psmr'] as const) expect(writing(technique, noting)).toBeLessThan(1.05 * 250);
    expect(writing('smr', noting, 0)).toBeGreaterThan(2 * 250);
    const checking: Costs = { ...base, thread: { ...base.thread, check: 3 } };
    expect(writing('opt-psmr', checking)).toBeLessThan(0.7 * writing('opt-psmr', base));
    expect(writing('opt-psmr', checking, 0)).toBe(writing('opt-psmr', base, 0));
    for (const technique of ['smr', 'p-smr', 'sp-smr'] as const) expect(writing(technique, checking)).toBe(writing(technique, base));
  });

  it('of a technique with a scheduler is what that one deals, however many threads there are', () => {
    const costs = onlyCosting({ scheduler: { each: 0, command: 4 }, answer: 0.5 });
    for (const technique of ['pipelined-smr', 'sp-smr'] as const) {
      const throughput = most(technique, costs);
      expect(throughput).toBeGreaterThan(0.85 * 250);
      expect(throughput).toBeLessThan(1.15 * 250);
    }
    for (const technique of ['smr', 'p-smr', 'opt-psmr'] as const) expect(most(technique, costs)).toBeGreaterThan(2 * 250);
  });
});

describe('fitting', () => {
  /** A machine on which each part spends its command costs, a write more than a read, and something that is not in the table. */
  const madeUp = ({ client, order, thread, system }: Costs, load: Load): { readonly cpu: Record<string, number>; readonly throughput: number } => {
    const share = { reads: 0, writes: 1, light: 0.5 }[load];
    const executed = (1 - share) * thread.read[0]!.cost + share * thread.write[0]!.cost;
    const risen = load === 'light' ? system.rise : 0;
    return {
      cpu: { client: client.submit.command + share * client.write + 0.1, 'acceptor-1': order.value.command, 'acceptor-2': order.value.command + risen, 'replica-1': thread.answer + executed },
      throughput: 1000,
    };
  };
  const factor = fc.double({ min: 0.3, max: 8, noNaN: true });

  it('finds by what the parts of a machine are dearer than their steps, writes and getting up by themselves', () =>
    fc.assert(
      fc.property(fc.record({ client: factor, order: factor, replica: factor, note: factor, write: factor, rise: factor }), (factors) => {
        const dearer = scaled(COSTS, factors);
        const spent = (load: Load) => spentIn(madeUp(dearer, load));
        const { fit, ...costs } = fitted(COSTS, { reads: spent('reads'), writes: spent('writes'), light: spent('light') }, { to: 'a run', others: 0.1 }, madeUp);
        expect(fit).toMatchObject({ to: 'a run', others: 0.1 });
        for (const load of ['reads', 'writes', 'light'] as const) {
          const [wanted, found] = [spent(load), spentIn(madeUp({ ...costs, fit }, load))];
          for (const part of ['client', 'order', 'replica'] as const) expect(Math.abs(found[part] / wanted[part] - 1)).toBeLessThan(0.1);
        }
      }),
    ));

  it('leaves system calls, barriers and the curve of memory as they are', () => {
    const { system, barrier, contention } = scaled(COSTS, { client: 2, order: 3, replica: 4, note: 5, write: 6, rise: 1 });
    expect({ system, barrier, contention }).toEqual({ system: COSTS.system, barrier: COSTS.barrier, contention: COSTS.contention });
  });

  it('goes along the line through all runs, and says when there is none', () => {
    const seen = (share: number, client: number) => ({ share, spent: { client, order: 2, replica: 3 } });
    const ends = endsOf([seen(0, 1), seen(50, 1.6), seen(50, 1.4), seen(100, 2)]);
    expect([ends?.reads.share, ends?.writes.share]).toEqual([0, 100]);
    expect(ends?.reads.spent.client).toBeCloseTo(1);
    expect(ends?.writes.spent.client).toBeCloseTo(2);
    expect(ends?.writes.spent.replica).toBeCloseTo(3);
    expect(endsOf([seen(50, 1), seen(50, 2)])).toBeUndefined();
    expect(endsOf([])).toBeUndefined();
  });

  it('charges all of a machine that is all at work, and of no other', () => {
    const used = (...cores: readonly number[]) => ({ throughput: 1, cpu: Object.fromEntries(cores.map((one, i) => [`replica-${i + 1}`, one])) });
    expect(chargedWhole(used(1.2, 0.72), 2)).toEqual(used(1.25, 0.75));
    expect(chargedWhole(used(1, 0.5), 2)).toEqual(used(1, 0.5));
    expect(chargedWhole(used(1.5, 0.6), 2)).toEqual(used(1.5, 0.6));
  });

  describe('to what an experiment has left', () => {
    const point = (share: number, change: Partial<Experiment> = {}, run: Partial<Run> = {}): Point => {
      const some = pointOf({ experiment: 'dependent-commands' });
      return { ...some, parameters: { ...some.parameters, storage: 'memory', workload: dependent(share), ...change }, run: { ...some.run, technique: 'smr', verdict: 'ok', ...run } };
    };
    const found = (...points: readonly Point[]) => referencesIn(points);

    it('looks at SMR alone, measured and judged', () => {
      const strangers = [point(0, {}, { technique: 'opt-psmr' }), point(0, { keys: 7 }, { verdict: 'unknown' }), { ...point(0), kind: 'simulated' as const }, { ...point(0), experiment: 'failed-commands' as const }];
      const references = found(point(0), point(100, { threads: 7, seconds: 1 }), ...strangers);
      expect(E.isRight(references) && seenIn(references.right).map(({ share }) => share)).toEqual([0, 100]);
    });

    it.each([
      ['nothing', [], /no measured run of SMR/],
      ['other techniques', [point(0, {}, { technique: 'p-smr' })], /no measured run of SMR/],
      ['votes on a disk', [point(0, { storage: 'disk' })], /only memory is modelled/],
      ['one share', [point(50), point(50)], /at one share/],
      ['two settings', [point(0), point(100, { keys: 17 })], /several settings/],
      ['chance', [point(0), point(100, { arrivals: { type: 'open', clients: 1, rate: 1, spacing: 'even' } })], /by chance/],
    ] as const)('refuses %s', (_, points, reason) => {
      const references = found(...points);
      expect(E.isLeft(references) && references.left).toMatch(reason);
    });
  });
});

describe('psmr measure simulate', () => {
  const CLI = join(import.meta.dirname, '..', 'dist', 'src', 'cli.js');
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'opt-psmr-'));
    const write = (name: string, content: unknown): void => writeFileSync(join(folder, name), JSON.stringify(content));
    write('costs.json', COSTS);
    write('other.json', { ...COSTS, scheduler: { each: 15, command: 0.13 } });
    write('fast.json', { ...COSTS, client: { ...COSTS.client, submit: { each: 'fast', command: 1 } } });
    write('empty.json', { ...COSTS, thread: { ...COSTS.thread, read: [] } });
    write('back.json', { ...COSTS, contention: [{ at: 8, cost: 1 }, { at: 1, cost: 1 }] });
    writeFileSync(join(folder, 'words.json'), 'a few words');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const psmr = (...args: readonly string[]) => spawnSync(process.execPath, [CLI, 'measure', ...args], { encoding: 'utf8', cwd: folder });
  const simulate = (...args: readonly string[]) => psmr('simulate', 'dependent-commands', '--keys', '1000', '--seconds', '0.01', '--load', '64', '--threads', '2', ...args);

  it.each([
    [['simulate', 'dependent-commands'], /--costs/],
    [['simulate', 'latency', '--costs', 'costs.json'], /Expected one of failed-commands/],
    [['simulate', 'threads', '--costs', 'nowhere.json'], /--costs nowhere\.json: ENOENT/],
    [['simulate', 'threads', '--costs', 'words.json'], /words\.json: not JSON/],
    [['simulate', 'threads', '--costs', 'fast.json'], /fast\.json: client\.submit\.each: expected a number from 0 to 1000000000, got "fast"/],
    [['simulate', 'threads', '--costs', 'empty.json'], /empty\.json: thread\.read: expected a list of .* one or more/],
    [['simulate', 'threads', '--costs', 'back.json'], /back\.json: contention: expected a list of .* each at more than the one before/],
    [['simulate', 'threads', '--costs', 'costs.json', '--place', 'there'], /--place.*Expected one of apart, together/],
    [['simulate', 'threads', '--costs', 'costs.json', '--cores', '0'], /--cores.*Expected a number from 1 to 1024/],
    [['simulate', 'threads', '--costs', 'costs.json', '--storage', 'disk'], /--storage.*Expected one of memory/],
    [['simulate', 'threads', '--costs', 'costs.json', '--points', '0'], /--points 0: expected numbers from 1 to 64/],
    [['simulate', 'dependent-commands', '--costs', 'costs.json', '--points', '50,50'], /--points.*Expected each number once/],
    [['simulate', 'failed-commands', '--costs', 'costs.json', '--load', '5'], /--load: failed-commands varies/],
  ])('%j is refused', (args, complaint) => {
    const { status, stderr } = psmr(...args);
    expect(stderr).toMatch(complaint);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(status).not.toBe(0);
  });

  it('goes on with what is there, and refuses other costs by the field', () => {
    const args = ['--costs', 'costs.json', '--points', '50', '--out', 'out'];
    expect(simulate(...args, '--techniques', 'smr').status).toBe(0);
    const directory = join(folder, 'out', 'apart-16-cores-2-threads');
    const [first] = readdirSync(directory);
    const before = readFileSync(join(directory, first!), 'utf8');
    expect(JSON.parse(before)).toMatchObject({ kind: 'simulated', machine: { cpu: COSTS.machine, cores: 16 }, model: { place: 'apart', 'scheduler.each': 14 } });
    const { status, stdout, stderr } = simulate(...args, '--techniques', 'smr,sp-smr,opt-psmr');
    expect(stderr).toContain(`1 of 3 runs are done in ${join('out', 'apart-16-cores-2-threads')}`);
    expect([status, stdout]).toEqual([0, expect.stringContaining('3 points in')]);
    expect(readFileSync(join(directory, first!), 'utf8')).toBe(before);
    expect(simulate(...args, '--costs', 'other.json').stderr).toMatch(/--out out is of another simulation: .*model\.scheduler\.each is 14 there, and 15 now/);
    expect(simulate(...args, '--fill', '0.6').stderr).toMatch(/parameters\.fill is 0\.7 there, and 0\.6 now/);
    execFileSync(process.execPath, [CLI, 'measure', 'report', 'out', '--out', join('page', 'report.html')], { encoding: 'utf8', cwd: folder });
    expect(readFileSync(join(folder, 'page', 'report.html'), 'utf8')).toContain('simulated');
  }, 60_000);
});
