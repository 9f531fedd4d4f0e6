/** psmr trace: what the processes of a real cluster did, written down and judged line by line. */
import { Command, Option } from '@commander-js/extra-typings';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import pc from 'picocolors';
import { play, tracesIn } from '../adapter/trace-reading.js';
import { expectedOf, measure } from '../measure/experiment.js';
import { reporter } from '../measure/progress.js';
import { NAMES } from '../measure/result.js';
import { takesColour } from '../measure/table.js';
import { MEASURED, TECHNIQUES } from '../replica/techniques.js';
import { LEVELS } from '../trace/line.js';
import { reportOf, type Report } from '../trace/report.js';
import { natural, oneOf, quantity, someOf } from './options.js';
import { ticker } from './ticker.js';
import { showCommand } from './trace-show.js';

const recordCommand = new Command('record')
  .description('run a small cluster of real processes under load, and write down what every machine of it does')
  .argument('<dir>', 'where the traces go, in a directory for each technique')
  .addOption(new Option('--techniques <list>', 'which, in this order').argParser(someOf(TECHNIQUES)).default(MEASURED, MEASURED.join()))
  .addOption(new Option('--level <level>', 'protocol: what is sent, decided and delivered; execution: values, results and nodes as well').argParser(oneOf(LEVELS)).default('execution' as const))
  .option('--threads <n>', 'worker threads of a replica', natural(2, 64), 2)
  .option('--keys <n>', 'keys in the tree before the first command', natural(16, 10_000_000), 2000)
  .option('--seconds <s>', 'how long', quantity(0.5, 3600), 2)
  .option('--clients <n>', 'client sessions', natural(1, 200), 4)
  .option('--outstanding <n>', 'commands that a session keeps in flight', natural(1, 256), 8)
  .addHelpText(
    'after',
    `
Any cluster can be traced: psmr node, psmr client and psmr measure take --trace DIR.

Examples:
  psmr trace record traces-here && psmr trace check traces-here
  psmr trace record traces-here --techniques opt-psmr --level protocol`,
  )
  .action(async (directory, { techniques, level, threads, keys, seconds, clients, outstanding }) => {
    if (existsSync(directory) && readdirSync(directory).length > 0) throw new Error(`${directory}: there is something in it already`);
    const progress = reporter({
      runs: techniques.map((technique) => NAMES[technique]),
      expected: expectedOf({ ...SMALL, keys, seconds }),
      mode: process.stderr.isTTY ? 'line' : 'lines',
      columns: process.stderr.isTTY ? process.stderr.columns : 80,
      now: () => performance.now(),
      write: (text) => void process.stderr.write(text),
    });
    const abort = new AbortController();
    const interrupt = (): void => abort.abort();
    process.once('SIGINT', interrupt);
    process.once('SIGTERM', interrupt);
    try {
      const { runs } = await measure({ ...SMALL, keys, threads, arrivals: { type: 'closed', clients, outstanding }, seconds }, techniques, progress, abort.signal, (technique) => ({ history: null, trace: { directory: join(directory, technique), level } }));
      progress.end();
      for (const { technique, commands, verdict } of runs) console.log(`${directory}/${technique}: ${commands} commands, ${verdict}`);
      if (runs.some(({ verdict }) => verdict !== 'ok')) process.exitCode = 1;
    } catch (error) {
      progress.end();
      if (!abort.signal.aborted) throw error;
      console.error('psmr: interrupted; all processes are ended');
      process.exitCode = 130;
    } finally {
      process.removeListener('SIGINT', interrupt);
      process.removeListener('SIGTERM', interrupt);
    }
  });

/** A tree whose leaves are soon full, and barriers as in the paper: much happens in little time. */
const SMALL = {
  replicas: 2,
  acceptors: 3,
  warmup: 0,
  cooldown: 0,
  workload: { mix: { read: 40, update: 10, insert: 25, delete: 25, scan: 0 }, keys: { type: 'uniform' }, span: 8 },
  capacity: 16,
  fill: 0.7,
  lambda: 10_000,
  delta: 5,
  m: 1,
  batchBytes: 8192,
  coordinators: 'one',
  storage: 'disk',
  seed: 1,
  commandsPerBarrier: 'batch',
} as const;

