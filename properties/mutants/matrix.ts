/** What the clauses are worth, all of it: which of them catches which mistake, and how soon. */

import { CONTROLS, MUTANTS } from './catalogue.js';
import { THROWN, type Effort, type Kill, type Mutant } from './mutant.js';

/** What became of one mutant. */
export type Row = {
  readonly id: string;
  readonly mistake: string;
  readonly kill: Kill | undefined;
  /** Samples that were tried before it was caught, or in vain. */
  readonly samples: number;
  readonly seconds: number;
  /** Every clause that some sample violates, before any of its judges. */
  readonly clauses: readonly string[];
  /** The shortest run of all, where a judge that can try every one was asked. */
  readonly shortest: Kill | undefined;
};

export type Matrix = {
  readonly isQuick: boolean;
  readonly seconds: number;
  readonly mutants: readonly Row[];
  readonly controls: readonly Row[];
  /** Every clause that is asked for, and its judges. */
  readonly judgesByClause: Readonly<Record<string, readonly string[]>>;
  /** Those that catch no mutant. */
  readonly vacuous: readonly string[];
};

export type Plan = {
  readonly isQuick: boolean;
  /** One effort after the other, each for those that were not caught by the last. */
  readonly searches: readonly Effort[];
  /** For how long each judge of a mutant looks for clauses that are violated as well; nobody looks if it is 0. */
  readonly survey: number;
  /** For how long the shortest run of all is looked for, where that can be. */
  readonly shortest: number;
  /** For how long each judge of a control looks for anything at all. */
  readonly control: number;
  /** After so long, what is left is not looked at, seconds. */
  readonly deadline: number;
};

export const FULL: Plan = { isQuick: false, searches: [{ seconds: 30, share: 1, shrinking: 4 }], survey: 2, shortest: 15, control: 5, deadline: Infinity };
export const QUICK: Plan = {
  isQuick: true,
  searches: [0.25, 1, 4].map((seconds) => ({ seconds, share: 1, shrinking: 0 })),
  survey: 0,
  shortest: 0,
  control: 0.1,
  deadline: 42,
};

/** Up to the first judge that catches it. */
export const examine = ({ id, mistake, looks }: Mutant, effort: Effort, survey = 0, longest = 0): Row => {
  const began = performance.now();
  let samples = 0;
  let kill: Kill | undefined;
  for (const look of looks) {
    const searched = look.search(effort);
    samples += searched.samples;
    kill = searched.kill;
    if (kill !== undefined) break;
  }
  const seconds = (performance.now() - began) / 1000;
  const clauses = new Set(kill?.clauses);
  if (survey > 0) for (const look of looks) for (const clause of look.survey({ seconds: survey, share: 1 })) clauses.add(clause);
  const shortest = longest > 0 ? looks.find((look) => look.shortest !== undefined)?.shortest?.(longest) : undefined;
  return { id, mistake, kill, samples, seconds, clauses: [...clauses], shortest };
};

/** Examines all controls, then all mutants; tells whom it examines next, and how many have been. */
export const matrixOf = (plan: Plan, tell: (next: string, done: number, all: number) => void, isMeant: (mutant: Mutant) => boolean = () => true): Matrix => {
  const began = performance.now();
  const left = (): number => plan.deadline - (performance.now() - began) / 1000;
  const rowsOf = (some: readonly Mutant[], effort: Effort, survey: number, shortest: number): readonly Row[] =>
    some.map((mutant, i) => {
      tell(`${mutant.id} ${mutant.mistake}`, i, some.length);
      return left() > 0 ? examine(mutant, { ...effort, seconds: Math.min(left(), effort.seconds) }, survey, shortest) : { id: mutant.id, mistake: mutant.mistake, kill: undefined, samples: 0, seconds: 0, clauses: [], shortest: undefined };
    });

  const tried = MUTANTS.filter(isMeant);
  const controls = rowsOf(CONTROLS.filter(isMeant), { seconds: plan.control, share: 1, shrinking: 0 }, 0, 0);
  const rowById = new Map<string, Row>();
  for (const effort of plan.searches) {
    const alive = tried.filter(({ id }) => rowById.get(id)?.kill === undefined);
    for (const row of rowsOf(alive, effort, plan.survey, plan.shortest)) if (row.samples > 0 || !rowById.has(row.id)) rowById.set(row.id, row);
  }
  const mutants = tried.flatMap(({ id }) => rowById.get(id) ?? []);
  const killing = new Set(mutants.flatMap(({ clauses }) => clauses));
  const judgesByClause = judgesOf([...tried, ...CONTROLS.filter(isMeant)]);
  return {
    isQuick: plan.isQuick,
    seconds: (performance.now() - began) / 1000,
    mutants,
    controls,
    judgesByClause,
    vacuous: Object.keys(judgesByClause).filter((clause) => !killing.has(clause)),
  };
};

const judgesOf = (all: readonly Mutant[]): Readonly<Record<string, readonly string[]>> => {
  const judges = new Map<string, Set<string>>();
  for (const { looks } of all) for (const { judge, clauses } of looks) for (const clause of clauses) judges.set(clause, (judges.get(clause) ?? new Set()).add(judge));
  return Object.fromEntries([...judges].sort(([a], [b]) => (a < b ? -1 : 1)).map(([clause, by]) => [clause, [...by]]));
};

/** The part of the mutants that must be caught at least. */
const ENOUGH = { full: 1, quick: 0.85 };

export const killedOf = ({ mutants }: Matrix): readonly Row[] => mutants.filter(({ kill }) => kill !== undefined);

/** What is wrong with the properties, or with the time that they were given; nothing, if all is well. */
export const flawsOf = (matrix: Matrix): readonly string[] => {
  const { isQuick, mutants, controls, vacuous } = matrix;
  const [killed, all] = [killedOf(matrix).length, mutants.length];
  const isEnough = killed >= (isQuick ? ENOUGH.quick : ENOUGH.full) * all;
  return [
    ...(isEnough ? [] : [`${killed} of ${all} mutants are caught`, ...mutants.filter(({ kill }) => kill === undefined).map(({ id, mistake }) => `${id} survives: ${mistake}`)]),
    ...controls.flatMap(({ id, mistake, kill }) => (kill === undefined ? [] : [`the control ${id}, ${mistake}, violates ${kill.clauses.join('; ')} before ${kill.judge}`])),
    ...(isQuick ? [] : vacuous.map((clause) => `no mutant violates: ${clause}`)),
  ];
};

/** Clauses in the order of their numbers, and then by title; that nothing is thrown comes last. */
export const inOrder = (clauses: Iterable<string>): readonly string[] => {
  const rank = (clause: string): string => (clause === THROWN ? '~~' : /^[A-Z]{3}-\d/.test(clause) ? clause.replace(/-(\d+)/, (_, n: string) => `-${n.padStart(2, '0')}`) : `~${clause}`);
  return [...clauses].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
};

/** A clause in short: its number or, if it has none, that there is one. */
export const numberOf = (clause: string): string => /^[A-Z]{3}-\d+/.exec(clause)?.[0] ?? (clause === THROWN ? 'throws' : '…');
