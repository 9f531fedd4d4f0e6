/** psmr measure costs: what every step costs on this machine, fitted to a real run. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { fitted, type Load } from '../measure/costs/fit.js';
import { measureCosts } from '../measure/costs/measure.js';
import { watchCores } from '../measure/costs/processor.js';
import { expectedOf, measureOne } from '../measure/experiment.js';
import { writeWhole } from '../measure/files.js';
import { closed } from '../measure/laboratory.js';
import { AUDITED } from '../measure/load.js';
import { machine } from '../measure/machine.js';
import type { Stage } from '../measure/progress.js';
import type { Experiment, Run } from '../measure/result.js';
import type { Costs } from '../measure/simulated/costs.js';
import { simulateRun, type Bench } from '../measure/simulated/simulate.js';
import { WORKLOADS } from '../measure/workload.js';
import { clusterOf, interruptibly, progressOf, withCluster } from './measure-options.js';
import { natural } from './options.js';

/** The runs that costs are fitted to: SMR, as it has the fewest parts, half of the commands reads. */
const fitting = (base: ReturnType<typeof clusterOf>, keys: number, inFlight: number): Experiment => ({
  ...base,
  keys,
  threads: 1,
  workload: WORKLOADS.mixed,
  arrivals: closed(inFlight, 4),
  seconds: 10,
  warmup: 10,
  cooldown: 1,
});

/** Commands in flight, when all is busy and when all mostly sleeps. */
const IN_FLIGHT: Readonly<Record<Load, number>> = { full: 8192, light: 32 };
const LOADS: readonly Load[] = ['full', 'light'];

/** The same for a blink of simulated time: costs do not change with it. */
const blinking = (experiment: Experiment): Experiment => ({ ...experiment, seconds: 0.2, warmup: 0.1, cooldown: 0 });

/** Cores that others may use without being mentioned. */
const DISTURBED = 0.2;

const plainCosts = new Command('costs')
  .description('what every step costs on this machine: the cost model that psmr measure simulate runs under')
  .option('--keys <n>', 'keys of the tree in the run that the costs are fitted to', natural(16, 100_000_000), 1_000_000)
  .option('--no-fit', 'leave the costs as they are measured one by one')
  .option('--out <file>', 'where they go, as JSON', 'costs.json')
  .addHelpText(
    'after',
    `
Costs are measured step by step, and then multiplied, part by part, until the model spends on a command what the clients,
acceptors and replicas of real runs have spent: SMR, half of the commands reads, with 8192 commands in flight and
with 32. It takes about two minutes.

Examples:
  psmr measure costs --out costs.json
  psmr measure costs --no-fit --out raw.json`,
  );

export const costsCommand: CommandUnknownOpts = withCluster(plainCosts, ['memory']).action(async (options) => {
    const tell = (what: string): void => console.error(`measuring ${what}`);
    const raw = await measureCosts(options.capacity, options.fill, tell);
    const write = (costs: Costs): void => {
      writeWhole(options.out, `${JSON.stringify(costs, undefined, 2)}\n`);
      console.log(options.out);
    };
    if (!options.fit) return write(raw);
    const experimentOf = (load: Load): Experiment => fitting(clusterOf(options), options.keys, IN_FLIGHT[load]);
    const nameOf = (load: Load): string => `SMR, ${IN_FLIGHT[load]} in flight`;
    const progress = progressOf(LOADS.map(nameOf), expectedOf(experimentOf('full')), false);
    await interruptibly(
      progress,
      async (signal) => {
        let others = 0;
        const run = async (load: Load): Promise<Run> => {
          let cores = (): number => 0;
          const enter = (stage: Stage): void => {
            progress.enter(nameOf(load), stage);
            if (stage === 'measure') cores = watchCores();
            if (stage === 'cool down') used = cores();
          };
          let used = 0;
          const real = await measureOne(experimentOf(load), 'smr', { enter, update: progress.update }, signal);
          others = Math.max(others, used - Object.values(real.cpu).reduce((sum, one) => sum + one, 0));
          if (real.verdict !== 'ok') throw new Error(`the run to fit to is not ok: ${real.verdict}`);
          // What the auditors call is work as well, though it is not counted.
          return { ...real, throughput: (real.throughput * (IN_FLIGHT[load] + AUDITED)) / IN_FLIGHT[load] };
        };
        const real = { full: await run('full'), light: await run('light') };
        progress.end();
        const bench: Bench = { cores: machine().cores, place: 'together' };
        const to = LOADS.map((load) => `${nameOf(load)}, ${options.keys} keys: ${real[load].throughput.toFixed(0)} Kcps`).join('; ');
        if (others > DISTURBED) console.error(`others used ${others.toFixed(1)} of ${machine().cores} cores meanwhile: these costs are too high; measure them again when the machine is idle`);
        write(fitted(raw, real, { to, others }, (costs, load) => simulateRun(blinking(experimentOf(load)), 'smr', costs, bench)));
      },
      'nothing is written',
    );
  });
