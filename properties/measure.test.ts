/** Does a measurement tell what was measured? Its result, table, figure and progress; its workload and its histogram. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { coresBetween, sampleCpu, ticksIn } from '../src/measure/cpu.js';
import { drawFigure } from '../src/measure/figure.js';
import { histogram } from '../src/measure/histogram.js';
import { machine, versions } from '../src/measure/machine.js';
import { lineOf, remaining, reporter, STAGES, type Mode, type Progress } from '../src/measure/progress.js';
import {
  decode,
  FORMAT,
  NAMES,
  readResult,
  UNITS,
  verdictOf,
  writeResult,
  type Latency,
  type Mix,
  type Result,
  type Run,
  type Technique,
  type Verdict,
} from '../src/measure/result.js';
import { rounded, tableOf, takesColour } from '../src/measure/table.js';
import { auditedRanges, auditsOf, commandOf, commandsOf, keyAt, keySpaceOf, valueAt, type Source } from '../src/measure/draws.js';

const TECHNIQUES = Object.keys(NAMES) as Technique[];
const VERDICTS: readonly Verdict[] = ['ok', 'diverged', 'not-linearizable', 'lost', 'unknown', 'incomplete'];

const quantity = fc.double({ min: 0, max: 99_999, noNaN: true });
const natural = fc.nat();
const text = fc.string({ maxLength: 12 });
const verdict = fc.constantFrom(...VERDICTS);

/** A mix is five cuts of a hundred percent. */
const mix: fc.Arbitrary<Mix> = fc.array(fc.nat(100), { minLength: 4, maxLength: 4 }).map((cuts) => {
  const [a, b, c, d] = cuts.sort((x, y) => x - y) as [number, number, number, number];
  return { read: a, update: b - a, insert: c - b, delete: d - c, scan: 100 - d };
});

const processes = fc.constantFrom('acceptor-1', 'acceptor-2', 'acceptor-3', 'replica-1', 'replica-2', 'client');

const latency = fc.record({ count: natural, mean: quantity, p50: quantity, p90: quantity, p99: quantity, p999: quantity, max: quantity });
const traffic = fc.record({ messages: natural, bytes: natural });

const run: fc.Arbitrary<Run> = fc.record({
  technique: fc.constantFrom(...TECHNIQUES),
  throughput: quantity,
  failedRatio: fc.double({ min: 0, max: 1, noNaN: true }),
  latency,
  passed: latency,
  failed: latency,
  histogram: text,
  series: fc.array(fc.record({ commands: natural, failed: natural }), { maxLength: 3 }),
  sent: traffic,
  received: traffic,
  commands: natural,
  cpu: fc.dictionary(processes, fc.double({ min: 0, max: 8, noNaN: true }), { noNullPrototype: true }),
  memory: fc.dictionary(processes, fc.record({ resident: quantity, peak: quantity }), { noNullPrototype: true }),
  verdict,
  judgements: fc.array(fc.record({ judge: text, verdict, detail: text }), { maxLength: 3 }),
});

const result: fc.Arbitrary<Result> = fc.record({
  format: fc.constant(FORMAT),
  versions: fc.constant(versions()),
  machine: fc.record({ cpu: text, cores: natural, memoryGiB: quantity }),
  parameters: fc.record({
    keys: natural,
    threads: natural,
    replicas: natural,
    acceptors: natural,
    workload: fc.record({ mix, keys: fc.constant({ type: 'uniform' as const }), span: natural }),
    arrivals: fc.record({ type: fc.constant('closed' as const), clients: natural, outstanding: natural }),
    seconds: quantity,
    warmup: quantity,
    cooldown: quantity,
    capacity: natural,
    fill: fc.double({ min: 0, max: 1, noNaN: true }),
    lambda: quantity,
    delta: quantity,
    m: natural,
    batchBytes: natural,
    coordinators: fc.constantFrom('one' as const, 'spread' as const),
    storage: fc.constantFrom('memory' as const, 'disk' as const),
    seed: fc.integer(),
    commandsPerBarrier: fc.oneof(fc.integer({ min: 1 }), fc.constant('batch' as const)),
  }),
  units: fc.constant(UNITS),
  runs: fc.array(run, { maxLength: 3 }),
});

