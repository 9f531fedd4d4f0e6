/** psmr measure: the same workload under every technique, on real processes, every run judged; and the laboratory around it. */
import { Command, Option, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expectedOf, measure } from '../measure/experiment.js';
import { drawFigure } from '../measure/figure.js';
import { NAMES, writeResult, type Experiment } from '../measure/result.js';
import { WINDOW } from '../measure/saturation.js';
import { tableOf, takesColour } from '../measure/table.js';
import { WORKLOADS, type Workload } from '../measure/workload.js';
import { MEASURED, TECHNIQUES } from '../replica/techniques.js';
import { experimentCommands } from './measure-experiment.js';
import { clusterOf, interruptibly, makeOut, progressOf, withCluster } from './measure-options.js';
import { costsCommand } from './measure-costs.js';
import { growthCommand } from './measure-growth.js';
import { simulateLoadCommand } from './measure-simulate.js';
import { replicaCommand } from './measure-replica.js';
import { reportCommand } from './measure-report.js';
import { natural, oneOf, quantity, someOf, traceLevelOption, traceOption } from './options.js';

const percentage = quantity(0, 100);
type WorkloadName = keyof typeof WORKLOADS;
const WORKLOAD_NAMES = Object.keys(WORKLOADS) as readonly WorkloadName[];

const plain = new Command('measure')
  .enablePositionalOptions() // what follows the name of an experiment is the experiment's
  .description('compare the techniques on this machine: 3 acceptors, 2 replicas and a client, all of them real processes')
  .option('--quick', 'small sizes: 20,000 keys, 3 s a run')
  .option('--keys <n>', 'keys in the tree before the first command (1,000,000)', natural(16, 100_000_000))
  .option('--threads <n>', 'worker threads of a replica under the techniques that have several', natural(2, 64), 2)
  .option('--seconds <s>', 'measured time of a run (12)', quantity(0.5, 3600))
  .option('--warmup <s>', 'time before it that does not count (5)', quantity(0, 600))
  .addOption(new Option('--techniques <list>', 'which, in this order').argParser(someOf(TECHNIQUES)).default(MEASURED, MEASURED.join()))
  .option('--clients <n>', 'client sessions', natural(1, 200), 8)
  .option('--outstanding <n>', 'commands that a session keeps in flight', natural(1, WINDOW), 256)
  .option('--rate <n>', 'commands a second that arrive by chance, whatever is answered, instead of a number in flight', natural(1, 100_000_000))
  .addOption(new Option('--workload <name>', `which commands, of which keys: ${WORKLOAD_NAMES.join(', ')}`).argParser(oneOf(WORKLOAD_NAMES)))
  .option('--update <percent>', 'commands that update a value in place (0)', percentage)
  .option('--dependent <percent>', 'commands that insert or delete, half of each; the others read (50)', percentage)
  .option('--out <dir>', 'where result.json and figure.svg go', 'results')
  .option('--history', 'write there, too, what clients saw of the audited keys: history-TECHNIQUE.ndjson')
  .addOption(traceOption)
  .addOption(traceLevelOption)
  .option('--json', 'print result.json instead of the table, and no progress');

export const measureCommand: CommandUnknownOpts = withCluster(plain)
  .addHelpText(
    'after',
    `
Every run is judged: both replicas must be in the same state at the same point of the order, the tree must hold all
acknowledged writes and nothing else, and all that happened to the audited keys must be linearizable. The exit status is
0 only if every judge says ok.

Examples:
  psmr measure --quick                                      a first look, in half a minute
  psmr measure --keys 10000000                              the size of the paper's tree
  psmr measure --dependent 0 --techniques p-smr,opt-psmr    reads alone
  psmr measure --techniques smr,pipelined-smr,sp-smr        one order, and what a scheduler makes of it
  psmr measure --commands-per-barrier 1                     barriers as in the paper
  psmr measure --workload ycsb-b                            a mix of others
  psmr measure --quick --json > run.json                    for another program`,
  )
  .action(async (options) => {
    const isQuick = options.quick === true;
    const { clients, outstanding, rate } = options;
    const experiment: Experiment = {
      ...clusterOf(options),
      keys: options.keys ?? (isQuick ? 20_000 : 1_000_000),
      threads: options.threads,
      workload: workloadOf(options),
      arrivals: rate === undefined ? { type: 'closed', clients, outstanding } : { type: 'open', clients, rate, spacing: 'poisson' },
      seconds: options.seconds ?? (isQuick ? 3 : 12),
      warmup: options.warmup ?? (isQuick ? 1 : 5),
      cooldown: 0,
    };
    const isJson = options.json === true;
    makeOut(options.out);
    const progress = progressOf(options.techniques.map((technique) => NAMES[technique]), expectedOf(experiment), isJson);
    const run = async (signal: AbortSignal): Promise<void> => {
      const { out, history, trace, traceLevel: level } = options;
      const result = await measure(experiment, options.techniques, progress, signal, (technique) => ({
        history: history === true ? resolve(out, `history-${technique}.ndjson`) : null,
        trace: trace === undefined ? null : { directory: resolve(trace, technique), level },
      }));
      progress.end();
      const [file, picture] = [join(options.out, 'result.json'), join(options.out, 'figure.svg')];
      writeResult(file, result);
      writeFileSync(picture, await drawFigure(result));
      if (isJson) console.log(JSON.stringify(result, null, 2));
      else {
        console.log(tableOf(result.runs, takesColour(process.stdout, process.env)));
        for (const { technique, judgements } of result.runs)
          for (const { judge, verdict, detail } of judgements) if (verdict !== 'ok') console.log(`${technique}: ${judge}: ${verdict}: ${detail}`);
        console.log(`${file} and ${picture}`);
      }
      if (result.runs.some(({ verdict }) => verdict !== 'ok')) process.exitCode = 1;
    };
    await interruptibly(progress, run, 'all processes are ended');
  })
  .addCommand(experimentCommands['failed-commands'])
  .addCommand(experimentCommands['dependent-commands'])
  .addCommand(experimentCommands.threads)
  .addCommand(growthCommand)
  .addCommand(costsCommand)
  .addCommand(simulateLoadCommand)
  .addCommand(replicaCommand)
  .addCommand(reportCommand);

type Asked = { readonly workload?: WorkloadName | undefined; readonly update?: number | undefined; readonly dependent?: number | undefined };

/** A workload by its name, or reads with so many writes of each kind. */
const workloadOf = (asked: Asked): Workload => {
  const { workload, update = 0, dependent = 50 } = asked;
  if (asked.workload !== undefined && (asked.update !== undefined || asked.dependent !== undefined)) throw new Error(`--workload ${asked.workload}: says itself how many commands write; leave out --update and --dependent`);
  if (update + dependent > 100) throw new Error(`--update ${update} and --dependent ${dependent} are more than 100 % together`);
  return workload === undefined ? { ...WORKLOADS.mixed, mix: { read: 100 - update - dependent, update, insert: dependent / 2, delete: dependent / 2, scan: 0 } } : WORKLOADS[workload];
};
