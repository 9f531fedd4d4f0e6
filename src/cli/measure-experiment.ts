/** psmr measure failed-commands, dependent-commands, threads: the paper's three experiments, each one command that can be gone on with. */
import { Command, Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { availableParallelism } from 'node:os';
import { closed } from '../measure/laboratory.js';
import { dependentCommands, failedCommands, threads as threadsPlan, type Plan, type Wish } from '../measure/plan.js';
import type { PaperExperiment } from '../measure/point.js';
import type { Experiment } from '../measure/result.js';
import { WINDOW } from '../measure/saturation.js';
import { marksTable } from '../measure/table.js';
import { WORKLOADS, type Arrivals } from '../measure/workload.js';
import { TECHNIQUES } from '../replica/techniques.js';
import { clusterOf, cutOf, withCluster } from './measure-options.js';
import { carryOut } from './measure-plan.js';
import { natural, numbers, quantity, someOf } from './options.js';

/** What an experiment is called, what varies in it, and what it is if nothing is asked for. */
type About = {
  readonly name: PaperExperiment;
  readonly description: string;
  readonly points: { readonly says: string; readonly parse: (list: string) => readonly number[]; readonly full: readonly number[]; readonly quick: readonly number[] };
  readonly plan: (wish: Wish, rates: readonly number[] | undefined) => Plan;
  readonly after: string;
};

const SESSIONS = 16;
/** Commands in flight where nobody looks for the load that saturates. */
const QUICK_LOAD = 512;

/** The paper has 8 threads on 8 cores: here as many as there are cores, 2 at least. */
const defaultThreads = (): number => Math.max(2, Math.min(8, availableParallelism()));

/** With the options that only the experiments have. */
const plainOf = (name: PaperExperiment, description: string, points: About['points']) =>
  new Command(name)
    .description(description)
    .option('--quick', 'the shape in minutes: 100,000 keys, 6 s a run, and a given load')
    .option('--keys <n>', 'keys in the tree before the first command (10,000,000)', natural(16, 100_000_000))
    .option('--seconds <s>', 'a run, from its first command to its last (60)', quantity(1, 86_400))
    .option('--cut <s>', 'at its beginning and at its end, what does not count (5)', quantity(0, 3600))
    .option('--points <list>', points.says, points.parse)
    .addOption(new Option('--techniques <list>', 'which').argParser(someOf(TECHNIQUES)).default(TECHNIQUES, TECHNIQUES.join()))
    .option('--threads <n>', 'worker threads of a replica under the techniques that have several (as many as cores, 2 to 8)', natural(1, 64))
    .option('--clients <n>', 'client sessions', natural(1, 200), SESSIONS)
    .option('--load <n>', 'commands in flight; if not given, as many as it takes for the maximum throughput', natural(1, 819_200))
    .option('--rates <list>', 'commands a second that arrive by chance, whatever is answered: open instead of closed', numbers(1, 100_000_000))
    .option('--repeat <n>', 'runs of every point, for medians and confidence', natural(1, 100), 1)
    .option('--out <dir>', 'where the points go, and where those are that are done', `results/${name}`)
    .option('--json', 'print the points as JSON, and no progress');

const commandOf = ({ name, description, points, plan: planOf, after }: About): CommandUnknownOpts =>
  withCluster(plainOf(name, description, points))
    .addHelpText('after', after)
    .action(async (options) => {
      const isQuick = options.quick === true;
      const { clients, load, rates, techniques, repeat: repeats, out } = options;
      const most = clients * WINDOW;
      const tooMany = (option: string, n: number | undefined): void => {
        if (n !== undefined && n > most) throw new Error(`${option} ${n}: ${clients} sessions keep at most ${most} commands in flight; see --clients`);
      };
      if (name === 'failed-commands') {
        if (load !== undefined) throw new Error('--load: failed-commands varies the load itself; see --points and --rates');
        if (techniques !== TECHNIQUES) throw new Error('--techniques: failed-commands measures opt-psmr, which alone lets commands fail');
        if (rates === undefined) options.points?.forEach((n) => tooMany('--points', n));
      } else if (rates !== undefined) throw new Error(`--rates: only failed-commands takes it; ${name} looks for the maximum throughput, or takes --load`);
      tooMany('--load', load);
      const base: Experiment = {
        ...clusterOf(options),
        keys: options.keys ?? (isQuick ? 100_000 : 10_000_000),
        threads: options.threads ?? defaultThreads(),
        workload: WORKLOADS.mixed,
        arrivals: closed(load ?? Math.min(QUICK_LOAD, most), clients),
        ...cutOf(options, isQuick),
      };
      const wish = { base, techniques, points: options.points ?? (isQuick ? points.quick : points.full), repeats, isSought: load === undefined && !isQuick };
      await carryOut({ plan: planOf(wish, rates), base, repeats, out, isJson: options.json === true, tableOf: marksTable });
    });

const inFlight = numbers(1, 819_200);

const RESUME = `
A run that is done is not made again: an interrupted experiment goes on by the same command, and by one with more
repetitions. A directory of other parameters is refused. A run that fails is told, and the next begins. Every run is
judged, and the exit status is 0 only if all are made and every judge says ok.`;

const SATURATION = `
Maximum throughput takes a load that saturates: what is in flight is doubled from 128 on, in runs of 3 s, until twice as
much gives less than 5 % more; the least load within 5 % of the best is taken. --load gives one instead; --quick takes ${QUICK_LOAD}.`;

export const experimentCommands: Readonly<Record<PaperExperiment, CommandUnknownOpts>> = {
  'failed-commands': commandOf({
    name: 'failed-commands',
    description: "figure 3: what failed commands cost opt-PSMR, as the load is raised; inserts and deletes only",
    points: { says: 'commands in flight, step by step', parse: inFlight, full: [8, 16, 32, 64, 128, 256, 512, 1024, 2048], quick: [8, 32, 128, 512, 2048] },
    plan: (wish, rates) => {
      const { clients } = wish.base.arrivals;
      const loads = rates?.map((rate): Arrivals => ({ type: 'open', clients, rate, spacing: 'poisson' }));
      return failedCommands(wish, loads ?? wish.points.map((n) => closed(n, clients)));
    },
    after: `${RESUME}

Examples:
  psmr measure failed-commands --quick
  psmr measure failed-commands --threads 8 --repeat 3
  psmr measure failed-commands --rates 10000,20000,40000    arrivals by the clock, whatever is answered`,
  }),
  'dependent-commands': commandOf({
    name: 'dependent-commands',
    description: 'figure 4: the maximum throughput of every technique, as more and more commands insert or delete',
    points: { says: 'percents of dependent commands', parse: numbers(0, 100), full: [0, 10, 25, 50, 75, 100], quick: [0, 25, 50, 100] },
    plan: dependentCommands,
    after: `${SATURATION}
${RESUME}

Examples:
  psmr measure dependent-commands --quick
  psmr measure dependent-commands --threads 8 --repeat 3 --out results/figure-4
  psmr measure dependent-commands --points 50,100 --techniques smr,opt-psmr`,
  }),
  threads: commandOf({
    name: 'threads',
    description: 'figure 5: the maximum throughput with more and more threads, all commands insert or delete; SMR for reference',
    points: { says: 'threads of a replica', parse: numbers(1, 64), full: [1, 2, 4, 8], quick: [1, 2, 4] },
    plan: threadsPlan,
    after: `${SATURATION}
${RESUME}

Examples:
  psmr measure threads --quick
  psmr measure threads --points 1,2 --repeat 5`,
  }),
};
