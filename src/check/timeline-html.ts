/** Time-lines as one page that needs nothing but itself: bars from call to return, and the argument beside them. */

import type { Bar, Lane, Step, Timeline } from './timeline.js';

/** Of the picture, px. */
const STEP = 30;
const LANE = 40;
const BAR = 28;
const MARGIN = 20;
/** Room for bars that are open to the end to fade out. */
const TAIL = 90;
/** Of a letter, and of what surrounds the words of a bar. */
const LETTER = 8;
const PADDING = 18;
/** Words of a bar make no more room for themselves than this. */
const WIDEST = { named: 230, other: 80 };

export const pageOf = (timelines: readonly Timeline[]): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escaped(timelines[0]?.title ?? 'No history')}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
${timelines.map(sectionOf).join('\n')}
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;

const sectionOf = (timeline: Timeline, section: number): string => {
  const { title, argument, lanes } = timeline;
  return `<section>
<h1>${escaped(title)}</h1>
<div class="columns">
${lanes.length === 0 ? '' : pictureOf(timeline, section)}
<div class="argument">
${lanes.length === 0 ? '' : '<h2>Why</h2>'}
<ol>
${argument.map(stepOf).join('\n')}
</ol>
${lanes.length === 0 ? '' : `<h2>Operations</h2>\n<table>\n${legendOf(lanes)}\n</table>\n<p class="hint">Arrow keys go through the argument. Time runs to the right, from one call or return to the next; a bar that fades out was never answered.</p>`}
</div>
</div>
</section>`;
};

const stepOf = ({ text, operations }: Step): string =>
  `<li${operations.length === 0 ? '' : ` tabindex="0" data-operations="${operations.join(' ')}"`}>${escaped(text).replace(/#\d+/g, '<b>$&</b>')}</li>`;

const numbered = (lanes: readonly Lane[]): readonly (Bar & { readonly process: string })[] =>
  lanes
    .flatMap(({ process, bars }) => bars.map((bar) => ({ ...bar, process })))
    .filter(({ number }) => number !== null)
    .sort((a, b) => a.number! - b.number!);

const legendOf = (lanes: readonly Lane[]): string =>
  numbered(lanes)
    .map(({ id, number, process, says, place = '' }) => `<tr data-operation="${id}"><td><b>#${number}</b></td><td>${escaped(process)}</td><td>${escaped(says)}</td><td class="place">${escaped(place)}</td></tr>`)
    .join('\n');

const pictureOf = (timeline: Timeline, section: number): string => {
  const { title, lanes } = timeline;
  const places = placesOf(timeline);
  const width = places.at(-1)! + TAIL;
  const height = lanes.length * LANE + 8;
  return `<div class="picture">
<div class="names" aria-hidden="true">${lanes.map(({ process }, i) => `<div>${process === lanes[i - 1]?.process ? '' : escaped(process)}</div>`).join('')}</div>
<div class="scroll" tabindex="0">
<svg role="img" aria-label="${escaped(title)}" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<defs><linearGradient id="fade${section}"><stop offset="0" stop-color="white"/><stop offset="1" stop-color="black"/></linearGradient></defs>
<mask id="open${section}" maskUnits="userSpaceOnUse" x="0" y="0" width="${width}" height="${height}"><rect width="${width - TAIL}" height="${height}" fill="white"/><rect x="${width - TAIL}" width="${TAIL}" height="${height}" fill="url(#fade${section})"/></mask>
${lanes.map((_, i) => `<line class="lane" x1="0" x2="${width}" y1="${middleOf(i)}" y2="${middleOf(i)}"/>`).join('')}
${lanes.flatMap(({ process, bars }, i) => bars.map((bar) => barOf(bar, process, i, places, `open${section}`))).join('\n')}
</svg>
</div>
</div>`;
};

/** Where each column is, with room for the words of the bars that span it. */
const placesOf = ({ lanes, columns }: Timeline): readonly number[] => {
  const widths = new Array<number>(columns).fill(STEP);
  const bars = lanes.flatMap((lane) => lane.bars).sort((a, b) => spanOf(a, columns) - spanOf(b, columns));
  for (const bar of bars) {
    const span = spanOf(bar, columns);
    const has = widths.slice(bar.from, bar.from + span).reduce((sum, width) => sum + width, 0);
    const wants = Math.min(labelOf(bar).length * LETTER + PADDING, bar.number === null ? WIDEST.other : WIDEST.named);
    for (let column = bar.from; has < wants && column < bar.from + span; column += 1) widths[column]! += (wants - has) / span;
  }
  let place = MARGIN;
  return [place, ...widths.map((width) => (place += Math.round(width)))];
};

const spanOf = ({ from, to }: Bar, columns: number): number => (to ?? columns) - from;

const labelOf = ({ number, says }: Bar): string => `${number === null ? '' : `#${number} `}${says}`;

const middleOf = (lane: number): number => lane * LANE + LANE / 2 + 4;

