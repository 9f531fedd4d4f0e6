/** psmr measure replica: what execution alone gives, without network, clients and consensus. */
import { Command, Option } from '@commander-js/extra-typings';
import { availableParallelism } from 'node:os';
import { writeWhole } from '../measure/files.js';
import { machine, versions } from '../measure/machine.js';
import { measureReplica } from '../measure/replica.js';
import { executionsTable, takesColour } from '../measure/table.js';
import { dependent } from '../measure/workload.js';
import { isSequential, TECHNIQUES } from '../replica/techniques.js';
import { natural, quantity, someOf } from './options.js';
import { ticker } from './ticker.js';

export const replicaCommand = new Command('replica')
  .description('a replica alone, fed from a recorded decided log as fast as it takes it: what execution gives under each technique')
  .option('--quick', '1,000,000 keys, 400,000 commands')
  .option('--keys <n>', 'keys in the tree before the first command (10,000,000)', natural(16, 100_000_000))
  .option('--commands <n>', 'commands in the log (2,000,000)', natural(1000, 100_000_000))
  .option('--dependent <percent>', 'commands that insert or delete, half of each; the others read', quantity(0, 100), 50)
  .addOption(new Option('--techniques <list>', 'which, in this order').argParser(someOf(TECHNIQUES)).default(TECHNIQUES, TECHNIQUES.join()))
  .option('--points <list>', 'threads of a replica; SMR and pipelined SMR have one (2, 4 and 8, as far as there are cores)', (list) => list.split(',').map(natural(2, 64)))
  .option('--capacity <n>', 'entries of a node of the tree', natural(4, 4096), 64)
  .option('--fill <part>', 'how full the nodes are at the start', quantity(0.5, 1), 0.7)
  .option('--batch-bytes <n>', 'bytes of a batch', natural(64, 1_048_576), 65_536)
  .option('--commands-per-barrier <n>', 'commands of g_all under one barrier: a number, or batch', (word): number | 'batch' => (word === 'batch' ? word : natural(1)(word)), 'batch' as const)
  .option('--seed <n>', 'of the commands', natural(0, 2 ** 31 - 1), 1)
  .option('--repeat <n>', 'runs over the log, for medians and confidence', natural(1, 100), 1)
  .option('--out <file>', 'write the result there, too, as JSON')
  .option('--json', 'print the result as JSON instead of the table, and no progress')
  .addHelpText(
    'after',
    `
The log is recorded first: the same commands for every technique, each in the group that its client would choose, and
what fails its check once more for all threads. Then a new replica executes it, with a scheduler where the technique has
one. No two commands have the same key, so
that every technique must come to the same tree: the verdict compares their digests, and the exit status is 0 only if it
is ok. The first 30 % and the last 5 % of the log are not timed.

Examples:
  psmr measure replica --quick
  psmr measure replica --repeat 5
  psmr measure replica --dependent 100 --points 2`,
  )
  .action(async (options) => {
    const isQuick = options.quick === true;
    const isJson = options.json === true;
    const { techniques, capacity, fill, batchBytes, commandsPerBarrier, seed } = options;
    const keys = options.keys ?? (isQuick ? 1_000_000 : 10_000_000);
    const commands = options.commands ?? (isQuick ? 400_000 : 2_000_000);
    if (commands > keys) throw new Error(`--commands ${commands}: expected no more than --keys, ${keys}: every command has a key of its own`);
    const points = options.points ?? [2, 4, 8].filter((threads) => threads === 2 || threads <= availableParallelism());
    const plan = techniques.flatMap((technique) => (isSequential(technique) ? [1] : points).map((threads) => ({ technique, threads })));
    const progress = ticker(isJson);
    const parameters = { keys, commands, workload: dependent(options.dependent), capacity, fill, batchBytes, commandsPerBarrier, seed };
    const executions = await measureReplica(parameters, plan, options.repeat, (words) => progress.tell(() => words));
    progress.end();
    const result = { format: 'opt-psmr/replica/1', versions: versions(), machine: machine(), parameters, executions };
    const json = JSON.stringify(result, null, 2);
    if (options.out !== undefined) writeWhole(options.out, `${json}\n`);
    console.log(isJson ? json : executionsTable(executions, takesColour(process.stdout, process.env)));
    if (executions.some(({ verdict }) => verdict !== 'ok')) process.exitCode = 1;
  });
