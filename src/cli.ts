#!/usr/bin/env node
/** psmr: the command line. Each command is a file of its own in `cli/`. */
import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings';
import { checkHistoryCommand } from './cli/check-history.js';
import { clientCommand } from './cli/client.js';
import { convertHistoryCommand } from './cli/convert-history.js';
import { exploreCommand } from './cli/explore.js';
import { measureCommand } from './cli/measure.js';
import { nodeCommand } from './cli/node.js';
import { simulateCommand } from './cli/simulate.js';
import { traceCommand } from './cli/trace.js';
import { UNREADABLE } from './cli/unreadable.js';
import { walkCommand } from './cli/walk.js';
import { packageVersion } from './measure/machine.js';

const program = new Command('psmr')
  .description('Parallel state-machine replication: SMR, P-SMR and opt-PSMR, checked and on a real network')
  .version(packageVersion())
  .enablePositionalOptions() // so that a command of a command has options of its own
  .addHelpText(
    'after',
    `
Examples:
  psmr measure --quick                                compare the three techniques on this machine
  psmr simulate --seed 7                              one run under faults, told as a numbered story
  psmr explore ring                                   every state of three acceptors and a takeover
  psmr check-history --explain history.edn            whether what clients saw is linearizable
  psmr node --config cluster.json --id a1             one process of a real cluster
  psmr client --config cluster.json insert 42 7       one command, or a prompt without one`,
  )
  .addCommand(measureCommand)
  .addCommand(nodeCommand)
  .addCommand(clientCommand)
  .addCommand(simulateCommand)
  .addCommand(exploreCommand)
  .addCommand(walkCommand)
  .addCommand(checkHistoryCommand)
  .addCommand(convertHistoryCommand)
  .addCommand(traceCommand);

/** Whatever goes wrong is one line; what is wrong with the command line says where to read on. */
const complain = (command: CommandUnknownOpts): unknown =>
  command.configureOutput({
    outputError: (text, write) => {
      const name = [command.parent?.parent?.name(), command.parent?.name(), command.name()].join(' ').trim();
      write(`psmr: ${text.replace(/^error: /, '').trim().replaceAll('\n', ' ')} (try ${name} --help)\n`);
    },
  });
[program, ...program.commands, ...program.commands.flatMap(({ commands }) => commands)].forEach(complain);

let lost: NodeJS.ErrnoException | null = null;
// What nobody can read is not worth going on for.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  lost = error;
  process.exit();
});
process.on('exit', () => {
  // A command may end before it is told.
  const flaw: NodeJS.ErrnoException | null = lost ?? process.stdout.errored;
  if (flaw === null) return;
  process.exitCode = UNREADABLE;
  // Who reads no further, as head does, knows that.
  if (flaw.code !== 'EPIPE') console.error(`psmr: the standard output cannot be written: ${flaw.message}`);
});

program.parseAsync().catch((error: unknown) => {
  console.error(`psmr: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
