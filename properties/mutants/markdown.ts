/** The matrix as a document. */

import { FAMILIES, JUDGES, NOTES } from './catalogue.js';
import { inOrder, killedOf, type Matrix, type Row } from './matrix.js';

type Table = readonly (readonly string[])[];

const table = (head: readonly string[], rows: Table): string => [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const secondsOf = (seconds: number): string => (seconds < 0.1 ? '< 0.1' : seconds.toFixed(1));

/** Clauses in short: by number where they have one, and of many only the first. */
const sayClauses = (clauses: readonly string[]): string => {
  const names = [...new Set(inOrder(clauses).map((clause) => /^[A-Z]{3}-\d+/.exec(clause)?.[0] ?? clause))];
  return `${names.slice(0, MOST_NAMES).join(', ')}${names.length > MOST_NAMES ? ', …' : ''}`;
};

const MOST_NAMES = 3;

const rowOf = ({ id, mistake, kill, samples, seconds }: Row): readonly string[] =>
  kill === undefined
    ? [id, mistake, '**nobody**', '', `${samples}`, secondsOf(seconds), '']
    : [id, mistake, sayClauses(kill.clauses), kill.judge, `${kill.samples}`, secondsOf(kill.seconds), `${kill.length} ${kill.unit}`];

/** How far from the shortest of all the runs are that were found at random and made shorter. */
const shorteningOf = ({ mutants }: Matrix): readonly string[] => {
  const walked = mutants.flatMap(({ id, kill, shortest }) => (kill?.judge === 'walk' ? [{ id, kill, shortest }] : []));
  const differences = walked.flatMap(({ kill, shortest }) => (shortest === undefined ? [] : [kill.length - shortest.length])).toSorted((a, b) => a - b);
  if (differences.length === 0) return [];
  const rows = walked.map(({ id, kill, shortest }) => [
    id,
    `${kill.samples}`,
    secondsOf(kill.seconds),
    `${kill.length}`,
    ...(shortest === undefined ? ['', '', '', ''] : [`${shortest.length}`, `${kill.length - shortest.length}`, `${shortest.samples}`, secondsOf(shortest.seconds)]),
  ]);
  return [
    '## Random runs, made shorter, beside the shortest',
    `A random walk that violates a clause is made shorter; a search of the smallest world that shows the mistake, breadth first, finds the shortest run of all, unless it takes longer than 15 s. The difference, at the median of ${differences.length}: ${differences[differences.length >> 1]}.`,
    table(['id', 'walks', 's', 'moves', 'shortest', 'difference', 'states searched', 's'], rows),
  ];
};

/** Which clause catches which of these mutants. */
const grid = (rows: readonly Row[]): string =>
  table(
    ['', ...rows.map(({ id }) => id)],
    inOrder(new Set(rows.flatMap(({ clauses }) => clauses))).map((clause) => [clause, ...rows.map(({ clauses }) => (clauses.includes(clause) ? '●' : ''))]),
  );

const familyOf = (matrix: Matrix, name: string): string => {
  const ids = FAMILIES[name]?.map(({ id }) => id) ?? [];
  const rows = matrix.mutants.filter(({ id }) => ids.includes(id));
  const notes = rows.flatMap(({ id }) => (NOTES[id] === undefined ? [] : [`* ${id}: ${NOTES[id]}.`]));
  return [
    `## ${name}`,
    table(['id', 'mistake', 'caught by', 'before', 'samples', 's', 'shortened to'], rows.map(rowOf)),
    ...(notes.length === 0 ? [] : [notes.join('\n')]),
    ...(matrix.isQuick ? [] : [grid(rows)]),
  ].join('\n\n');
};

export const markdownOf = (matrix: Matrix): string => {
  const { mutants, controls, judgesByClause, vacuous, seconds, isQuick } = matrix;
  const alive = controls.filter(({ kill }) => kill === undefined).length;
  const killers = (clause: string): readonly string[] => mutants.filter(({ clauses }) => clauses.includes(clause)).map(({ id }) => id);
  return `${[
    '# What the properties catch',
    `Written by \`npm run mutants\`; do not edit. A mutant is one of our machines with one deliberate mistake, injected from [\`properties/mutants\`](../properties/mutants) without a switch in the machine. A judge tries it on samples of an arbitrary until one violates a clause, shortens that one, and then goes on to see which other clauses are violated too.`,
    table(
      ['mutants', 'caught', 'controls', 'alive', 'clauses', 'that catch nothing', 's'],
      [[mutants.length, killedOf(matrix).length, controls.length, alive, Object.keys(judgesByClause).length, isQuick ? 'not asked' : vacuous.length, Math.round(seconds)].map(String)],
    ),
    'The judges:',
    Object.entries(JUDGES).map(([judge, tries]) => `* *${judge}*: ${tries}`).join('\n'),
    ...Object.keys(FAMILIES)
      .filter((name) => FAMILIES[name]?.some(({ id }) => mutants.some((row) => row.id === id)))
      .map((name) => familyOf(matrix, name)),
    ...shorteningOf(matrix),
    '## Controls',
    'What looks like a mistake and is none, and every machine as it is: whatever catches one of these is wrong.',
    table(['id', 'difference', 'samples', 's', 'caught by'], controls.map(({ id, mistake, samples, seconds: spent, kill }) => [id, mistake, `${samples}`, secondsOf(spent), kill?.clauses.join('; ') ?? ''])),
    ...(isQuick
      ? []
      : [
          '## Clauses',
          'A clause that catches nothing is vacuous.',
          table(['clause', 'asked by', 'catches'], inOrder(Object.keys(judgesByClause)).map((clause) => [clause, judgesByClause[clause]?.join(', ') ?? '', killers(clause).join(', ') || '**nothing**'])),
        ]),
  ].join('\n\n')}\n`;
};
