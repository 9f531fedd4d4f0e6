/** psmr measure costs, psmr measure simulate: the cost model, measured on this machine and run with any number of cores. */
import { Command, Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import * as E from 'fp-ts/lib/Either.js';
import { mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fitted } from '../measure/costs/fit.js';
import { measureCosts } from '../measure/costs/measure.js';
import { expectedOf, measureOne } from '../measure/experiment.js';
import { writeWhole } from '../measure/files.js';
import { closed } from '../measure/laboratory.js';
import { machine, versions } from '../measure/machine.js';
import { marksOf } from '../measure/marks.js';
import { dependentCommands, failedCommands, threads as threadsPlan, type Planned } from '../measure/plan.js';
import { POINT, writePoint, type ExperimentName, type Point, type Probe } from '../measure/point.js';
import { UNITS, type Experiment } from '../measure/result.js';
import { saturate } from '../measure/saturation.js';
import { decodeCosts, type Costs } from '../measure/simulated/costs.js';
import { simulateRun, type Bench } from '../measure/simulated/simulate.js';
import { marksTable, takesColour } from '../measure/table.js';
import { WORKLOADS } from '../measure/workload.js';
import { TECHNIQUES } from '../replica/techniques.js';
import { clusterOf, interruptibly, makeOut, progressOf, withCluster } from './measure-options.js';
import { natural, oneOf, quantity, someOf } from './options.js';

/** The run that costs are fitted to: SMR, as it has the fewest parts, half of the commands reads. */
const fitting = (base: ReturnType<typeof clusterOf>, keys: number): Experiment => ({
  ...base,
  keys,
  threads: 1,
  workload: WORKLOADS.mixed,
  arrivals: closed(2048, 8),
  seconds: 10,
  warmup: 4,
  cooldown: 1,
});

/** The same for a blink of simulated time: costs do not change with it. */
const blinking = (experiment: Experiment): Experiment => ({ ...experiment, seconds: 0.2, warmup: 0.1, cooldown: 0 });

const plainCosts = new Command('costs')
  .description('what every step costs on this machine: the cost model that psmr measure simulate runs under')
  .option('--keys <n>', 'keys of the tree in the run that the costs are fitted to', natural(16, 100_000_000), 1_000_000)
  .option('--no-fit', 'leave the costs as they are measured one by one')
  .option('--out <file>', 'where they go, as JSON', 'costs.json')
  .addHelpText(
    'after',
    `
Costs are measured step by step, and then multiplied, part by part, until the model spends on a command what the clients,
acceptors and replicas of one real run (SMR, half of the commands reads) have spent. It takes about two minutes.

Examples:
  psmr measure costs --out costs.json
  psmr measure costs --no-fit --out raw.json`,
  );

export const costsCommand: CommandUnknownOpts = withCluster(plainCosts).action(async (options) => {
    const tell = (what: string): void => console.error(`measuring ${what}`);
    const raw = await measureCosts(options.capacity, options.fill, tell);
    const write = (costs: Costs): void => {
      writeWhole(options.out, `${JSON.stringify(costs, undefined, 2)}\n`);
      console.log(options.out);
    };
    if (!options.fit) return write(raw);
    const experiment = fitting(clusterOf(options), options.keys);
    const name = `SMR, ${experiment.keys} keys, 50 % dependent`;
    const progress = progressOf([name], expectedOf(experiment), false);
    await interruptibly(
      progress,
      async (signal) => {
        const real = await measureOne(experiment, 'smr', { enter: (stage) => progress.enter(name, stage), update: progress.update }, signal);
        progress.end();
        if (real.verdict !== 'ok') throw new Error(`the run to fit to is not ok: ${real.verdict}`);
        const bench: Bench = { cores: machine().cores, place: 'together' };
        write(fitted(raw, real, `${name}: ${real.throughput.toFixed(0)} Kcps`, (costs) => simulateRun(blinking(experiment), 'smr', costs, bench)));
      },
      'nothing is written',
    );
  });

const EXPERIMENTS = ['failed-commands', 'dependent-commands', 'threads'] as const satisfies readonly ExperimentName[];
const PLACES = ['apart', 'together'] as const;

/** Seconds of simulated time: everything is warm from the start, and nothing disturbs. */
const WARMUP = 0.1;

const numbers = (list: string): readonly number[] => list.split(',').map(natural(0, 1_000_000));

/** Commands in flight of each client process. */
const MOST_OUTSTANDING = 16_384;

const plainSimulation = new Command('simulate')
  .description('an experiment of the paper in simulated time, under measured costs, on any number of cores')
  .argument('<experiment>', EXPERIMENTS.join(', '), oneOf(EXPERIMENTS))
  .requiredOption('--costs <file>', 'what psmr measure costs has written')
  .option('--cores <n>', 'cores of a machine', natural(1, 1024), 16)
  .addOption(new Option('--place <where>', 'each process on a machine of its own, or all on one: apart, together').argParser(oneOf(PLACES)).default('apart' as const))
  .option('--keys <n>', 'keys in the tree before the first command', natural(16, 100_000_000), 10_000_000)
  .option('--seconds <s>', 'measured time of a run, in simulated seconds', quantity(0.01, 60), 0.2)
  .option('--points <list>', 'percents of dependent commands, threads, or commands in flight: as the experiment has it', numbers)
  .addOption(new Option('--techniques <list>', 'which').argParser(someOf(TECHNIQUES)).default(TECHNIQUES, TECHNIQUES.join()))
  .option('--threads <n>', 'worker threads of a replica under the techniques that have several', natural(1, 64), 8)
  .option('--clients <n>', 'client processes', natural(1, 64), 8)
  .option('--load <n>', 'commands in flight; if not given, as many as it takes for the maximum throughput', natural(1, 1_000_000))
  .option('--out <dir>', 'where the points go', 'results/simulated')
  .addHelpText(
    'after',
    `
The machines are the ones that run over sockets; time, cores, sockets and memory are simulated under the costs given. A
point says that it was simulated, and psmr measure report never draws it as if it were not.

Examples:
  psmr measure simulate dependent-commands --costs costs.json
  psmr measure simulate threads --costs costs.json --points 1,2,4,8,16,32 --cores 40
  psmr measure simulate dependent-commands --costs costs.json --place together --cores 2 --threads 2`,
  );

export const simulateLoadCommand: CommandUnknownOpts = withCluster(plainSimulation).action(async (experiment, options) => {
    const { out, threads, clients, load, techniques, cores, place } = options;
    const costs = readCosts(options.costs);
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
    const points = options.points ?? DEFAULT_POINTS[experiment];
    const wish = { base, techniques, points, repeats: 1, isSought: load === undefined };
    const plan = { 'failed-commands': () => failedCommands(wish, points.map((n) => closed(n, clients))), 'dependent-commands': () => dependentCommands(wish), threads: () => threadsPlan(wish) }[experiment]();
    const seeks = load === undefined && experiment !== 'failed-commands';

    makeOut(out);
    const bench: Bench = { cores, place };
    const done: Point[] = [];
    for (const [i, run] of plan.runs.entries()) {
      process.stderr.write(`${i + 1} of ${plan.runs.length}: ${run.name}\n`);
      const point = await simulated(experiment, run, costs, bench, seeks ? clients : undefined);
      const directory = join(out, `${place}-${cores}-cores${experiment === 'threads' ? '' : `-${threads}-threads`}`);
      mkdirSync(directory, { recursive: true });
      writePoint(join(directory, run.file), point);
      done.push(point);
    }
    console.log(marksTable(marksOf(done), takesColour(process.stdout, process.env)));
    console.log(`${done.length} points in ${out}; psmr measure report ${out} draws them`);
    if (done.some(({ run }) => run.verdict !== 'ok')) process.exitCode = 1;
  });

const DEFAULT_POINTS: Readonly<Record<ExperimentName, readonly number[]>> = {
  'failed-commands': [64, 256, 1024, 4096, 16_384, 65_536],
  'dependent-commands': [0, 10, 25, 50, 75, 100],
  threads: [1, 2, 4, 8, 16, 32],
};

/** A planned run in simulated time, under the load that saturates if `clients` says by how many clients that is to be sought. */
const simulated = async (experiment: ExperimentName, { technique, step, repeat, parameters }: Planned, costs: Costs, bench: Bench, clients: number | undefined): Promise<Point> => {
  let arrivals = parameters.arrivals;
  let probes: readonly Probe[] = [];
  if (clients !== undefined) {
    const brief = { ...parameters, seconds: 0.05, warmup: 0.05 };
    const found = await saturate(1024, clients * MOST_OUTSTANDING, (inFlight) => Promise.resolve(simulateRun({ ...brief, arrivals: closed(inFlight, clients) }, technique, costs, bench).throughput));
    arrivals = closed(found.inFlight, clients);
    probes = found.probes;
  }
  const asked = { ...parameters, arrivals };
  return {
    format: POINT,
    kind: 'simulated',
    experiment,
    step,
    repeat,
    versions: versions(),
    machine: { cpu: costs.machine, cores: bench.cores, memoryGiB: machine().memoryGiB },
    parameters: asked,
    units: UNITS,
    probes,
    model: { place: bench.place, ...flat(costs, '') },
    run: simulateRun(asked, technique, costs, bench),
  };
};

/** Every cost by its name: `thread.read[2].cost`. */
const flat = (value: unknown, path: string): Readonly<Record<string, number | string>> => {
  if (typeof value === 'number' || typeof value === 'string') return { [path]: value };
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).flatMap(([key, inner]) => Object.entries(flat(inner, Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`))));
};

const readCosts = (file: string): Costs => {
  const costs = decodeCosts(readFileSync(file, 'utf8'), basename(file));
  if (E.isLeft(costs)) throw new Error(costs.left);
  return costs.right;
};
