/** psmr measure simulate: the paper's experiments in simulated time, under measured costs, with any number of cores. */
import { Command, Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import * as E from 'fp-ts/lib/Either.js';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { closed } from '../measure/laboratory.js';
import { marksOf } from '../measure/marks.js';
import { dependentCommands, failedCommands, resume, threads as threadsPlan, type Plan, type Wish } from '../measure/plan.js';
import { pointsIn, writePoint, type PaperExperiment, type Point } from '../measure/point.js';
import type { Durations } from '../measure/progress.js';
import type { Experiment } from '../measure/result.js';
import { decodeCosts, type Costs } from '../measure/simulated/costs.js';
import { setupOf, simulatePoint } from '../measure/simulated/points.js';
import type { Bench } from '../measure/simulated/simulate.js';
import { marksTable, takesColour } from '../measure/table.js';
import { WORKLOADS } from '../measure/workload.js';
import { TECHNIQUES } from '../replica/techniques.js';
import { clusterOf, makeOut, progressOf, withCluster } from './measure-options.js';
import { natural, numbers, oneOf, quantity, someOf } from './options.js';

const EXPERIMENTS = ['failed-commands', 'dependent-commands', 'threads'] as const satisfies readonly PaperExperiment[];
const PLACES = ['apart', 'together'] as const;

/** Seconds of simulated time: everything is warm from the start, and nothing disturbs. */
const WARMUP = 0.1;

const plainSimulation = new Command('simulate')
  .description('an experiment of the paper in simulated time, under measured costs, on any number of cores')
  .argument('<experiment>', EXPERIMENTS.join(', '), oneOf(EXPERIMENTS))
  .requiredOption('--costs <file>', 'what psmr measure costs has written')
  .option('--cores <n>', 'cores of a machine', natural(1, 1024), 16)
  .addOption(new Option('--place <where>', 'each process on a machine of its own, or all on one: apart, together').argParser(oneOf(PLACES)).default('apart' as const))
  .option('--keys <n>', 'keys in the tree before the first command', natural(16, 100_000_000), 10_000_000)
  .option('--seconds <s>', 'measured time of a run, in simulated seconds', quantity(0.01, 60), 0.2)
  .option('--points <list>', 'percents of dependent commands, threads, or commands in flight: as the experiment has it', numbers(0, 1_000_000))
  .addOption(new Option('--techniques <list>', 'which').argParser(someOf(TECHNIQUES)).default(TECHNIQUES, TECHNIQUES.join()))
  .option('--threads <n>', 'worker threads of a replica under the techniques that have several', natural(1, 64), 8)
  .option('--clients <n>', 'client processes', natural(1, 64), 8)
  .option('--load <n>', 'commands in flight; if not given, as many as it takes for the maximum throughput', natural(1, 1_000_000))
  .option('--out <dir>', 'where the points go', 'results/simulated')
  .addHelpText(
    'after',
    `
The machines are the ones that run over sockets; time, cores, sockets and memory are simulated under the costs given. A
point says that it was simulated, and psmr measure report never draws it as if it were not. What is done is not simulated
again: Ctrl-C ends at once, the same command goes on, and a directory of other costs or parameters is refused.

Examples:
  psmr measure simulate dependent-commands --costs costs.json
  psmr measure simulate threads --costs costs.json --points 1,2,4,8,16,32 --cores 40
  psmr measure simulate dependent-commands --costs costs.json --place together --cores 2 --threads 2`,
  );

export const simulateLoadCommand: CommandUnknownOpts = withCluster(plainSimulation, ['memory']).action(async (experiment, options) => {
  const { out, threads, clients, load, techniques, cores, place } = options;
  const costs = readCosts(options.costs);
  const points = options.points ?? DEFAULT_POINTS[experiment];
  const { least, most } = POINTS[experiment];
  const stray = points.find((point) => point < least || point > most);
  if (stray !== undefined) throw new Error(`--points ${stray}: expected numbers from ${least} to ${most}`);
  if (experiment === 'failed-commands') {
    if (load !== undefined) throw new Error('--load: failed-commands varies the load itself; see --points');
    if (techniques !== TECHNIQUES) throw new Error('--techniques: failed-commands simulates opt-psmr, which alone lets commands fail');
  }
  const base: Experiment = {
    ...clusterOf(options),
    keys: options.keys,
    threads,
    workload: WORKLOADS.mixed,
    arrivals: closed(load ?? 128, clients),
    seconds: options.seconds,
    warmup: WARMUP,
    cooldown: 0,
  };
  const plan = planOf(experiment, { base, techniques, points, repeats: 1, isSought: load === undefined }, clients);
  const bench: Bench = { cores, place };

  // Other cores make another figure, whose points have the same names.
  const directory = join(out, `${place}-${cores}-cores${experiment === 'threads' ? '' : `-${threads}-threads`}`);
  makeOut(directory);
  const there = pointsIn(directory);
  if (E.isLeft(there)) throw new Error(there.left);
  const resumed = resume(plan, setupOf(costs, bench), there.right);
  if (resumed.type === 'Refused') throw new Error(`--out ${out} is of another simulation: ${resumed.reason}`);
  const known = plan.runs.length - resumed.runs.length;
  if (known > 0) console.error(`${known} of ${plan.runs.length} runs are done in ${directory}`);

  const done: Point[] = [...there.right.values()].filter((point) => point.experiment === experiment && point.kind === 'simulated');
  const progress = progressOf(resumed.runs.map((run) => run.name), expectedOf(plan, options.seconds), false);
  for (const run of resumed.runs) {
    const point = await simulatePoint(experiment, plan.isSought, run, costs, bench, progress);
    writePoint(join(directory, run.file), point);
    done.push(point);
  }
  progress.end();
  console.log(marksTable(marksOf(done), takesColour(process.stdout, process.env)));
  console.log(`${done.length} points in ${directory}; psmr measure report ${out} draws them`);
  if (done.some(({ run }) => run.verdict !== 'ok')) process.exitCode = 1;
});

const DEFAULT_POINTS: Readonly<Record<PaperExperiment, readonly number[]>> = {
  'failed-commands': [64, 256, 1024, 4096, 16_384, 65_536],
  'dependent-commands': [0, 10, 25, 50, 75, 100],
  threads: [1, 2, 4, 8, 16, 32],
};

/** What a point may be: commands in flight, percents, threads. */
const POINTS: Readonly<Record<PaperExperiment, { readonly least: number; readonly most: number }>> = {
  'failed-commands': { least: 1, most: 1_000_000 },
  'dependent-commands': { least: 0, most: 100 },
  threads: { least: 1, most: 64 },
};

const planOf = (experiment: PaperExperiment, wish: Wish, clients: number): Plan => {
  switch (experiment) {
    case 'failed-commands':
      return failedCommands(wish, wish.points.map((n) => closed(n, clients)));
    case 'dependent-commands':
      return dependentCommands(wish);
    case 'threads':
      return threadsPlan(wish);
  }
};

/** A guess for the first run, seconds that pass; the later ones are expected to take as long as the one before. */
const expectedOf = ({ isSought }: Plan, simulated: number): Durations => ({
  probe: isSought ? 10 : 0,
  start: 0,
  load: 0,
  'warm up': 0,
  measure: 5 + 60 * simulated,
  'cool down': 0,
  judge: 0,
});

const readCosts = (file: string): Costs => {
  const text = E.tryCatch(() => readFileSync(file, 'utf8'), (error) => `--costs ${file}: ${(error as Error).message}`);
  if (E.isLeft(text)) throw new Error(text.left);
  const costs = decodeCosts(text.right, file);
  if (E.isLeft(costs)) throw new Error(costs.left);
  return costs.right;
};
