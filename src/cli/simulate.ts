/** psmr simulate: one run of a whole cluster in virtual time, under faults, told as a numbered story. */
import { Command, Option } from '@commander-js/extra-typings';
import { createHash } from 'node:crypto';
import { linesOf, saveLines } from '../adapter/history/save.js';
import { demonstrated, demonstration } from '../adapter/simulated/demonstration.js';
import { operationsIn } from '../adapter/simulated/history.js';
import { simulate } from '../adapter/simulated/world.js';
import { TECHNIQUES } from '../replica/techniques.js';
import { natural, oneOf, quantity } from './options.js';

export const simulateCommand = new Command('simulate')
  .description('one run of a cluster in virtual time, under faults, told as a numbered story: the same seed, the same run')
  .requiredOption('--seed <n>', 'everything follows from it', natural(0, 2 ** 31 - 1))
  .addOption(new Option('--technique <name>', TECHNIQUES.join(', ')).argParser(oneOf(TECHNIQUES)).default('opt-psmr' as const))
  .option('--threads <n>', 'worker threads of a replica', natural(1, 8), 2)
  .option('--commands <n>', 'commands of each of two clients', natural(1, 1000), 12)
  .option('--loss <p>', 'chance that a message is lost', quantity(0, 0.5), 0.02)
  .option('--duplication <p>', 'chance that a message is doubled', quantity(0, 0.5), 0.05)
  .option('--crashes <n>', 'processes that crash and come back', natural(0, 10), 1)
  .option('--history <file>', 'write what clients saw, for psmr check-history to judge')
  .option('--digest', 'print nothing but the digest of the run')
  .option('--json', 'print the run as JSON: what every process did, and what clients saw')
  .addHelpText(
    'after',
    `
Times are milliseconds of virtual time. The exit status is 0 only if all clients were answered.

Examples:
  psmr simulate --seed 7                                    the story, and what was seen on the way
  psmr simulate --seed 7 --technique smr --crashes 0        another technique, and nobody crashes
  psmr simulate --seed 7 --history seed7.ndjson             what clients saw, in a file
  psmr simulate --seed 7 --digest                           the same digest on every machine`,
  )
  .action(async ({ seed, technique, threads, commands, loss, duplication, crashes, history, digest, json }) => {
    const isTold = digest !== true && json !== true;
    let lines = 0;
    const tell = (time: number, line: string): void => {
      lines += 1;
      if (isTold) console.log(`${String(lines).padStart(5)}  ${time.toFixed(1).padStart(8)} ms  ${line}`);
    };
    const world = demonstration({ seed, technique, threads, commands, loss, duplication, crashes });
    const ran = simulate({ ...world, tell });
    if (history !== undefined) await saveLines(history, linesOf(demonstrated, operationsIn(world.service.codec, ran.history)));
    const text = JSON.stringify(ran, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    const fingerprint = createHash('sha256').update(text).digest('hex');
    if (digest === true) return console.log(fingerprint);
    if (json === true) return console.log(text);
    console.log(`\n${ran.isQuiet ? 'All clients were answered' : 'Not all clients were answered'} after ${Math.round(ran.ended)} ms of virtual time and ${ran.events} events. On the way:`);
    for (const [sight, count] of Object.entries(ran.sights).sort()) console.log(`  ${String(count).padStart(6)}  ${sight}`);
    for (const { replica, digest: state } of ran.replica.standing) console.log(`${replica}: ${state}`);
    console.log(`digest of the run: ${fingerprint}`);
    if (!ran.isQuiet) process.exitCode = 1;
  });
