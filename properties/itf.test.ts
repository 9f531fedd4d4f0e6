/** Do traces come back from the format of Apalache and Quint as they went into it? */
import * as E from 'fp-ts/lib/Either.js';
import { List, Map as Persistent, Set as PersistentSet } from 'immutable';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { afterAll, describe, expect, it } from 'vitest';
import { itfOf, keptIn } from '../src/check/explore/itf.js';
import { keptOf, lastOf, replayed } from '../src/check/explore/run.js';
import { randomRun } from '../src/check/explore/walk.js';
import { fromItf, fromValue, toItf, toValue } from '../src/check/itf.js';
import { loadRun, saveRun } from '../src/cli/kept.js';
import { MODELS } from '../src/models/index.js';
import { itfOf as itfOfStory, statesOf } from '../src/trace/show/itf.js';
import { EVERYTHING } from '../src/trace/show/select.js';
import { clausesIn, itfOfStates, textOfStates } from '../src/trace/show/states.js';
import { linesOf, storyOf } from './arbitraries/stories.js';

const folder = mkdtempSync(join(tmpdir(), 'psmr-itf-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Whatever a state may hold. Integers are numbers where they are safe: ITF does not tell them from others. */
const { value } = fc.letrec<{ readonly value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    fc.boolean(),
    fc.string(),
    fc.maxSafeInteger(),
    fc.double(),
    fc.bigInt({ min: 2n ** 53n, max: 2n ** 70n }),
    fc.constantFrom(null, undefined),
    fc.uint8Array(),
    fc.array(tie('value')),
    fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('#bigint', '#map', '##', '__proto__')), tie('value')),
    fc.array(fc.tuple(tie('value'), tie('value'))).map((pairs) => new Map(pairs)),
    fc.array(tie('value')).map((all) => new Set(all)),
  ),
}));

const throughText = (json: unknown): unknown => JSON.parse(JSON.stringify(json));

describe('ITF', () => {
  it('gives back every value, out of its text', () => {
    fc.assert(
      fc.property(value, (one) => {
        expect(fromValue(throughText(toValue(one)))).toEqual(one);
      }),
    );
  });

  it('has a value for every variable in every state, and no number in the JSON', () => {
    fc.assert(
      fc.property(fc.array(fc.record({ a: value, b: value })), (states) => {
        const itf = toItf({ meta: {}, states });
        expect(itf.states.every((state) => itf.vars.every((name) => Object.hasOwn(state, name)))).toBe(true);
        expect(JSON.stringify(itf.states.map(({ a, b }) => [a, b])).replace(/"(?:[^"\\]|\\.)*"/g, '')).not.toMatch(/\d/);
        expect(fromItf(throughText(itf))).toEqual(E.right({ meta: {}, states }));
      }),
    );
  });

  it('reads persistent collections as what they are', () => {
    expect(fromValue(toValue({ map: Persistent([[1, List([2])]]), set: PersistentSet([3]) }))).toEqual({ map: new Map([[1, [2]]]), set: new Set([3]) });
  });

  it.each([[null], [{}], [{ vars: [1], states: [] }], [{ vars: ['x'], states: [3] }], [{ vars: ['x'], states: [{}] }]])('refuses %j, and says why', (json) => {
    expect(fromItf(json)).toMatchObject({ _tag: 'Left', left: expect.stringMatching(/expected|nothing is said/) });
  });
});

