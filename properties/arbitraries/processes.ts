/**
 * Real processes: `psmr` as it was built, with files, sockets and signals. Whatever a test leaves behind is ended by `tidy`.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { local, type Config, type Local } from '../../src/adapter/config.js';
import type { Tracing } from '../../src/adapter/trace-files.js';
import { freePorts } from '../../src/measure/cluster.js';

const CLI = resolve(import.meta.dirname, '../../dist/src/cli.js');

export type Ended = { readonly status: number | null; readonly signal: NodeJS.Signals | null; readonly stdout: string; readonly stderr: string };

export type Running = {
  readonly pid: number;
  /** What it has said so far on stderr. */
  readonly stderr: () => string;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** The same to its whole process group, as a terminal does it. */
  readonly killGroup: (signal: NodeJS.Signals) => void;
  readonly ended: Promise<Ended>;
  /** In the environment of this process and of all that come from it. */
  readonly mark: string;
};

export type Surroundings = { readonly input?: string; readonly env?: Readonly<Record<string, string>> };

const children = new Map<ChildProcess, Promise<Ended>>();
const folders: string[] = [];
let marks = 0;

/** A new folder, removed by `tidy`. */
export const newFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'opt-psmr-properties-'));
  folders.push(folder);
  return folder;
};

/** Starts `psmr` with these arguments, in a process group of its own. */
export const start = (args: readonly string[], { input = '', env = {} }: Surroundings = {}): Running => {
  const mark = `PSMR_PROPERTY=${process.pid}.${(marks += 1)}.`;
  const [name, value] = mark.split('=') as [string, string];
  const child = spawn(process.execPath, [CLI, ...args], { detached: true, env: { ...process.env, NO_COLOR: '1', ...env, [name]: value } });
  const said = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.stderr += text));
  child.stdin.on('error', () => undefined).end(input);
  const ended = new Promise<Ended>((done, fail) => {
    child.once('error', fail);
    child.once('close', (status, signal) => {
      children.delete(child);
      done({ status, signal, ...said });
    });
  });
  children.set(child, ended);
  return {
    pid: child.pid!,
    stderr: () => said.stderr,
    kill: (signal) => void child.kill(signal),
    killGroup: (signal) => process.kill(-child.pid!, signal),
    ended,
    mark,
  };
};

/** Runs `psmr` with these arguments to its end. */
export const psmr = (args: readonly string[], surroundings?: Surroundings): Promise<Ended> => start(args, surroundings).ended;

/** A process that was started and all that come from it, by pid, with their command lines. As far as the system tells. */
export const familyOf = ({ mark }: Running): ReadonlyMap<number, string> =>
  new Map(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((pid) => contentOf(`/proc/${pid}/environ`).includes(mark))
      .map((pid) => [Number(pid), contentOf(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim()]),
  );

const contentOf = (file: string): string => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // it has ended meanwhile, or is not ours
  }
};

/** The nodes of a cluster, each a process. */
export type Nodes = {
  readonly config: Config;
  readonly file: string;
  /** Where all of them write down what they do. */
  readonly trace: Tracing | null;
  /** Resolves when the process listens. */
  readonly start: (...ids: readonly string[]) => Promise<unknown>;
  /** Kills processes where they stand, all at once. */
  readonly crash: (...ids: readonly string[]) => Promise<unknown>;
  /** What the process with this id has logged since it was started last. */
  readonly log: (id: string) => string;
  /** A one-shot command of `psmr client`. */
  readonly call: (...words: readonly string[]) => Promise<Ended>;
};

/** A cluster of three acceptors and two replicas that listen. */
export const newCluster = async (given: Omit<Local, 'acceptors' | 'replicas' | 'ports'>, trace: Tracing | null = null): Promise<Nodes> => {
  const traced = trace === null ? [] : ['--trace', trace.directory, '--trace-level', trace.level];
  const folder = newFolder();
  const config = local({ data: join(folder, 'data'), ...given, acceptors: 3, replicas: 2, ports: await freePorts(5) });
  const file = join(folder, 'cluster.json');
  writeFileSync(file, JSON.stringify(config));
  const running = new Map<string, Running>();

  const startOne = async (id: string): Promise<void> => {
    const node = start(['node', '--config', file, '--id', id, ...traced]);
    running.set(id, node);
    await until(() => node.stderr().includes(' listens on '), () => `${id} does not listen: ${node.stderr()}`);
  };
  const crashOne = async (id: string): Promise<void> => {
    running.get(id)?.kill('SIGKILL');
    await running.get(id)?.ended;
  };
  const nodes: Nodes = {
    config,
    file,
    trace,
    start: (...ids) => Promise.all(ids.map(startOne)),
    crash: (...ids) => Promise.all(ids.map(crashOne)),
    log: (id) => running.get(id)?.stderr() ?? '',
    call: (...words) => psmr(['client', '--config', file, ...traced, ...words]),
  };
  await nodes.start(...config.processes.map(({ id }) => id));
  return nodes;
};

/** Waits until something holds; fails with what `complaint` says if it does not within half a minute. */
export const until = async (holds: () => boolean, complaint: () => string): Promise<void> => {
  for (const end = Date.now() + 30_000; !holds(); await pause(10)) if (Date.now() > end) throw new Error(complaint());
};

export const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

/** Ends every process that a test has left, and removes its folders. */
export const tidy = async (): Promise<void> => {
  for (const child of children.keys()) child.kill('SIGKILL');
  await Promise.all(children.values());
  folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true }));
};
