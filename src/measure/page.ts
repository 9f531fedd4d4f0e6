/** The report: one page that needs nothing but itself, in light and dark, on paper and on a phone. */
import { CLAIMS, type Verdict } from './claims.js';
import { drawPanels, INLINE, sayPanel } from './chart.js';
import { baseIn, coursesOf, growthTable } from './courses.js';
import { saySetting } from './growth.js';
import { gapsOf, groupsOf, type Group, type Mark, type Setup } from './marks.js';
import { FIGURES, panelsOf, type Panel } from './panels.js';
import { varyingIn } from './plan.js';
import type { ExperimentName, Point } from './point.js';
import { NAMES } from './result.js';
import { STEADY, type Estimate } from './statistics.js';
import { STYLE } from './style.js';
import { rounded } from './table.js';

export const EXPERIMENTS = Object.keys(FIGURES) as readonly ExperimentName[];

/** A figure for what can be drawn together: cores, keys and threads are the same, the kind may differ. */
export type Sheet = { readonly experiment: ExperimentName; readonly setup: Omit<Setup, 'kind'>; readonly groups: readonly Group[] };

export const sheetsOf = (marks: readonly Mark[]): readonly Sheet[] =>
  EXPERIMENTS.flatMap((experiment) => {
    const sheets = new Map<string, Sheet & { groups: Group[] }>();
    for (const group of groupsOf(marks, experiment)) {
      const { cores, keys, threads } = group.setup;
      const key = JSON.stringify([cores, keys, threads]);
      const sheet = sheets.get(key) ?? { experiment, setup: { cores, keys, threads }, groups: [] };
      sheets.set(key, { ...sheet, groups: [...sheet.groups, group] });
    }
    return [...sheets.values()];
  });

export const titleOf = ({ experiment }: Sheet): string => FIGURES[experiment].title;

const kindsOf = ({ groups }: Sheet): string => groups.map(({ setup: { kind } }) => kind).join(' and ');

export const saySetup = (sheet: Sheet): string => {
  const { cores, keys, threads } = sheet.setup;
  const marks = sheet.groups.flatMap((group) => group.marks);
  const base = baseIn(marks);
  const [only, more] = coursesOf(marks);
  const sizes = base === undefined ? [...(keys === undefined ? [] : [`${keys.toLocaleString('en')} keys`]), ...(threads === undefined ? [] : [plural(threads, 'thread')])] : [`each quantity from a base of ${saySetting(base, more === undefined ? only?.quantity : undefined).join(', ')}`];
  return [kindsOf(sheet), ...sizes, plural(cores, 'core')].join(' · ');
};

/** What a file of this sheet is called, without its ending. */
export const slugOf = (sheet: Sheet, others: readonly Sheet[]): string => {
  const { cores, keys, threads } = sheet.setup;
  const isAlone = others.filter(({ experiment }) => experiment === sheet.experiment).length === 1;
  return [FIGURES[sheet.experiment].file, ...(isAlone ? [] : [`${cores}-cores`, ...(threads === undefined ? [] : [`${threads}-threads`]), ...(keys === undefined ? [] : [`${keys}-keys`])])].join('-');
};

export const pageOf = async (points: readonly Point[], marks: readonly Mark[]): Promise<string> => {
  const sheets = sheetsOf(marks);
  const sections: string[] = [];
  for (const sheet of sheets) sections.push(await sectionOf(sheet, marks));
  const missing = EXPERIMENTS.filter((experiment) => !sheets.some((sheet) => sheet.experiment === experiment));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>opt-PSMR: the paper's figures 3, 4 and 5, drawn again, and how cost grows</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<header>
<h1>The paper's figures, drawn again</h1>
<p>Optimistic parallel state-machine replication, Marandi and Pedone, sections V-D to V-F, beside what is seen here; and how cost grows. ${summaryOf(sheets)}</p>
<p class="note">${lineOf(marks)}</p>
</header>
${sections.join('\n')}
${missing.map((experiment) => `<section><h2>${FIGURES[experiment].title}</h2><p class="note">No data: <code>psmr measure ${experiment}</code> makes some.</p></section>`).join('\n')}
<section>
<h2>All points</h2>
${allPoints(marks)}
</section>
<section>
<h2>Machine and parameters</h2>
${conditions(points)}
</section>
<section>
<h2>How far to trust it</h2>
${confidence(marks)}
</section>
</main>
</body>
</html>
`;
};

/** Which line is which, before the first of them. */
const lineOf = (marks: readonly Mark[]): string => {
  const kinds = new Set(marks.map(({ kind }) => kind));
  const said = [
    ...(kinds.has('measured') ? ['Measured: solid lines, full marks.'] : []),
    ...(kinds.has('simulated') ? ['Simulated under measured costs: dashed lines, empty marks.'] : []),
  ];
  return said.join(' ');
};

const findingsOf = ({ experiment, groups }: Sheet) =>
  CLAIMS.filter((claim) => claim.experiment === experiment).flatMap(({ says, judge }) => groups.map(({ setup: { kind }, marks }) => ({ kind, says, ...judge(marks) })));

const summaryOf = (sheets: readonly Sheet[]): string => {
  const verdicts = sheets.flatMap(findingsOf).map(({ verdict }) => verdict);
  const count = (verdict: Verdict): number => verdicts.filter((one) => one === verdict).length;
  return `Held against the paper's words, ${count('agrees')} findings agree, ${count('disagrees')} disagree, and ${count('no data')} lack data.`;
};

