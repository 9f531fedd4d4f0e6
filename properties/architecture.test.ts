/** The architecture: who imports whom, who may speak of the world, and how long a file may be. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

type Arrow = { readonly may: readonly string[]; readonly why: string };

const MACHINE = ['spec', 'step', 'record'];
const MACHINES = ['consensus', 'multicast', 'replica', 'client'];
const CORE = ['spec', 'step', 'record', 'service', 'node', ...MACHINES];

/** Whom each room may import, besides itself. */
const ARROWS: Readonly<Record<string, Arrow>> = {
  spec: { may: [], why: 'what must hold can be read alone' },
  step: { may: ['record'], why: 'the one shape of every machine knows none of them' },
  record: { may: ['step'], why: 'what travels from client to worker is understood by both, and belongs to neither' },
  consensus: { may: MACHINE, why: 'one ring orders bytes, whatever they are and however many rings there are' },
  multicast: { may: MACHINE, why: 'many rings make one order, whatever orders each of them' },
  replica: { may: [...MACHINE, 'service'], why: 'threads execute a service by its contract, whoever ordered the commands' },
  client: { may: MACHINE, why: 'a proxy names commands and asks again, whatever they mean' },
  service: { may: MACHINE, why: 'what is replicated does not know that it is' },
  node: { may: [...MACHINE, ...MACHINES, 'service'], why: 'the machines meet here, and only here' },
  check: { may: ['step', 'spec'], why: 'a judge that knew the protocol would share its mistakes' },
  models: { may: [...CORE, 'check'], why: 'it puts machines into worlds that are small enough to be searched' },
  trace: { may: [...CORE, 'check'], why: 'what machines did is told of them, and judged by them and by the clauses' },
  adapter: { may: [...CORE, 'trace'], why: 'it carries what the machines decide' },
  measure: { may: [...CORE, 'check', 'trace', 'adapter'], why: 'it sets up clusters, drives them and judges what they did' },
  cli: { may: [...CORE, 'check', 'models', 'trace', 'adapter', 'measure'], why: 'it is where a person comes in' },
  index: { may: [...CORE, 'check', 'models', 'trace', 'adapter'], why: 'it is where another program comes in' },
};

/** What the rooms of the world may say, and no other. */
const WORLDLY = ['adapter', 'measure', 'cli'];
/** `'Promise'` in quotes is a message of Paxos. */
const WORLD = /'node:|\bDate\s*[.(]|\bPromise\s*[.<(]|\bawait\b|\bMath\.random\b|\bperformance\.now\b|\bset(?:Timeout|Interval|Immediate)\b/;

const LONGEST = 400;

type File = { readonly path: string; readonly room: string; readonly text: string; readonly imports: readonly string[] };

const ROOT = resolve(import.meta.dirname, '..');
const files = ['spec', 'src'].flatMap(filesUnder);
const byPath = new Map(files.map((file) => [file.path, file]));

describe('who imports whom:', () => {
  for (const [room, { may, why }] of Object.entries(ARROWS))
    it(`${room} imports ${may.length === 0 ? 'nothing of ours' : `only ${may.join(', ')}`}: ${why}`, () => {
      expect(files.filter((file) => file.room === room).flatMap(trespassesOf)).toEqual([]);
    });

  it('every file lies in a room', () => expect(pathsOf(({ room }) => ARROWS[room] === undefined)).toEqual([]));

  it('a replica knows the contract of a service, and no service', () => {
    const services = importsOf('replica').filter((path) => roomOf(path) === 'service');
    expect(new Set(services)).toEqual(new Set(['src/service/service.ts', 'src/service/engine.ts']));
  });

  it('every import leads to a file', () => expect(pathsOf(({ imports }) => !imports.every((path) => byPath.has(path)))).toEqual([]));

  it('no file imports itself, by however long a way', () => {
    expect(files.map((file) => cycleFrom(file, byPath)).filter((cycle) => cycle !== undefined)).toEqual([]);
  });
});

