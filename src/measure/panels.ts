/** What the panels of figures 3, 4 and 5, and of growth, show: rows of numbers, before anybody draws them. Pure. */
import { normalised } from './claims.js';
import { coursesOf, isLevel } from './courses.js';
import { QUANTITIES, QUANTITY_NAMES, type Quantity } from './growth.js';
import type { Group, Mark } from './marks.js';
import type { ExperimentName, Kind } from './point.js';
import { TECHNIQUES } from '../replica/techniques.js';
import { NAMES, type Technique } from './result.js';
import type { Estimate } from './statistics.js';

/** A mark of a panel. `low` and `high` are the confidence interval, and the value itself where there is none. */
export type Row = {
  readonly series: string;
  readonly kind: Kind;
  readonly x: number;
  readonly y: number;
  readonly low: number;
  readonly high: number;
  /** In which order a line goes through the marks. */
  readonly order: number;
};

export type Panel = {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  /** Threads, and whatever else grows, double; all else is drawn as it is. */
  readonly scale: 'linear' | 'log';
  readonly rows: readonly Row[];
};

type Draft = Omit<Panel, 'rows'> & { readonly rowsOf: (marks: readonly Mark[]) => readonly Row[] };

export const FIGURES: Readonly<Record<ExperimentName, { readonly name: string; readonly title: string; readonly file: string }>> = {
  'failed-commands': { name: '3', title: 'Figure 3: The cost of failed commands in opt-PSMR', file: 'figure-3' },
  'dependent-commands': { name: '4', title: 'Figure 4: Performance with dependent commands', file: 'figure-4' },
  threads: { name: '5', title: 'Figure 5: Scalability with dependent commands', file: 'figure-5' },
  growth: { name: 'growth', title: 'How cost grows', file: 'figure-growth' },
};

/** The panels of a figure; those for which there is nothing to draw are left out. */
export const panelsOf = (experiment: ExperimentName, groups: readonly Group[]): readonly Panel[] =>
  DRAFTS[experiment]
    .map(({ rowsOf, ...panel }) => ({ ...panel, rows: groups.flatMap(({ marks }) => rowsOf(marks)) }))
    .filter(({ rows }) => rows.length > 0);

const rowOf = (mark: Mark, series: string, x: number, estimate: Estimate, order: number, unit = 1): Row => ({
  series,
  kind: mark.kind,
  x,
  y: estimate.median * unit,
  low: Math.max(0, estimate.interval?.low ?? estimate.median) * unit, // nothing here is ever negative, whatever Student says of few runs
  high: (estimate.interval?.high ?? estimate.median) * unit,
  order,
});

/** One row a mark that has the value. */
const rows =
  (x: (mark: Mark) => number, y: (mark: Mark) => Estimate | undefined, unit = 1, series: (mark: Mark) => string = (mark) => NAMES[mark.technique]) =>
  (marks: readonly Mark[]): readonly Row[] =>
    marks.flatMap((mark, order) => {
      const estimate = y(mark);
      return estimate === undefined ? [] : [rowOf(mark, series(mark), x(mark), estimate, order, unit)];
    });

const byThroughput = (mark: Mark): number => mark.throughput.median;
const byShare = (mark: Mark): number => mark.dependent;

const FIGURE_3 = { x: 'throughput, Kcps', scale: 'linear' } as const;
const FIGURE_4 = { x: 'dependent commands, %', scale: 'linear' } as const;
const FIGURE_5 = { x: 'threads', scale: 'log' } as const;

const only =
  (technique: Technique, of: (marks: readonly Mark[]) => readonly Row[]) =>
  (marks: readonly Mark[]): readonly Row[] =>
    of(marks.filter((mark) => mark.technique === technique));

