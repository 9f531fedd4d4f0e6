/** psmr trace: what the processes of a real cluster did, written down and judged line by line. */
import { Command, Option } from '@commander-js/extra-typings';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expectedOf, measure } from '../measure/experiment.js';
import { reporter } from '../measure/progress.js';
import { NAMES } from '../measure/result.js';
import { MEASURED, TECHNIQUES } from '../replica/techniques.js';
import { LEVELS } from '../trace/line.js';
import { natural, oneOf, quantity, someOf } from './options.js';
import { checkCommand } from './trace-check.js';
import { showCommand } from './trace-show.js';

const recordCommand = new Command('record')
  .description('run a small cluster of real processes under load, and write down what every machine of it does')
  .argument('<dir>', 'where the traces go, in a directory for each technique')
  .addOption(new Option('--techniques <list>', 'which, in this order').argParser(someOf(TECHNIQUES)).default(MEASURED, MEASURED.join()))
  .addOption(new Option('--level <level>', 'protocol: what is sent, decided and delivered; execution: values, results and nodes as well').argParser(oneOf(LEVELS)).default('execution' as const))
  .option('--threads <n>', 'worker threads of a replica', natural(2, 64), 2)
  .option('--keys <n>', 'keys in the tree before the first command', natural(16, 10_000_000), 2000)
  .option('--seconds <s>', 'how long', quantity(0.5, 3600), 2)
  .option('--clients <n>', 'client sessions', natural(1, 200), 4)
  .option('--outstanding <n>', 'commands that a session keeps in flight', natural(1, 256), 8)
  .addHelpText(
    'after',
    `
Any cluster can be traced: psmr node, psmr client and psmr measure take --trace DIR.

Examples:
  psmr trace record traces-here && psmr trace check traces-here
  psmr trace record traces-here --techniques opt-psmr --level protocol`,
  )
  .action(async (directory, { techniques, level, threads, keys, seconds, clients, outstanding }) => {
    if (existsSync(directory) && readdirSync(directory).length > 0) throw new Error(`${directory}: there is something in it already`);
    const progress = reporter({
      runs: techniques.map((technique) => NAMES[technique]),
      expected: expectedOf({ ...SMALL, keys, seconds }),
      mode: process.stderr.isTTY ? 'line' : 'lines',
      columns: process.stderr.isTTY ? process.stderr.columns : 80,
      now: () => performance.now(),
      write: (text) => void process.stderr.write(text),
    });
    const abort = new AbortController();
    const interrupt = (): void => abort.abort();
    process.once('SIGINT', interrupt);
    process.once('SIGTERM', interrupt);
    try {
      const { runs } = await measure({ ...SMALL, keys, threads, arrivals: { type: 'closed', clients, outstanding }, seconds }, techniques, progress, abort.signal, (technique) => ({ history: null, trace: { directory: join(directory, technique), level } }));
      progress.end();
      for (const { technique, commands, verdict } of runs) console.log(`${directory}/${technique}: ${commands} commands, ${verdict}`);
      if (runs.some(({ verdict }) => verdict !== 'ok')) process.exitCode = 1;
    } catch (error) {
      progress.end();
      if (!abort.signal.aborted) throw error;
      console.error('psmr: interrupted; all processes are ended');
      process.exitCode = 130;
    } finally {
      process.removeListener('SIGINT', interrupt);
      process.removeListener('SIGTERM', interrupt);
    }
  });

/** A tree whose leaves are soon full, and barriers as in the paper: much happens in little time. */
const SMALL = {
  replicas: 2,
  acceptors: 3,
  warmup: 0,
  cooldown: 0,
  workload: { mix: { read: 40, update: 10, insert: 25, delete: 25, scan: 0 }, keys: { type: 'uniform' }, span: 8 },
  capacity: 16,
  fill: 0.7,
  lambda: 10_000,
  delta: 5,
  m: 1,
  batchBytes: 8192,
  coordinators: 'one',
  storage: 'disk',
  seed: 1,
  commandsPerBarrier: 'batch',
} as const;

export const traceCommand = new Command('trace')
  .description('traces of real runs: record, check, show')
  .addCommand(recordCommand)
  .addCommand(checkCommand)
  .addCommand(showCommand);
