/** psmr measure: the same workload under SMR, P-SMR and opt-PSMR, on real processes, every run judged. */
import { Command, Option } from '@commander-js/extra-typings';
import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join, resolve } from 'node:path';
import { expectedOf, measure, prepare } from '../measure/experiment.js';
import { drawFigure } from '../measure/figure.js';
import { reporter } from '../measure/progress.js';
import { writeResult, type Experiment } from '../measure/result.js';
import { tableOf, takesColour } from '../measure/table.js';
import { MEASURED, TECHNIQUES } from '../replica/techniques.js';
import { natural, oneOf, quantity, someOf, traceLevelOption, traceOption } from './options.js';

const percentage = quantity(0, 100);
const COORDINATORS = ['one', 'spread'] as const;
const STORAGES = ['disk', 'memory'] as const;

export const measureCommand = new Command('measure')
  .description('compare the techniques on this machine: 3 acceptors, 2 replicas and a client, all of them real processes')
  .option('--quick', 'small sizes: 20,000 keys, 3 s a run')
  .option('--keys <n>', 'keys in the tree before the first command (1,000,000)', natural(16, 100_000_000))
  .option('--threads <n>', 'worker threads of a replica under sP-SMR, P-SMR and opt-PSMR', natural(2, 64), 2)
  .option('--seconds <s>', 'measured time of a run (12)', quantity(0.5, 3600))
  .option('--warmup <s>', 'time before it that does not count (5)', quantity(0, 600))
  .addOption(new Option('--techniques <list>', 'which, in this order').argParser(someOf(TECHNIQUES)).default(MEASURED, MEASURED.join()))
  .option('--clients <n>', 'client sessions', natural(1, 200), 8)
  .option('--outstanding <n>', 'commands that a session keeps in flight', natural(1, 256), 64)
  .option('--update <percent>', 'commands that update a value in place', percentage, 0)
  .option('--dependent <percent>', 'commands that insert or delete, half of each; the others read', percentage, 50)
  .option('--capacity <n>', 'entries of a node of the tree', natural(4, 4096), 64)
  .option('--fill <part>', 'how full the nodes are at the start', quantity(0.5, 1), 0.7)
  .option('--lambda <n>', 'virtual slots a second that a ring keeps up with', natural(1, 10_000_000), 10_000)
  .option('--delta <ms>', 'how often an idle ring is levelled', natural(1, 1000), 5)
  .option('--m <n>', 'virtual slots that the merge takes from a ring in one turn', natural(1, 10_000), 1)
  .option('--batch-bytes <n>', 'bytes at which a batch is proposed without waiting', natural(64, 1_048_576), 8192)
  .option('--commands-per-barrier <n>', 'commands of g_all under one barrier: a number, or batch', (word) => (word === 'batch' ? word : natural(1)(word)), 'batch' as const)
  .addOption(new Option('--coordinators <who>', 'one acceptor coordinates all rings, or they are spread: one, spread').argParser(oneOf(COORDINATORS)).default('one' as const))
  .addOption(new Option('--storage <where>', 'where acceptors keep their votes: disk, memory').argParser(oneOf(STORAGES)).default('disk' as const))
  .option('--seed <n>', 'of the commands', natural(0, 2 ** 31 - 1), 1)
  .option('--out <dir>', 'where result.json and figure.svg go', 'results')
  .option('--history', 'write there, too, what clients saw of the audited keys: history-TECHNIQUE.ndjson')
  .addOption(traceOption)
  .addOption(traceLevelOption)
  .option('--json', 'print result.json instead of the table, and no progress')
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
  psmr measure --quick --json > run.json                    for another program`,
  )
  .action(async (options) => {
    const { update, dependent } = options;
    if (update + dependent > 100) throw new Error(`--update ${update} and --dependent ${dependent} are more than 100 % together`);
    const isQuick = options.quick === true;
    const experiment: Experiment = {
      keys: options.keys ?? (isQuick ? 20_000 : 1_000_000),
      threads: options.threads,
      replicas: 2,
      acceptors: 3,
      clients: options.clients,
      outstanding: options.outstanding,
      seconds: options.seconds ?? (isQuick ? 3 : 12),
      warmup: options.warmup ?? (isQuick ? 1 : 5),
      mix: { read: 100 - update - dependent, update, insert: dependent / 2, delete: dependent / 2, scan: 0 },
      capacity: options.capacity,
      fill: options.fill,
      lambda: options.lambda,
      delta: options.delta,
      m: options.m,
      batchBytes: options.batchBytes,
      coordinators: options.coordinators,
      storage: options.storage,
      seed: options.seed,
      commandsPerBarrier: options.commandsPerBarrier,
    };
    const isJson = options.json === true;
    makeOut(options.out);
    const progress = reporter({
      techniques: options.techniques,
      expected: expectedOf(experiment),
      mode: isJson ? 'none' : process.stderr.isTTY ? 'line' : 'lines',
      columns: process.stderr.isTTY ? process.stderr.columns : 80,
      now: () => performance.now(),
      write: (text) => void process.stderr.write(text),
    });

    const abort = new AbortController();
    const interrupt = (signal: NodeJS.Signals): void => abort.abort(signal);
    process.once('SIGINT', interrupt);
    process.once('SIGTERM', interrupt);
    try {
      const { out, history, trace, traceLevel: level } = options;
      const result = await measure(experiment, options.techniques, progress, abort.signal, (technique) => ({
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
    } catch (error) {
      progress.end();
      if (!abort.signal.aborted) throw error;
      console.error('psmr: interrupted; all processes are ended');
      process.exitCode = 128 + constants.signals[abort.signal.reason as NodeJS.Signals];
    } finally {
      process.removeListener('SIGINT', interrupt);
      process.removeListener('SIGTERM', interrupt);
    }
  });

/** A result that could not be written is better known of before the measurement than after it. */
const makeOut = (directory: string): void => {
  try {
    prepare(directory);
  } catch (error) {
    throw new Error(`--out ${directory}: ${(error as Error).message}`);
  }
};
