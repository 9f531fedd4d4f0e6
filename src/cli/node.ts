/** psmr node: one process of a real cluster. */
import { Command } from '@commander-js/extra-typings';
import * as E from 'fp-ts/lib/Either.js';
import { read } from '../adapter/config.js';
import { logger } from '../adapter/log.js';
import { serve } from '../adapter/tcp/serve.js';
import { traceLevelOption, traceOption } from './options.js';

const EXAMPLE = `{
  "name": "example",
  "technique": "opt-psmr",
  "threads": 2,
  "processes": [
    { "id": "a1", "role": "acceptor", "host": "127.0.0.1", "port": 7001 },
    { "id": "a2", "role": "acceptor", "host": "127.0.0.1", "port": 7002 },
    { "id": "a3", "role": "acceptor", "host": "127.0.0.1", "port": 7003 },
    { "id": "r1", "role": "replica", "host": "127.0.0.1", "port": 7011 },
    { "id": "r2", "role": "replica", "host": "127.0.0.1", "port": 7012 }
  ],
  "service": { "name": "b-plus-tree", "keySpace": 200000, "keys": 100000 },
  "skip": { "origin": 1700000000000 }
}`;

export const nodeCommand = new Command('node')
  .description('run one process of a cluster: an acceptor of every ring, or a replica with its worker threads')
  .requiredOption('--config <file>', 'the cluster, as JSON')
  .requiredOption('--id <id>', 'which of its processes to be')
  .addOption(traceOption)
  .addOption(traceLevelOption)
  .addHelpText(
    'after',
    `
A cluster is one file, the same for all of its processes. This is one; what it leaves out is filled in:

${EXAMPLE}

Keys are 0 to keySpace - 1, and the tree holds at first so many even ones. \`origin\` is when the cluster was made, in ms
since 1970. Acceptors keep their votes in data/ID beside the file: a process that has crashed is started again just so.

Examples:
  psmr node --config cluster.json --id a1      one process; it runs until SIGINT or SIGTERM, and logs to stderr
  for id in a1 a2 a3 r1 r2; do psmr node --config cluster.json --id $id & done`,
  )
  .action(async ({ config: file, id, trace: directory, traceLevel: level }) => {
    const config = read(file);
    if (E.isLeft(config)) throw new Error(config.left);
    const log = logger(id);
    const end = (status: number, why?: string): void => {
      if (why !== undefined) log.error(why);
      process.exitCode = status;
      // A process that cannot end in good order ends all the same.
      setTimeout(() => process.exit(status), 1000).unref();
      void server.close().then(() => process.exit(status));
    };
    const server = await serve(config.right, id, { trace: directory === undefined ? undefined : { directory, level }, log, onFailure: (error) => end(1, error.message) });
    process.once('SIGTERM', () => end(0));
    process.once('SIGINT', () => end(130));
    // Whoever started this process as a child has gone.
    process.once('disconnect', () => end(1));
    process.send?.({ type: 'Ready' });
  });
