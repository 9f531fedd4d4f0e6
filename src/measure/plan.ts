/** The experiments as lists of runs, and what of a directory may be gone on with. Pure. */
import { isSequential, type Technique } from '../replica/techniques.js';
import { QUANTITIES, sayValue, type Quantity } from './growth.js';
import { ENDING, type ExperimentName, type Point } from './point.js';
import { sayLoad } from './marks.js';
import { NAMES, type Experiment } from './result.js';
import { dependent, type Arrivals } from './workload.js';

/** One run to be made: its own name, its file, and what is asked. */
export type Planned = {
  /** `opt-PSMR, 50 % dependent, run 2`: no other run of the plan is called so. */
  readonly name: string;
  /** Of its file, without the directory. The same run has the same file, whatever the order. */
  readonly file: string;
  readonly technique: Technique;
  readonly step: number;
  readonly repeat: number;
  /** Its arrivals are those to begin with where the load is yet to be found. */
  readonly parameters: Experiment;
};

export type Plan = {
  readonly experiment: ExperimentName;
  /** Whether the load that saturates is to be found first, for each technique and place. */
  readonly isSought: boolean;
  readonly runs: readonly Planned[];
};

/** What is asked of an experiment. */
export type Wish = {
  readonly base: Experiment;
  readonly techniques: readonly Technique[];
  /** What varies: commands in flight or arrivals, percents of dependent commands, or threads. */
  readonly points: readonly number[];
  readonly repeats: number;
  readonly isSought: boolean;
};

/** Figure 3: opt-PSMR alone, inserts and deletes only, under more and more load. `loads` are its steps. */
export const failedCommands = ({ base, repeats }: Wish, loads: readonly Arrivals[]): Plan =>
  planOf('failed-commands', false, repeats, (repeat) =>
    loads.map((arrivals, i) => ({
      ...named('opt-psmr', `step ${i + 1}: ${sayLoad(arrivals)}`, `step-${twoDigits(i + 1)}`, repeat, repeats),
      step: i + 1,
      parameters: { ...base, workload: dependent(100), arrivals },
    })),
  );

/** Figure 4: the share of dependent commands grows, and every technique gives what it can. */
export const dependentCommands = ({ base, techniques, points, repeats, isSought }: Wish): Plan =>
  planOf('dependent-commands', isSought, repeats, (repeat) =>
    points.flatMap((share) =>
      techniques.map((technique) => ({
        ...named(technique, `${share} % dependent`, `dependent-${`${share}`.padStart(3, '0')}`, repeat, repeats),
        step: 0,
        parameters: { ...base, workload: dependent(share) },
      })),
    ),
  );

/** Figure 5: more and more threads, all commands dependent. SMR has one, and is the line that the others are seen against. */
export const threads = ({ base, techniques, points, repeats, isSought }: Wish): Plan =>
  planOf('threads', isSought, repeats, (repeat) =>
    points.flatMap((count, i) =>
      techniques
        .filter((technique) => technique !== 'smr' || i === 0)
        .map((technique) => ({
          ...named(technique, technique === 'smr' ? 'one thread' : count === 1 ? '1 thread' : `${count} threads`, `threads-${twoDigits(technique === 'smr' ? 1 : count)}`, repeat, repeats),
          step: 0,
          parameters: { ...base, workload: dependent(100), threads: technique === 'smr' ? 1 : count },
        })),
    ),
  );

/** Each quantity by itself: what is asked of a series of runs that have a base in common. */
export type GrowthWish = Pick<Wish, 'base' | 'techniques' | 'repeats'> & {
  /** Values of each quantity that varies; that of the base belongs to all of them. */
  readonly values: Readonly<Partial<Record<Quantity, readonly number[]>>>;
};

/** How cost grows: the base, and from there one quantity after another. What has one thread under any circumstances has nothing to vary there. */
export const growth = ({ base, techniques, repeats, values }: GrowthWish): Plan => {
  const settings = Object.entries(values).flatMap(([quantity, all]) => {
    const { of, with: set } = QUANTITIES[quantity as Quantity];
    return all.filter((value) => value !== of(base)).map((value) => ({ quantity, value, parameters: set(base, value) }));
  });
  return planOf('growth', false, repeats, (repeat) => [
    ...techniques.map((technique) => ({ ...named(technique, 'base', 'base', repeat, repeats), step: 0, parameters: base })),
    ...settings.flatMap(({ quantity, value, parameters }) =>
      techniques
        .filter((technique) => quantity !== 'threads' || !isSequential(technique))
        .map((technique) => ({ ...named(technique, sayValue(quantity as Quantity, value), `${quantity}-${`${value}`.padStart(8, '0')}`, repeat, repeats), step: 0, parameters })),
    ),
  ]);
};

