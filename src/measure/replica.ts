/**
 * A replica alone: its threads, fed from a recorded decided log as fast as they take it, with no network, no client and no
 * consensus. What it gives is what execution alone can give under a technique.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { clusterOf, local, serviceOf } from '../adapter/config.js';
import { startCrew, type Crew } from '../adapter/tcp/crew.js';
import { ringsOf } from '../node.js';
import { DIGEST_KIND, encodeCommand, replyAt } from '../record.js';
import { decodeDigest } from '../replica/worker.js';
import type { Digest } from '../service/service.js';
import { keySpaceOf } from './draws.js';
import { byGroup, chunksOf, decider, DIGEST_SESSION, heard, nameOf, toAll, type Decided, type Sent } from './recording.js';
import { NAMES, type Technique, type Verdict } from './result.js';
import type { Workload } from './workload.js';

/** What is asked of a replica. */
export type Task = {
  readonly keys: number;
  readonly commands: number;
  readonly workload: Workload;
  readonly capacity: number;
  readonly fill: number;
  readonly batchBytes: number;
  readonly commandsPerBarrier: number | 'batch';
  readonly seed: number;
};

/** What it did. */
export type Execution = {
  readonly technique: Technique;
  readonly threads: number;
  /** Kcps of commands answered for good, over the part of the log that counts: of the run in the middle, as all that follows. */
  readonly throughput: number;
  /** The same of every run over the log. */
  readonly throughputs: readonly number[];
  /** How many times as fast as SMR, if SMR ran. */
  readonly speedUp: number | undefined;
  /** Cores in use, of all threads together, and processor time for each command, microseconds. */
  readonly cores: number;
  readonly microseconds: number;
  readonly failedRatio: number;
  readonly digest: string;
  /** `ok` where the tree is the one that all others have come to. */
  readonly verdict: Verdict;
};

/** The first part of the log is for the compiler, and the last for threads that end one after the other. */
const COUNTED = { from: 0.3, to: 0.95 } as const;

/** How long threads may say nothing, ms. */
const PATIENCE = 60_000;

/** Runs one technique after the other over the same commands, `repeats` times each. `tell` hears how far it is. */
export const measureReplica = async (
  task: Task,
  plan: readonly { readonly technique: Technique; readonly threads: number }[],
  repeats: number,
  tell: (words: string) => void,
): Promise<readonly Execution[]> => {
  const done: Omit<Execution, 'speedUp' | 'verdict'>[] = [];
  const digests = new Set<string>();
  for (const { technique, threads } of plan) {
    const name = `${NAMES[technique]}, ${threads} thread${threads === 1 ? '' : 's'}`;
    const log = await record(task, technique, threads, (part) => tell(`${name} · recording the log ${Math.floor(100 * part)} %`));
    const runs: Ran[] = [];
    for (let run = 1; run <= repeats; run += 1) {
      tell(`${name} · executing${repeats === 1 ? '' : `, run ${run} of ${repeats}`}`);
      runs.push(await execute(task, technique, threads, log));
    }
    for (const { digest } of runs) digests.add(digest);
    const middle = [...runs].sort((a, b) => a.throughput - b.throughput)[Math.floor((runs.length - 1) / 2)]!;
    done.push({ technique, threads, ...middle, throughputs: runs.map(({ throughput }) => throughput) });
  }
  const smr = done.find(({ technique }) => technique === 'smr');
  const verdict = digests.size > 1 ? 'diverged' : plan.length * repeats === 1 ? 'unknown' : 'ok';
  return done.map((one) => ({
    ...one,
    speedUp: smr && one.throughput / smr.throughput,
    verdict,
  }));
};

/** The log, and how many of its commands failed their check once. */
type Log = { readonly decided: readonly Decided[]; readonly commands: number; readonly failed: number };

const configOf = (task: Task, technique: Technique, threads: number) =>
  local({
    technique,
    threads,
    acceptors: 1,
    replicas: 1,
    ports: [1, 2], // of nobody: nothing listens
    service: { keySpace: keySpaceOf(task.keys), keys: task.keys, capacity: task.capacity, fill: task.fill },
    commandsPerBarrier: task.commandsPerBarrier,
  });

/** The place of the replica among the processes. */
const REPLICA = 1;

