/**
 * Panels as pictures, by vega (decision 0017). What was measured is a solid line through full marks, what was simulated a
 * dashed line through empty ones, and nothing is ever drawn as the other.
 */
import type { TopLevelSpec } from 'vega-lite';
import { COLOURS, FONT } from './figure.js';
import type { Panel, Row } from './panels.js';
import { NAMES } from './result.js';

/** Colours of all that is not a series: those of a file, or those of the page around. */
export type Theme = { readonly ink: string; readonly faint: string; readonly grid: string; readonly background: string | null };

/** For a file of its own, on white. */
export const PAPER: Theme = { ink: '#222222', faint: '#666666', grid: '#e4e7ec', background: 'white' };
/** Within a page: its variables, so that it follows light and dark. */
export const INLINE: Theme = { ink: 'var(--ink)', faint: 'var(--faint)', grid: 'var(--line)', background: null };

const SERIES_COLOURS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(NAMES).map(([technique, name]) => [name, COLOURS[technique as keyof typeof COLOURS]])),
  failed: '#cc79a7',
  all: '#d55e00',
  passed: '#009e73',
};

/** What stands above the panels of a file: what is seen, and where. */
export type Title = { readonly text: string; readonly setup: string };

/** So many panels stand side by side. */
const COLUMNS = 4;

/** Some panels with one legend, as SVG. */
export const drawPanels = async (panels: readonly Panel[], title: Title | null, theme: Theme): Promise<string> => {
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
  const view = new vega.View(vega.parse(vegaLite.compile(specOf(panels, title, theme)).spec), { renderer: 'none' });
  try {
    return await view.toSVG();
  } finally {
    view.finalize();
  }
};

export const specOf = (panels: readonly Panel[], title: Title | null, { ink, faint, grid, background }: Theme): TopLevelSpec => ({
  $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
  background: background ?? 'transparent',
  padding: background === null ? 4 : 16,
  ...(title === null ? {} : { title: { text: title.text, subtitle: title.setup, anchor: 'start', fontSize: 16, fontWeight: 600, subtitleFontSize: 13, subtitlePadding: 6, offset: 16 } }),
  spacing: 28,
  concat: panels.map((panel) => panelSpec(panel, panels, background !== null)),
  columns: COLUMNS,
  resolve: { scale: { color: 'shared', strokeDash: 'shared' } },
  config: {
    font: FONT,
    view: { stroke: null },
    axis: { gridColor: grid, domainColor: faint, tickColor: faint, labelColor: ink, titleColor: faint, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 400 },
    title: { color: ink, subtitleColor: faint },
    legend: { labelColor: ink, titleColor: faint, labelFontSize: 12, symbolStrokeWidth: 2, symbolOpacity: 1 },
  },
});

/** A page says in words which line is which kind; a file says it in its legend. */
const panelSpec = (panel: Panel, all: readonly Panel[], isSaid: boolean) => {
  const rows = all.flatMap((one) => one.rows);
  const series = [...new Set(rows.map((row) => row.series))];
  const kinds = ['measured', 'simulated'].filter((kind) => rows.some((row) => row.kind === kind));
  const [x, y] = [{ field: 'x', type: 'quantitative' as const }, { field: 'y', type: 'quantitative' as const }];
  const colour = { field: 'series', type: 'nominal' as const, sort: null, title: null, scale: { domain: series, range: series.map((one) => SERIES_COLOURS[one] ?? '#8c8c8c') }, legend: { orient: 'bottom' as const, ...(all.length === 1 ? { columns: 3 } : {}) } };
  const dash = {
    field: 'kind',
    type: 'nominal' as const,
    title: null,
    scale: { domain: ['measured', 'simulated'], range: [[1, 0], [6, 4]] },
    legend: isSaid ? { orient: 'bottom' as const, values: kinds } : null,
  };
  const counts = [...new Set(panel.rows.map((row) => row.x))].sort((a, b) => a - b);
  const axis = panel.scale === 'log' ? { values: counts, format: '~r', grid: false } : { grid: false, tickCount: 5 };
  return {
    title: { text: panel.title, anchor: 'start' as const, fontSize: 13, fontWeight: 600 as const, offset: 8, frame: 'group' as const },
    width: 260,
    height: 190,
    data: { values: panel.rows.map((row) => ({ ...row })) },
    encoding: {
      x: { ...x, title: panel.x, axis, scale: panel.scale === 'log' ? { type: 'log' as const, base: 2, nice: false } : { zero: true } },
      color: colour,
    },
    layer: [
      { transform: [{ filter: 'datum.high > datum.low' }], mark: { type: 'rule' as const, strokeWidth: 1.5, opacity: 0.6 }, encoding: { y: { field: 'low', type: 'quantitative' as const }, y2: { field: 'high' } } },
      {
        mark: { type: 'line' as const, strokeWidth: 2 },
        encoding: { y: { ...y, title: panel.y, scale: { zero: true }, axis: { tickCount: 5 } }, strokeDash: dash, order: { field: 'order', type: 'quantitative' as const } },
      },
      ...kinds.map((kind) => ({
        transform: [{ filter: `datum.kind === '${kind}'` }],
        mark: { type: 'point' as const, size: 46, strokeWidth: 2, opacity: 1, filled: kind === 'measured' },
        encoding: { y },
      })),
    ],
  };
};

/** A panel in words, for whoever cannot see it. */
export const sayPanel = ({ title, x, y, rows }: Panel): string =>
  `${title} (${y}) by ${x}: ${[...new Set(rows.map(nameOf))].map((name) => `${name} ${rows.filter((row) => nameOf(row) === name).map((row) => `${near(row.y)} at ${near(row.x)}`).join(', ')}`).join('; ')}`;

const nameOf = ({ series, kind }: Row): string => `${series}, ${kind},`;
const near = (value: number): string => `${Number(value.toPrecision(3))}`;
