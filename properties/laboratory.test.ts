/** Does the laboratory tell what was measured? Plans and how they are gone on with, points, statistics, claims, the report. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CLAIMS, normalised, type Verdict } from '../src/measure/claims.js';
import { specOf, PAPER } from '../src/measure/chart.js';
import { memoryIn } from '../src/measure/cpu.js';
import { closed } from '../src/measure/laboratory.js';
import { gapsOf, groupsOf, marksOf } from '../src/measure/marks.js';
import { pageOf, sheetsOf, slugOf } from '../src/measure/page.js';
import { panelsOf } from '../src/measure/panels.js';
import { dependentCommands, failedCommands, resume, threads, type Plan, type Wish } from '../src/measure/plan.js';
import { decodePoint, pointsIn, writePoint, type ExperimentName, type Point } from '../src/measure/point.js';
import { sayTime } from '../src/measure/progress.js';
import { DIGEST_SESSION, heard } from '../src/measure/recording.js';
import { saturate, sessionsFor, WORTH } from '../src/measure/saturation.js';
import { driftOf, estimate, medianOf, studentT } from '../src/measure/statistics.js';
import { marksTable } from '../src/measure/table.js';
import { encodeReply, join as joined, recordsOf, type Reply } from '../src/record.js';
import { asInThePaper, BASE, BENCH, pointFor, pointOf, resumed, unclosed, type Chosen } from './arbitraries/points.js';

const WISH: Wish = { base: BASE, techniques: ['smr', 'p-smr', 'opt-psmr'], points: [0, 50, 100], repeats: 2, isSought: false };
const CLI = join(import.meta.dirname, '..', 'dist', 'src', 'cli.js');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'opt-psmr-'));
  mkdirSync(join(folder, 'empty'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('an estimate', () => {
  it('holds the median and the mean, and no interval of one run', () => {
    expect(estimate([])).toBeUndefined();
    expect(estimate([7])).toEqual({ median: 7, mean: 7, interval: undefined, runs: 1 });
    expect(estimate([1, 2, 9])).toMatchObject({ median: 2, mean: 4, runs: 3 });
    expect(medianOf([4, 1, 3, 2])).toBe(2.5);
  });

  it('has the interval of Student: of 1, 2, 3 it is 2 ± 4.303 / √3', () => {
    const { low, high } = estimate([1, 2, 3])!.interval!;
    expect(low).toBeCloseTo(2 - 4.303 / Math.sqrt(3), 6);
    expect(high).toBeCloseTo(2 + 4.303 / Math.sqrt(3), 6);
    expect(studentT(1)).toBe(12.706);
    expect(studentT(1000)).toBe(studentT(30));
  });

  it('holds the true mean in about 95 of 100 cases', () => {
    const normal = (u: number, v: number): number => Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
    const spread = fc.array(fc.tuple(fc.nat(1_000_000), fc.nat(1_000_000)).map(([a, b]) => normal((a + 1) / 1_000_001, b / 1_000_000)), { minLength: 5, maxLength: 5 });
    const held = fc.sample(spread, { seed: 1, numRuns: 2000 }).filter((values) => {
      const { low, high } = estimate(values)!.interval!;
      return low <= 0 && 0 <= high;
    }).length;
    expect(held / 2000).toBeGreaterThan(0.9);
    expect(held / 2000).toBeLessThan(0.99);
  });

  it('of a drift compares the last third with the first', () => {
    expect(driftOf([10, 10, 5, 99, 11, 11])).toBeCloseTo(0.1);
    expect(driftOf([1, 2])).toBeUndefined();
    expect(driftOf([0, 1, 2])).toBeUndefined();
  });
});

describe('a plan', () => {
  it('names every run once, and gives each a file of its own', () => {
    for (const plan of [dependentCommands(WISH), threads({ ...WISH, points: [1, 2, 4] }), failedCommands(WISH, [closed(8, 16), closed(64, 16)])]) {
      expect(new Set(plan.runs.map(({ name }) => name)).size).toBe(plan.runs.length);
      expect(new Set(plan.runs.map(({ file }) => file)).size).toBe(plan.runs.length);
    }
  });

  it('goes round after round, so that there is a whole figure soon', () => {
    const { runs } = dependentCommands(WISH);
    expect(runs.map(({ repeat }) => repeat)).toEqual([...Array.from({ length: 9 }, () => 1), ...Array.from({ length: 9 }, () => 2)]);
  });

  it('asks SMR for one thread, once', () => {
    const smr = threads({ ...WISH, points: [2, 4], repeats: 1 }).runs.filter(({ technique }) => technique === 'smr');
    expect(smr.map(({ parameters }) => parameters.threads)).toEqual([1]);
  });

  it('is gone on with where it was left', () => {
    const plan = dependentCommands(WISH);
    for (const done of [0, 1, 7, plan.runs.length]) expect(resumed(plan, done)).toEqual({ type: 'Left', runs: plan.runs.slice(done) });
  });

  it('refuses the points of another experiment by the field', () => {
    const plan = dependentCommands(WISH);
    const other = (change: Partial<typeof BASE>): Plan => dependentCommands({ ...WISH, base: { ...BASE, ...change } });
    expect(resumed(plan, 3, other({ keys: 5 }))).toEqual({ type: 'Refused', reason: expect.stringMatching(/^dir\/dependent-000-smr-run-1.point.json: parameters.keys is 10000000 there, and 5 now$/) });
    expect(resumed(plan, 3, other({ storage: 'disk' }))).toMatchObject({ reason: expect.stringContaining('parameters.storage is "memory" there') });
    expect(resumed(plan, 3, other({ arrivals: closed(8, 16) }))).toMatchObject({ reason: expect.stringContaining('parameters.arrivals.clients') });
    expect(resumed(plan, 3, other({ threads: 4 }))).toMatchObject({ reason: expect.stringContaining('parameters.threads is 8 there, and 4 now') });
    expect(resumed({ ...plan, isSought: true }, 3, { ...other({ arrivals: closed(8, 16) }), isSought: true }).type).toBe('Left');
  });

  it('goes on with more repetitions, whatever was repeated before', () => {
    const [once, thrice] = [1, 3].map((repeats) => dependentCommands({ ...WISH, repeats })) as [Plan, Plan];
    expect(resumed(once, once.runs.length, thrice)).toEqual({ type: 'Left', runs: thrice.runs.filter(({ repeat }) => repeat > 1) });
  });

  it('leaves alone what is simulated, and other experiments in the same directory', () => {
    const plan = dependentCommands(WISH);
    const [run] = plan.runs;
    const strange = new Map([['dir/x.point.json', { ...pointFor(plan, run!), kind: 'simulated' as const, parameters: { ...BASE, keys: 7 } }], ['dir/y.point.json', { ...pointFor(plan, run!), experiment: 'threads' as const, parameters: { ...BASE, keys: 7 } }]]);
    expect(resume(plan, BENCH, strange)).toMatchObject({ type: 'Left', runs: plan.runs });
  });
});

describe('a search for the load that saturates', () => {
  it('stops where twice the load is no use, and takes the least that is as good', async () => {
    const tried: number[] = [];
    const rises = (inFlight: number): Promise<number> => (tried.push(inFlight), Promise.resolve(Math.min(inFlight, 500)));
    expect((await saturate(64, 65_536, rises)).inFlight).toBe(512);
    expect(tried).toEqual([64, 128, 256, 512, 1024]);
  });

  it('is never far from the best that it saw', () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.double({ min: 0.1, max: 1000, noNaN: true }), { minLength: 8, maxLength: 8 }), async (throughputs) => {
        const { inFlight, probes } = await saturate(1, 128, (load) => Promise.resolve(throughputs[Math.log2(load)]!));
        const chosen = probes.find((probe) => probe.inFlight === inFlight)!;
        expect(chosen.throughput * (1 + WORTH)).toBeGreaterThanOrEqual(Math.max(...probes.map(({ throughput }) => throughput)));
      }),
    ));

  it('is shared by sessions, none of which is idle', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 50_000 }), fc.integer({ min: 1, max: 200 }), (inFlight, most) => {
        const { clients, outstanding } = sessionsFor(inFlight, most);
        expect(clients).toBeLessThanOrEqual(most);
        expect(outstanding).toBeGreaterThan(0);
        expect(clients * outstanding).toBeGreaterThanOrEqual(inFlight);
        expect(clients * outstanding).toBeLessThan(inFlight + clients);
      }),
    ));
});

describe('a point', () => {
  it('comes back from its file as it was written, from directories within as well', () => {
    const directory = mkdtempSync(join(folder, 'points-'));
    const points = asInThePaper().slice(0, 3);
    points.forEach((point, i) => writePoint(join(directory, i === 0 ? '' : 'inner', `${i}.point.json`), point));
    writeFileSync(join(directory, 'notes.json'), '{');
    const read = pointsIn(directory);
    expect(E.isRight(read) && [...read.right.values()]).toEqual(points);
  });

  it('is refused by file and field', () => {
    const directory = mkdtempSync(join(folder, 'broken-'));
    const file = join(directory, 'a.point.json');
    const refusalOf = (text: string): unknown => (writeFileSync(file, text), pointsIn(directory));
    const sound = pointOf({ experiment: 'threads' });
    expect(refusalOf('{')).toEqual(E.left(`${file}: not JSON`));
    expect(refusalOf(JSON.stringify({ ...sound, kind: 'guessed' }))).toMatchObject({ left: expect.stringContaining(`${file}: kind: expected`) });
    expect(refusalOf(JSON.stringify({ ...sound, run: { ...sound.run, throughput: -1 } }))).toEqual(E.left(`${file}: run.throughput: expected a number from 0, got -1`));
    expect(() => writePoint(file, { ...sound, step: NaN })).toThrow('step: expected an integer from 0');
    expect(pointsIn(join(folder, 'nowhere'))).toMatchObject({ left: expect.stringContaining('nowhere') });
    expect(E.isRight(decodePoint(JSON.stringify(sound)))).toBe(true);
  });
});

describe('marks', () => {
  it('bring together runs of the same place, and none of different kinds, cores or sizes', () => {
    const place = { experiment: 'threads' } as const;
    const [mark, ...others] = marksOf([1, 2, 3].map((repeat) => pointOf({ ...place, repeat, throughput: 90 + 5 * repeat })));
    expect(others).toEqual([]);
    expect(mark!.throughput).toMatchObject({ median: 100, runs: 3 });
    expect(marksOf([pointOf(place), pointOf({ ...place, kind: 'simulated' }), pointOf({ ...place, cores: 2 }), pointOf({ ...place, threads: 2 })])).toHaveLength(4);
  });

  it('have the first verdict that is not ok', () => {
    const [mark] = marksOf((['ok', 'lost'] as const).map((verdict, i) => pointOf({ experiment: 'threads', repeat: i + 1, verdict })));
    expect(mark!.verdict).toBe('lost');
    expect(marksTable([mark!], false)).toContain('lost');
  });

  it('measure drift between the cuts only', () => {
    const series = Array.from({ length: 120 }, (_, i) => (i < 10 || i >= 110 ? 1 : 100));
    expect(marksOf([pointOf({ experiment: 'threads', series })])[0]!.drift).toBeCloseTo(0);
  });

  it('say how far a simulation is off where both exist: same cores, and the same load where it is what varies', () => {
    const at = (kind: 'measured' | 'simulated', throughput: number, more: Partial<Chosen> = {}): Point => pointOf({ experiment: 'dependent-commands', kind, throughput, ...more });
    expect(gapsOf(marksOf([at('measured', 100), at('simulated', 110), at('simulated', 300, { cores: 16 })])).map(({ throughput }) => throughput)).toEqual([expect.closeTo(0.1)]);
    const step = { experiment: 'failed-commands', step: 1 } as const;
    expect(gapsOf(marksOf([at('measured', 100, step), at('simulated', 110, { ...step, inFlight: 9 })]))).toEqual([]);
  });
});

/** What a claim makes of points: `agrees` of those, `disagrees` of these. */
type Case = { readonly says: RegExp; readonly experiment: ExperimentName; readonly agrees: readonly Partial<Chosen>[]; readonly disagrees: readonly Partial<Chosen>[] };

