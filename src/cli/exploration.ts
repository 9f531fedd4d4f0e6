/** What a search has found, as lines for people. */
import Table from 'cli-table3';
import colors from 'picocolors';
import type { Options } from '../check/explore/explore.js';
import type { Report, Violation } from '../check/explore/report.js';
import { MODELS } from '../models/index.js';
import { MANIFEST } from '../models/manifest.js';

/** The models, and how many states are known of each. */
export const sayModels = (isJson: boolean): string => {
  if (isJson) return JSON.stringify(MODELS.map(({ name, about, size }) => ({ name, about, size, pinned: MANIFEST.filter(({ model }) => model === name) })), null, 2);
  return MODELS.flatMap(({ name, about, size }) => [
    `${name}: ${about}`,
    `  --size 1 to ${size.most}: ${size.what} (${size.usual} unless said otherwise)`,
    ...MANIFEST.filter(({ model }) => model === name).map(
      ({ size: of, symmetry, reduce, distinct, depth }) => `  --size ${of}${symmetry === true ? ' --symmetry' : ''}${reduce === true ? ' --reduce' : ''}: ${distinct} states, depth ${depth}`,
    ),
  ]).join('\n');
};

const ENDS: Readonly<Record<Report['end'], string>> = {
  complete: 'every state was seen',
  violation: 'the search ended at the first violation',
  depth: 'longer runs were not looked at',
  states: 'the search ended at the bound on states',
  time: 'the search ended at the bound on time',
  interrupted: 'the search was interrupted',
};

export const linesOf = (report: Report, { size, order, symmetry, reduce }: Options & { readonly size: number }, isColoured: boolean): readonly string[] => {
  const { bold, green, red, yellow } = colors.createColors(isColoured);
  const { distinct, generated, depth, outDegree, seconds, statesPerSecond, collision, bytesPerState, violations } = report;
  const how = [order ?? 'breadth-first', ...(symmetry === true ? ['up to symmetry'] : []), ...(reduce === true ? ['reduced'] : [])].join(', ');
  const verdict = violations.length > 0 ? red(`${violations.length} violated`) : report.complete ? green('no clause is violated') : yellow('no clause was seen violated');
  return [
    `${bold(report.model)}, size ${size}, ${how}: ${ENDS[report.end]}`,
    `${distinct} distinct of ${generated} generated · depth ${depth} · out-degree ${outDegree.least} to ${outDegree.most}, mean ${outDegree.mean.toFixed(2)}`,
    `${seconds.toFixed(2)} s · ${statesPerSecond} states/s · ${bytesPerState} bytes a state · chance of a fingerprint collision ${collision.toExponential(1)}`,
    '',
    tableOf(['action', 'possible', 'taken', 'new states'], Object.entries(report.actions).map(([type, { possible, taken, fresh }]) => [type, possible, taken, fresh])),
    tableOf(['clause', 'asked', 'applied', 'held'], Object.entries(report.clauses).map(([clause, { kind, asked, applied, held }]) => [`${kind}: ${clause}`, asked, applied, held])),
    ...vacuous(report).map((clause) => yellow(`never applied, so nothing is known of it: ${clause}`)),
    ...Object.keys(report.clauses).length === 0 ? [yellow('there are no clauses')] : [],
    ...fairness(report),
    ...violations.flatMap((violation) => ['', ...storyLines(violation, red)]),
    verdict,
  ];
};

/** Under what assumptions what must happen eventually does happen. */
const fairness = ({ clauses, violations, complete, fair }: Report): readonly string[] => {
  const isAsked = Object.values(clauses).some(({ kind }) => kind === 'eventually');
  if (!isAsked || !complete || violations.some(({ kind }) => kind === 'eventually')) return [];
  return [`no run misses what happens eventually, as long as it goes on while anything may happen${fair.length === 0 ? '' : `, and puts off for ever none of: ${fair.join(', ')}`}`];
};

const vacuous = ({ clauses }: Report): readonly string[] => Object.entries(clauses).flatMap(([clause, { kind, applied, asked }]) => (kind === 'always' && applied === 0 && asked > 0 ? [clause] : []));

const storyLines = ({ clause, kind, story, backTo }: Violation, paint: (text: string) => string): readonly string[] => [
  paint(kind === 'sometimes' ? `never happens: ${clause}` : kind === 'eventually' ? `does not happen sooner or later: ${clause}` : `violated: ${clause}`),
  ...numbered(story),
  ...(backTo === null ? (kind === 'eventually' ? ['       and here it ends'] : []) : [`       and so on, from the state after ${backTo + 1}`]),
];

/** The lines of a story, each with its number: states are counted from 1. */
export const numbered = (story: readonly string[]): readonly string[] => story.map((line, i) => `${String(i + 1).padStart(5)}  ${line}`);

/** Columns of the first cell of a row, at most: clauses say what they say in many words. */
const WIDEST = 78;

const tableOf = (head: readonly [string, ...string[]], rows: readonly (readonly (string | number)[])[]): string => {
  const table = new Table({
    head: [...head],
    colAligns: head.map((_, i) => (i === 0 ? 'left' : 'right')),
    colWidths: [Math.min(WIDEST, 2 + Math.max(head[0].length, ...rows.map(([first]) => String(first).length)))],
    wordWrap: true,
    style: { head: [], border: [], compact: true },
    chars: { top: '', 'top-mid': '', 'top-left': '', 'top-right': '', bottom: '', 'bottom-mid': '', 'bottom-left': '', 'bottom-right': '', left: '', 'left-mid': '', mid: '', 'mid-mid': '', right: '', 'right-mid': '', middle: '  ' },
  });
  table.push(...rows.map((row) => row.map(String)));
  return `${table.toString()}\n`;
};
