/** Traces of simulated runs, what a checker makes of them, and the ways to corrupt one. */

import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { simulate, type World } from '../../src/adapter/simulated/world.js';
import type { Command, Result } from '../../src/service/b-plus-tree/index.js';
import { newChecker, type Checker } from '../../src/trace/checker.js';
import type { Header, Level, Setting } from '../../src/trace/line.js';
import { understand } from '../../src/trace/read.js';
import { reportOf, type Report } from '../../src/trace/report.js';
import { KEY_SPACE, LOAD, treeOf, worldOf, type Plan } from './world.js';

/** The lines that a world leaves behind, in the order in which things happened. */
export const linesOf = (world: World<Command, Result>, setting: Setting): readonly string[] => {
  const lines: string[] = [];
  simulate({ ...world, trace: { setting, write: (line) => lines.push(line) } });
  return lines;
};

export const settingOf = ({ cluster, limits }: Pick<World<Command, Result>, 'cluster' | 'limits'>, level: Level): Setting => ({
  level,
  cluster,
  names: ['a1', 'a2', 'a3', 'r1', 'r2'],
  service: { name: 'b-plus-tree', keySpace: KEY_SPACE, keys: LOAD.entries, capacity: 4, fill: 0.7, minimum: 'half' },
  limits,
  storage: 'disk',
  world: 'simulated',
});

/** The trace of a plan. Nodes are told of by the shared form alone. */
export const traceOf = (plan: Plan, level: Level): readonly string[] => {
  const world = worldOf({ ...plan, form: 'shared' });
  return linesOf({ ...world, newStore: (observe) => treeOf(plan).create(LOAD, observe) }, settingOf(world, level));
};

/** What the checker says of these lines, all in one file, or in several. */
export const check = (...files: readonly (readonly string[])[]): Report => checkTexts(files.map((lines) => `${lines.join('\n')}\n`));

/** The same of whole files, read so many lines at a time: what stands behind the last end of a line is half a line, perhaps. */
export const checkTexts = (texts: readonly string[], stretch = Infinity): Report => reportOf(played(texts, stretch));

/** A checker that has played these lines, each list in a file of its own, and kept so many facts. */
export const checkerOf = (files: readonly (readonly string[])[], mostFacts?: number): Checker => played(files.map((lines) => `${lines.join('\n')}\n`), Infinity, mostFacts);

const played = (texts: readonly string[], stretch: number, mostFacts?: number): Checker => {
  const files = texts.map((text) => text.split('\n'));
  const checker = newChecker(files.map((lines, i) => ({ file: `file ${i + 1}`, headers: headersIn(lines) })), undefined, mostFacts);
  const read = files.map(() => 0);
  for (let hungry = checker.feeds; hungry.length > 0; hungry = checker.advance())
    for (const feed of hungry) {
      const i = checker.feeds.indexOf(feed);
      const lines = files[i]!.slice(0, -1);
      feed.supply(lines.slice(read[i], read[i]! + stretch));
      read[i]! += stretch;
      if (read[i]! >= lines.length) feed.end(files[i]!.at(-1)!);
    }
  return checker;
};

/** The headers that a file begins with. Those of later lives stand where these begin. */
const headersIn = (lines: readonly string[]): readonly Header[] => {
  const first = lines.findIndex((line) => !line.startsWith('{"trace"'));
  return lines.slice(0, first < 0 ? lines.length : first).flatMap((line) => {
    const said = understand(line);
    return said.type === 'Header' ? [said.header] : [];
  });
};

/** Lines of whoever a line is of. */
export const originIn = (line: string): string => /^\{"process":"[^"]*","life":\d+,"thread":\d+/.exec(line)?.[0] ?? '';