const steps = (...rest: readonly Partial<Chosen>[]): readonly Partial<Chosen>[] => rest.map((chosen, i) => ({ step: i + 1, throughput: 50 * (i + 1), ...chosen }));
const shares = (technique: Chosen['technique'] & string, ...throughputs: readonly number[]): readonly Partial<Chosen>[] =>
  throughputs.map((throughput, i) => ({ technique, throughput, dependent: (100 * i) / (throughputs.length - 1) }));
const counts = (technique: Chosen['technique'] & string, ...values: readonly Partial<Chosen>[]): readonly Partial<Chosen>[] => values.map((chosen, i) => ({ technique, threads: 2 ** i, ...chosen }));

const CASES: readonly Case[] = [
  { says: /fail rate decreases/, experiment: 'failed-commands', agrees: steps({ failedRatio: 0.03 }, { failedRatio: 0.02 }), disagrees: steps({ failedRatio: 0.02 }, { failedRatio: 0.03 }) },
  { says: /not in proportion/, experiment: 'failed-commands', agrees: steps({ failedRatio: 0.03 }, { failedRatio: 0.02 }), disagrees: steps({ failedRatio: 0.02 }, { failedRatio: 0.03 }) },
  { says: /approximately twice/, experiment: 'failed-commands', agrees: steps({ passed: 2, failed: 4 }, { passed: 3, failed: 5.8 }), disagrees: steps({ passed: 2, failed: 7 }, { passed: 3, failed: 10 }) },
  { says: /negligible/, experiment: 'failed-commands', agrees: steps({ latency: 2.02, passed: 2 }, {}), disagrees: steps({ latency: 2.5, passed: 2 }, {}) },
  { says: /throughput of P-SMR decreases\.$/, experiment: 'dependent-commands', agrees: shares('p-smr', 300, 200, 100), disagrees: shares('p-smr', 300, 100, 200) },
  { says: /at about 50 %/, experiment: 'dependent-commands', agrees: [...shares('p-smr', 300, 140, 50), ...shares('smr', 150, 150, 150)], disagrees: [...shares('p-smr', 100, 90, 50), ...shares('smr', 150, 150, 150)] },
  { says: /remains above SMR/, experiment: 'dependent-commands', agrees: [...shares('opt-psmr', 300, 250), ...shares('smr', 150, 150)], disagrees: [...shares('opt-psmr', 300, 140), ...shares('smr', 150, 150)] },
  { says: /regardless/, experiment: 'dependent-commands', agrees: all([300, 300], [300, 50], [150, 150]), disagrees: all([250, 300], [300, 50], [150, 150]) },
  { says: /factor of 2\.4/, experiment: 'dependent-commands', agrees: all([300, 360], [300, 50], [150, 150]), disagrees: all([300, 350], [300, 50], [150, 150]) },
  { says: /fail rate of opt-PSMR is low/, experiment: 'dependent-commands', agrees: [{ failedRatio: 0.01 }], disagrees: [{ failedRatio: 0.2 }] },
  { says: /slightly higher/, experiment: 'dependent-commands', agrees: [{ latency: 4 }, { technique: 'smr', latency: 3 }, { technique: 'p-smr', latency: 3 }], disagrees: [{ latency: 9 }, { technique: 'smr', latency: 3 }, { technique: 'p-smr', latency: 3 }] },
  { says: /increases the throughput of opt-PSMR/, experiment: 'threads', agrees: counts('opt-psmr', { throughput: 100 }, { throughput: 180 }), disagrees: counts('opt-psmr', { throughput: 100 }, { throughput: 90 }) },
  { says: /decreases the throughput of P-SMR/, experiment: 'threads', agrees: counts('p-smr', { throughput: 100 }, { throughput: 90 }), disagrees: counts('p-smr', { throughput: 100 }, { throughput: 180 }) },
  {
    says: /scale perfectly/,
    experiment: 'threads',
    agrees: [...counts('opt-psmr', { throughput: 100 }, { throughput: 180 }), ...counts('p-smr', { throughput: 100 }, { throughput: 90 })],
    disagrees: [...counts('opt-psmr', { throughput: 100 }, { throughput: 80 }), ...counts('p-smr', { throughput: 100 }, { throughput: 90 })],
  },
  { says: /high costs on latency/, experiment: 'threads', agrees: [{ latency: 5 }, { technique: 'p-smr', latency: 4 }], disagrees: [{ latency: 9 }, { technique: 'p-smr', latency: 4 }] },
  { says: /CPU consumption/, experiment: 'threads', agrees: [{ cpu: 5 }, { technique: 'p-smr', cpu: 4 }], disagrees: [{ cpu: 3 }, { technique: 'p-smr', cpu: 4 }] },
];

