/**
 * All benchmarks of this directory, or those named: `npm run bench`, `npm run bench -- machines tree`.
 *
 * `--against COMMIT` runs those of another commit in turn with these, round by round, so that whatever else the machine does
 * befalls both alike; what counts is the median of the ratios of each round. `--out FILE` keeps all figures, with the
 * machine, the versions and the commits; `--json` prints that instead of the table; `--rounds N` is 1 for one commit, 5 for two.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { machine, versions } from '../../src/measure/machine.js';
import { compared, figuresIn, type Round } from './comparison.js';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { against: { type: 'string' }, rounds: { type: 'string' }, out: { type: 'string' }, json: { type: 'boolean', default: false } },
});

const ROOT = resolve(import.meta.dirname, '../../..');
/** What is in this directory and no benchmark. */
const PARTS = ['suite', 'comparison'];

const benchmarksIn = (root: string): readonly string[] =>
  readdirSync(join(root, 'dist/properties/benchmarks'))
    .filter((file) => file.endsWith('.js'))
    .map((file) => basename(file, '.js'))
    .filter((name) => !PARTS.includes(name));

const git = (...args: readonly string[]): string => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();

/** The commit checked out and built in `directory`, with this one's packages if it wants the same. */
const checkOut = (commit: string, directory: string): void => {
  git('worktree', 'add', '--detach', directory, commit);
  const isSame = readFileSync(join(directory, 'package-lock.json'), 'utf8') === readFileSync(join(ROOT, 'package-lock.json'), 'utf8');
  const run = (command: string, ...args: readonly string[]): void => void execFileSync(command, args, { cwd: directory, stdio: ['ignore', 'ignore', 'inherit'] });
  if (isSame) symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  else run('npm', 'ci', '--ignore-scripts');
  run(process.execPath, join(directory, 'node_modules/typescript/bin/tsc'));
};

/** The figures of one run of a benchmark. */
const run = (root: string, name: string): ReadonlyMap<string, number> => {
  const { status, stdout } = spawnSync(process.execPath, [join(root, 'dist/properties/benchmarks', `${name}.js`), '--json'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 2 ** 26 });
  if (status !== 0) throw new Error(`${name} in ${root}: ended with status ${status}`);
  return figuresIn(JSON.parse(stdout));
};

const main = (): void => {
  const rounds = Number(options.rounds ?? (options.against === undefined ? 1 : 5));
  if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds: expected an integer from 1 on, got ${options.rounds}`);
  const known = benchmarksIn(ROOT);
  const unknown = positionals.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`no benchmark ${unknown}; there are ${known.join(', ')}`);
  const names = positionals.length > 0 ? positionals : known;

  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  const other = options.against === undefined ? undefined : join(folder, 'other');
  try {
    if (other !== undefined && options.against !== undefined) checkOut(options.against, other);
    const measured: Round[] = [];
    for (let round = 1; round <= rounds; round += 1)
      for (const name of names) {
        process.stderr.write(`round ${round} of ${rounds}: ${name}\n`);
        const here = run(ROOT, name);
        const there = other !== undefined && existsSync(join(other, 'dist/properties/benchmarks', `${name}.js`)) ? run(other, name) : undefined;
        measured.push({ benchmark: name, here, there });
      }
    const figures = compared(measured);
    const commits = { here: git('describe', '--always', '--dirty'), there: options.against === undefined ? null : git('rev-parse', '--short', options.against) };
    const result = { machine: machine(), versions: versions(), commits, rounds, figures };
    if (options.out !== undefined) {
      mkdirSync(dirname(resolve(options.out)), { recursive: true });
      writeFileSync(options.out, `${JSON.stringify(result, null, 2)}\n`);
    }
    if (options.json) console.log(JSON.stringify(result, null, 2));
    else
      for (const { benchmark, figure, here, there, ratio } of figures)
        console.log(`${benchmark}: ${figure}: ${here.toPrecision(4)}${there === null || ratio === null ? '' : `, at ${commits.there} ${there.toPrecision(4)}: ${ratio.toFixed(2)} times`}`);
  } finally {
    if (other !== undefined && existsSync(other)) git('worktree', 'remove', '--force', other);
    rmSync(folder, { recursive: true, force: true });
  }
};

try {
  main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