describe('a result always', () => {
  let folder = '';
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'opt-psmr-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('comes back from its file as it was written, and leaves nothing else behind', () =>
    fc.assert(
      fc.property(result, (written) => {
        const file = join(folder, 'out', 'result.json');
        writeResult(file, written);
        expect(readResult(file)).toEqual(E.right(JSON.parse(JSON.stringify(written))));
        expect(readdirSync(join(folder, 'out'))).toEqual(['result.json']);
      }),
    ));

  it('is refused by the name of the field that is wrong or missing', () =>
    fc.assert(
      fc.property(result, fc.nat(), (sound, n) => {
        const fields = leaves(sound);
        const field = fields[n % fields.length]!;
        expect(refusal(withField(sound, field, [null]))).toContain(`${nameOf(field)}: expected`);
        expect(refusal(withField(sound, field, undefined))).toContain(nameOf(field));
      }),
    ));

  it('that could not be read back is not written', () => {
    const [sound] = fc.sample(fc.tuple(result, run), { seed: 1, numRuns: 1 })[0]!;
    const unsound = { ...sound, machine: { ...sound.machine, memoryGiB: NaN } };
    expect(() => writeResult(join(folder, 'none.json'), unsound)).toThrow('machine.memoryGiB: expected a number from 0');
    expect(readdirSync(folder)).not.toContain('none.json');
  });

  it('is refused by the name of its file', () => {
    const file = join(folder, 'broken.json');
    writeFileSync(file, '{');
    expect(readResult(file)).toEqual(E.left(`${file}: not JSON`));
    expect(readResult(join(folder, 'missing.json'))).toMatchObject({ left: expect.stringContaining('missing.json') });
  });

  it('has a verdict that is ok when every judge says so, and there is one', () =>
    fc.assert(
      fc.property(fc.array(verdict), (verdicts) => {
        const judgements = verdicts.map((v) => ({ judge: 'j', verdict: v, detail: '' }));
        expect(verdictOf(judgements) === 'ok').toBe(verdicts.length > 0 && verdicts.every((v) => v === 'ok'));
      }),
    ));
});

describe('a table always', () => {
  const runs = fc.array(run, { maxLength: 4 });

  it('fits into 100 columns', () =>
    fc.assert(
      fc.property(runs, (rows) => tableOf(rows, false).split('\n').every((line) => line.length <= 100)),
    ));

  it('shows the numbers and the verdict of every run', () =>
    fc.assert(
      fc.property(run, (row) => {
        const shown = tableOf([row], false);
        const { mean, p50, p99 } = row.latency;
        for (const value of [row.throughput, mean, p50, p99, 100 * row.failedRatio]) expect(shown).toContain(rounded(value));
        for (const part of row.verdict.split(/(?<=-)/)) expect(shown).toContain(part);
      }),
    ));

  it('is the same table in colour', () =>
    fc.assert(fc.property(runs, (rows) => plain(tableOf(rows, true)) === tableOf(rows, false))));

  it('is coloured on a terminal only, and not where NO_COLOR is set', () => {
    expect(takesColour({ isTTY: true }, {})).toBe(true);
    expect(takesColour({ isTTY: true }, { NO_COLOR: '1' })).toBe(false);
    expect(takesColour({}, {})).toBe(false);
  });
});

describe('a figure always', () => {
  it('shows each technique with its values, as well-formed SVG', async () => {
    for (const sound of fc.sample(result, { seed: 2, numRuns: 5 })) {
      const runs = TECHNIQUES.map((technique, i) => ({ ...RUN, ...sound.runs[i], technique }));
      const svg = await drawFigure({ ...sound, runs });
      const texts = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, said]) => said!);
      expect(unclosed(svg)).toEqual([]);
      for (const { technique, throughput, latency, failedRatio } of runs) {
        expect(texts).toContain(NAMES[technique]);
        expect(texts.some((said) => said.startsWith(rounded(throughput)))).toBe(true);
        for (const value of [latency.mean, latency.p50, latency.p99, 100 * failedRatio]) expect(texts).toContain(rounded(value));
      }
    }
  });

  it('names a verdict that is not ok beside the throughput', async () => {
    const [sound] = fc.sample(result, { seed: 3, numRuns: 1 });
    const svg = await drawFigure({ ...sound!, runs: [{ ...RUN, throughput: 12.3, verdict: 'diverged' }] });
    expect(svg).toContain('12.3 (diverged)');
  });

  it('costs nothing before it is drawn: vega is imported on demand', () =>
    expect(readFileSync('src/measure/figure.ts', 'utf8')).not.toMatch(/^import (?!type).*vega/m));
});