/** Repeated runs go round after round: whatever changes on the machine meets all points alike, and there is a whole figure soon. */
const planOf = (experiment: ExperimentName, isSought: boolean, repeats: number, roundOf: (repeat: number) => Planned[]): Plan => ({
  experiment,
  isSought,
  runs: Array.from({ length: repeats }, (_, i) => roundOf(i + 1)).flat(),
});

const named = (technique: Technique, place: string, slug: string, repeat: number, repeats: number) => ({
  name: `${NAMES[technique]}, ${place}${repeats === 1 ? '' : `, run ${repeat} of ${repeats}`}`,
  file: `${slug}-${technique}-run-${repeat}${ENDING}`,
  technique,
  repeat,
});

const twoDigits = (n: number): string => `${n}`.padStart(2, '0');

/** What is left of a plan, in a directory that has these points; or the first field in which one is of another experiment. */
export type Resumed = { readonly type: 'Left'; readonly runs: readonly Planned[] } | { readonly type: 'Refused'; readonly reason: string };

/** On what a run is made: a machine, or what is known of one. */
export type Bench = Pick<Point, 'kind' | 'machine' | 'versions' | 'model'>;

/** Fields in which the points of one experiment may differ; an experiment's own are checked run by run. */
export const varyingIn = (experiment: ExperimentName): readonly string[] =>
  experiment === 'growth' ? ['keys', 'arrivals', 'batchBytes', 'threads', 'replicas', 'acceptors'] : ['workload', 'arrivals', 'threads'];

export const resume = (plan: Plan, bench: Bench, points: ReadonlyMap<string, Point>): Resumed => {
  const known = new Map([...points].map(([file, point]) => [file.slice(file.lastIndexOf('/') + 1), { file, point }]));
  const [base] = plan.runs;
  if (base === undefined) return { type: 'Left', runs: [] };
  const varying = varyingIn(plan.experiment);
  for (const [file, point] of points) {
    if (point.experiment !== plan.experiment || point.kind !== bench.kind) continue;
    const flaw = differenceOf(settingOf(point, varying), settingOf({ ...bench, parameters: base.parameters }, varying), '');
    if (flaw !== undefined) return { type: 'Refused', reason: `${file}: ${flaw}` };
  }
  for (const run of plan.runs) {
    const found = known.get(run.file);
    if (found === undefined) continue;
    const sought = plan.isSought ? ['arrivals'] : [];
    const flaw = differenceOf(settingOf(found.point, sought), settingOf({ ...bench, parameters: run.parameters }, sought), '');
    if (flaw !== undefined) return { type: 'Refused', reason: `${found.file}: ${flaw}` };
  }
  return { type: 'Left', runs: plan.runs.filter(({ file }) => !known.has(file)) };
};

/** What must be the same: the machine, the versions, the costs, and the parameters but for those that vary. */
const settingOf = ({ kind, machine, versions, model, parameters }: Bench & { readonly parameters: Experiment }, varying: readonly string[]) => ({
  kind,
  machine: { cpu: machine.cpu, cores: machine.cores },
  versions,
  model,
  parameters: Object.fromEntries(Object.entries(parameters).filter(([field]) => !varying.includes(field))),
});

/** The first field in which two values differ. */
const differenceOf = (there: unknown, asked: unknown, path: string): string | undefined => {
  if (isObject(there) && isObject(asked)) {
    for (const key of new Set([...Object.keys(there), ...Object.keys(asked)])) {
      const flaw = differenceOf(there[key], asked[key], path === '' ? key : `${path}.${key}`);
      if (flaw !== undefined) return flaw;
    }
    return undefined;
  }
  return there === asked ? undefined : `${path} is ${say(there)} there, and ${say(asked)} now`;
};

const isObject = (u: unknown): u is Readonly<Record<string, unknown>> => typeof u === 'object' && u !== null;

const say = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));
