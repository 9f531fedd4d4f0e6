/** The documents: what they name is there, what they quote is so, and no clause is missing. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import * as E from 'fp-ts/lib/Either.js';
import { describe, expect, it } from 'vitest';
import { decode as decodeConfig } from '../src/adapter/config.js';
import { decodeHeader, operationDecoder } from '../src/adapter/history/codec.js';
import { demonstration } from '../src/adapter/simulated/demonstration.js';
import { simulate } from '../src/adapter/simulated/world.js';
import { eventsIn } from '../src/check/jepsen/events.js';
import { modelNamed, MODELS } from '../src/check/jepsen/models.js';
import { operationsIn, type ToldOperation } from '../src/check/jepsen/operations.js';
import { judge } from '../src/check/linearizability.js';
import { checkHistoryCommand } from '../src/cli/check-history.js';
import { clientCommand } from '../src/cli/client.js';
import { convertHistoryCommand } from '../src/cli/convert-history.js';
import { judged } from '../src/cli/history/judged.js';
import { reportOf } from '../src/cli/history/report.js';
import { jepsenSubject, treeSubject } from '../src/cli/history/subjects.js';
import { exploreCommand } from '../src/cli/explore.js';
import { measureCommand } from '../src/cli/measure.js';
import { nodeCommand } from '../src/cli/node.js';
import { simulateCommand } from '../src/cli/simulate.js';
import { traceCommand } from '../src/cli/trace.js';
import { walkCommand } from '../src/cli/walk.js';
import { UNITS } from '../src/measure/result.js';
import { MANIFEST } from '../src/models/manifest.js';
import { CLAUSES } from '../src/trace/finding.js';
import { understand } from '../src/trace/read.js';

const ROOT = resolve(import.meta.dirname, '..');
const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const filesIn = (folder: string, ending: string): readonly string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));

const DOCUMENTS = ['README.md', 'CHANGELOG.md', ...filesIn('docs', '.md')];

/** The fenced blocks of a language; '' for those of none. */
const blocksIn = (path: string, language: string): readonly string[] =>
  [...textOf(path).matchAll(/^```(\w*)\n(.*?)^```$/gms)].filter(([, is]) => is === language).map(([, , block]) => block!);

/** The rows of all tables of a document, a list of cells each. */
const rowsIn = (path: string): readonly (readonly string[])[] =>
  [...textOf(path).matchAll(/^\|(.*)\|$/gm)].map(([, row]) => row!.split('|').map((cell) => cell.trim()));

