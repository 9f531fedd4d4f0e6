/** psmr measure growth: how cost grows with keys, load, clients, batches, threads and rings, replicas, acceptors. */
import { Command, Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { growthTable } from '../measure/courses.js';
import { QUANTITIES, QUANTITY_NAMES, type Quantity } from '../measure/growth.js';
import { growth } from '../measure/plan.js';
import type { Experiment } from '../measure/result.js';
import { WINDOW } from '../measure/saturation.js';
import { growthTextTable, sayEstimate } from '../measure/table.js';
import { dependent } from '../measure/workload.js';
import { TECHNIQUES, type Technique } from '../replica/techniques.js';
import { clusterOf, cutOf, withCluster } from './measure-options.js';
import { carryOut } from './measure-plan.js';
import { natural, numbers, quantity, someOf } from './options.js';

/** The one that all know, and the one that is ours. */
const COMPARED: readonly Technique[] = ['smr', 'opt-psmr'];

const sayValues = (values: readonly number[]): string => values.map((value) => value.toLocaleString('en')).join(' ');

const plain = new Command('growth')
  .description('how cost grows: throughput, p99 and processor time by keys, commands in flight, clients, size of a batch, threads and rings, replicas, acceptors')
  .option('--quick', 'the shape in minutes: from 100,000 keys and 512 in flight, fewer values, 6 s a run')
  .option('--keys <n>', 'of the base: keys in the tree before the first command (1,000,000)', natural(16, 100_000_000))
  .option('--threads <n>', 'of the base: worker threads of a replica', natural(1, 64), 2)
  .option('--replicas <n>', 'of the base', natural(1, 16), 2)
  .option('--acceptors <n>', 'of the base', natural(1, 15), 3)
  .option('--clients <n>', 'of the base: client sessions', natural(1, 200), 16)
  .option('--load <n>', 'of the base: commands in flight (8,192)', natural(1, 819_200))
  .option('--dependent <percent>', 'commands that insert or delete, half of each; the others read', quantity(0, 100), 50)
  .option('--seconds <s>', 'a run, from its first command to its last (60)', quantity(1, 86_400))
  .option('--cut <s>', 'at its beginning and at its end, what does not count (5)', quantity(0, 3600))
  .addOption(new Option('--quantities <list>', 'which vary, in this order').argParser(someOf(QUANTITY_NAMES)).default(QUANTITY_NAMES, QUANTITY_NAMES.join()))
  .option('--points <list>', 'values of the quantity, if it is only one', numbers(1, 100_000_000))
  .addOption(new Option('--techniques <list>', 'which').argParser(someOf(TECHNIQUES)).default(COMPARED, COMPARED.join()))
  .option('--repeat <n>', 'runs of every point, for medians and confidence', natural(1, 100), 1)
  .option('--out <dir>', 'where the points go, and where those are that are done', 'results/growth')
  .option('--json', 'print the points as JSON, and no progress');

export const growthCommand: CommandUnknownOpts = withCluster(plain, ['memory', 'disk'])
  .addHelpText(
    'after',
    `
One quantity varies at a time, the others stay at the base:
${QUANTITY_NAMES.map((name) => `  ${name.padEnd(12)} ${sayValues(QUANTITIES[name].full)}`).join('\n')}
The load is given and does not grow with what it meets. P-SMR and opt-PSMR have a ring for each thread and one more, so
that threads and rings grow together; sP-SMR has as many threads and one ring. SMR has one of both: a level line.

A run that is done is not made again: an interrupted experiment goes on by the same command, with more repetitions,
quantities or techniques as well. A run that fails is told, and the next begins. Every run is judged, and the exit status
is 0 only if all are made and every judge says ok.

Examples:
  psmr measure growth --quick
  psmr measure growth --seconds 20 --cut 4
  psmr measure growth --quantities threads --points 1,2,4,8 --techniques smr,sp-smr,opt-psmr
  psmr measure growth --repeat 3                    more runs of what is there, with confidence`,
  )
  .action(async (options) => {
    const isQuick = options.quick === true;
    const { quantities, techniques, repeat: repeats, clients, out, replicas, acceptors } = options;
    const [only, ...others] = quantities;
    if (options.points !== undefined && others.length > 0) throw new Error('--points: of which quantity? Name one by --quantities');
    const load = options.load ?? (isQuick ? 512 : 8192);
    const one: Experiment = {
      ...clusterOf(options),
      replicas,
      acceptors,
      keys: options.keys ?? (isQuick ? 100_000 : 1_000_000),
      threads: options.threads,
      workload: dependent(options.dependent),
      arrivals: { type: 'closed', clients, outstanding: 1 },
      ...cutOf(options, isQuick),
    };
    if (!QUANTITIES['in-flight'].fits(one, load)) throw new Error(`--load ${load}: ${clients} clients cannot keep as many each, ${WINDOW} at most; see --clients`);
    const base = QUANTITIES['in-flight'].with(one, load);
    const valuesOf = (name: Quantity): readonly number[] => {
      const { full, quick, least, most, fits } = QUANTITIES[name];
      if (name !== only || options.points === undefined) return (isQuick ? quick : full).filter((value) => fits(base, value));
      const stray = options.points.find((value) => value < least || value > most || !fits(base, value));
      if (stray !== undefined) throw new Error(`--points ${stray}: expected ${name} from ${least} to ${most} that go with ${clients} clients and ${load} in flight`);
      return options.points;
    };
    const plan = growth({ base, techniques, repeats, values: Object.fromEntries(quantities.map((name) => [name, valuesOf(name)])) });
    await carryOut({ plan, base, repeats, out, isJson: options.json === true, tableOf: (marks, colour) => growthTextTable(growthTable(marks, sayEstimate), colour) });
  });
