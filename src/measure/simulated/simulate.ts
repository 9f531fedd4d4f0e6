/** Runs of an experiment in simulated time: what `measure` does on real processes, told in the same words. */
import { clusterOf, serviceOf } from '../../adapter/config.js';
import type { Technique } from '../../replica/techniques.js';
import { commandsOf } from '../draws.js';
import { configFor } from '../experiment.js';
import { histogram } from '../histogram.js';
import { verdictOf, type Experiment, type Judgement, type Run } from '../result.js';
import type { Costs } from './costs.js';
import { simulateLoad, type Outcome, type Setting } from './run.js';

/** Where it runs: cores of each machine, and whether all processes share one. */
export type Bench = Pick<Setting<unknown, unknown>, 'cores' | 'place'>;

/** Commands that only read: their kind. */
const READ = 1;

const SECOND = 1_000_000;

/** One run. Its arrivals must be closed: each session is a client process of its own, or, where all share a machine, all are one. */
export const simulateRun = (experiment: Experiment, technique: Technique, costs: Costs, { cores, place }: Bench, tell?: (finished: number) => void): Run => {
  const { keys, workload, seed, arrivals, acceptors, replicas, warmup, seconds } = experiment;
  if (arrivals.type === 'open') throw new RangeError('arrivals: only closed ones are simulated');
  const config = configFor(experiment, technique, Array.from({ length: acceptors + replicas }, (_, i) => i + 1), 'data');
  // Machines count virtual time from 0.
  const cluster = clusterOf({ ...config, skip: { ...config.skip, origin: 0 } });
  const { service, create, load } = serviceOf(config);
  const isOne = place === 'together';
  const outcome = simulateLoad(
    {
      cluster,
      costs,
      service,
      newEngine: () => create(load).engine,
      isRead: (kind) => kind === READ,
      keys,
      clients: isOne ? 1 : arrivals.clients,
      drawOf: (client) => commandsOf({ keys, workload, seed }, client),
      outstanding: isOne ? arrivals.clients * arrivals.outstanding : arrivals.outstanding,
      cores,
      place,
      warmup: warmup * SECOND,
      duration: seconds * SECOND,
    },
    tell,
  );
  return runOf(technique, seconds, outcome);
};

const runOf = (technique: Technique, seconds: number, outcome: Outcome): Run => {
  const { commands, failed, passedLatencies, failedLatencies, cpu, series, digests, sent, received } = outcome;
  const [all, passed, resubmitted] = [histogram(), histogram(), histogram()];
  for (const latency of passedLatencies) {
    all.record(latency);
    passed.record(latency);
  }
  for (const latency of failedLatencies) {
    all.record(latency);
    resubmitted.record(latency);
  }
  const judgements = [agreement(digests)];
  return {
    technique,
    throughput: commands / seconds / 1000,
    failedRatio: commands === 0 ? 0 : failed / commands,
    latency: all.summary(),
    passed: passed.summary(),
    failed: resubmitted.summary(),
    histogram: all.encoded(),
    series,
    sent,
    received,
    commands,
    cpu: withCrews(cpu),
    memory: {},
    verdict: verdictOf(judgements),
    judgements,
  };
};

/** A replica's crew is part of its process. */
const withCrews = (cpu: Readonly<Record<string, number>>): Readonly<Record<string, number>> =>
  Object.fromEntries(Object.entries(cpu).filter(([name]) => !name.startsWith('crew')).map(([name, cores]) => [name, cores + (cpu[name.replace('replica', 'crew')] ?? 0) * Number(name.startsWith('replica'))]));

const agreement = (digests: Outcome['digests']): Judgement => {
  const said = digests.map(({ entries, high, low }) => `${entries} entries, digest ${[high, low].map((word) => word.toString(16).padStart(8, '0')).join('')}`);
  const isSame = new Set(said).size === 1;
  return { judge: 'replicas agree', verdict: isSame ? 'ok' : 'diverged', detail: isSame ? `${digests.length} replicas: ${said[0]}` : said.join('; ') };
};
