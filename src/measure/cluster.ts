/** A cluster of real processes on this machine: started together, and ended together whatever happens. */
import * as E from 'fp-ts/lib/Either.js';
import { fork, type ChildProcess } from 'node:child_process';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Config } from '../adapter/config.js';
import type { Tracing } from '../adapter/trace-files.js';
import { hearTold, type Job, type Told } from './control.js';

/** A process of the measurement and what it tells. */
type Child = { readonly name: string; readonly process: ChildProcess };

export type Cluster = {
  /** Process ids by name: acceptor-1, replica-1, client and so on. */
  readonly pids: () => Readonly<Record<string, number>>;
  /** Starts the client process with its job, and resolves with what it tells last. Rejects as soon as any process ends. */
  readonly run: (job: Job, onTold: (told: Told) => void) => Promise<Extract<Told, { type: 'Done' }>['report']>;
  /** Ends all processes, and resolves when they are gone. */
  readonly close: () => Promise<void>;
};

const CLI = fileURLToPath(new URL('../cli.js', import.meta.url));
const CLIENT = fileURLToPath(new URL('./client.js', import.meta.url));

/** What a process that lives on messages asks of V8: a small young generation, collected often (decision 0029). */
const HEAP = '--max-semi-space-size=1';

/** How long a process may take to end when asked, ms. */
const GRACE = 3000;

/** Ports of the loopback interface that nobody listens on. */
export const freePorts = async (count: number): Promise<readonly number[]> => {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer();
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
};

/** Starts every process of the configuration in `file`; resolves when all are ready. Rejects, with none left, if one is not, or if `signal` says so before. */
export const startCluster = async (config: Config, file: string, trace: Tracing | null = null, signal?: AbortSignal): Promise<Cluster> => {
  const traced = trace === null ? [] : ['--trace', trace.directory, '--trace-level', trace.level];
  const children: Child[] = [];
  let isClosing = false;
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => (fail = reject));
  failed.catch(() => undefined); // whoever waits for something hears of it

  const spawn = (name: string, module: string, args: readonly string[], onTold: (told: Told) => void): ChildProcess => {
    const child = fork(module, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'], execArgv: [...process.execArgv, HEAP] });
    children.push({ name, process: child });
    const said: string[] = [];
    child.stderr?.setEncoding('utf8').on('data', (text: string) => said.splice(0, Math.max(0, said.push(...text.trim().split('\n')) - 3)));
    child.on('message', (message) => {
      const told = hearTold(message);
      if (E.isLeft(told)) fail(new Error(`${name}: said what nobody understands: ${told.left}`));
      else if (told.right.type === 'Broken') fail(new Error(`${name}: ${told.right.reason}`));
      else onTold(told.right);
    });
    child.on('exit', (code, signal) => {
      const how = signal === null ? [`with status ${code}`, ...said.slice(-1)].join(': ') : `by ${signal}`;
      if (!isClosing) fail(new Error(`${name} (pid ${child.pid}) ended ${how}`));
    });
    child.on('error', fail);
    return child;
  };

  const close = async (): Promise<void> => {
    isClosing = true;
    fail(new Error('the cluster was closed'));
    await Promise.all(children.map(({ process: child }) => end(child)));
  };

  const abort = (): void => fail(new Error('the cluster was not to start'));
  signal?.addEventListener('abort', abort);
  const counts = { acceptor: 0, replica: 0 };
  const ready = config.processes.map(
    ({ id, role }) =>
      new Promise<void>((resolve) => {
        counts[role] += 1;
        spawn(`${role}-${counts[role]}`, CLI, ['node', '--config', file, '--id', id, ...traced], (told) => told.type === 'Ready' && resolve());
      }),
  );
  try {
    await Promise.race([Promise.all(ready), failed]);
  } catch (error) {
    await close();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
  }

  return {
    pids: () => Object.fromEntries(children.flatMap(({ name, process: { pid } }) => (pid === undefined ? [] : [[name, pid]]))),
    run: (job, onTold) =>
      Promise.race([
        failed,
        new Promise<Extract<Told, { type: 'Done' }>['report']>((resolve) => {
          const child = spawn('client', CLIENT, [], (told) => (told.type === 'Done' ? resolve(told.report) : onTold(told)));
          child.send(job);
        }),
      ]),
    close,
  };
};

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), GRACE);
  await gone;
  clearTimeout(timer);
};
