/**
 * One picture of a measurement: a row of bars for each technique, and beside one another its throughput, its latency and
 * its failed commands. vega is loaded only when a picture is drawn: it takes longer to load than the rest of the program.
 */

import type { TopLevelSpec } from 'vega-lite';
import { sayLoad } from './marks.js';
import { NAMES, type Experiment, type Result, type Run, type Technique } from './result.js';
import { rounded } from './table.js';

/** Okabe and Ito's palette, which colour-blind readers tell apart; grey for the technique that the others start from. */
export const COLOURS: Readonly<Record<Technique, string>> = { smr: '#8c8c8c', 'pipelined-smr': '#56b4e9', 'sp-smr': '#009e73', 'p-smr': '#0072b2', 'opt-psmr': '#d55e00' };

export const FONT = 'system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif';
const INK = '#222222';
const FAINT = '#666666';

/** The picture as SVG. */
export const drawFigure = async (result: Result): Promise<string> => {
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
  const view = new vega.View(vega.parse(vegaLite.compile(specOf(result)).spec), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
};

/** What one panel shows of each run. */
type Panel = {
  readonly title: string;
  readonly unit: string;
  /** Pixels of the longest bar; its value stands to the right of it. */
  readonly width: number;
  readonly value: (run: Run) => number;
  /** What else is measured on the same scale, so that bars can be compared across panels. */
  readonly scale: (run: Run) => readonly number[];
};

const latencies = ({ latency: { mean, p50, p99 } }: Run): readonly number[] => [mean, p50, p99];

const PANELS: readonly Panel[] = [
  {
    title: 'Throughput',
    unit: 'Kcps (1000 commands/s), more is better',
    width: 210,
    value: (run) => run.throughput,
    scale: (run) => [run.throughput],
  },
  { title: 'Mean latency', unit: 'ms, less is better', width: 85, value: (run) => run.latency.mean, scale: latencies },
  { title: 'Median latency', unit: 'ms', width: 85, value: (run) => run.latency.p50, scale: latencies },
  { title: '99th percentile', unit: 'ms', width: 85, value: (run) => run.latency.p99, scale: latencies },
  {
    title: 'Failed checks',
    unit: '% of commands',
    width: 60,
    value: (run) => 100 * run.failedRatio,
    scale: (run) => [100 * run.failedRatio],
  },
];

/** The picture as a vega-lite specification. */
export const specOf = (result: Result): TopLevelSpec => ({
  $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
  background: 'white',
  padding: 16,
  title: {
    text: 'One replicated B+-tree, the same commands, three techniques',
    subtitle: caption(result),
    anchor: 'start',
    fontSize: 17,
    fontWeight: 600,
    offset: 20,
    subtitleFontSize: 11.5,
    subtitleLineHeight: 16,
    subtitlePadding: 6,
  },
  bounds: 'flush', // vega guesses the width of text too large without a screen: lay out by the bars
  spacing: 22,
  hconcat: PANELS.map((panel, i) => panelSpec(panel, result.runs, i === 0)),
  config: {
    font: FONT,
    view: { stroke: null },
    axis: { ticks: false, domainColor: '#bbbbbb', labelColor: INK, labelFontSize: 13, labelPadding: 8 },
    title: { color: INK, subtitleColor: FAINT },
  },
});

const panelSpec = (panel: Panel, runs: readonly Run[], isFirst: boolean) => {
  const labels = runs.map((run) => rounded(panel.value(run)) + (isFirst && run.verdict !== 'ok' ? ` (${run.verdict})` : ''));
  const room = 12 + 7 * Math.max(5, ...labels.map((label) => label.length));
  return {
    title: {
      text: panel.title,
      subtitle: panel.unit,
      anchor: 'start' as const,
      fontSize: 13,
      fontWeight: 600 as const,
      subtitleFontSize: 11,
      offset: 8,
    },
    width: panel.width + room,
    height: { step: 34 },
    data: {
      values: runs.map((run, i) => ({ technique: NAMES[run.technique], value: panel.value(run), label: labels[i] })),
    },
    encoding: {
      y: {
        field: 'technique',
        type: 'nominal' as const,
        sort: null,
        title: null,
        axis: { labels: isFirst, labelFontWeight: 600 as const },
      },
      x: {
        field: 'value',
        type: 'quantitative' as const,
        axis: null,
        scale: { domain: [0, Math.max(...runs.flatMap(panel.scale)) || 1], range: [0, panel.width] },
      },
    },
    layer: [
      {
        mark: { type: 'bar' as const, height: 20, cornerRadiusEnd: 2 },
        encoding: {
          color: {
            field: 'technique',
            type: 'nominal' as const,
            legend: null,
            scale: { domain: Object.values(NAMES), range: Object.values(COLOURS) },
          },
        },
      },
      {
        mark: { type: 'text' as const, align: 'left' as const, baseline: 'middle' as const, dx: 6, fontSize: 13, color: INK },
        encoding: { text: { field: 'label', type: 'nominal' as const } },
      },
    ],
  };
};

/** What was measured, and on what. */
const caption = ({ parameters, machine, versions }: Result): string[] => {
  const { keys, replicas, acceptors, threads, arrivals, seconds, storage, commandsPerBarrier } = parameters;
  const barrier = commandsPerBarrier === 'batch' ? 'one barrier a batch' : `one barrier for ${count(commandsPerBarrier, 'command')}`;
  return [
    `${count(keys, 'key')} · ${mixed(parameters)} · ${count(arrivals.clients, 'session')}, ${sayLoad(arrivals)}`,
    `${count(replicas, 'replica')} of ${count(threads, 'thread')} (SMR: 1), ${count(acceptors, 'acceptor')}, all on one machine · votes ${storage === 'disk' ? 'on disk' : 'in memory'} · ${barrier} · ${seconds} s a run`,
    `${machine.cpu}, ${count(machine.cores, 'core')}, ${rounded(machine.memoryGiB)} GiB · Node ${versions.node} · opt-psmr ${versions.optPsmr}`,
  ];
};

const mixed = ({ workload: { mix } }: Experiment): string =>
  Object.entries(mix)
    .filter(([, percent]) => percent > 0)
    .map(([kind, percent]) => `${percent} % ${kind}`)
    .join(', ');

const count = (n: number, noun: string): string => `${n.toLocaleString('en')} ${noun}${n === 1 ? '' : 's'}`;
