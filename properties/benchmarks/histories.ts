/**
 * How fast histories are judged: `npm run -s bench -- histories`, `--json` for machines; some of them by `node dist/properties/benchmarks/histories.js CASE`.
 *
 * Histories are simulated from a seed, and the same in every run. Milliseconds are wall time of `judge` alone, medians of some rounds
 * after the first; the large cases are judged once. Those from a file are of a whole `psmr check-history`, from its start to its end.
 * Run `node --max-old-space-size=1024` to see that a gibibyte is enough.
 */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { History, Operation } from '../../src/check/history.js';
import { jepsenModel, type Answer, type Call } from '../../src/check/jepsen/models.js';
import { judge } from '../../src/check/linearizability.js';
import type { Model } from '../../src/check/model.js';
import { orderedMap, type Command, type Entry, type Result } from '../../src/service/b-plus-tree/index.js';

/** The next number below another one. */
type Draw = (below: number) => number;

const drawFrom = (seed: number): Draw => {
  const generator = xoroshiro128plus(seed);
  return (below) => (generator.next() >>> 0) % below;
};

/** Operations of clients that call one after another, in the order of their effects, with what `perform` answers at that instant. */
const simulate = <C, R>(draw: Draw, length: number, clients: number, crashes: number, perform: (n: number) => readonly [C, R]): Operation<C, R>[] => {
  const free = new Float64Array(clients);
  let now = 0;
  return Array.from({ length }, (_, id): Operation<C, R> => {
    const session = draw(clients);
    now += 10;
    const call = Math.max(free[session]! + 1, now - draw(20 * clients));
    now = Math.max(now, call);
    const end = now + draw(10 * clients);
    free[session] = end;
    const [command, result] = perform(id);
    return draw(100) < crashes ? { type: 'pending', id, session, command, call } : { type: 'completed', id, session, command, call, return: end, result };
  });
};

/** One register with five values, read, written, and compared and set. What failed is left out, as Jepsen does. */
const casRegister = (seed: number, length: number, clients: number, crashes: number): History<Call, Answer> => {
  const draw = drawFrom(seed);
  let value: unknown = null;
  return simulate<Call, Answer>(draw, length, clients, crashes, () => {
    const [f, to] = [['read', 'write', 'cas'][draw(3)]!, draw(5)];
    if (f === 'read') return [{ f, key: '', value: null }, value];
    const command = { f, key: '', value: f === 'write' ? to : [draw(2) === 0 ? value : draw(5), to] };
    const isDone = f === 'write' || (command.value as readonly unknown[])[0] === value;
    if (isDone) value = to;
    return [command, f === 'write' ? null : isDone];
  }).filter((operation) => operation.type === 'pending' || operation.result !== false);
};

type Shape = { readonly length: number; readonly clients: number; readonly keys: number; readonly scans: number; readonly hasPositions?: boolean; readonly isLoaded?: boolean };

/** A map whose written values are all different; every other key is there at first, if it is loaded. */
const map = (seed: number, { length, clients, keys, scans, hasPositions = false, isLoaded = false }: Shape): History<Command, Result> => {
  const draw = drawFrom(seed);
  const written = new Map<number, bigint | undefined>();
  const valueOf = (key: number): bigint | undefined => (written.has(key) ? written.get(key) : isLoaded ? loaded(key) : undefined);
  const operations = simulate<Command, Result>(draw, length, clients, 0, (n) => {
    if (draw(100) < scans) {
      const from = draw(keys);
      const to = Math.min(keys - 1, from + 4);
      const entries = Array.from({ length: to - from + 1 }, (_, i) => [BigInt(from + i), valueOf(from + i)] as const).filter((entry): entry is Entry => entry[1] !== undefined);
      return [{ type: 'scan', from: BigInt(from), to: BigInt(to) }, { type: 'entries', entries, complete: true }];
    }
    const at = draw(keys);
    const [key, there, value] = [BigInt(at), valueOf(at), BigInt(n)];
    const type = (['read', 'read', 'read', 'update', 'insert', 'delete'] as const)[draw(6)]!;
    if (type === 'insert') {
      if (there === undefined) written.set(at, value);
      return [{ type, key, value }, there === undefined ? { type: 'inserted' } : { type: 'exists', value: there }];
    }
    const command: Command = type === 'update' ? { type, key, value } : { type, key };
    if (there === undefined) return [command, { type: 'absent' }];
    if (type === 'read') return [command, { type: 'found', value: there }];
    written.set(at, type === 'update' ? value : undefined);
    return [command, type === 'update' ? { type: 'updated', previous: there } : { type: 'removed', value: there }];
  });
  return hasPositions ? operations.map((operation, slot) => ({ ...operation, position: { group: operation.command.type === 'scan' ? 0 : 1 + Number(operation.command.key % 4n), slot, offset: 0 } })) : operations;
};

const loaded = (key: number): bigint | undefined => (key % 2 === 0 ? BigInt(-1 - key) : undefined);

type Case = { readonly name: string; readonly operations: number; readonly rounds: number; readonly run: () => readonly string[] };

const judging = <S, C, R>(name: string, rounds: number, model: Model<S, C, R>, histories: readonly History<C, R>[]): Case => ({
  name,
  operations: histories.reduce((sum, { length }) => sum + length, 0),
  rounds,
  run: () => histories.map((history) => judge(model, history)).map((verdict) => (verdict.type === 'ok' ? `ok by ${verdict.procedure}` : verdict.type)),
});

