/** psmr measure costs: what every step costs on this machine, fitted to real runs. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import * as E from 'fp-ts/lib/Either.js';
import { pipe } from 'fp-ts/lib/function.js';
import { endsOf, fitted, spentIn, type Load } from '../measure/costs/fit.js';
import { measureCosts } from '../measure/costs/measure.js';
import { watchCores } from '../measure/costs/processor.js';
import { referencesIn, seenIn, type Reference } from '../measure/costs/reference.js';
import { expectedOf, measureOne } from '../measure/experiment.js';
import { writeWhole } from '../measure/files.js';
import { closed } from '../measure/laboratory.js';
import { AUDITED } from '../measure/load.js';
import { machine } from '../measure/machine.js';
import { pointsIn } from '../measure/point.js';
import type { Stage } from '../measure/progress.js';
import type { Experiment, Run } from '../measure/result.js';
import type { Costs } from '../measure/simulated/costs.js';
import { simulateRun, type Bench } from '../measure/simulated/simulate.js';
import { dependent } from '../measure/workload.js';
import { clusterOf, interruptibly, progressOf, withCluster } from './measure-options.js';
import { natural } from './options.js';

/** The runs that costs are fitted to: SMR, as it has the fewest parts. */
const LOADS = {
  reads: { inFlight: 8192, share: 0 },
  writes: { inFlight: 8192, share: 100 },
  light: { inFlight: 32, share: 50 },
} as const satisfies Readonly<Record<Load, unknown>>;

const nameOf = (load: Load): string => `SMR, ${LOADS[load].inFlight} in flight, ${LOADS[load].share} % dependent`;

const fitting = (base: ReturnType<typeof clusterOf>, keys: number, load: Load): Experiment => ({
  ...base,
  keys,
  threads: 1,
  workload: dependent(LOADS[load].share),
  arrivals: closed(LOADS[load].inFlight, 4),
  seconds: 10,
  warmup: 10,
  cooldown: 1,
});

/** The same for a blink of simulated time: costs do not change with it. */
const blinking = (experiment: Experiment): Experiment => ({ ...experiment, seconds: 0.3, warmup: 0.1, cooldown: 0 });

/** Cores that others may use without being mentioned. */
const DISTURBED = 0.2;

/** Runs that an experiment has left in `directory`. */
const referencesOf = (directory: string): readonly Reference[] => {
  const found = pipe(pointsIn(directory), E.flatMap((points) => referencesIn([...points.values()])));
  if (E.isLeft(found)) throw new Error(`--fit-to ${directory}: ${found.left}`);
  return found.right;
};

const plainCosts = new Command('costs')
  .description('what every step costs on this machine: the cost model that psmr measure simulate runs under')
  .option('--keys <n>', 'keys of the tree in the runs that the costs are fitted to', natural(16, 100_000_000), 1_000_000)
  .option('--fit-to <dir>', 'fit to the runs of SMR that psmr measure dependent-commands or threads have left there, as they saturate')
  .option('--no-fit', 'leave the costs as they are measured one by one')
  .option('--out <file>', 'where they go, as JSON', 'costs.json')
  .addHelpText(
    'after',
    `
Costs are measured step by step, and then multiplied, part by part, until the model spends on a command what the clients,
acceptors and replicas of real runs have spent: SMR with 8192 commands in flight, reads alone and writes alone, and with
32. It takes about four minutes. What an experiment has measured of SMR can stand in for the first two: nothing else of
it is looked at, so all other techniques are predicted.

Examples:
  psmr measure costs --out costs.json
  psmr measure costs --fit-to results/measured --out costs.json
  psmr measure costs --no-fit --out raw.json`,
  );

export const costsCommand: CommandUnknownOpts = withCluster(plainCosts, ['memory']).action(async (options) => {
    const given = options.fitTo === undefined ? undefined : referencesOf(options.fitTo);
    const tell = (what: string): void => console.error(`measuring ${what}`);
    const base = { ...clusterOf(options), ...given?.[0]?.parameters };
    const raw = await measureCosts(base.capacity, base.fill, tell);
    const write = (costs: Costs): void => {
      writeWhole(options.out, `${JSON.stringify(costs, undefined, 2)}\n`);
      console.log(options.out);
    };
    if (!options.fit) return write(raw);
    const keys = given?.[0]?.parameters.keys ?? options.keys;
    const experimentOf = (load: Load): Experiment => fitting(base, keys, load);
    const loads: readonly Load[] = given === undefined ? ['reads', 'writes', 'light'] : ['light'];
    const progress = progressOf(loads.map(nameOf), expectedOf(experimentOf('light')), false);
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
          return { ...real, throughput: (real.throughput * (LOADS[load].inFlight + AUDITED)) / LOADS[load].inFlight };
        };
        const own = async (load: Load): Promise<Reference> => ({ parameters: experimentOf(load), cores: machine().cores, run: await run(load) });
        const full = given ?? [await own('reads'), await own('writes')];
        const light = await run('light');
        progress.end();
        const ends = endsOf(seenIn(full));
        if (ends === undefined) throw new Error('two shares of dependent commands are needed to fit to');
        const bench: Bench = { cores: full[0]?.cores ?? machine().cores, place: 'together' };
        const under = (load: Load): Experiment => (load === 'light' ? experimentOf(load) : { ...(full[0]?.parameters ?? experimentOf(load)), workload: dependent(ends[load].share) });
        const throughputs = full.map(({ run: { throughput } }) => throughput);
        const to = `SMR, ${keys} keys: ${full.length} runs at ${ends.reads.share} to ${ends.writes.share} % dependent, ${Math.max(...throughputs).toFixed(0)} to ${Math.min(...throughputs).toFixed(0)} Kcps; 32 in flight: ${light.throughput.toFixed(0)} Kcps`;
        if (others > DISTURBED) console.error(`others used ${others.toFixed(1)} of ${machine().cores} cores meanwhile: these costs are too high; measure them again when the machine is idle`);
        console.error('fitting');
        const wanted = { reads: ends.reads.spent, writes: ends.writes.spent, light: spentIn(light) };
        write(fitted(raw, wanted, { to, others }, (costs, load) => simulateRun(blinking(under(load)), 'smr', costs, bench)));
      },
      'nothing is written',
    );
  });
