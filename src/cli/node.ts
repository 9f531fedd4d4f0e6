/** psmr node: one process of a real cluster. */
import { Command } from '@commander-js/extra-typings';
import * as E from 'fp-ts/lib/Either.js';
import { read } from '../adapter/config.js';
import { logger } from '../adapter/log.js';
import { serve } from '../adapter/tcp/serve.js';

export const nodeCommand = new Command('node')
  .description('run one process of a cluster: an acceptor of every ring, or a replica with its worker threads')
  .requiredOption('--config <file>', 'the cluster, as JSON')
  .requiredOption('--id <id>', 'which of its processes to be')
  .action(async ({ config: file, id }) => {
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
    const server = await serve(config.right, id, { log, onFailure: (error) => end(1, error.message) });
    process.once('SIGTERM', () => end(0));
    process.once('SIGINT', () => end(130));
    // Whoever started this process as a child has gone.
    process.once('disconnect', () => end(1));
    process.send?.({ type: 'Ready' });
  });