/** What Jepsen writes of registers that are read and written, each value once: a map a line, in the order of time. */
function* jepsenLines(notation: 'edn' | 'json', seed: number, length: number, keys: number): Generator<string> {
  const draw = drawFrom(seed);
  const values = new Int32Array(keys);
  const operations = simulate<readonly [f: 'read' | 'write', key: number, value: number | null], number>(draw, length, 100, 0, (n) => {
    const key = draw(keys);
    const f = draw(2) === 0 ? 'read' : 'write';
    if (f === 'write') values[key] = n + 1;
    return [[f, key, f === 'write' ? n + 1 : null], values[key]!];
  });
  const told = operations.flatMap((one) => (one.type === 'completed' ? [{ at: one.call, one, isAnswer: false }, { at: one.return, one, isAnswer: true }] : []));
  for (const [index, { at, one, isAnswer }] of told.sort((a, b) => a.at - b.at).entries()) {
    const [f, key, asked] = one.command;
    const type = isAnswer ? 'ok' : 'invoke';
    const value = (isAnswer && f === 'read' ? one.result : asked) || null;
    yield notation === 'edn'
      ? `{:type :${type}, :f :${f}, :value [${key} ${value ?? 'nil'}], :process ${one.session}, :time ${at}, :index ${index}}\n`
      : `${JSON.stringify({ type, f, value: [key, value], process: one.session, time: at, index })}\n`;
  }
}

const CLI = fileURLToPath(new URL('../../src/cli.js', import.meta.url));

/** A file of Jepsen, read and judged by the command line. */
const fromFile = (notation: 'edn' | 'json', length: number, keys: number): Case => {
  const directory = mkdtempSync(join(tmpdir(), 'histories-'));
  process.once('exit', () => rmSync(directory, { recursive: true }));
  const path = join(directory, `history.${notation}`);
  const file = openSync(path, 'wx');
  for (const line of jepsenLines(notation, 1, length, keys)) writeSync(file, line);
  closeSync(file);
  const run = (): readonly string[] => [execFileSync(process.execPath, [...process.execArgv, CLI, 'check-history', '--keyed', 'yes', '--nil', 'unset', path], { encoding: 'utf8', stdio: 'pipe' }).replace(/^.*: (\w+),.*$/s, '$1')];
  return { name: `${keys} registers in a file of Jepsen in ${notation.toUpperCase()}`, operations: length, rounds: 3, run };
};

const from = (first: number, count: number): readonly number[] => Array.from({ length: count }, (_, i) => first + i);
const register = jepsenModel('cas-register', null, false)!;
const OURS = { length: 2_000_000, clients: 64, keys: 10_000_000, scans: 0, isLoaded: true };

/** Made one by one: the large ones do not fit beside each other. */
const CASES: Readonly<Record<string, () => Case>> = {
  jepsen: () => judging('102 histories of one compare-and-set register, 5 clients, 5 % crash', 15, register, from(1, 102).map((seed) => casRegister(seed, 100, 5, 5))),
  register: () => judging('one compare-and-set register of 5 values, 8 clients', 9, register, [casRegister(1, 40_000, 8, 0)]),
  key: () => judging('one key of a map, 8 clients', 9, orderedMap(1, () => undefined), [map(1, { length: 30_000, clients: 8, keys: 1, scans: 0 })]),
  crowd: () => judging('one key of a map, 30 clients', 9, orderedMap(1, () => undefined), [map(1, { length: 30_000, clients: 30, keys: 1, scans: 0 })]),
  scans: () => judging('21 maps of 10 keys, 400 operations each, 12 clients, 10 % scans', 9, orderedMap(10, () => undefined), from(1, 21).map((seed) => map(seed, { length: 400, clients: 12, keys: 10, scans: 10 }))),
  keys: () => judging('a map of 1000 keys, 16 clients', 1, orderedMap(1000, () => undefined), [map(1, { length: 1_000_000, clients: 16, keys: 1000, scans: 0 })]),
  edn: () => fromFile('edn', 1_000_000, 1000),
  json: () => fromFile('json', 1_000_000, 1000),
  ours: () => judging('a map of 10,000,000 keys, 64 clients, without positions', 1, orderedMap(OURS.keys, loaded), [map(1, OURS)]),
  positions: () => judging('a map of 10,000,000 keys, 64 clients, with positions', 1, orderedMap(OURS.keys, loaded), [map(1, { ...OURS, hasPositions: true })]),
};

const chosen = process.argv.slice(2).filter((argument) => CASES[argument] !== undefined);
const figures = [];
for (const [key, make] of Object.entries(CASES)) {
  if (chosen.length > 0 && !chosen.includes(key)) continue;
  const { name, operations, rounds, run } = make();
  const times: number[] = [];
  let verdicts: readonly string[] = [];
  for (let round = rounds === 1 ? 1 : 0; round <= rounds; round += 1) {
    const began = performance.now();
    verdicts = run();
    if (round > 0) times.push(performance.now() - began);
  }
  figures.push({ case: key, name, operations, milliseconds: times.toSorted((a, b) => a - b)[times.length >> 1]!, verdicts: [...new Set(verdicts)].sort().map((verdict) => `${verdicts.filter((each) => each === verdict).length} ${verdict}`).join(', ') });
  process.stderr.write(`${name}\n`);
}

if (process.argv.includes('--json')) console.log(JSON.stringify(figures, null, 2));
else for (const { name, operations, milliseconds, verdicts } of figures) console.log(`${milliseconds.toFixed(1).padStart(8)} ms  ${operations} operations: ${name}; ${verdicts}`);
