/**
 * A lock on a directory: one process at a time. It is a socket with an abstract name, which the system lets go of with the
 * process however that ends, so that no lock outlives a crash. Only Linux has such names; elsewhere nothing is locked.
 */
import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { createServer } from 'node:net';

export type Lock = { readonly release: () => Promise<void> };

/** Locks a directory that is there. Rejects if another holds it, naming it. */
export const lock = async (directory: string): Promise<Lock> => {
  if (process.platform !== 'linux') return { release: () => Promise.resolve() };
  const digest = createHash('sha256').update(await realpath(directory)).digest('hex');
  const server = createServer((socket) => socket.destroy()).unref();
  await new Promise<void>((succeed, fail) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      fail(new Error(error.code === 'EADDRINUSE' ? `${directory} is in use by another process` : `cannot lock ${directory}: ${error.message}`)),
    );
    server.listen(`\0opt-psmr ${digest}`, succeed);
  });
  return { release: () => new Promise((done) => server.close(() => done())) };
};