describe('a workload always', () => {
  const source: fc.Arbitrary<Source> = fc.record({
    keys: fc.integer({ min: 1, max: 2 ** 30 }),
    workload: fc.record({ mix, keys: fc.constant({ type: 'uniform' as const }), span: fc.integer({ min: 1, max: 256 }) }),
    seed: fc.integer(),
  });
  const writer = fc.integer({ min: 1, max: 300 });

  it('is the same for the same seed and writer, and another for another', () =>
    fc.assert(
      fc.property(source, writer, (w, i) => {
        const large = { ...w, keys: w.keys + 1_000_000 };
        expect(take(50, commandsOf(w, i))).toEqual(take(50, commandsOf(w, i)));
        expect(take(50, commandsOf(large, i)).map(keyOf)).not.toEqual(take(50, commandsOf(large, i + 1)).map(keyOf));
        expect(take(50, commandsOf(large, i)).map(keyOf)).not.toEqual(take(50, commandsOf({ ...large, seed: w.seed ^ 1 }, i)).map(keyOf));
      }),
    ));

  it('is mixed as asked, within five standard deviations', () =>
    fc.assert(
      fc.property(source, writer, (w, i) => {
        const draws = 10_000;
        const drawn = take(draws, commandsOf(w, i)).map(({ type }) => type);
        for (const [kind, percent] of Object.entries(w.workload.mix)) {
          const p = percent / 100;
          const seen = drawn.filter((type) => type === kind).length;
          expect(Math.abs(seen - draws * p)).toBeLessThanOrEqual(5 * Math.sqrt(draws * p * (1 - p)));
        }
      }),
      { numRuns: 30 },
    ));

  it('stays in the key space, and covers it evenly', () =>
    fc.assert(
      fc.property(source, writer, (w, i) => {
        const keySpace = BigInt(keySpaceOf(w.keys));
        const drawn = take(4_000, commandsOf(w, i));
        expect(drawn.every((c) => (c.type === 'scan' ? 0n <= c.from && c.from <= c.to && c.to < keySpace : 0n <= c.key && c.key < keySpace))).toBe(true);
        const lower = drawn.filter((c) => 2n * keyOf(c) < keySpace).length;
        expect(Math.abs(lower - 2_000)).toBeLessThanOrEqual(5 * Math.sqrt(1_000));
      }),
      { numRuns: 30 },
    ));

  it('writes each value once, among all writers and the loader', () =>
    fc.assert(
      fc.property(fc.uniqueArray(writer, { maxLength: 5 }), fc.integer(), (writers, seed) => {
        const writing: Source = { keys: 100, workload: { mix: { ...READS, read: 0, update: 50, insert: 50 }, keys: { type: 'uniform' }, span: 1 }, seed };
        const written = writers.flatMap((i) => take(200, commandsOf(writing, i)).flatMap((c) => ('value' in c ? [c.value] : [])));
        const values = [...written, ...Array.from({ length: writing.keys }, (_, i) => valueAt(i))];
        expect(new Set(values).size).toBe(200 * writers.length + writing.keys);
        expect(values.every((value) => 0n <= value && value < 2n ** 63n)).toBe(true);
      }),
    ));

  it('finds about half of its keys loaded', () => {
    const w: Source = { keys: 5_000, workload: { mix: READS, keys: { type: 'uniform' }, span: 1 }, seed: 1 };
    const loaded = new Set(Array.from({ length: w.keys }, (_, i) => keyAt(i)));
    const found = take(10_000, commandsOf(w, 1)).filter((c) => loaded.has(keyOf(c))).length;
    expect(Math.abs(found - 5_000)).toBeLessThanOrEqual(5 * Math.sqrt(2_500));
  });

  it('audits keys on both sides of every bound between partitions, and scans whole ranges of them', () =>
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 10_000 }), fc.integer({ min: 1, max: 8 }), fc.integer(), (keys, n, seed) => {
        const bounds = Array.from({ length: n }, (_, i) => Math.floor((keySpaceOf(keys) * i) / n));
        const ranges = auditedRanges(keys, bounds);
        const isAudited = (key: bigint): boolean => ranges.some(({ from, to }) => key >= from && key <= to);
        expect(ranges.every(({ from, to }) => 0 <= from && from <= to && to < keySpaceOf(keys))).toBe(true);
        for (const bound of bounds.slice(1)) expect([bound - 1, bound].map(BigInt).every(isAudited)).toBe(true);
        const draw = auditsOf({ keys, workload: { mix: READS, keys: { type: 'uniform' }, span: 1 }, seed }, 1, ranges);
        const commands = take(400, () => commandOf(draw()));
        expect(commands.every((c) => (c.type === 'scan' ? isAudited(c.from) && isAudited(c.to) : isAudited(c.key)))).toBe(true);
        expect(commands.some((c) => c.type === 'scan')).toBe(true);
      }),
      { numRuns: 30 },
    ));
});