function all(opt: readonly number[], p: readonly number[], smr: readonly number[]): readonly Partial<Chosen>[] {
  return [...shares('opt-psmr', ...opt), ...shares('p-smr', ...p), ...shares('smr', ...smr)];
}

describe('a claim of the paper', () => {
  it.each(CASES)('$says agrees, disagrees, and lacks data', ({ says, experiment, agrees, disagrees }) => {
    const [claim, ...others] = CLAIMS.filter((one) => says.test(one.says));
    expect(others).toEqual([]);
    expect(claim!.experiment).toBe(experiment);
    const judged = (chosen: readonly Partial<Chosen>[]): Verdict => claim!.judge(marksOf(chosen.map((one) => pointOf({ experiment, ...one })))).verdict;
    expect([judged(agrees), judged(disagrees), judged([])]).toEqual(['agrees', 'disagrees', 'no data']);
  });

  it('is tried in every case', () => expect(CASES).toHaveLength(CLAIMS.length));

  it('is told with where P-SMR falls below SMR: where a straight line between shares does', () => {
    const points = [...shares('p-smr', 300, 200, 100), ...shares('smr', 180, 180, 180)].map((one) => pointOf({ experiment: 'dependent-commands', ...one }));
    const claim = CLAIMS.find(({ says }) => says.includes('about 50 %'))!;
    // At 50 % it is 20/180 above, at 100 % 80/180 below: a fifth of the way.
    expect(claim.judge(marksOf(points)).sees).toContain('below SMR from 60.0 % on');
  });

  it('is true of the figures as the paper tells them', () => {
    const marks = marksOf(asInThePaper());
    for (const claim of CLAIMS) expect([claim.says, claim.judge(marks.filter((mark) => mark.experiment === claim.experiment)).verdict]).toEqual([claim.says, 'agrees']);
  });

  it('needs one thread to say what is normal', () => {
    const of = (...threadCounts: readonly number[]) => normalised(marksOf(threadCounts.map((count) => pointOf({ experiment: 'threads', threads: count, throughput: 100 }))));
    expect(of(2, 4)).toEqual([]);
    expect(of(1, 2)).toEqual([{ threads: 1, part: 1 }, { threads: 2, part: 0.5 }]);
  });
});

