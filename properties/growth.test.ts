/** Does growth vary one quantity at a time, tell what comes of it, and go on where it was interrupted? */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { coursesOf, growthMarkdown } from '../src/measure/courses.js';
import { baseOf, QUANTITIES, QUANTITY_NAMES, settingOf, type Quantity } from '../src/measure/growth.js';
import { marksOf } from '../src/measure/marks.js';
import { pageOf, sheetsOf } from '../src/measure/page.js';
import { panelsOf } from '../src/measure/panels.js';
import { growth, type GrowthWish } from '../src/measure/plan.js';
import type { Point } from '../src/measure/point.js';
import { BASE, pointOf, resumed, unclosed } from './arbitraries/points.js';

const CLI = join(import.meta.dirname, '..', 'dist', 'src', 'cli.js');

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'opt-psmr-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** All quantities vary, or some of them. */
const GROWTH: GrowthWish = { base: BASE, techniques: ['smr', 'opt-psmr'], repeats: 1, values: { keys: [10_000, 1_000_000], 'in-flight': [64, 512, 8192], clients: [2, 16], 'batch-bytes': [1024], threads: [1, 2, 8], replicas: [1, 2, 3], acceptors: [1, 3, 5] } };
const growthPoints = (wish: GrowthWish): readonly Point[] => growth(wish).runs.map(({ technique, repeat, parameters }, i) => pointOf({ experiment: 'growth', technique, repeat, asked: parameters, throughput: 100 + i, cpu: 0.5 }));

describe('growth', () => {
  it('varies one quantity at a time, and makes the base once', () => {
    const { runs } = growth(GROWTH);
    const base = settingOf(BASE);
    const differences = runs.map(({ parameters }) => QUANTITY_NAMES.filter((quantity) => settingOf(parameters)[quantity] !== base[quantity]).length);
    expect(differences.filter((n) => n === 0)).toHaveLength(2);
    expect(Math.max(...differences)).toBe(1);
    expect(new Set(runs.map(({ file }) => file)).size).toBe(runs.length);
    expect(new Set(runs.map(({ name }) => name)).size).toBe(runs.length);
    expect(runs.filter(({ file }) => /^threads.*-smr-/.test(file) && !file.includes('opt'))).toEqual([]);
  });

  it('sets what it names, and nothing else, for any value that fits', () =>
    fc.assert(
      fc.property(fc.constantFrom(...QUANTITY_NAMES), fc.integer({ min: 1, max: 64 }), (quantity, value) => {
        const { with: set, of, fits } = QUANTITIES[quantity];
        fc.pre(fits(BASE, value));
        expect(of(set(BASE, value))).toBe(value);
        expect({ ...settingOf(set(BASE, value)), [quantity]: 0 }).toEqual({ ...settingOf(BASE), [quantity]: 0 });
      }),
    ));

  it('is told from its points by a base that they have in common, when two quantities vary or more', () =>
    fc.assert(
      fc.property(fc.uniqueArray(fc.constantFrom(...QUANTITY_NAMES), { minLength: 2 }), (quantities) => {
        const all = Object.entries(GROWTH.values).filter(([quantity]) => quantities.includes(quantity as Quantity));
        const plan = growth({ ...GROWTH, techniques: ['opt-psmr'], values: Object.fromEntries(all) });
        expect(baseOf(plan.runs.map(({ parameters }) => settingOf(parameters)))).toEqual(settingOf(BASE));
        const courses = coursesOf(marksOf(growthPoints({ ...GROWTH, values: Object.fromEntries(all) })));
        expect(courses.map(({ quantity }) => quantity)).toEqual(QUANTITY_NAMES.filter((quantity) => quantities.includes(quantity)));
        for (const { quantity, places } of courses) {
          expect(places.map(({ value }) => value)).toEqual([...new Set([...GROWTH.values[quantity]!, settingOf(BASE)[quantity]])].sort((a, b) => a - b));
          expect(places.filter(({ isBase }) => isBase)).toHaveLength(1);
          for (const { value, markByTechnique } of places) for (const { setting } of markByTechnique.values()) expect(setting).toEqual({ ...settingOf(BASE), [quantity]: value });
        }
      }),
    ));

  it('is gone on with by more quantities, techniques and repetitions, and refused from another base', () => {
    const plan = growth({ ...GROWTH, techniques: ['smr'], values: { keys: [10_000] } });
    const more = growth({ ...GROWTH, repeats: 2 });
    expect(resumed(plan, plan.runs.length, more)).toMatchObject({ type: 'Left', runs: { length: more.runs.length - 2 } });
    expect(resumed(plan, plan.runs.length, growth({ ...GROWTH, base: { ...BASE, acceptors: 5 } }))).toMatchObject({ reason: expect.stringContaining('parameters.acceptors is 3 there, and 5 now') });
    expect(resumed(plan, plan.runs.length, growth({ ...GROWTH, base: { ...BASE, fill: 0.5 } }))).toMatchObject({ type: 'Refused' });
  });

  it('is one picture, a panel for each quantity, in which SMR is level over threads', async () => {
    const points = growthPoints({ ...GROWTH, repeats: 2 });
    const marks = marksOf(points);
    const [sheet, ...others] = sheetsOf(marks);
    expect(others).toEqual([]);
    const panels = panelsOf('growth', sheet!.groups);
    expect(panels.map(({ title }) => title)).toEqual(QUANTITY_NAMES.map((quantity) => QUANTITIES[quantity].title));
    const level = panels.find(({ title }) => title.startsWith('Threads'))!.rows.filter(({ series }) => series === 'SMR');
    expect(level.map(({ x }) => x)).toEqual([1, 8]);
    expect(new Set(level.map(({ y }) => y)).size).toBe(1);
    const page = await pageOf(points, marks);
    expect(unclosed(page)).toEqual([]);
    expect(page).toContain('each quantity from a base of 10,000,000 keys, 512 in flight, 16 clients, batches of 8,192 bytes, 8 threads, 2 replicas, 3 acceptors');
    expect(page.match(/<svg /g)).toHaveLength(QUANTITY_NAMES.length);
  });

  it('says throughput, p99 and processor time of all processes for a command, with their confidence', () => {
    const at = (keys: number, throughput: number, repeat = 1): Point => pointOf({ experiment: 'growth', asked: { keys }, throughput, repeat, latency: 2, cpu: 0.5 });
    const table = growthMarkdown(marksOf([at(1000, 99), at(1000, 101, 2), at(5000, 50)]));
    expect(table.split('\n')).toEqual(['|  | opt-PSMR, Kcps | p99 ms | CPU µs |', '| --- | ---: | ---: | ---: |', '| **Keys in the tree** |  |  |  |', expect.stringMatching(/^\| 1,000 \| 100 ± 12\.7 \| 6\.00 ± 0 \| 20\.0 ± /), '| 5,000 | 50.0 | 6.00 | 40.0 |']);
  });
});

