/** psmr trace check: traces played again and judged, side by side where there are several. */
import { Command } from '@commander-js/extra-typings';
import { availableParallelism } from 'node:os';
import pc from 'picocolors';
import { tracesIn } from '../adapter/trace-reading.js';
import { takesColour } from '../measure/table.js';
import { natural } from './options.js';
import { ticker } from './ticker.js';
import { judgeInThreads, type Judged } from './trace-threads.js';
import { endWithout, exitWithout } from './unreadable.js';

export const checkCommand = new Command('check')
  .description('play every machine again from its lines, against all others, and hold the run against every clause of the spec')
  .argument('<path...>', 'a directory of a trace, one of several, or the files of one; .gz and .zst as well')
  .option('--budget <n>', 'junctions that the search for a linearization may abandon', natural(1), 1_000_000)
  .option('--threads <n>', 'judge so many traces at a time (default: as many as there are cores)', natural(1, 64))
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
  .exitOverride(exitWithout)
  .action((paths, options) => check(paths, options).catch(endWithout));

type Checking = { readonly budget: number; readonly threads?: number | undefined; readonly json?: true | undefined; readonly clauses?: true | undefined };

const check = async (paths: readonly string[], { budget, threads = availableParallelism(), json, clauses }: Checking): Promise<void> => {
  const colours = pc.createColors(takesColour(process.stdout, process.env));
  const progress = ticker(json === true);
  const traces = tracesIn(paths);
  const start = performance.now();
  const whose = traces.length === 1 ? traces[0]!.name : `${traces.length} traces`;
  const tell = (events: number): void => progress.tell(() => `${whose}: ${events.toLocaleString('en')} events, ${Math.round(events / (performance.now() - start))},000 a second`);
  const reports: Judged[] = [];
  try {
    for await (const report of judgeInThreads(traces, budget, threads, tell)) {
      progress.end();
      reports.push(report);
      if (json !== true) console.log(sayReport(report, clauses === true, colours));
    }
  } finally {
    progress.end();
  }
  if (json === true) console.log(JSON.stringify(reports, null, 2));
  const verdicts = reports.map(({ verdict }) => verdict);
  process.exitCode = verdicts.includes('broken') ? 1 : verdicts.includes('unknown') ? 2 : 0;
};

/** What became of the history of clients. */
const SEEN = {
  ok: 'linearizable',
  illegal: 'not linearizable',
  unknown: 'not decided within the budget',
  'not whole': 'not judged, as a client has a trace without an end, and others may have seen more of it',
} as const;

const sayReport = (report: Judged, isLong: boolean, { bold, green, red, yellow }: ReturnType<typeof pc.createColors>): string => {
  const { name, verdict, files, events, level, unmatched, abandoned, cut, dropped, clauses, notAsked, operations, history, found, violations, seconds } = report;
  const colour = { ok: green, broken: red, unknown: yellow }[verdict];
  const count = (number: number): string => number.toLocaleString('en');
  return [
    `${name}: ${bold(colour(verdict))}, ${count(events)} events of ${level === 'execution' ? 'protocol and execution' : 'the protocol'} in ${files} ${files === 1 ? 'file' : 'files'}, ${seconds.toFixed(1)} s`,
    ...(history === 'not written down' ? [] : [`  ${count(operations)} operations of clients: ${SEEN[history]}`]),
    ...(found === undefined ? [`  ${clauses.length - violations.length} of ${clauses.length} clauses on the whole run hold`] : []),
    ...(isLong ? clauses.map((clause) => `    ${violations.some((one) => one.clause === clause) ? red('broken') : 'holds '} ${clause}`) : []),
    ...(unmatched === 0 ? [] : [`  ${count(unmatched)} lines rest on what nobody wrote down: on a process without a trace, or one that was killed`]),
    ...abandoned.map((replica) => `  ${replica}: not executed behind a barrier that one of its threads has no line of; what it answered is believed`),
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