const sectionOf = async (sheet: Sheet, marks: readonly Mark[]): Promise<string> => {
  const panels = panelsOf(sheet.experiment, sheet.groups);
  const pictures: string[] = [];
  for (const panel of panels) pictures.push(`<figure>${labelled(await drawPanels([panel], null, INLINE), panel)}</figure>`);
  return `<section>
<h2>${titleOf(sheet)}</h2>
<p class="setup">${saySetup(sheet)}${sheet.groups.length > 1 ? '; solid lines and full marks are measured, dashed lines and empty marks simulated' : ''}</p>
<div class="panels">
${pictures.join('\n')}
</div>
${sheet.experiment === 'growth' ? sheet.groups.map(coursesTable).join('\n') : `<h3>What the paper says, and what we see</h3>
${findingsTable(sheet)}`}
${gapsTable(sheet, marks)}
</section>`;
};

/** The picture, named by all that it shows for whoever cannot see it. */
const labelled = (svg: string, panel: Panel): string =>
  svg.replace('<svg ', `<svg role="img" aria-label="${escaped(sayPanel(panel))}" `).replace(/<svg [^>]*>/, (tag) => tag.replace(/ aria-roledescription="[^"]*"/, ''));

const MARKS: Readonly<Record<Verdict, string>> = { agrees: '✓ agrees', disagrees: '✗ disagrees', 'no data': '– no data' };

const findingsTable = (sheet: Sheet): string =>
  tableOf(
    ['The paper says', 'We see', ''],
    findingsOf(sheet).map(({ kind, says, verdict, sees }) => [escaped(says), `${sheet.groups.length > 1 ? `<b>${kind}</b>: ` : ''}${escaped(sees)}`, `<span class="${verdict.replace(' ', '-')}">${MARKS[verdict]}</span>`]),
    'findings',
  );

/** Throughput, 99th percentile and processor time, by each quantity. */
const coursesTable = ({ setup: { kind }, marks }: Group): string => {
  const { head, bodies } = growthTable(marks, told);
  return `<p>${kind[0]!.toUpperCase()}${kind.slice(1)}: throughput in thousands of commands a second, the 99th percentile of latency, and the processor time of all processes, clients included, for each command.</p>
${tableOf(head, bodies.flatMap(({ title, rows }) => [[`<b>${title}</b>`, ...head.slice(1).map(() => '')], ...rows]), 'numbers')}`;
};

/** How far the simulation is off, where it can be told. */
const gapsTable = (sheet: Sheet, marks: readonly Mark[]): string => {
  const own = new Set(sheet.groups.flatMap((group) => group.marks));
  const gaps = gapsOf(marks).filter(({ simulated }) => own.has(simulated));
  if (gaps.length === 0) return '';
  const worst = Math.max(...gaps.map(({ throughput }) => Math.abs(throughput)));
  return `<h3>How far the simulation is off</h3>
<p>At most ${rounded(100 * worst)} % in throughput, over ${plural(gaps.length, 'point')} that were both simulated and measured.</p>
${tableOf(
    ['point', 'simulated, Kcps', 'measured, Kcps', 'error', 'error of latency'],
    gaps.map(({ simulated, measured, throughput, latency }) => [placeOf(simulated), rounded(simulated.throughput.median), rounded(measured.throughput.median), signed(throughput), signed(latency)]),
    'numbers',
  )}`;
};

const placeOf = ({ technique, threads, dependent, load, step, setting }: Mark): string =>
  (setting === null ? [NAMES[technique], plural(technique === 'smr' ? 1 : threads, 'thread'), `${dependent} % dependent`, ...(step === 0 ? [] : [load])] : [NAMES[technique], ...saySetting(setting)]).join(', ');

const allPoints = (marks: readonly Mark[]): string =>
  tableOf(
    ['figure', 'technique', 'kind', 'cores', 'keys', 'threads', 'dependent %', 'load', 'else', 'Kcps', 'mean ms', 'passed ms', 'failed ms', 'p99 ms', 'failed %', 'replica CPU', 'CPU µs per command', 'messages per command', 'bytes per command', 'runs', 'drift', 'verdict'],
    EXPERIMENTS.flatMap((experiment) => marks.filter((mark) => mark.experiment === experiment)).map((mark) => [
      FIGURES[mark.experiment].name,
      NAMES[mark.technique],
      mark.kind,
      `${mark.cores}`,
      mark.keys.toLocaleString('en'),
      `${mark.technique === 'smr' ? 1 : mark.threads}`,
      `${mark.dependent}`,
      mark.load,
      mark.setting === null ? '' : saySetting(mark.setting).filter((said) => !/keys|in flight|thread/.test(said)).join(', '),
      told(mark.throughput),
      told(mark.latency.all),
      told(mark.latency.passed),
      told(mark.latency.failed),
      told(mark.p99),
      told(mark.failedRatio, 100),
      told(mark.cpu),
      told(mark.effort),
      told(mark.traffic.messages),
      told(mark.traffic.bytes),
      `${mark.points.length}`,
      mark.drift === undefined ? '' : signed(mark.drift),
      `<span class="${mark.verdict === 'ok' ? 'agrees' : 'disagrees'}">${mark.verdict === 'unknown' && mark.kind === 'simulated' ? 'not judged' : mark.verdict}</span>`,
    ]),
    'numbers',
  );

/** A median, and the interval where there is one. */
const told = (estimate: Estimate | undefined, unit = 1): string => {
  if (estimate === undefined) return '';
  const { median, interval } = estimate;
  return `${rounded(median * unit)}${interval === undefined ? '' : ` <small>[${rounded(Math.max(0, interval.low * unit))}, ${rounded(interval.high * unit)}]</small>`}`;
};

/** On what, with what: each set of conditions once, with the experiments that had it. */
const conditions = (points: readonly Point[]): string => {
  const sets = new Map<string, Set<string>>();
  for (const { kind, experiment, machine, versions, parameters, model } of points) {
    const { workload, arrivals, threads, seed } = parameters;
    const varying = ['workload', 'arrivals', 'threads', 'seed', ...varyingIn(experiment)];
    const fixed = Object.fromEntries(Object.entries(parameters).filter(([field]) => !varying.includes(field)));
    const key = JSON.stringify({ kind, machine, versions, parameters: { ...fixed, span: workload.span, keysBy: workload.keys.type, arrivals: arrivals.type }, ...(model === null ? {} : { model }) });
    sets.set(key, (sets.get(key) ?? new Set<string>()).add(`${experiment}, seed ${seed}, up to ${plural(threads, 'thread')}`));
  }
  return [...sets]
    .map(([json, whose]) => {
      const fields = leavesOf(JSON.parse(json) as object);
      return `<details open><summary>${escaped([...new Set([...whose].map((one) => one.replace(/, .*/, '')))].join(', '))}</summary>${tableOf([], fields.map(([field, value]) => [escaped(field), escaped(value)]), 'fields')}</details>`;
    })
    .join('\n');
};

const leavesOf = (value: object, path = ''): readonly (readonly [string, string])[] =>
  Object.entries(value).flatMap(([key, inner]: [string, unknown]) => {
    const at = path === '' ? key : `${path}.${key}`;
    return typeof inner === 'object' && inner !== null ? leavesOf(inner, at) : [[at, String(inner)] as const];
  });

const confidence = (marks: readonly Mark[]): string => {
  const unsteady = marks.filter(({ drift }) => drift !== undefined && Math.abs(drift) > STEADY);
  const unjudged = marks.filter(({ verdict, kind }) => verdict !== 'ok' && kind === 'measured');
  const once = marks.filter(({ points, kind }) => points.length === 1 && kind === 'measured');
  return `<ul>
<li>Every number is the median of its runs; in brackets the 95 % confidence interval of their mean, by Student's t, cut off at 0. ${once.length === 0 ? '' : `${plural(once.length, 'measured point')} had one run only: nobody knows how far it strays.`}</li>
<li>Drift is by how much throughput in the last third of the measured time differs from that in the first: the warm-up had ended when it is small. ${unsteady.length === 0 ? `It is within ${100 * STEADY} % everywhere that it is known.` : `It is beyond ${100 * STEADY} % at ${escaped(unsteady.map((mark) => `${placeOf(mark)} (${signed(mark.drift!)})`).join('; '))}.`}</li>
<li>${unjudged.length === 0 ? 'Every measured run was judged: the replicas agree, nothing acknowledged is missing, and the history of the audited keys is linearizable.' : `Not every run is right, or judged: ${escaped(unjudged.map((mark) => `${placeOf(mark)}: ${mark.verdict}`).join('; '))}.`}</li>
<li>What differs by less than 2 % neither rises nor falls.</li>
</ul>`;
};

/** A table that scrolls by itself where it is too wide, by keyboard as well. */
const tableOf = (head: readonly string[], rows: readonly (readonly string[])[], kind: string): string => `<div class="scroll" tabindex="0"><table class="${kind}">
${head.length === 0 ? '' : `<thead><tr>${head.map((cell) => `<th scope="col">${cell}</th>`).join('')}</tr></thead>`}
<tbody>
${rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n')}
</tbody>
</table></div>`;

const signed = (part: number): string => `${part < 0 ? '−' : part > 0 ? '+' : ''}${rounded(Math.abs(100 * part))} %`;

const plural = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);
