/** The same workload under one technique after another: what `psmr measure` does. */
import { mkdirSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { local, type Config } from '../adapter/config.js';
import type { Tracing } from '../adapter/trace-files.js';
import { sayGroup } from '../multicast/groups.js';
import { ringsOf, type Cluster } from '../node.js';
import { isScheduled, isSequential, type Technique } from '../replica/techniques.js';
import { evenly } from '../service/b-plus-tree/index.js';
import { freePorts, startCluster } from './cluster.js';
import type { Told } from './control.js';
import { coresBetween, memoryOf, sampleCpu, type CpuSample } from './cpu.js';
import { machine, versions } from './machine.js';
import type { Durations, Reporter, Stage } from './progress.js';
import { FORMAT, NAMES, UNITS, verdictOf, type Experiment, type Result, type Run } from './result.js';
import { keySpaceOf } from './draws.js';
import { WINDOW } from './saturation.js';

/** Seconds that each stage of a run is likely to take. */
export const expectedOf = ({ keys, warmup, seconds, cooldown }: Pick<Experiment, 'keys' | 'warmup' | 'seconds' | 'cooldown'>): Durations => ({
  probe: 0,
  start: 1.5 + keys / 5_000_000,
  load: 0.5 + keys / 10_000_000,
  'warm up': warmup,
  measure: seconds,
  'cool down': cooldown,
  judge: 1 + keys / 10_000_000,
});

/** What a run leaves behind beside its result: what happened to the audited keys, and what every machine did. */
export type Keeping = { readonly history: string | null; readonly trace: Tracing | null };

/** Runs every technique in turn, each on a cluster of its own. Rejects, with no process left, when one cannot go on. */
export const measure = async (
  experiment: Experiment,
  techniques: readonly Technique[],
  progress: Reporter,
  signal: AbortSignal,
  keepingOf: (technique: Technique) => Keeping = () => ({ history: null, trace: null }),
): Promise<Result> => {
  const runs: Run[] = [];
  for (const technique of techniques) {
    const listener = { enter: (stage: Stage) => progress.enter(NAMES[technique], stage), update: progress.update };
    runs.push(await measureOne(experiment, technique, listener, signal, keepingOf(technique)));
  }
  return { format: FORMAT, versions: versions(), machine: machine(), parameters: experiment, units: UNITS, runs };
};

/** Who hears how far a run is. */
export type Listener = { readonly enter: (stage: Stage) => void; readonly update: Reporter['update'] };

/** Runs one technique on a cluster of its own. */
export const measureOne = async (
  experiment: Experiment,
  technique: Technique,
  progress: Listener,
  signal: AbortSignal,
  keeping: Keeping = { history: null, trace: null },
): Promise<Run> => {
  progress.enter('start');
  const directory = mkdtempSync(join(tmpdir(), 'opt-psmr-'));
  const ticking = setInterval(() => progress.update(), 200);
  try {
    const { keys, threads, acceptors, replicas } = experiment;
    const config = configFor(experiment, technique, await freePorts(acceptors + replicas), join(directory, 'data'));
    const file = join(directory, 'cluster.json');
    writeFileSync(file, JSON.stringify(config));

    const cluster = await startCluster(config, file, keeping.trace, signal);
    const abort = (): void => void cluster.close();
    signal.addEventListener('abort', abort);
    try {
      signal.throwIfAborted();
      let before: CpuSample | undefined;
      let cpu: Run['cpu'] = {};
      let memory: Run['memory'] = {};
      const hear = (told: Told): void => {
        switch (told.type) {
          case 'Stage':
            progress.enter(told.stage);
            if (told.stage === 'measure') before = sampleCpu(cluster.pids(), performance.now());
            if (told.stage === 'cool down' && before !== undefined) {
              cpu = coresBetween(before, sampleCpu(cluster.pids(), performance.now()));
              memory = memoryOf(cluster.pids());
            }
            break;
          case 'Note':
            progress.update(told.finished, told.note);
            break;
          case 'Ready':
          case 'Done':
          case 'Broken':
            break;
        }
      };
      const { workload, arrivals, seed, warmup, seconds, cooldown } = experiment;
      const bounds = evenly(keySpaceOf(keys), threads).lowerBounds;
      const report = await cluster.run({ config: file, keys, workload, seed, arrivals, bounds, warmup, seconds, cooldown, ...keeping }, hear);
      return {
        technique,
        throughput: report.commands / report.seconds / 1000,
        failedRatio: report.commands === 0 ? 0 : report.failed / report.commands,
        latency: report.latency.all,
        passed: report.latency.passed,
        failed: report.latency.failed,
        histogram: report.histogram,
        series: report.series,
        sent: report.sent,
        received: report.received,
        commands: report.commands,
        cpu,
        memory,
        verdict: verdictOf(report.judgements),
        judgements: report.judgements,
      };
    } finally {
      signal.removeEventListener('abort', abort);
      await cluster.close();
    }
  } finally {
    clearInterval(ticking);
    rmSync(directory, { recursive: true, force: true });
  }
};

/** The cluster of an experiment under one technique, on this machine. */
export const configFor = (experiment: Experiment, technique: Technique, ports: readonly number[], data: string): Config => {
  const { keys, threads: most, acceptors, replicas, coordinators, storage, capacity, fill, lambda, delta, m, batchBytes, commandsPerBarrier } = experiment;
  const threads = isSequential(technique) ? 1 : most;
  return local({
    technique,
    threads,
    acceptors,
    replicas,
    ports,
    storage,
    data,
    service: { name: 'b-plus-tree', keySpace: keySpaceOf(keys), keys, capacity, fill, minimum: 'one' },
    ring: { ...RING, batchBytes },
    skip: { lambda, delta, origin: Date.now() },
    m: isScheduled(technique) ? 1 : m,
    sessions: { sessions: SESSIONS, window: WINDOW },
    commandsPerBarrier,
    rings: coordinators === 'spread' ? {} : coordinatedBy('a1', { technique, threads }),
  });
};

/** What passes along the ring for all groups then shares its frames, its system calls and its disk syncs. */
const coordinatedBy = (coordinator: string, cluster: Pick<Cluster, 'technique' | 'threads'>): Config['rings'] =>
  Object.fromEntries(ringsOf(cluster).map((group) => [sayGroup(group), { coordinator }]));

/** Clients that replicas remember: enough for as many as a measurement may have. */
const SESSIONS = 256;

/** What a loaded machine with few cores can keep up with: nobody is suspected for being slow. */
const RING = { backlogBytes: 16 * 2 ** 20, window: 64, heartbeat: 100, suspectAfter: 3000, resendAfter: 1000, askAfter: 100, askFor: 256 };

/** Makes the directory that a measurement is to leave its results in. Throws if it can't be, or can't be written to. */
export const prepare = (directory: string): void => {
  mkdirSync(directory, { recursive: true });
  rmdirSync(mkdtempSync(join(directory, '.writable-')));
};
