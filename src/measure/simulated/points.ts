/** Points of an experiment in simulated time: what `laboratory.ts` makes on real processes, in the same form. */
import { closed } from '../laboratory.js';
import { machine, versions } from '../machine.js';
import type { Planned, Bench as Setup } from '../plan.js';
import { POINT, type ExperimentName, type Point, type Probe } from '../point.js';
import type { Reporter } from '../progress.js';
import { UNITS } from '../result.js';
import { saturate } from '../saturation.js';
import type { Costs } from './costs.js';
import { simulateRun, type Bench } from './simulate.js';

/** Commands in flight with which the search for the load that saturates begins, and the most of each client. */
const LEAST = 1024;
const MOST = 16_384;

/** Seconds of simulated time of a run in that search. */
const BRIEF = { warmup: 0.05, seconds: 0.05 } as const;

/** What a point says of where it was made: costs of one machine, cores of another. */
export const setupOf = (costs: Costs, { cores, place }: Bench): Setup => ({
  kind: 'simulated',
  machine: { cpu: costs.machine, cores, memoryGiB: machine().memoryGiB },
  versions: versions(),
  model: { place, ...flat(costs, '') },
});

/** A planned run in simulated time, under the load that saturates where that is to be sought. */
export const simulatePoint = async (experiment: ExperimentName, isSought: boolean, { name, technique, step, repeat, parameters }: Planned, costs: Costs, bench: Bench, progress: Pick<Reporter, 'enter' | 'update'>): Promise<Point> => {
  const { clients } = parameters.arrivals;
  let arrivals = parameters.arrivals;
  let probes: readonly Probe[] = [];
  if (isSought) {
    progress.enter(name, 'probe');
    const found = await saturate(LEAST, Math.max(LEAST, clients * MOST), (inFlight) => {
      const tell = (): void => progress.update(undefined, `trying ${inFlight} in flight`);
      return Promise.resolve(simulateRun({ ...parameters, ...BRIEF, arrivals: closed(inFlight, clients) }, technique, costs, bench, tell).throughput);
    });
    arrivals = closed(found.inFlight, clients);
    ({ probes } = found);
  }
  progress.enter(name, 'measure');
  const asked = { ...parameters, arrivals };
  const run = simulateRun(asked, technique, costs, bench, (finished) => progress.update(finished));
  return { format: POINT, experiment, step, repeat, parameters: asked, units: UNITS, probes, ...setupOf(costs, bench), run };
};

/** Every cost by its name: `thread.read[2].cost`. */
const flat = (value: unknown, path: string): Readonly<Record<string, number | string>> => {
  if (typeof value === 'number' || typeof value === 'string') return { [path]: value };
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(Object.entries(value).flatMap(([key, inner]) => Object.entries(flat(inner, Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`))));
};
