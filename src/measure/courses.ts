/** The courses of growth: what every quantity does while all others stay as they are. The picture and the tables show these. Pure. */
import { isSequential, TECHNIQUES, type Technique } from '../replica/techniques.js';
import { baseOf, isAlong, QUANTITIES, QUANTITY_NAMES, type Quantity, type Setting } from './growth.js';
import type { Mark } from './marks.js';
import { NAMES } from './result.js';
import type { Estimate } from './statistics.js';
import { sayEstimate } from './table.js';

/** All marks along one quantity, by its value. */
export type Course = {
  readonly quantity: Quantity;
  readonly places: readonly { readonly value: number; readonly isBase: boolean; readonly markByTechnique: ReadonlyMap<Technique, Mark> }[];
};

/** Marks beside a base that most of them have in common; a quantity that never varies has no course. */
export const coursesOf = (marks: readonly Mark[]): readonly Course[] => {
  const base = baseIn(marks);
  if (base === undefined) return [];
  const courses = QUANTITY_NAMES.flatMap((quantity): readonly Course[] => {
    const along = marks.filter(({ setting }) => setting !== null && isAlong(quantity, base, setting));
    const values = [...new Set(along.map((mark) => valueOf(mark, quantity)))].sort((a, b) => a - b);
    if (values.length < 2) return [];
    const places = values.map((value) => ({
      value,
      isBase: value === base[quantity],
      markByTechnique: new Map(along.filter((mark) => valueOf(mark, quantity) === value).map((mark) => [mark.technique, mark])),
    }));
    return [{ quantity, places }];
  });
  // Where only one quantity has varied, nothing tells which of its values the base has.
  return courses.length === 1 ? courses.map(({ quantity, places }) => ({ quantity, places: places.map((place) => ({ ...place, isBase: false })) })) : courses;
};

export const baseIn = (marks: readonly Mark[]): Setting | undefined => baseOf(marks.flatMap(({ setting }) => setting ?? []));

const valueOf = ({ setting }: Mark, quantity: Quantity): number => setting?.[quantity] ?? NaN;

/** Techniques with one thread under any circumstances are where they are, however many threads others have. */
export const isLevel = (quantity: Quantity, technique: Technique): boolean => quantity === 'threads' && isSequential(technique);

/** A table of courses: its head, and its rows by quantity. `told` writes a number down. */
export const growthTable = (marks: readonly Mark[], told: (estimate: Estimate) => string) => {
  const techniques = TECHNIQUES.filter((technique) => marks.some((mark) => mark.technique === technique));
  const head = ['', ...techniques.flatMap((technique) => [`${NAMES[technique]}, Kcps`, 'p99 ms', 'CPU µs'])];
  const bodies = coursesOf(marks).map(({ quantity, places }) => ({
    title: QUANTITIES[quantity].title,
    rows: places.map(({ value, isBase, markByTechnique }) => [
      `${value.toLocaleString('en')}${isBase ? ' (base)' : ''}`,
      ...techniques.flatMap((technique) => {
        const mark = markByTechnique.get(technique);
        if (mark === undefined) return ['', '', ''];
        return [told(mark.throughput), told(mark.p99), mark.effort === undefined ? '' : told(mark.effort)];
      }),
    ]),
  }));
  return { head, bodies };
};

/** The same as Markdown. */
export const growthMarkdown = (marks: readonly Mark[]): string => {
  const { head, bodies } = growthTable(marks, sayEstimate);
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...bodies.flatMap(({ title, rows }) => [line([`**${title}**`, ...head.slice(1).map(() => '')]), ...rows.map(line)])].join('\n');
};