/** A bar, its number and as much of its words as there is room for; the rest shows when it is pointed at. */
const barOf = (bar: Bar, process: string, lane: number, places: readonly number[], mask: string): string => {
  const { id, number, from, to, says, place } = bar;
  const x = places[from]!;
  const length = (to === null ? places.at(-1)! + TAIL : places[to]!) - x;
  const y = middleOf(lane) - BAR / 2;
  const label = labelOf(bar);
  const room = Math.floor((length - PADDING + LETTER) / LETTER);
  const shown = label.length <= room ? label : room > 3 ? `${label.slice(0, room - 1)}…` : number === null ? '' : `${number}`;
  const kind = `bar${number === null ? ' other' : ''}`;
  return `<g class="${kind}" data-operation="${id}"${to === null ? ` mask="url(#${mask})"` : ''}><title>${escaped(`${process}: ${says}${place === undefined ? '' : `, ${place}`}`)}</title><rect x="${x}" y="${y}" width="${length + (to === null ? 10 : 0)}" height="${BAR}" rx="5"/><text x="${x + PADDING / 2}" y="${middleOf(lane) + 5}">${escaped(shown)}</text></g>`;
};

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] ?? sign);

const STYLE = `
:root { --back: #fff; --ink: #1c2430; --faint: #667085; --line: #e4e7ec; --panel: #f7f8fa; --bar: #f6b93b; --edge: #b7791f; --bar-ink: #2b1d00; --other: #e9ecf1; --other-ink: #667085; --mark: #c81e4a; }
@media (prefers-color-scheme: dark) { :root { --back: #14171c; --ink: #e6e9ee; --faint: #98a2b3; --line: #2a2f38; --panel: #1b1f26; --bar: #b7791f; --edge: #f6b93b; --bar-ink: #fff6e0; --other: #262b34; --other-ink: #98a2b3; --mark: #ff5c85; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1500px; margin: 0 auto; padding: 16px 24px 48px; }
section + section { border-top: 1px solid var(--line); margin-top: 32px; }
h1 { font-size: 19px; margin: 20px 0 14px; overflow-wrap: anywhere; }
h2 { font-size: 12px; margin: 0 0 6px; color: var(--faint); text-transform: uppercase; letter-spacing: .06em; }
.columns { display: flex; flex-wrap: wrap; gap: 24px; align-items: flex-start; }
.picture { display: flex; flex: 2 1 560px; min-width: 0; border: 1px solid var(--line); border-radius: 8px; background: var(--back); overflow: hidden; padding: 8px 0; }
.names { flex: none; padding: 4px 10px 4px 14px; color: var(--faint); font-size: 13px; border-right: 1px solid var(--line); white-space: nowrap; }
.names div { height: ${LANE}px; line-height: ${LANE}px; }
.scroll { overflow-x: auto; flex: 1; min-width: 0; }
.scroll:focus-visible, li:focus-visible { outline: 2px solid var(--mark); outline-offset: 2px; }
svg { display: block; font: 13px ui-monospace, monospace; }
.lane { stroke: var(--line); }
.bar rect { fill: var(--bar); stroke: var(--edge); stroke-width: 1.5; }
.bar text { fill: var(--bar-ink); font-weight: 600; pointer-events: none; }
.other rect { fill: var(--other); stroke: none; }
.other text { fill: var(--other-ink); font-weight: 400; }
.chosen .bar:not(.now) { opacity: .4; }
.bar.now rect { stroke: var(--mark); stroke-width: 3; }
.argument { flex: 1 1 340px; min-width: 0; }
ol { margin: 0 0 20px; padding-left: 24px; }
li { padding: 4px 8px; border-radius: 6px; overflow-wrap: anywhere; }
li[tabindex] { cursor: pointer; }
li.now { background: var(--panel); box-shadow: inset 3px 0 var(--mark); }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
td { padding: 5px 10px 5px 0; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
td:first-child, td:nth-child(2), .place { white-space: nowrap; }
td:nth-child(2), .place { color: var(--faint); }
tr.now td { background: var(--panel); }
.hint { color: var(--faint); font-size: 13px; }
`;

/** Chooses a step of an argument: by key, by click or by focus. Without it the page shows all of it just the same. */
const SCRIPT = `
for (const section of document.querySelectorAll('section')) {
  const steps = [...section.querySelectorAll('li[data-operations]')];
  const parts = [...section.querySelectorAll('[data-operation]')];
  const choose = (step) => {
    const chosen = step ? step.dataset.operations.split(' ') : [];
    steps.forEach((other) => other.classList.toggle('now', other === step));
    section.classList.toggle('chosen', step !== undefined);
    parts.forEach((part) => part.classList.toggle('now', chosen.includes(part.dataset.operation)));
    const first = section.querySelector('.bar.now');
    if (first) first.scrollIntoView({ block: 'nearest', inline: 'center' });
  };
  steps.forEach((step) => { step.addEventListener('focus', () => choose(step)); step.addEventListener('click', () => step.focus()); });
  section.addEventListener('keydown', (event) => { if (event.key === 'Escape') { document.activeElement.blur(); choose(undefined); } });
}
addEventListener('keydown', (event) => {
  const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  const scrolled = document.activeElement && document.activeElement.classList.contains('scroll');
  if (!by || (scrolled && event.key !== 'ArrowDown' && event.key !== 'ArrowUp')) return;
  const all = [...document.querySelectorAll('li[data-operations]')];
  if (all.length === 0) return;
  const at = all.indexOf(document.activeElement);
  event.preventDefault();
  all[Math.max(0, Math.min(all.length - 1, at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by))].focus();
});
`;