const unquoted = (cell = ''): string | undefined => /^`([^`]+)`$/.exec(cell)?.[1];

describe('every clause', () => {
  type Clauses = Readonly<Record<string, unknown>>;
  type Module = { readonly clauses?: Clauses; readonly stateInvariants?: Clauses; readonly stepInvariants?: Clauses };

  const sources = [...['spec', 'src/consensus', 'src/multicast', 'src/replica', 'src/client'].flatMap((folder) => filesIn(folder, '.ts')), 'src/node.ts'];
  const titled = [...textOf('docs/spec.md').matchAll(/^\*\*([A-Z]{3}-.+)\*\*\\$/gm)].map(([, title]) => title!);

  it('stands in docs/spec.md by its title, and no other does', async () => {
    const modules = await Promise.all(sources.map((path) => import(join(ROOT, path)) as Promise<Module>));
    const titles = modules.flatMap(({ clauses, stateInvariants, stepInvariants }) => Object.keys({ ...clauses, ...stateInvariants, ...stepInvariants }));
    expect([...titled].sort()).toEqual([...new Set([...titles, ...Object.values(CLAUSES)])].sort());
  });

  it('that a source refers to stands there by its number', () => {
    const text = textOf('docs/spec.md');
    const numbers = [...sources, ...filesIn('src', '.ts')].flatMap((path) => textOf(path).match(/\b(?:CON|MUL|REP|SAF|LIN|TRC)-\d+/g) ?? []);
    expect([...new Set(numbers)].filter((number) => !new RegExp(`${number}\\b`).test(text))).toEqual([]);
  });
});

describe.each(DOCUMENTS)('%s', (document) => {
  const text = textOf(document);

  it('links to what is there', () => {
    const prose = text.replace(/^```.*?^```$/gms, '');
    const links = [...prose.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link!).filter((link) => !/^https?:/.test(link));
    expect(links.filter((link) => !leadsSomewhere(document, link))).toEqual([]);
  });

  it('names files that are there', () => {
    const named = [...text.matchAll(/`((?:spec|src|properties|traces|docs)\/[\w./-]*)`/g)].map(([, path]) => path!);
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('names options that --help names, or Node has', () => {
    const flaws = text.split('\n').flatMap((line) => {
      const command = COMMANDS.find((one) => line.includes(`psmr ${one.name()} `));
      const known = (command === undefined ? COMMANDS : [command]).map((one) => one.helpInformation()).join();
      return (line.match(/(?<![\w-])--[a-z][a-z-]*/g) ?? []).filter((option) => !new RegExp(`${option}\\b(?!-)`).test(known));
    });
    expect(flaws.filter((option) => option !== '--help' && !process.allowedNodeEnvironmentFlags.has(option))).toEqual([]);
  });

  it('shows clusters that can be configured', () => {
    for (const json of blocksIn(document, 'json')) expect(decodeConfig(json, 'cluster.json')).toEqual(E.right(expect.anything()));
  });
});

// An experiment before `psmr measure` itself: the first that a line names is whose options it gives.
const COMMANDS = [...measureCommand.commands, measureCommand, nodeCommand, clientCommand, simulateCommand, exploreCommand, walkCommand, checkHistoryCommand, convertHistoryCommand, ...traceCommand.commands].map((command) => ({
  name: () => (command.parent === null ? command.name() : `${command.parent.name()} ${command.name()}`),
  helpInformation: () => command.helpInformation(),
}));

describe('docs/running.md', () => {
  const least = {
    name: 'least',
    technique: 'smr',
    processes: [
      { id: 'a1', role: 'acceptor', host: 'localhost', port: 7001 },
      { id: 'r1', role: 'replica', host: 'localhost', port: 7002 },
    ],
    service: { name: 'b-plus-tree', keySpace: 100, keys: 50 },
  };

  it('names every field of a cluster, and its default', () => {
    const decoded = decodeConfig(JSON.stringify(least), '/cluster.json');
    const fields = Object.fromEntries(leavesOf(E.isRight(decoded) ? decoded.right : {}));
    const given = Object.fromEntries(leavesOf(least));
    const expected = Object.entries(fields).map(([field, value]) => [field, field in given ? undefined : field === 'data' ? 'data' : value]);
    const rows = tableIn('docs/running.md', 'field', 'meaning', 'default').map(([field, , value]) => [unquoted(field), unquoted(value)]);
    const documented = rows.map(([field, value]) => [field, value === undefined ? undefined : (JSON.parse(value) as unknown)]);
    const isComputed = ([field]: readonly unknown[]): boolean => field === 'rings';
    const plain = (all: readonly (readonly unknown[])[]): unknown => Object.fromEntries(all.filter((row) => !isComputed(row)) as [string, unknown][]);
    expect(plain(documented)).toStrictEqual(plain(expected));
    expect(documented.some(isComputed)).toBe(true);
  });

  it('shows the cluster that psmr node --help shows', () => {
    let help = '';
    nodeCommand.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    expect(help).toContain(blocksIn('docs/running.md', 'json')[0]);
  });

  it('gives the units of a result', () => {
    const units = tableIn('docs/running.md', 'field', 'unit', 'meaning').flatMap(([field, unit]) => (unit === '' ? [] : [[unquoted(field), unit]]));
    expect(Object.fromEntries(units)).toEqual(UNITS);
  });
});

it('docs/exploring.md gives the counts of the manifest', () => {
  const rows = rowsIn('docs/exploring.md').slice(2);
  const pinned = MANIFEST.map(({ model, size, symmetry, reduce, distinct, depth }) => [model, `${size}`, symmetry === true ? '`--symmetry`' : reduce === true ? '`--reduce`' : '', `${distinct}`, `${depth}`]);
  expect(rows).toEqual(pinned);
});

it('docs/service.md quotes the example as it is', () => {
  const example = textOf('properties/examples/accounts.ts') + textOf('properties/examples/accounts.test.ts');
  const quotes = blocksIn('docs/service.md', 'ts');
  expect(quotes).not.toEqual([]);
  expect(quotes.filter((quote) => !example.includes(quote))).toEqual([]);
});

describe('docs/histories.md', () => {
  const HISTORIES = 'docs/histories.md';

  it('shows histories that are what it says', () => {
    const [jepsen] = blocksIn(HISTORIES, 'clojure');
    const read = eventsIn(jepsen!);
    expect(E.isRight(read) && read.right.events).toHaveLength(jepsen!.trim().split('\n').length);
    const [header, ...lines] = blocksIn(HISTORIES, 'ndjson')[0]!.trim().split('\n');
    const known = decodeHeader(header!);
    if (E.isLeft(known)) throw new Error(known.left);
    const operations = lines.map(operationDecoder(known.right));
    expect(operations.filter(E.isLeft)).toEqual([]);
    const history = operations.flatMap((operation) => (E.isRight(operation) ? [operation.right] : []));
    expect(judge(treeSubject(known.right).model, history).type).toBe('ok');
  });

  it('names every model and every option of psmr check-history', () => {
    expect(tableIn(HISTORIES, 'model', 'operations', '`--initial`').map(([model]) => unquoted(model))).toEqual(MODELS);
    const options = tableIn(HISTORIES, 'option', 'meaning', 'default').map(([option]) => unquoted(option)?.split(' ')[0]);
    expect(options).toEqual(checkHistoryCommand.options.map(({ long }) => long));
  });

  it('quotes its example as it is', () => {
    const example = textOf('properties/examples/tickets.test.ts');
    expect(blocksIn(HISTORIES, 'ts').filter((quote) => !example.includes(quote))).toEqual([]);
  });

  it('explains as psmr check-history does', async () => {
    const events = ['write 1', 'write 2', 'read 1'].flatMap((words, process) => {
      const [f, value] = words.split(' ');
      return ['invoke', 'ok'].map((type) => `${Math.floor(process / 2)} :${type} :${f!} ${f === 'read' && type === 'invoke' ? 'nil' : value!}`);
    });
    const model = modelNamed('cas-register', null, true);
    const seen = eventsIn(events.join('\n'));
    if (E.isLeft(model) || E.isLeft(seen)) throw new Error('the example is none');
    const operations = operationsIn(model.right, seen.right.events);
    async function* batches(): AsyncGenerator<readonly ToldOperation[]> {
      yield await Promise.resolve(E.isRight(operations) ? operations.right : []);
    }
    const finding = await judged(jepsenSubject(model.right), batches(), { budget: 1000, held: 1000 }, () => undefined);
    const told = reportOf('stale.edn', finding, true, false);
    for (const document of [HISTORIES, 'README.md']) {
      const [shown] = blocksIn(document, '').filter((block) => /^\$ psmr check-history .*--explain.*stale\.edn$/m.test(block));
      const lines = shown!.trimEnd().split('\n').slice(1);
      expect(told.slice(0, lines.length)).toEqual(lines);
    }
  });
});

it('docs/traces.md shows lines that say something', () => {
  const lines = blocksIn('docs/traces.md', 'ndjson').flatMap((block) => block.trimEnd().split('\n'));
  expect(new Set(lines.map((line) => understand(line).type))).toEqual(new Set(['Line']));
});

it('README.md tells the story as it is told', () => {
  const told: string[] = [];
  const choice = { seed: 7, technique: 'opt-psmr', threads: 2, commands: 12, loss: 0.02, duplication: 0.05, crashes: 1 } as const;
  simulate({ ...demonstration(choice), tell: (time, line) => void told.push(`${String(told.length + 1).padStart(5)}  ${time.toFixed(1).padStart(8)} ms  ${line}`) });
  const [story] = blocksIn('README.md', '').filter((block) => block.startsWith('$ psmr simulate --seed 7 '));
  expect(story?.trimEnd().split('\n').slice(1)).toEqual(told.filter((line) => /1002\.5\.|crashes|is back/.test(line) && !line.includes('learns')));
});

/** The rows of the table with this head. */
function tableIn(path: string, ...head: readonly string[]): readonly (readonly string[])[] {
  const rows = rowsIn(path);
  const start = rows.findIndex((row) => row.join() === head.join());
  const rest = rows.slice(start + 2);
  const end = rest.findIndex((row) => row.every((cell) => cell.startsWith('---')) || unquoted(row[0]) === undefined);
  return end < 0 ? rest : rest.slice(0, end);
}

/** The fields of a JSON value that hold no object, by their paths; a list and `rings` count as a whole. */
function leavesOf(value: object, path = ''): readonly (readonly [string, unknown])[] {
  return Object.entries(value).flatMap(([key, inner]: [string, unknown]): readonly (readonly [string, unknown])[] => {
    const at = path === '' ? key : `${path}.${key}`;
    return typeof inner === 'object' && inner !== null && !Array.isArray(inner) && key !== 'rings' ? leavesOf(inner, at) : [[at, inner]];
  });
}

/** Whether a relative link leads to a file and, where it names one, to a heading of it. */
function leadsSomewhere(from: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? from : join(dirname(from), path);
  if (!existsSync(join(ROOT, target))) return false;
  return anchor === undefined || [...textOf(target).matchAll(/^#+ (.*)$/gm)].some(([, heading]) => slugOf(heading!) === anchor);
}

/** A heading's anchor, as GitHub makes it. */
function slugOf(heading: string): string {
  return heading.toLowerCase().replace(/[^\w\- ]/g, '').replaceAll(' ', '-');
}