/** Executes every chunk once, to see what fails: it comes again before the next chunk does. */
const record = async (task: Task, technique: Technique, threads: number, tell: (part: number) => void): Promise<Log> => {
  const config = configOf(task, technique, threads);
  const cluster = clusterOf(config);
  const { decide } = decider(ringsOf(cluster), task.batchBytes);
  const decided: Decided[] = [];
  const answers = listener();
  const crew = startCrew(config, REPLICA, 0, answers.watcher);
  let commands = 0;
  let failures = 0;
  const feed = async (more: readonly Decided[], expected: number): Promise<readonly string[]> => {
    decided.push(...more);
    more.forEach(({ group, value }) => crew.feed(group, value));
    crew.wake();
    return answers.until(expected, crew);
  };
  try {
    for (const chunk of chunksOf({ keys: task.keys, workload: task.workload, seed: task.seed }, task.commands, cluster, serviceOf(config).service)) {
      const failed = await feed(decide(byGroup(chunk)), chunk.length);
      const again = resubmitted(chunk, failed);
      if (again.length > 0) await feed(decide(toAll(again)), again.length);
      commands += chunk.length;
      failures += again.length;
      tell(commands / task.commands);
    }
    decided.push(...decide(toAll([digestCommand()])));
  } finally {
    await crew.close();
  }
  return { decided, commands, failed: failures };
};

const resubmitted = (chunk: readonly Sent[], failed: readonly string[]): readonly Uint8Array[] => {
  const names = new Set(failed);
  return chunk.flatMap(({ record: first, again }) => (names.has(nameOf(first)) ? [again] : []));
};

const digestCommand = (): Uint8Array => encodeCommand({ kind: DIGEST_KIND, attempt: 0, session: DIGEST_SESSION, sequence: 1, floor: 1, payload: new Uint8Array() });

/** One run over the log. */
type Ran = Pick<Execution, 'throughput' | 'cores' | 'microseconds' | 'failedRatio' | 'digest'>;

const execute = async (task: Task, technique: Technique, threads: number, log: Log): Promise<Ran> => {
  const answers = listener();
  const crew = startCrew(configOf(task, technique, threads), REPLICA, 0, answers.watcher);
  try {
    log.decided.forEach(({ group, value }) => crew.feed(group, value));
    crew.wake();
    const total = log.commands + log.failed + 1;
    const from = await answers.at(Math.floor(COUNTED.from * total), crew);
    const to = await answers.at(Math.floor(COUNTED.to * total), crew);
    await answers.at(total, crew);
    const seconds = (to.now - from.now) / 1000;
    // A failed attempt is work, and no answer: what it costs shows in the throughput of those that are answered.
    const commands = ((to.count - from.count) * log.commands) / (log.commands + log.failed);
    const { entries, high, low } = answers.digest();
    return {
      throughput: commands / seconds / 1000,
      cores: (to.cpu - from.cpu) / 1e6 / seconds,
      microseconds: (to.cpu - from.cpu) / commands,
      failedRatio: log.failed / log.commands,
      digest: `${entries} entries, ${high.toString(16).padStart(8, '0')}${low.toString(16).padStart(8, '0')}`,
    };
  } finally {
    await crew.close();
  }
};

/** When so many replies were there, and what had been used of the processor by then, microseconds. */
type Instant = { readonly count: number; readonly now: number; readonly cpu: number };

/** Hears the replies of a crew. */
const listener = () => {
  let count = 0;
  let awaited = 0;
  let failed: string[] = [];
  let refused = 0;
  let digest: Digest | undefined;
  let failure: Error | undefined;
  const wait = async (isDone: () => boolean, crew: Crew): Promise<void> => {
    for (let [seen, since] = [count, performance.now()]; !isDone(); ) {
      crew.flush();
      await sleep(1);
      if (failure !== undefined) throw failure;
      if (refused > 0) throw new Error(`the replica refused ${refused} commands of the log`);
      if (count > seen) [seen, since] = [count, performance.now()];
      if (performance.now() - since > PATIENCE) throw new Error(`the replica has said nothing for ${PATIENCE / 1000} s, after ${count} replies`);
    }
  };
  return {
    watcher: {
      onReplies: (replies: Uint8Array): void => {
        const told = heard(replies);
        count += told.count;
        failed.push(...told.failed);
        refused += told.refused;
        // Executed last, yet perhaps heard before what other threads answered: each speaks through a port of its own.
        if (told.digestAt !== undefined) digest = decodeDigest(replyAt(replies, told.digestAt).payload);
      },
      onFailure: (error: Error): void => void (failure = error),
      trace: undefined,
    },
    /** Until there are so many replies more than were waited for before; the names of the commands that failed. */
    until: async (expected: number, crew: Crew): Promise<readonly string[]> => {
      awaited += expected;
      await wait(() => count >= awaited, crew);
      const names = failed;
      failed = [];
      return names;
    },
    at: async (total: number, crew: Crew): Promise<Instant> => {
      await wait(() => count >= total, crew);
      const { user, system } = process.cpuUsage();
      return { count, now: performance.now(), cpu: user + system };
    },
    digest: (): Digest => {
      if (digest === undefined) throw new Error('the replica has given no digest');
      return digest;
    },
  };
};
