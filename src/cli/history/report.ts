/** What is told of a judged history, in lines of text. */
import pc from 'picocolors';
import { textLines } from '../../check/timeline-text.js';
import { timelineOf, type Timeline } from '../../check/timeline.js';
import type { Finding } from './judged.js';

/** The lines, with the reasons of the verdict if they are asked for. */
export const reportOf = (file: string, finding: Finding, isExplained: boolean, isColoured: boolean, width = 100): readonly string[] => {
  const { bold, green, red, yellow } = pc.createColors(isColoured);
  const colour = { ok: green, illegal: red, unknown: yellow }[finding.type];
  const verdict = `${file}: ${bold(colour(finding.type))}, ${countOf(finding)}`;
  return isExplained ? [verdict, ...reasonsOf(finding, isColoured, width).map((line) => (line === '' ? '' : `  ${line}`))] : [verdict];
};

/** Of how many operations a verdict is: that nothing spoke against none of them says little. */
export const countOf = ({ operations }: Finding): string => (operations === 0 ? 'no operations: nothing was judged' : `${operations} ${operations === 1 ? 'operation' : 'operations'}`);

/** The time-line of what a verdict is about; of none where all is well. */
export const sceneLine = (file: string, finding: Finding): Timeline | undefined =>
  finding.type === 'ok' ? undefined : timelineOf(finding.scene.operations, `${file}: ${finding.type}`, argumentOf(finding), finding.scene.named);

/** How an order was found, or that there is none. */
const BY = {
  witness: 'the order that the positions in the answers promise explains all answers',
  zones: 'every value was there from its write to its last read, and no two at a time',
  prefixes: 'the texts that were read tell in which order all was appended, and that order explains all answers',
  search: 'an order that explains all answers was found by search',
} as const;

export const argumentOf = (finding: Finding): readonly string[] => {
  switch (finding.type) {
    case 'ok':
      return finding.operations === 0 ? ['The file holds no operation of a client that may have taken effect.'] : [`Linearizable: ${BY[finding.procedure]}.`];
    case 'illegal':
      return finding.argument;
    case 'unknown':
      return [`The search gave up after ${finding.budget} junctions, among these operations. More may be allowed by --budget.`];
  }
};

const reasonsOf = (finding: Finding, isColoured: boolean, width: number): readonly string[] => {
  const { bold, dim } = pc.createColors(isColoured);
  const timeline = sceneLine('', finding);
  if (timeline === undefined || finding.type === 'ok') return argumentOf(finding);
  const numbered = timeline.lanes.flatMap(({ process, bars }) => bars.map((bar) => ({ process, ...bar }))).filter(({ number }) => number !== null);
  const rows = numbered.sort((a, b) => a.number! - b.number!).map(({ number, process, says, place = '' }) => [`#${number}`, process, says, place] as const);
  const widths = ([0, 1, 2] as const).map((column) => Math.max(...rows.map((row) => Math.min(row[column].length, LONGEST))));
  const alone = finding.scene.operations.filter(({ id }) => finding.scene.named.includes(id));
  const picture = rows.length > MOST_DRAWN ? undefined : textLines(timelineOf(alone, '', argumentOf(finding), finding.scene.named), width - 2);
  const notDrawn = `${rows.length > MOST_DRAWN ? `More than ${MOST_DRAWN} operations say` : `On ${width} columns these operations say`} nothing as text: --html FILE draws them.`;
  return [
    ...(finding.type === 'illegal' ? [headingOf(rows.length, finding.isMinimal)] : argumentOf(finding)),
    ...rows.slice(0, MOST_ROWS).map(([number, process, says, place]) => `${bold(number.padStart(widths[0]!))}  ${process.padEnd(widths[1]!)}  ${says.padEnd(widths[2]!)}  ${dim(place)}`),
    ...(rows.length > MOST_ROWS ? [dim(`and ${rows.length - MOST_ROWS} more`)] : []),
    ...(finding.type === 'illegal' ? ['', ...timeline.argument.map(({ text }, i) => `${i + 1}. ${text}`)] : []),
    '',
    ...(picture ?? [dim(notDrawn)]),
    '',
  ];
};

/** Without an operation of one alone nothing is left to explain. */
const headingOf = (count: number, isMinimal: boolean): string =>
  count === 1 ? 'no order explains this answer:' : isMinimal ? 'no order explains these answers, and without any one of them there is one:' : 'no order explains these answers:';

/** Longer words push their columns aside. */
const LONGEST = 50;
const MOST_ROWS = 24;
/** More lanes and bars than this say nothing in text. */
const MOST_DRAWN = 16;