describe('the report', () => {
  const points = [...asInThePaper('measured', 2, 0.3), ...asInThePaper('simulated', 2, 0.33), ...asInThePaper('simulated', 8)];
  const marks = marksOf(points);

  it('never draws what is simulated as what is measured', () => {
    for (const sheet of sheetsOf(marks))
      for (const panel of panelsOf(sheet.experiment, sheet.groups)) {
        const text = JSON.stringify(specOf([panel], null, PAPER));
        for (const kind of new Set(panel.rows.map((row) => row.kind))) expect(text).toContain(`{"filter":"datum.kind === '${kind}'"}],"mark":{"type":"point","size":46,"strokeWidth":2,"opacity":1,"filled":${kind === 'measured'}}`);
        expect(text).toContain('"domain":["measured","simulated"],"range":[[1,0],[6,4]]');
        expect(new Set(panel.rows.map((row) => row.kind)).size).toBe(sheet.groups.length);
      }
  });

  it('draws together only what has the same cores, keys and threads', () => {
    expect(sheetsOf(marks).map(({ experiment, setup: { cores }, groups }) => [experiment, cores, groups.length])).toEqual(
      ['failed-commands', 'dependent-commands', 'threads'].flatMap((experiment) => [[experiment, 2, 2], [experiment, 8, 1]]),
    );
    const slugs = sheetsOf(marks).map((sheet, _, sheets) => slugOf(sheet, sheets));
    expect(new Set(slugs).size).toBe(slugs.length);
    expect(groupsOf(marks, 'threads').map(({ setup }) => setup.kind)).toEqual(['measured', 'simulated', 'simulated']);
  });

  it('is one page that needs nothing else, and says everything', async () => {
    const page = await pageOf(points, marks);
    expect(unclosed(page)).toEqual([]);
    expect(page).not.toMatch(/\b(?:src|href)="|<script|@import|url\((?!#)/);
    expect(page).toContain('prefers-color-scheme: dark');
    for (const { says } of CLAIMS) expect(page).toContain(says.replaceAll("'", '&#39;'));
    expect(page).toContain('At most 10.0 % in throughput, over');
    expect(page.match(/<svg [^>]*role="img"[^>]*aria-label="[^"]+/g)).toHaveLength(page.match(/<svg /g)!.length);
    expect(page).toContain('dashed lines, empty marks');
    expect(page).toMatch(/\d+ findings agree, 0 disagree/);
  });

  it('says what is missing, what was not judged, and what had not warmed up', async () => {
    const series = Array.from({ length: 120 }, (_, i) => 100 + i);
    const few = [pointOf({ experiment: 'threads', verdict: 'lost', series })];
    const page = await pageOf(few, marksOf(few));
    expect(page).toContain('psmr measure failed-commands');
    expect(page).toContain('opt-PSMR, 8 threads, 100 % dependent: lost');
    expect(page).toMatch(/It is beyond 10 % at opt-PSMR, 8 threads, 100 % dependent \(\+/);
    expect(page).toContain('1 measured point had one run only');
  });
});

describe('psmr measure', () => {
  const psmr = (...args: readonly string[]) => spawnSync(process.execPath, [CLI, 'measure', ...args], { encoding: 'utf8', cwd: folder, timeout: 100_000 });

  it.each([
    [['threads', '--points', '1,two'], /--points.*Expected a number/],
    [['threads', '--points', '2,2'], /Expected each number once/],
    [['dependent-commands', '--points', '101'], /--points.*from 0 to 100/],
    [['dependent-commands', '--rates', '5'], /--rates: only failed-commands/],
    [['dependent-commands', '--load', '100000'], /--load 100000: 16 sessions keep at most 65536/],
    [['failed-commands', '--points', '100000'], /--points 100000: 16 sessions keep at most 65536/],
    [['failed-commands', '--techniques', 'smr'], /--techniques: failed-commands measures opt-psmr/],
    [['failed-commands', '--load', '5'], /--load: failed-commands varies/],
    [['threads', '--seconds', '10', '--cut', '5'], /--cut 5: nothing is left of 10 s/],
    [['growth', '--points', '5'], /--points: of which quantity/],
    [['growth', '--quantities', 'clients', '--points', '3'], /--points 3: expected clients from 1 to 200 that go with 16 clients and 8192 in flight/],
    [['growth', '--load', '100'], /--load 100: 16 clients cannot keep as many each/],
    [['growth', '--quantities', 'kings'], /--quantities.*Expected one of keys/],
    [['replica', '--keys', '1000', '--commands', '2000'], /--commands 2000: expected no more than --keys/],
    [['--workload', 'ycsb-z'], /--workload.*Expected one of/],
    [['--workload', 'ycsb-a', '--dependent', '5'], /--workload ycsb-a: says itself/],
    [['report', 'nowhere'], /nowhere/],
    [['report', 'empty'], /no points there/],
  ])('%j is refused', (args, complaint) => {
    const { status, stderr } = psmr(...args);
    expect(stderr).toMatch(complaint);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(status).not.toBe(0);
  });

  it('report writes the page, and a picture of each figure beside it', () => {
    const directory = mkdtempSync(join(folder, 'report-'));
    asInThePaper().forEach((point, i) => writePoint(join(directory, `${i}.point.json`), point));
    const out = join(directory, 'out', 'page.html');
    execFileSync(process.execPath, [CLI, 'measure', 'report', directory, '--out', out], { encoding: 'utf8' });
    expect(readdirSync(join(directory, 'out')).sort()).toEqual(['figure-3.svg', 'figure-4.svg', 'figure-5.svg', 'page.html']);
    expect(readFileSync(out, 'utf8')).toContain('Figure 5');
    expect(unclosed(readFileSync(join(directory, 'out', 'figure-4.svg'), 'utf8'))).toEqual([]);
  });

  it('replica finds the digest among the answers of other threads, wherever it is', () => {
    const answer = (session: number, status: Reply['status']) =>
      encodeReply({ status, attempt: 0, session, sequence: 3, position: { group: 0, slot: 1, offset: 0 }, payload: new Uint8Array(1) });
    const others = [answer(1, 'Executed'), answer(2, 'Failed'), answer(3, 'Refused')];
    for (const place of [0, 1, 2, 3]) {
      const replies = joined([...others.slice(0, place), answer(DIGEST_SESSION, 'Executed'), ...others.slice(place)]);
      expect(heard(replies)).toEqual({ count: 4, failed: ['2.3'], refused: 1, digestAt: [...recordsOf(replies)][place] });
    }
    expect(heard(joined(others)).digestAt).toBeUndefined();
  });

  it('replica comes to the same tree under every technique', () => {
    const { status, stdout, stderr } = psmr('replica', '--keys', '2000', '--commands', '2000', '--capacity', '4', '--dependent', '80', '--points', '2', '--repeat', '2', '--json');
    expect(stderr).toBe('');
    const { executions } = JSON.parse(stdout) as { readonly executions: readonly { readonly verdict: string; readonly digest: string; readonly failedRatio: number; readonly throughputs: readonly number[] }[] };
    expect(executions.map(({ verdict }) => verdict)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok']);
    expect(executions.map(({ throughputs }) => throughputs.length)).toEqual([2, 2, 2, 2, 2]);
    expect(new Set(executions.map(({ digest }) => digest)).size).toBe(1);
    expect(executions.at(-1)!.failedRatio).toBeGreaterThan(0);
    expect(status).toBe(0);
  }, 120_000);

  it('an experiment is gone on with by the same command, and refused by another', () => {
    const args = ['dependent-commands', '--keys', '1000', '--seconds', '1.5', '--cut', '0.25', '--points', '50', '--load', '32', '--storage', 'memory', '--out', 'resumed'];
    expect(psmr(...args, '--techniques', 'smr').status).toBe(0);
    const [first] = readdirSync(join(folder, 'resumed'));
    const before = readFileSync(join(folder, 'resumed', first!), 'utf8');
    const { status, stderr } = psmr(...args, '--techniques', 'smr,opt-psmr');
    expect(stderr).toContain('1 of 2 runs are done in resumed');
    expect(status).toBe(0);
    expect(readFileSync(join(folder, 'resumed', first!), 'utf8')).toBe(before);
    expect(readdirSync(join(folder, 'resumed'))).toEqual(['dependent-050-opt-psmr-run-1.point.json', 'dependent-050-smr-run-1.point.json']);
    expect(psmr(...args, '--fill', '0.6').stderr).toMatch(/--out resumed is of another experiment: .*parameters\.fill is 0\.7 there, and 0\.6 now/);
  }, 180_000);
});

it('a length of time is said in words', () => expect([0.2, 180, 181, 7200, 9000].map(sayTime)).toEqual(['1 s', '180 s', '4 min', '2 h 0 min', '2 h 30 min']));

it('memory is read from the status of a process, where there is one', () => {
  expect(memoryIn('Name:\tnode\nVmHWM:\t  204800 kB\nVmRSS:\t  102400 kB\n')).toEqual({ resident: 100, peak: 200 });
  expect(memoryIn('')).toBeUndefined();
});