describe('a histogram always', () => {
  const latencies = fc.array(fc.integer({ min: 0, max: 60_000_000 }), { minLength: 1, maxLength: 300 });

  it('tells percentiles, mean and maximum within a thousandth', () =>
    fc.assert(
      fc.property(latencies, (recorded) => {
        const h = histogram();
        recorded.forEach(h.record);
        const sorted = [...recorded].sort((a, b) => a - b);
        const at = (percent: number): number => sorted[Math.max(1, Math.ceil((percent / 100) * sorted.length)) - 1]! / 1000;
        const { count, mean, p50, p99, p999, max } = h.summary();
        expect(count).toBe(recorded.length);
        isNear(mean, recorded.reduce((a, b) => a + b, 0) / recorded.length / 1000);
        isNear(p50, at(50));
        isNear(p99, at(99));
        isNear(p999, at(99.9));
        isNear(max, at(100));
      }),
    ));

  it('takes any latency, and none: a minute is the longest, nothing is 0', () => {
    const h = histogram();
    expect(h.summary()).toEqual({ count: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 });
    [-3, 0.4, 1e12].forEach(h.record);
    expect(h.summary().count).toBe(3);
    isNear(h.summary().max, 60_000);
    h.reset();
    expect(h.summary().count).toBe(0);
  });
});

describe('progress', () => {
  const expected = { probe: 0, start: 1, load: 3, 'warm up': 2, measure: 10, 'cool down': 0, judge: 1 };
  const runs = TECHNIQUES.map((technique) => NAMES[technique]);

  /** What is written while each stage takes twice as long as was expected, told every tenth of a second. */
  const told = (mode: Mode, columns = 80): string[] => {
    const writes: string[] = [];
    let clock = 0;
    const report = reporter({ runs, expected, mode, columns, now: () => clock, write: (s) => void writes.push(s) });
    for (const run of runs)
      for (const stage of STAGES) {
        report.enter(run, stage);
        for (const end = clock + 2_000 * expected[stage]; clock < end; clock += 100) report.update(undefined, '41 Kcps');
      }
    report.end();
    return writes;
  };

  it('adds a plain line every three seconds where there is no terminal', () => {
    const lines = told('lines');
    expect(lines).toHaveLength(Math.ceil((runs.length * 34) / 3));
    for (const line of lines) expect(line).toMatch(/^[\w -]+ \([1-5] of 5\) · [a-z ]+ \d+ % · about \d+ s left( · 41 Kcps)?\n$/);
    for (const name of Object.values(NAMES)) expect(lines.some((line) => line.startsWith(name))).toBe(true);
  });

  it('rewrites one line of a terminal, never wider than it, and clears it in the end', () => {
    const writes = told('line', 40);
    expect(writes.every((s) => s.startsWith('\r\x1b[2K') && !s.includes('\n') && plain(s).length <= 40)).toBe(true);
    expect(writes.at(-1)).toBe('\r\x1b[2K');
  });

  it('is silent when told so', () => expect(told('none')).toEqual([]));

  it('learns how long a stage takes', () => {
    const seconds = told('lines').map((line) => Number(/about (\d+) s left/.exec(line)![1]));
    const actual = seconds.map((_, i) => 34 * runs.length - 3 * i);
    expect(seconds[0]).toBe(17 * runs.length); // as announced
    expect(Math.abs(seconds.at(-20)! - actual.at(-20)!)).toBeLessThanOrEqual(4); // as seen
  });

  it('never promises less than nothing', () =>
    fc.assert(
      fc.property(
        fc.constantFrom(...runs),
        fc.constantFrom(...STAGES),
        fc.option(fc.double({ min: -1, max: 2, noNaN: true }), { nil: undefined }),
        fc.nat(1_000_000),
        (run, stage, counted, now) => {
          const progress: Progress = { runs, run, stage, since: 0, counted, expected };
          expect(remaining(progress, now)).toBeGreaterThanOrEqual(0);
          expect(lineOf(progress, '', now)).toMatch(/ (\d\d?|100) % /);
        },
      ),
    ));
});

