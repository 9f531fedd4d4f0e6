/** The table at the end of a measurement: one row per technique, no wider than 100 columns. */

import Table from 'cli-table3';
import colors from 'picocolors';
import type { Mark } from './marks.js';
import type { Execution } from './replica.js';
import { NAMES, type Run } from './result.js';
import { estimate, type Estimate } from './statistics.js';

const HEAD = ['technique', 'Kcps', 'mean ms', 'p50 ms', 'p99 ms', 'failed %', 'CPU, cores', 'verdict'] as const;

/** More processes of one role than this are shown as a range. */
const FEW = 4;

/** The runs as a table, in colour or not. */
export const tableOf = (runs: readonly Run[], colour: boolean): string => {
  const { bold, green, red } = colors.createColors(colour);
  const table = new Table({
    head: HEAD.map((title) => bold(title)),
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'left', 'left'],
    style: { head: [], border: [] }, // cli-table3 has colours of its own, which ask nobody
  });
  table.push(
    ...runs.map((run) => [
      NAMES[run.technique].split(' ').map(bold).join('\n'), // pipelined SMR in one line would make the table too wide
      rounded(run.throughput),
      rounded(run.latency.mean),
      rounded(run.latency.p50),
      rounded(run.latency.p99),
      rounded(100 * run.failedRatio),
      cpuByRole(run.cpu),
      inLines(run.verdict, run.verdict === 'ok' ? green : red),
    ]),
  );
  return table.toString();
};

/** A long verdict is broken at its hyphen: `not-linearizable` would make the table too wide. */
const inLines = (verdict: string, paint: (line: string) => string): string =>
  verdict.split(/(?<=-)/).map(paint).join('\n');

/** Whether what is written to `out` may be coloured: a terminal, and NO_COLOR unset (no-color.org). */
export const takesColour = (out: { readonly isTTY?: boolean }, env: NodeJS.ProcessEnv): boolean =>
  out.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb';

/** A number in three digits or so: 0, 0.04, 1.23, 45.6, 789. */
export const rounded = (value: number): string =>
  value === 0 ? '0' : value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0);

/** A median, and half of its confidence interval where there is one. */
export const sayEstimate = ({ median, interval }: Estimate): string => `${rounded(median)}${interval === undefined ? '' : ` ± ${rounded((interval.high - interval.low) / 2)}`}`;

/** The cores of processes named `role` or `role-number`, a line for each role: `replicas 0.9 0.8`. */
export const cpuByRole = (cpu: Run['cpu']): string => {
  const coresByRole = new Map<string, number[]>();
  for (const [name, cores] of Object.entries(cpu)) {
    const role = name.replace(/[-\s]?\d+$/, '');
    coresByRole.set(role, [...(coresByRole.get(role) ?? []), cores]);
  }
  const lines = [...coresByRole].map(([role, cores]) => `${cores.length === 1 ? role : `${role}s`} ${several(cores)}`);
  return lines.join('\n') || '-';
};

const several = (cores: readonly number[]): string =>
  cores.length <= FEW
    ? cores.map((n) => n.toFixed(1)).join(' ')
    : `${cores.length} × ${Math.min(...cores).toFixed(1)}–${Math.max(...cores).toFixed(1)}`;

/** The marks of an experiment as a table, a row each. */
export const marksTable = (marks: readonly Mark[], colour: boolean): string => {
  const { bold, green, red } = colors.createColors(colour);
  const table = new Table({
    head: ['technique', 'threads', 'dep. %', 'load', 'Kcps', 'mean ms', 'p99 ms', 'failed %', 'runs', 'verdict'].map((title) => bold(title)),
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'left'],
    style: { head: [], border: [] },
  });
  table.push(
    ...marks.map((mark) => [
      bold(NAMES[mark.technique]),
      mark.technique === 'smr' ? 1 : mark.threads,
      mark.dependent,
      mark.load.replace(' in flight', '').replace(' a second', '/s'),
      sayEstimate(mark.throughput),
      rounded(mark.latency.all.median),
      rounded(mark.p99.median),
      rounded(100 * mark.failedRatio.median),
      mark.points.length,
      inLines(mark.verdict, mark.verdict === 'ok' ? green : red),
    ]),
  );
  return table.toString();
};

/** How cost grows: rows by quantity, each under its name. */
export const growthTextTable = ({ head, bodies }: { readonly head: readonly string[]; readonly bodies: readonly { readonly title: string; readonly rows: readonly (readonly string[])[] }[] }, colour: boolean): string => {
  const { bold } = colors.createColors(colour);
  const table = new Table({ head: head.map((title) => bold(title.replace(', ', '\n'))), colAligns: head.map((_, i) => (i === 0 ? 'left' : 'right')), style: { head: [], border: [] } });
  for (const { title, rows } of bodies) table.push([{ content: bold(title), colSpan: head.length }], ...rows.map((cells) => [...cells]));
  return table.toString();
};

/** The one in the middle, and half of the confidence interval. */
const sayThroughputs = (throughputs: readonly number[]): string => {
  const known = estimate(throughputs);
  return known === undefined ? '' : sayEstimate(known);
};

/** What replicas alone did, a row each. */
export const executionsTable = (executions: readonly Execution[], colour: boolean): string => {
  const { bold, green, red } = colors.createColors(colour);
  const table = new Table({
    head: ['technique', 'threads', 'Kcps', '× SMR', 'CPU, cores', 'µs a command', 'failed %', 'verdict'].map((title) => bold(title)),
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'left'],
    style: { head: [], border: [] },
  });
  table.push(
    ...executions.map((one) => [
      bold(NAMES[one.technique]),
      one.threads,
      sayThroughputs(one.throughputs),
      one.speedUp === undefined ? '' : rounded(one.speedUp),
      rounded(one.cores),
      rounded(one.microseconds),
      rounded(100 * one.failedRatio),
      inLines(one.verdict, one.verdict === 'ok' ? green : red),
    ]),
  );
  return table.toString();
};