describe.each(MODELS)('a run of the model $name', ({ name, size, of }) => {
  const system = of(size.usual);
  const about = { clause: 'none', model: name, size: size.usual };
  const run = (seed: number) => {
    const random = xoroshiro128plus(seed);
    return randomRun(system, () => uniformFloat64(random), 12);
  };

  it('comes back from ITF: by its choices, or, where another tool has left them out, by its actions', () => {
    fc.assert(
      fc.property(fc.nat(), (seed) => {
        const walked = run(seed);
        const itf = throughText(itfOf(walked, about)) as ReturnType<typeof itfOf>;
        expect(keptIn(system, itf)).toEqual(E.right(keptOf(walked)));
        const unnumbered = { ...itf, vars: itf.vars.filter((one) => one !== 'choice') };
        const kept = keptIn(system, unnumbered);
        if (E.isLeft(kept)) throw new Error(kept.left);
        expect(toValue(lastOf(replayed(system, kept.right)))).toEqual(toValue(lastOf(walked)));
      }),
      { numRuns: 10 },
    );
  });

  it('is kept in a file in ITF, and found there', () => {
    const kept = keptOf(run(1));
    const file = join(folder, `${name}.itf.json`);
    saveRun(file, name, size.usual, [{ clause: 'some clause', kept, story: [] }]);
    expect(loadRun(file)).toEqual({ clause: 'some clause', model: name, size: size.usual, ...kept, story: [] });
    writeFileSync(file, readFileSync(file, 'utf8').replace(/("choice": \{\s*"#bigint": ")\d+/, '$1999'));
    expect(() => loadRun(file)).toThrow(/itf\.json: states\[1\]: .* is not what may happen there/);
  });
});

it('a trace of a cluster comes back from ITF, state by state', () => {
  const story = storyOf(linesOf());
  const states = statesOf(story, EVERYTHING);
  expect(states).toHaveLength(story.steps.length + 1);
  expect(fromItf(throughText(itfOfStory(story, EVERYTHING)))).toMatchObject(E.right({ states }));
  const last = states.at(-1)!;
  expect([...last.delivered.keys()].sort()).toEqual(['r1 t1', 'r1 t2', 'r2 t1', 'r2 t2']);
  expect(new Set([...last.barrier.values()]).size).toBe(1);
  expect(states.some(({ waiting }) => waiting.size === 2)).toBe(true);
});

describe('a run in ITF is shown', () => {
  const toldOf = (itf: unknown) => {
    const told = fromItf(throughText(itf));
    if (E.isLeft(told)) throw new Error(told.left);
    return told.right;
  };

  it('with all its steps, and is written again as it was', () => {
    const story = storyOf(linesOf());
    const itf = itfOfStory(story, EVERYTHING);
    const lines = [...textOfStates('t', toldOf(itf), EVERYTHING)];
    expect(throughText(itfOfStates(toldOf(itf), EVERYTHING))).toEqual(throughText(itf));
    for (const { index, text } of story.steps) expect(lines).toContain(`${String(index + 1).padStart(6)}  ${text}`);
    expect(lines.filter((line) => line.startsWith('        - delivered of ')).length).toBeGreaterThan(10);
    expect(lines.filter((line) => /undefined|\[object|NaN/.test(line))).toEqual([]);
  });

  it('in part: by number, command and ring, what is left out counted', () => {
    const story = storyOf(linesOf());
    const part = { ...EVERYTHING, from: 40, to: 240, ring: 1 };
    const asked = story.steps.filter(({ index, group, kind }) => index >= 39 && index < 240 && (group === 1 || kind === 'breach'));
    expect(asked.length).toBeGreaterThan(3);
    const told = toldOf(itfOfStory(story, EVERYTHING));
    expect(throughText(itfOfStates(told, part))).toEqual(throughText(itfOfStory(story, part)));
    expect([...textOfStates('t', told, part)].at(-1)).toBe(`${(story.steps.length - asked.length).toLocaleString('en')} states are left out`);
    const command = story.steps.find(({ commands }) => commands.length > 0)!.commands[0]!;
    expect(throughText(itfOfStates(told, { ...EVERYTHING, command }))).toEqual(throughText(itfOfStory(story, { ...EVERYTHING, command })));
  });

  it('by what changes: entries of a map one by one, those that go as well, and all else whole', () => {
    const states = [
      { action: 'start', at: new Map([['a', 1], ['b', 2]]), seen: new Set([1]), same: [0n] },
      { action: { said: 'b moves', group: 3, step: 7 }, at: new Map([['b', 3]]), seen: new Set([1, 2]), same: [0n] },
    ];
    expect([...textOfStates('t', { meta: {}, states }, { ...EVERYTHING, ring: 3 })].slice(1)).toEqual([
      '     0  start',
      '        - at: {a: 1, b: 2}',
      '        - seen: {1}',
      '        - same: [0]',
      '     7  b moves',
      '        - at of a: nothing any more',
      '        - at of b: 3',
      '        - seen: {1, 2}',
    ]);
    expect([...textOfStates('t', { meta: {}, states }, { ...EVERYTHING, ring: 4 })].at(-1)).toBe('1 states are left out');
  });

  it.each(MODELS)('of the model $name as well, and names the clause that it breaks', ({ name, size, of }) => {
    const told = toldOf(itfOf(randomRun(of(size.usual), () => 0.5, 6), { clause: 'some clause', model: name, size: size.usual }));
    const lines = [...textOfStates('t', told, EVERYTHING)];
    expect(lines.filter((line) => /^ +\d+  /.test(line))).toHaveLength(told.states.length);
    expect(lines.at(-1)).toBe('against some clause');
    expect(clausesIn(told)).toEqual(['some clause']);
  });
});