/** SMR has one thread: a line across, from the fewest threads to the most. */
const across =
  (y: (mark: Mark) => Estimate | undefined) =>
  (marks: readonly Mark[]): readonly Row[] => {
    const counts = marks.map((mark) => mark.threads);
    return marks.flatMap((mark) => {
      const estimate = y(mark);
      if (estimate === undefined) return [];
      if (mark.technique !== 'smr') return [rowOf(mark, NAMES[mark.technique], mark.threads, estimate, mark.threads)];
      return [...new Set([Math.min(...counts), Math.max(...counts)])].map((x) => rowOf(mark, NAMES.smr, x, estimate, x));
    });
  };

/** Throughput by one quantity, all others as they are. */
const along = (quantity: Quantity): Draft => {
  const { title, axis, unit } = QUANTITIES[quantity];
  return {
    title,
    x: axis,
    y: 'Kcps',
    scale: 'log',
    rowsOf: (marks) => {
      const places = coursesOf(marks).find((course) => course.quantity === quantity)?.places ?? [];
      const ends = [places[0]?.value, places.at(-1)?.value].filter((end) => end !== undefined);
      return TECHNIQUES.flatMap((technique) =>
        places.flatMap(({ value, markByTechnique }) => {
          const mark = markByTechnique.get(technique);
          return mark === undefined ? [] : (isLevel(quantity, technique) ? ends : [value]).map((at) => rowOf(mark, NAMES[technique], at / unit, mark.throughput, at));
        }),
      );
    },
  };
};

const DRAFTS: Readonly<Record<ExperimentName, readonly Draft[]>> = {
  'failed-commands': [
    { ...FIGURE_3, title: 'Fail rate', y: '% of commands', rowsOf: rows(byThroughput, (mark) => mark.failedRatio, 100) },
    { ...FIGURE_3, title: 'Failed commands', y: '1000 a second', rowsOf: rows(byThroughput, (mark) => mark.failedRate) },
    {
      ...FIGURE_3,
      title: 'Mean latency',
      y: 'ms',
      rowsOf: (marks) => [
        ...rows(byThroughput, ({ latency }) => latency.failed, 1, () => 'failed')(marks),
        ...rows(byThroughput, ({ latency }) => latency.all, 1, () => 'all')(marks),
        ...rows(byThroughput, ({ latency }) => latency.passed, 1, () => 'passed')(marks),
      ],
    },
  ],
  'dependent-commands': [
    { ...FIGURE_4, title: 'Maximum throughput', y: 'Kcps', rowsOf: rows(byShare, (mark) => mark.throughput) },
    { ...FIGURE_4, title: 'Fail rate of opt-PSMR', y: '% of commands', rowsOf: only('opt-psmr', rows(byShare, (mark) => mark.failedRatio, 100)) },
    { ...FIGURE_4, title: 'Mean latency', y: 'ms', rowsOf: rows(byShare, ({ latency }) => latency.all) },
  ],
  threads: [
    { ...FIGURE_5, title: 'Maximum throughput', y: 'Kcps', rowsOf: across((mark) => mark.throughput) },
    { ...FIGURE_5, title: 'Throughput per thread', y: "of one thread's", rowsOf: (marks) => parallelIn(marks).flatMap((technique) => normalisedRows(marks, technique)) },
    { ...FIGURE_5, title: 'Mean latency', y: 'ms', rowsOf: across(({ latency }) => latency.all) },
    { ...FIGURE_5, title: 'CPU of a replica', y: 'cores', rowsOf: across((mark) => mark.cpu) },
  ],
  growth: QUANTITY_NAMES.map(along),
};

const parallelIn = (marks: readonly Mark[]): readonly Technique[] => [...new Set(marks.map(({ technique }) => technique))].filter((technique) => technique !== 'smr');

const normalisedRows = (marks: readonly Mark[], technique: Technique): readonly Row[] => {
  const own = marks.filter((mark) => mark.technique === technique);
  return normalised(own).map(({ threads, part }) => ({ series: NAMES[technique], kind: own[0]!.kind, x: threads, y: part, low: part, high: part, order: threads }));
};