describe('processor time', () => {
  it('is read behind a name that holds spaces and parentheses', () =>
    fc.assert(
      fc.property(fc.string(), fc.nat(), fc.nat(), (name, user, system) =>
        ticksIn(`7 (${name}) S 1 7 7 0 -1 4194304 1 2 3 4 ${user} ${system} 0 0 20 0`) === user + system),
    ));

  it('is cores between two looks, of those that are in both', () => {
    const before = { at: 1_000, ticksByProcess: new Map([['client', 100], ['gone', 5]]) };
    const after = { at: 3_000, ticksByProcess: new Map([['client', 250], ['new', 5]]) };
    expect(coresBetween(before, after)).toEqual({ client: 0.75 });
    expect(coresBetween(before, before)).toEqual({});
  });

  it('is not known of a process that is not there', () =>
    expect(sampleCpu({ nobody: 2 ** 30 }, 0).ticksByProcess.size).toBe(0));
});

it('a machine knows itself', () => {
  expect(machine().cores).toBeGreaterThan(0);
  expect(machine().memoryGiB).toBeGreaterThan(0);
  expect(versions().optPsmr).toMatch(/^\d+\.\d+\.\d+/);
});

const READS: Mix = { read: 100, update: 0, insert: 0, delete: 0, scan: 0 };

const NONE: Latency = { count: 0, mean: 0, p50: 0, p90: 0, p99: 0, p999: 0, max: 0 };

const RUN: Run = {
  technique: 'smr',
  throughput: 0,
  failedRatio: 0,
  latency: NONE,
  passed: NONE,
  failed: NONE,
  histogram: '',
  series: [],
  sent: { messages: 0, bytes: 0 },
  received: { messages: 0, bytes: 0 },
  commands: 0,
  cpu: {},
  memory: {},
  verdict: 'ok',
  judgements: [],
};

const plain = (shown: string): string => shown.replace(/\r|\x1b\[\d*[mK]/g, '');

const take = <A>(n: number, next: () => A): A[] => Array.from({ length: n }, next);

const keyOf = (command: ReturnType<ReturnType<typeof commandsOf>>): bigint => ('key' in command ? command.key : command.from);

const isNear = (told: number, exact: number): void =>
  expect(Math.abs(told - exact)).toBeLessThanOrEqual(Math.max(0.001, exact / 1000));

type Path = readonly string[];

/** The paths to the fields of a result that hold no others, but for those whose names are free. */
const leaves = (value: unknown, path: Path = []): Path[] =>
  typeof value !== 'object' || value === null || path[0] === 'units' || ['cpu', 'memory'].includes(path.at(-1)!)
    ? [path]
    : Object.entries(value).flatMap(([key, inner]) => leaves(inner, [...path, key]));

const withField = (value: unknown, [key, ...rest]: Path, replacement: unknown): unknown => {
  if (key === undefined) return replacement;
  const copy = structuredClone(value) as Record<string, unknown>;
  copy[key] = withField(copy[key], rest, replacement);
  return copy;
};

const nameOf = (path: Path): string => path.map((key) => (/^\d+$/.test(key) ? `[${key}]` : `.${key}`)).join('').slice(1);

const refusal = (value: unknown): string => {
  const decoded = decode(JSON.stringify(value));
  return E.isLeft(decoded) ? decoded.left : '';
};

/** Elements of an SVG text that are opened and not closed, or closed and not open. */
const unclosed = (svg: string): string[] =>
  [...svg.matchAll(/<(\/?)([a-zA-Z]+)[^>]*?(\/?)>/g)].reduce<string[]>(
    (open, [, closes, name, empty]) =>
      empty ? open : !closes ? [...open, name!] : open.at(-1) === name ? open.slice(0, -1) : [...open, `/${name}`],
    [],
  );