/** One file for each process, life and thread, as real processes leave them. */
export const apart = (lines: readonly string[]): readonly (readonly string[])[] => {
  const files = new Map<string, string[]>();
  for (const line of lines) {
    const origin = line.startsWith('{"trace"') ? originIn(line.replace(/^\{"trace":"[^"]*",/, '{')) : originIn(line);
    const file = files.get(origin);
    if (file === undefined) files.set(origin, [line]);
    else file.push(line);
  }
  return [...files.values()];
};

// Corruption

export type Corruption = 'an event is dropped' | 'an event is doubled' | 'two events are swapped' | 'a number is off by one' | 'a sender is wrong' | 'lines of two threads are exchanged';

export const CORRUPTIONS: readonly Corruption[] = ['an event is dropped', 'an event is doubled', 'two events are swapped', 'a number is off by one', 'a sender is wrong', 'lines of two threads are exchanged'];

/** Whether whoever corrupts a trace leaves the clocks as they are, or counts all lines anew, so that none seems missing. */
export type Care = 'careless' | 'careful';

/** A trace with one thing wrong with it, and what that is; `undefined` where the lines that chance drew have no such thing. */
export const corrupted = (lines: readonly string[], corruption: Corruption, care: Care, seed: number): { readonly lines: readonly string[]; readonly what: string } | undefined => {
  const random = xoroshiro128plus(seed);
  const draw = (most: number): number => uniformInt(random, 0, most);
  const at = draw(lines.length - 1);
  const line = lines[at]!;
  if (line.startsWith('{"trace"')) return undefined;
  const bad = damaged(lines, at, corruption, draw);
  if (bad === undefined) return undefined;
  return { lines: care === 'careful' ? counted(bad) : bad, what: `line ${at + 1}: ${line.slice(0, 300)}` };
};

const damaged = (lines: readonly string[], at: number, corruption: Corruption, draw: (most: number) => number): readonly string[] | undefined => {
  const line = lines[at]!;
  const next = lines.findIndex((other, i) => i > at && originIn(other) === originIn(line));
  switch (corruption) {
    case 'an event is dropped':
      // The last of all is what a crash leaves out: a trace may end anywhere.
      return next < 0 ? undefined : lines.toSpliced(at, 1);
    case 'an event is doubled':
      return lines.toSpliced(at, 0, line);
    case 'two events are swapped':
      return next < 0 ? undefined : lines.with(at, lines[next]!).with(next, line);
    case 'a number is off by one': {
      const numbers = [...line.matchAll(/(?<=[:[,.\/"])\d+(?=[\],}.\/"])/g)].filter(({ index }) => index > line.indexOf('"event"'));
      const one = numbers[draw(Math.max(0, numbers.length - 1))];
      return one === undefined ? undefined : lines.with(at, `${line.slice(0, one.index)}${BigInt(one[0]) + 1n}${line.slice(one.index + one[0].length)}`);
    }
    case 'a sender is wrong': {
      const changed = line.replace(/"from":(\d)(?=,"message")/, (_, from: string) => `"from":${(Number(from) + 1 + draw(1)) % 3}`);
      return changed === line ? undefined : lines.with(at, changed);
    }
    case 'lines of two threads are exchanged': {
      if (!/"thread":[1-9]/.test(line)) return undefined;
      const process = /"process":"[^"]*"/.exec(line)![0];
      const other = lines.findIndex((one, i) => i > at && one.includes(process) && /"thread":[1-9]/.test(one) && !one.startsWith('{"trace"') && originIn(one) !== originIn(line));
      if (other < 0) return undefined;
      const moved = (from: string, to: string): string => originIn(to) + from.slice(originIn(from).length);
      return lines.with(at, moved(lines[other]!, line)).with(other, moved(line, lines[other]!));
    }
  }
};

/** The clocks of all lines counted anew. */
const counted = (lines: readonly string[]): readonly string[] => {
  const clocks = new Map<string, number>();
  return lines.map((line) => {
    if (line.startsWith('{"trace"')) return line;
    const clock = (clocks.get(originIn(line)) ?? 0) + 1;
    clocks.set(originIn(line), clock);
    return line.replace(/"clock":\d+/, `"clock":${clock}`);
  });
};
