/** What every command of `psmr measure` that starts clusters may be told of them, and how it listens to Ctrl-C. */
import { Option, type Command } from '@commander-js/extra-typings';
import { constants } from 'node:os';
import { prepare } from '../measure/experiment.js';
import { reporter, type Durations, type Reporter } from '../measure/progress.js';
import type { Experiment } from '../measure/result.js';
import { natural, oneOf, quantity } from './options.js';

const COORDINATORS = ['one', 'spread'] as const;

/** A command that takes the options of a cluster, which may keep its votes in any of `storages`: the first if nothing is said. */
export const withCluster = <Args extends unknown[], Opts extends Record<string, unknown>>(
  command: Command<Args, Opts>,
  storages: readonly [Experiment['storage'], ...Experiment['storage'][]] = ['disk', 'memory'],
): Command<Args, Opts & Pick<Experiment, ClusterField>> =>
  (command as Command<Args>)
    .option('--capacity <n>', 'entries of a node of the tree', natural(4, 4096), 64)
    .option('--fill <part>', 'how full the nodes are at the start', quantity(0.5, 1), 0.7)
    .option('--lambda <n>', 'virtual slots a second that a ring keeps up with', natural(1, 10_000_000), 10_000)
    .option('--delta <ms>', 'how often an idle ring is levelled', natural(1, 1000), 5)
    .option('--m <n>', 'virtual slots that the merge takes from a ring in one turn', natural(1, 10_000), 1)
    .option('--batch-bytes <n>', 'bytes at which a batch is proposed without waiting', natural(64, 1_048_576), 65_536)
    .option('--commands-per-barrier <n>', 'commands of g_all under one barrier: a number, or batch', (word): number | 'batch' => (word === 'batch' ? word : natural(1)(word)), 'batch' as const)
    .addOption(new Option('--coordinators <who>', 'one acceptor coordinates all rings, or they are spread: one, spread').argParser(oneOf(COORDINATORS)).default('one' as const))
    .addOption(new Option('--storage <where>', `where acceptors keep their votes: ${storages.join(', ')}`).argParser(oneOf(storages)).default(storages[0]))
    .option('--seed <n>', 'of the commands', natural(0, 2 ** 31 - 1), 1) as unknown as Command<Args, Opts & Pick<Experiment, ClusterField>>; // spelt out: inferred, it would take the compiler minutes

type ClusterField = 'capacity' | 'fill' | 'lambda' | 'delta' | 'm' | 'batchBytes' | 'commandsPerBarrier' | 'coordinators' | 'storage' | 'seed';

/** What those options say of an experiment. */
export const clusterOf = (options: Pick<Experiment, ClusterField>): Pick<Experiment, ClusterField | 'replicas' | 'acceptors'> => {
  const { capacity, fill, lambda, delta, m, batchBytes, commandsPerBarrier, coordinators, storage, seed } = options;
  return { capacity, fill, lambda, delta, m, batchBytes, commandsPerBarrier, coordinators, storage, seed, replicas: 2, acceptors: 3 };
};

/** The measured time of a run, and what is cut off at both ends: as in the paper, or quicker. */
export const cutOf = (asked: { readonly seconds?: number | undefined; readonly cut?: number | undefined }, isQuick: boolean): Pick<Experiment, 'seconds' | 'warmup' | 'cooldown'> => {
  const seconds = asked.seconds ?? (isQuick ? 6 : 60);
  const cut = asked.cut ?? (isQuick ? 1 : 5);
  if (2 * cut >= seconds) throw new Error(`--cut ${cut}: nothing is left of ${seconds} s`);
  return { seconds: seconds - 2 * cut, warmup: cut, cooldown: cut };
};

/** Progress on stderr, or none. */
export const progressOf = (runs: readonly string[], expected: Durations, isSilent: boolean): Reporter =>
  reporter({
    runs,
    expected,
    mode: isSilent ? 'none' : process.stderr.isTTY ? 'line' : 'lines',
    columns: process.stderr.isTTY ? process.stderr.columns : 80,
    now: () => performance.now(),
    write: (text) => void process.stderr.write(text),
  });

/** Runs until it is done, or is told to stop by a signal: then no process is left, and the exit status says so. */
export const interruptibly = async (progress: Reporter, run: (signal: AbortSignal) => Promise<void>, onInterrupt: string): Promise<void> => {
  const abort = new AbortController();
  const interrupt = (signal: NodeJS.Signals): void => abort.abort(signal);
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  try {
    await run(abort.signal);
  } catch (error) {
    progress.end();
    if (!abort.signal.aborted) throw error;
    console.error(`psmr: interrupted; ${onInterrupt}`);
    process.exitCode = 128 + constants.signals[abort.signal.reason as NodeJS.Signals];
  } finally {
    process.removeListener('SIGINT', interrupt);
    process.removeListener('SIGTERM', interrupt);
  }
};

/** A result that could not be written is better known of before the measurement than after it. */
export const makeOut = (directory: string): void => {
  try {
    prepare(directory);
  } catch (error) {
    throw new Error(`--out ${directory}: ${(error as Error).message}`);
  }
};
