/** psmr measure costs: what every step costs on this machine, fitted to a real run. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { fitted } from '../measure/costs/fit.js';
import { measureCosts } from '../measure/costs/measure.js';
import { watchCores } from '../measure/costs/processor.js';
import { expectedOf, measureOne } from '../measure/experiment.js';
import { writeWhole } from '../measure/files.js';
import { closed } from '../measure/laboratory.js';
import { machine } from '../measure/machine.js';
import type { Stage } from '../measure/progress.js';
import type { Experiment } from '../measure/result.js';
import type { Costs } from '../measure/simulated/costs.js';
import { simulateRun, type Bench } from '../measure/simulated/simulate.js';
import { WORKLOADS } from '../measure/workload.js';
import { clusterOf, interruptibly, progressOf, withCluster } from './measure-options.js';
import { natural } from './options.js';

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
acceptors and replicas of one real run (SMR, half of the commands reads) have spent. It takes about two minutes.

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
    const experiment = fitting(clusterOf(options), options.keys);
    const name = `SMR, ${experiment.keys} keys, 50 % dependent`;
    const progress = progressOf([name], expectedOf(experiment), false);
    await interruptibly(
      progress,
      async (signal) => {
        let cores = (): number => 0;
        let used = 0;
        const enter = (stage: Stage): void => {
          progress.enter(name, stage);
          if (stage === 'measure') cores = watchCores();
          if (stage === 'cool down') used = cores();
        };
        const real = await measureOne(experiment, 'smr', { enter, update: progress.update }, signal);
        progress.end();
        if (real.verdict !== 'ok') throw new Error(`the run to fit to is not ok: ${real.verdict}`);
        const bench: Bench = { cores: machine().cores, place: 'together' };
        const others = Math.max(0, used - Object.values(real.cpu).reduce((sum, one) => sum + one, 0));
        if (others > DISTURBED) console.error(`others used ${others.toFixed(1)} of ${machine().cores} cores meanwhile: these costs are too high; measure them again when the machine is idle`);
        write(fitted(raw, real, { to: `${name}: ${real.throughput.toFixed(0)} Kcps`, others }, (costs) => simulateRun(blinking(experiment), 'smr', costs, bench)));
      },
      'nothing is written',
    );
  });
