/** Makes the runs of a plan that a directory does not have yet, one file each: what `psmr measure failed-commands` and so on do. */
import { join } from 'node:path';
import { expectedOf, measureOne, type Listener } from './experiment.js';
import { machine, versions } from './machine.js';
import type { Plan, Planned } from './plan.js';
import { POINT, writePoint, type Point, type Probe } from './point.js';
import type { Reporter } from './progress.js';
import { UNITS, type Experiment, type Run, type Technique } from './result.js';
import { saturate, sessionsFor, WINDOW } from './saturation.js';
import type { Arrivals } from './workload.js';

/** Loads to be tried, commands in flight, and how long each, s. */
export const PROBES = { least: 128, most: 65_536, warmup: 2, seconds: 3 } as const;

/** What may come of a run, however slow its machine: longer than this, and many times what was expected, it hangs, s. */
export const PATIENCE = { least: 300, times: 4 } as const;

/** A run that there is no point of, and why. */
export type Failure = { readonly name: string; readonly reason: string };

/**
 * Makes the runs one after the other, and writes each when it is done. A run that cannot go on is told, no process of it is
 * left, and the next begins: resolves with those. Rejects only if `signal` says to stop.
 */
export const makeRuns = async (
  plan: Plan,
  left: readonly Planned[],
  done: readonly Point[],
  directory: string,
  progress: Reporter,
  signal: AbortSignal,
  { onPoint, onFailure }: { readonly onPoint: (point: Point, file: string) => void; readonly onFailure: (failure: Failure) => void },
): Promise<readonly Failure[]> => {
  const found = [...done];
  const failures: Failure[] = [];
  for (const run of left) {
    try {
      const point = await makeRun(plan, run, found, progress, signal);
      const file = join(directory, run.file);
      writePoint(file, point);
      found.push(point);
      onPoint(point, file);
    } catch (error) {
      signal.throwIfAborted();
      const failure = { name: run.name, reason: error instanceof Error ? error.message : String(error) };
      failures.push(failure);
      onFailure(failure);
    }
  }
  return failures;
};

const makeRun = async (plan: Plan, run: Planned, found: readonly Point[], progress: Reporter, signal: AbortSignal): Promise<Point> => {
  const load = plan.isSought ? (loadOf(found, run) ?? (await seek(run, progress, signal))) : { arrivals: run.parameters.arrivals, probes: [] };
  const parameters: Experiment = { ...run.parameters, arrivals: load.arrivals };
  const listener: Listener = { enter: (stage) => progress.enter(run.name, stage), update: progress.update };
  return {
    format: POINT,
    kind: 'measured',
    experiment: plan.experiment,
    step: run.step,
    repeat: run.repeat,
    versions: versions(),
    machine: machine(),
    parameters,
    units: UNITS,
    probes: load.probes,
    model: null,
    run: await patiently(parameters, run.technique, listener, signal),
  };
};

/** A run that hangs is ended: its processes would take the cores of those that follow. */
const patiently = async (parameters: Experiment, technique: Technique, listener: Listener, signal: AbortSignal): Promise<Run> => {
  const seconds = Math.max(PATIENCE.least, PATIENCE.times * Object.values(expectedOf(parameters)).reduce((sum, one) => sum + one, 0));
  const patience = AbortSignal.timeout(1000 * seconds);
  try {
    return await measureOne(parameters, technique, listener, AbortSignal.any([signal, patience]));
  } catch (error) {
    if (patience.aborted) throw new Error(`was not done after ${seconds.toFixed(0)} s`, { cause: error });
    throw error;
  }
};

type Load = { readonly arrivals: Arrivals; readonly probes: readonly Probe[] };

/** The load that was found for the same place before: all repeated runs have the same. */
const loadOf = (points: readonly Point[], { technique, parameters }: Planned): Load | undefined => {
  const same = points.find(
    ({ run, parameters: { threads, workload } }) =>
      run.technique === technique && threads === parameters.threads && JSON.stringify(workload) === JSON.stringify(parameters.workload),
  );
  return same && { arrivals: same.parameters.arrivals, probes: same.probes };
};

/** The load that saturates, by short runs of the same. */
const seek = async ({ name, technique, parameters }: Planned, progress: Reporter, signal: AbortSignal): Promise<Load> => {
  const { clients } = parameters.arrivals;
  progress.enter(name, 'probe');
  const said: string[] = [];
  const { inFlight, probes } = await saturate(PROBES.least, Math.min(PROBES.most, clients * WINDOW), async (tried) => {
    const quiet: Listener = { enter: () => undefined, update: () => progress.update(undefined, [...said, `trying ${tried} in flight`].join(', ')) };
    const short = { ...parameters, warmup: PROBES.warmup, seconds: PROBES.seconds, cooldown: 0, arrivals: closed(tried, clients) };
    const { throughput } = await patiently(short, technique, quiet, signal);
    said.push(`${tried} in flight: ${throughput.toFixed(0)} Kcps`);
    return throughput;
  });
  return { arrivals: closed(inFlight, clients), probes };
};

export const closed = (inFlight: number, clients: number): Arrivals => ({ type: 'closed', ...sessionsFor(inFlight, clients) });

/** Seconds that it is likely to take to find a load: four probes, a cluster each. */
export const expectedProbing = ({ keys }: Experiment): number => 4 * (PROBES.warmup + PROBES.seconds + 3 + keys / 2_500_000);
