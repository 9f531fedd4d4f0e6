/** Is a trace shown as it is: nothing before its cause, nothing left out unsaid, and nothing in it that the page would obey? */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mermaidOf, MOST_STEPS } from '../src/trace/show/mermaid.js';
import { embedded, pageOf } from '../src/trace/show/page.js';
import { chosen, EVERYTHING, isNamed, type Choice } from '../src/trace/show/select.js';
import type { Step, Story } from '../src/trace/show/story.js';
import { textOf } from '../src/trace/show/text.js';
import { linesOf, storyOf } from './arbitraries/stories.js';

const calm = linesOf();
const rough = linesOf({ seed: 11, loss: 0.05, duplication: 0.05, crashes: 2 });
/** A result that no tree would give. */
const brokenLines = broken(calm);

const stories: readonly (readonly [string, Story])[] = [
  ['a calm run', storyOf(calm)],
  ['a run with faults and crashes', storyOf(rough)],
  ['a run that breaks', storyOf(brokenLines)],
];

describe.each(stories)('the story of %s', (_, story) => {
  const { steps, lanes, setting } = story;

  it('tells every step in words', () => {
    expect(steps.length).toBeGreaterThan(500);
    expect(steps.filter(({ text }) => text.length < 8 || /undefined|\[object|NaN/.test(text))).toEqual([]);
    expect(steps.flatMap(({ effects }) => effects).filter((text) => /undefined|\[object|NaN/.test(text))).toEqual([]);
  });

  it('has no arrow that goes back', () => expect(steps.filter(({ index, sources }) => sources.some((source) => source >= index))).toEqual([]));

  it('keeps the order of every lane', () => {
    const last = new Map<number, Step>();
    for (const step of steps) {
      const before = last.get(step.lane);
      expect(before === undefined || before.line < step.line || step.kind === 'breach').toBe(true);
      last.set(step.lane, step);
    }
  });

  it('has a step for every line that was played, and the number of each in its place', () => {
    expect(steps.map(({ index }) => index)).toEqual(steps.map((_step, index) => index));
    expect(new Set(steps.map(({ line }) => line)).size).toBe(steps.length);
  });

  it('lets nobody leave a barrier at which not everyone has arrived', () => {
    const arrived = new Map<string, number>();
    for (const { barrier, lane, life } of steps) {
      if (barrier === undefined) continue;
      const crew = `${lanes[lane]!.process} ${life} ${barrier.generation}`;
      if (barrier.part === 'arrives') arrived.set(crew, (arrived.get(crew) ?? 0) + 1);
      else expect(arrived.get(crew)).toBe(setting.cluster.threads);
    }
    expect(arrived.size).toBeGreaterThan(0);
  });

  it('leads from whoever asks to whoever executes, and back', () => {
    const from = (role: string, to: string): boolean => steps.some(({ lane, sources }) => lanes[lane]!.role === to && sources.some((source) => lanes[steps[source]!.lane]!.role === role));
    for (const [role, to] of [['client', 'acceptor'], ['acceptor', 'replica'], ['replica', 'thread'], ['thread', 'client']] as const) expect([role, to, from(role, to)]).toEqual([role, to, true]);
  });

  it('tells of every command that all replicas carried it out, whoever of them answered', () => {
    const carriedOut = (process: string): ReadonlySet<string> =>
      new Set(steps.filter(({ lane, life, machine }) => machine === 'worker' && life === 0 && lanes[lane]!.process === process).flatMap(({ commands }) => commands));
    expect(carriedOut('r1').size).toBeGreaterThan(10);
    const isWhole = steps.every(({ life, kind }) => life === 0 && kind !== 'breach');
    if (isWhole) expect(carriedOut('r2')).toEqual(carriedOut('r1'));
    expect(steps.filter(({ text }) => text.includes('executes 0'))).toEqual([]);
  });

  it('is chosen from in parts', () => {
    const names = [undefined, ...new Set(steps.flatMap(({ commands }) => commands))];
    const choice: fc.Arbitrary<Choice> = fc.record({ all: fc.boolean(), from: fc.integer({ min: 1, max: steps.length }), to: fc.integer({ min: 1, max: steps.length }), command: fc.constantFrom(...names), ring: fc.constantFrom(undefined, 0, 1, 2) });
    fc.assert(
      fc.property(choice, (asked) => {
        const some = chosen(story, asked);
        const { command, ring } = asked;
        expect(some.every((step) => steps[step.index] === step && step.index + 1 >= asked.from && step.index + 1 <= asked.to)).toBe(true);
        expect(some.every(({ kind, group, commands }) => kind === 'breach' || ((ring === undefined || group === ring) && (command === undefined || commands.some((name) => isNamed(name, command)))))).toBe(true);
      }),
      { numRuns: 50 },
    );
    expect(chosen(story, EVERYTHING)).toEqual(steps);
  });

  it('says in lines how much it leaves out', () => {
    const asked = { ...EVERYTHING, all: false };
    const lines = [...textOf(story, asked)];
    expect(lines.filter((line) => /^ *\d+ {2}\S/.test(line))).toHaveLength(chosen(story, asked).length);
    expect(lines.join('\n')).toContain(`${(steps.length - chosen(story, asked).length).toLocaleString('en')} steps are left out`);
  });

  it('is a diagram that Mermaid reads', () => {
    const lines = mermaidOf(story, { ...EVERYTHING, all: false }).trimEnd().split('\n');
    const declared = lines.flatMap((line) => /^ {2}participant (p\d+) as [^;#{}<>]+$/.exec(line)?.[1] ?? []);
    const used = lines.slice(1 + declared.length).map((line): readonly (string | undefined)[] => /^ {2}(?:Note over (p\d+)(?:,(p\d+))?|(p\d+)->>(p\d+)): [^;#{}<>]+$/.exec(line)?.slice(1) ?? [line]);
    expect(lines[0]).toBe('sequenceDiagram');
    expect(used.flat().filter((id) => id !== undefined && !declared.includes(id))).toEqual([]);
    expect(used.length).toBeLessThanOrEqual(MOST_STEPS + 1 + story.flaws.length);
  });
});

it('a story of the protocol alone knows what is in each batch: whoever heard of its commands first has told their names', () => {
  const { steps, lanes } = storyOf(linesOf({ commands: 30 }, 'protocol'));
  const named = (isOne: (step: Step) => boolean): ReadonlySet<string> => new Set(steps.filter(isOne).flatMap(({ commands }) => commands));
  const submitted = named(({ text }) => text.includes('Submit of'));
  expect(submitted.size).toBeGreaterThan(20);
  for (const replica of ['r1', 'r2']) {
    expect(named(({ lane }) => lanes[lane]!.name === replica)).toEqual(submitted);
    expect(named(({ lane }) => lanes[lane]!.role === 'thread' && lanes[lane]!.process === replica)).toEqual(submitted);
  }
});

it('a story opens at what is wrong with it', () => {
  const { flaws, steps } = storyOf(brokenLines);
  expect(flaws).toMatchObject([{ clause: expect.stringMatching(/^TRC-2/) }]);
  expect(steps[flaws[0]!.step!]).toMatchObject({ kind: 'breach', machine: 'worker' });
});

it('a line that says nothing is told as one', () => {
  const { flaws, steps } = storyOf([...calm.slice(0, 400), '<script>alert(1)</script>', ...calm.slice(400)]);
  expect(steps[flaws[0]!.step!]).toMatchObject({ kind: 'breach', text: expect.stringContaining('says nothing') });
});

it('whatever is done to a line, there is a story of it, and it is shown', () => {
  const lines = linesOf({ commands: 2 });
  fc.assert(
    fc.property(fc.nat(lines.length - 1), fc.nat(400), fc.constantFrom('', '0', '9', '"', ',', '{', '-1', 'r7', 'null', '1e9'), (at, place, other) => {
      const story = storyOf(lines.map((line, i) => (i === at ? `${line.slice(0, place)}${other}${line.slice(place + 1)}` : line)));
      expect(story.steps.every(({ index, sources, text }) => text !== '' && sources.every((source) => source < index))).toBe(true);
      for (const { step } of story.flaws) expect(step === undefined || [...textOf(story, { ...EVERYTHING, from: step + 1, to: step + 1 })].length > 1).toBe(true);
    }),
    { numRuns: 25 },
  );
});

describe('a page', () => {
  it('holds no text of a trace where a browser would obey it', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('<', '>', '&', '"', "'", '/', '!--', 'script', '</script>', '<img src=x onerror=alert(1)>', ']]>', '\u2028', '${', '`', '\\')), (pieces) => {
        const hostile = pieces.join('');
        const json = embedded({ hostile });
        expect(json).not.toMatch(/[<>&\u2028\u2029]/);
        expect(JSON.parse(json)).toEqual({ hostile });
      }),
    );
    const name = `</title></script><img src=x onerror="document.title='obeyed'">`;
    const page = pageOf({ ...storyOf(calm.slice(0, 300), name) });
    expect(page).not.toContain('<img');
    expect([...page.matchAll(/<\/?script/g)]).toHaveLength(4);
  });

  it('needs no network, and puts data in as text only', () => {
    const page = pageOf(storyOf(calm.slice(0, 300)));
    expect(page).not.toMatch(/innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|\bimport\b|\bfetch\b|src=|href=|url\(/);
    expect(page).toContain(`default-src 'none'`);
  });
});

const browser = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'chromium')).find((path) => existsSync(path));

describe(browser === undefined ? 'in a browser (none is installed here: nothing of this was tested)' : 'in a browser', () => {
  it.skipIf(browser === undefined)('a page draws its rows, opens on what is wrong, and obeys nothing that it was told', { timeout: 60_000 }, () => {
    const hostile = `<img src=x onerror="document.documentElement.dataset.obeyed='yes'">`;
    const [good, bad] = [drawn(storyOf(calm, hostile)), drawn(storyOf(brokenLines))];
    const { steps, flaws } = storyOf(brokenLines);
    expect(good).toMatchObject({ ready: 'true', chosen: expect.stringMatching(/^\d+$/) });
    expect(good).not.toHaveProperty('obeyed');
    expect(Number(good['drawn'])).toBeGreaterThan(10);
    expect(bad).toMatchObject({ ready: 'true', chosen: String(flaws[0]!.step) });
    expect(Number(bad['shown'])).toBe(chosen({ ...storyOf(brokenLines), steps }, { ...EVERYTHING, all: false }).length);
  });

  it.skipIf(browser === undefined)('the keyboard leads from step to step, along a command, and to the filter', { timeout: 60_000 }, () => {
    const press = (...keys: readonly string[]): string => keys.map((key) => `document.dispatchEvent(new KeyboardEvent('keydown', { key: '${key}', bubbles: true }));`).join('');
    const story = storyOf(calm);
    const shown = chosen(story, { ...EVERYTHING, all: false });
    expect(drawn(story, press('j', 'j', 'k'))).toMatchObject({ chosen: String(shown[1]!.index) });
    const asked = shown.find(({ kind }) => kind === 'call')!;
    const next = shown.find(({ index, commands }) => index > asked.index && commands.includes(asked.commands[0]!))!;
    expect(drawn(story, `choose(${asked.index});${press('n')}`)).toMatchObject({ chosen: String(next.index) });
    expect(drawn(story, press('h'))).toMatchObject({ shown: String(story.steps.length) });
    expect(drawn(story, `${press('/')}document.documentElement.dataset.focus = document.activeElement.id;`)).toMatchObject({ focus: 'words' });
  });
});

/** What the page of a story says of itself once it has drawn, and then done what `act` says. */
function drawn(story: Story, act = ''): Readonly<Record<string, string>> {
  const folder = mkdtempSync(join(tmpdir(), 'psmr-page-'));
  try {
    const file = join(folder, 'page.html');
    writeFileSync(file, pageOf(story).replace('</body>', () => `<script>${act}</script></body>`));
    const options = ['--headless=new', '--no-sandbox', '--disable-gpu', `--user-data-dir=${join(folder, 'profile')}`, '--window-size=1400,900', '--virtual-time-budget=3000', '--dump-dom', pathToFileURL(file).href];
    const dom = execFileSync(browser!, options, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], maxBuffer: 2 ** 28, timeout: 30_000 });
    const [html = ''] = /<html[^>]*>/.exec(dom) ?? [];
    return Object.fromEntries([...html.matchAll(/data-(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The same lines, but for one reply of a thread that says something else. */
function broken(lines: readonly string[]): readonly string[] {
  const at = lines.findLastIndex((line) => line.includes('"machine":"worker"') && line.includes('/Executed/'));
  return lines.map((line, i) => (i === at ? line.replace('/Executed/', '/Refused/') : line));
}