describe('psmr measure growth', () => {
  it('leaves no process behind when it is killed in the middle of a run, and goes on by the same command', async () => {
    const args = [CLI, 'measure', 'growth', ...'--keys 1000 --load 16 --clients 2 --techniques smr --seconds 1.5 --cut 0.25 --quantities acceptors --points 5 --out killed'.split(' ')];
    const laboratory = spawn(process.execPath, args, { cwd: folder, stdio: 'ignore' });
    const gone = new Promise((resolve) => laboratory.once('exit', resolve));
    const patience = { timeout: 60_000, interval: 50 };
    await vi.waitFor(() => expect(readdirSync(join(folder, 'killed')).filter((file) => file.endsWith('.point.json'))).toHaveLength(1), patience);
    const processes = await vi.waitFor(() => {
      const found = childrenOf(laboratory.pid!);
      expect(found.length).toBeGreaterThanOrEqual(8); // 5 acceptors, 2 replicas, a client
      return found;
    }, patience);
    laboratory.kill('SIGKILL');
    await gone;
    await vi.waitFor(() => expect(processes.filter(isAlive)).toEqual([]), patience);
    expect(readdirSync(join(folder, 'killed'))).toHaveLength(1);
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', cwd: folder, timeout: 100_000 });
    expect(stderr).toContain('1 of 2 runs are done in killed');
    expect(status).toBe(0);
    expect(readdirSync(join(folder, 'killed'))).toHaveLength(2);
  }, 180_000);

  it('goes on after a run that fails, says so, and makes that one again by the same command', () => {
    const psmr = () =>
      spawnSync(process.execPath, [CLI, 'measure', 'growth', ...'--keys 16 --load 16 --clients 2 --techniques opt-psmr --seconds 1 --cut 0.25 --quantities threads --points 64,1 --out failing'.split(' ')], { encoding: 'utf8', cwd: folder, timeout: 100_000 });
    const { status, stdout, stderr } = psmr();
    expect(stderr).toMatch(/^psmr: opt-PSMR, 64 threads: service\.keySpace: .*; going on with the next$/m);
    expect(stderr).toContain('psmr: 1 of 3 runs failed: the same command makes them again');
    expect(stdout).toContain('2 points in failing');
    expect(status).toBe(1);
    const files = readdirSync(join(folder, 'failing'));
    expect(files).toEqual(['base-opt-psmr-run-1.point.json', 'threads-00000001-opt-psmr-run-1.point.json']);
    expect(psmr()).toMatchObject({ status: 1, stderr: expect.stringContaining('2 of 3 runs are done in failing') });
  }, 180_000);
});

/** Processes that this one has started, as /proc says. */
function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}