it(`only ${WORLDLY.join(', ')} speak of the world: time, chance, and what takes a while`, () => {
  expect(pathsOf(({ room, text }) => !WORLDLY.includes(room) && isWorldly(text))).toEqual([]);
});

it(`no file is longer than ${LONGEST} lines`, () => {
  expect(pathsOf(({ text }) => text.trimEnd().split('\n').length > LONGEST)).toEqual([]);
});

describe('these checks catch', () => {
  const planted = (path: string, ...imports: readonly string[]): File => ({ path, room: roomOf(path), text: '', imports });

  it('consensus that looks into a service', () =>
    expect(trespassesOf(planted('src/consensus/acceptor.ts', 'src/service/service.ts'))).toEqual(['src/consensus/acceptor.ts -> src/service/service.ts']));

  it('a judge that knows the protocol', () => expect(trespassesOf(planted('src/check/search.ts', 'src/node.ts'))).toHaveLength(1));

  it.each([`import {\n  a,\n} from './x.js';`, `export * from './x.js';`, `import './x.js';`, `await import('./x.js')`])('what is written %j', (text) =>
    expect(importsIn(text, 'src/a.ts')).toEqual(['src/x.ts']));

  it.each([`import { connect } from 'node:net';`, 'Date.now()', 'new Promise((done) => done())', 'Math.random()'])('a machine that says %s', (text) =>
    expect(isWorldly(text)).toBe(true));

  it.each([`case 'Promise':`, '// never from Date.now()', '/** new Date() */ const now = 0;', 'const node: Node = root;'])('but not one that says %s', (text) =>
    expect(isWorldly(text)).toBe(false));

  it('a file that imports itself by way of another', () => {
    const ring = new Map([planted('a', 'b'), planted('b', 'c'), planted('c', 'a')].map((file) => [file.path, file]));
    expect(cycleFrom(ring.get('a')!, ring)).toBe('a -> b -> c -> a');
  });
});

function pathsOf(isMeant: (file: File) => boolean): readonly string[] {
  return files.filter(isMeant).map(({ path }) => path);
}

function importsOf(room: string): readonly string[] {
  return files.filter((file) => file.room === room).flatMap(({ imports }) => imports);
}

function filesUnder(folder: string): readonly File[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => {
      const path = join(folder, name);
      const text = readFileSync(join(ROOT, path), 'utf8');
      return { path, room: roomOf(path), text, imports: importsIn(text, path) };
    });
}

/** `spec`, or what comes after `src`. */
function roomOf(path: string): string {
  const [top = '', next = ''] = path.split('/');
  return top === 'src' ? next.replace(/\.ts$/, '') : top;
}

/** Our own files that a text imports. */
function importsIn(text: string, path: string): readonly string[] {
  return [...text.matchAll(/^(?:import|export)\b[^;'"]*?\bfrom\s+'(\.[^']+)'|\bimport\s*\(?\s*'(\.[^']+)'/gm)].map(([, from, bare]) =>
    normalize(join(dirname(path), (from ?? bare)!)).replace(/\.js$/, '.ts'),
  );
}

function trespassesOf({ path, room, imports }: File): readonly string[] {
  const allowed = [room, ...(ARROWS[room]?.may ?? [])];
  return imports.filter((to) => !allowed.includes(roomOf(to))).map((to) => `${path} -> ${to}`);
}

/** The shortest way from a file back to itself, if there is one. */
function cycleFrom(start: File, known: ReadonlyMap<string, File>): string | undefined {
  const ways: (readonly string[])[] = [[start.path]];
  const seen = new Set<string>();
  for (const way of ways)
    for (const next of known.get(way.at(-1)!)?.imports ?? []) {
      if (next === start.path) return [...way, next].join(' -> ');
      if (!seen.has(next)) ways.push([...way, next]);
      seen.add(next);
    }
  return undefined;
}

/** Whether a text speaks of the world, other than in a comment. */
function isWorldly(text: string): boolean {
  return WORLD.test(text.replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''));
}