const checkCommand = new Command('check')
  .description('play every machine again from its lines, against all others, and hold the run against every clause of the spec')
  .argument('<path...>', 'a directory of a trace, one of several, or the files of one; .gz and .zst as well')
  .option('--budget <n>', 'junctions that the search for a linearization may abandon', natural(1), 1_000_000)
  .option('--json', 'print the reports as JSON')
  .option('--clauses', 'name every clause that the run was held against')
  .addHelpText(
    'after',
    `
The exit status is 0 if every trace is that of a correct run, 1 if one is not, 2 if one could not be decided within the
budget, and 3 if one cannot be read. A last line that was cut off is what a killed process leaves, and no error.

Examples:
  psmr trace check traces-here
  psmr trace check --json a1.0.ndjson.gz a2.0.ndjson.gz`,
  )
  .action(async (paths, options) => {
    try {
      await check(paths, options);
    } catch (error) {
      console.error(`psmr: ${error instanceof Error ? error.message : String(error)}`);
      process.exitCode = UNREADABLE;
    }
  });

/** The exit status where no verdict can be given. */
const UNREADABLE = 3;

type Checking = { readonly budget: number; readonly json?: true | undefined; readonly clauses?: true | undefined };

const check = async (paths: readonly string[], { budget, json, clauses }: Checking): Promise<void> => {
  const colours = pc.createColors(takesColour(process.stdout, process.env));
  const progress = ticker(json === true);
  const reports: (Report & { readonly name: string; readonly seconds: number })[] = [];
  for (const { name, files } of tracesIn(paths)) {
    const start = performance.now();
    const checker = await play(files, (events) => progress.tell(() => `${name}: ${events.toLocaleString('en')} events, ${Math.round(events / (performance.now() - start))},000 a second`));
    progress.tell(() => `${name}: the clauses`);
    const report = { name, ...reportOf(checker, budget), seconds: (performance.now() - start) / 1000 };
    progress.end();
    reports.push(report);
    if (json !== true) console.log(sayReport(report, clauses === true, colours));
  }
  if (json === true) console.log(JSON.stringify(reports, null, 2));
  const verdicts = reports.map(({ verdict }) => verdict);
  process.exitCode = verdicts.includes('broken') ? 1 : verdicts.includes('unknown') ? 2 : 0;
};

const sayReport = (report: Report & { readonly name: string; readonly seconds: number }, isLong: boolean, { bold, green, red, yellow }: ReturnType<typeof pc.createColors>): string => {
  const { name, verdict, files, events, level, unmatched, cut, dropped, clauses, notAsked, operations, history, found, violations, seconds } = report;
  const colour = { ok: green, broken: red, unknown: yellow }[verdict];
  const count = (number: number): string => number.toLocaleString('en');
  return [
    `${name}: ${bold(colour(verdict))}, ${count(events)} events of ${level === 'execution' ? 'protocol and execution' : 'the protocol'} in ${files} files, ${seconds.toFixed(1)} s`,
    ...(history === 'not written down' ? [] : [`  ${count(operations)} operations of clients: ${history === 'ok' ? 'linearizable' : history}`]),
    ...(found === undefined ? [`  ${clauses.length - violations.length} of ${clauses.length} clauses on the whole run hold`] : []),
    ...(isLong ? clauses.map((clause) => `    ${violations.some((one) => one.clause === clause) ? red('broken') : 'holds '} ${clause}`) : []),
    ...(unmatched === 0 ? [] : [`  ${count(unmatched)} lines rest on what nobody wrote down: on a process without a trace, or one that was killed`]),
    ...(notAsked.length === 0 ? [] : [`  ${notAsked.length} clauses that want to see all of a run were not asked: somebody's trace has no end`]),
    ...cut.map((file) => `  ${file} ends in half a line`),
    ...(dropped === 0 ? [] : [`  ${count(dropped)} facts more than the clauses on whole runs were shown`]),
    ...(found === undefined
      ? []
      : [
          `  ${found.file}: line ${found.line}${found.field === '' ? '' : `: ${found.field}`}`,
          `    against ${found.clause}`,
          `    expected ${found.expected}`,
          `    found    ${found.found}`,
          '    the lines of the same process and thread, up to it:',
          ...found.context.map((line) => `      ${line.length > 400 ? `${line.slice(0, 397)}...` : line}`),
        ]),
    ...violations.flatMap(({ clause, violations: all }) => [`  against ${clause}`, ...all.slice(0, 3).map((one) => `    ${one.slice(0, 400)}`), ...(all.length > 3 ? [`    and ${all.length - 3} more`] : [])]),
  ].join('\n');
};

export const traceCommand = new Command('trace')
  .description('traces of real runs: record, check, show')
  .addCommand(recordCommand)
  .addCommand(checkCommand)
  .addCommand(showCommand);
