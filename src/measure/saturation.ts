/** How much load it takes to get all that a cluster can give: found by doubling what is in flight until that is no use. */
import type { Probe } from './point.js';

/** Twice the load for less than this part more is not worth it: latency only grows. */
export const WORTH = 0.05;

export type Saturation = {
  /** The least load within `WORTH` of the best. */
  readonly inFlight: number;
  readonly probes: readonly Probe[];
};

/** Doubles from `least` up to `most` commands in flight, while it helps. `probe` gives the throughput under a load, Kcps. */
export const saturate = async (least: number, most: number, probe: (inFlight: number) => Promise<number>): Promise<Saturation> => {
  const probes: Probe[] = [];
  let best = 0;
  for (let inFlight = least; inFlight <= most; inFlight *= 2) {
    const throughput = await probe(inFlight);
    probes.push({ inFlight, throughput });
    const isWorth = throughput > best * (1 + WORTH);
    best = Math.max(best, throughput);
    if (!isWorth) break;
  }
  return { inFlight: probes.find(({ throughput }) => throughput * (1 + WORTH) >= best)?.inFlight ?? least, probes };
};

/** Commands that a session may have in flight: what replicas of a measurement remember of each. */
export const WINDOW = 4096;

/** So many commands in flight over some sessions: each keeps the same number, rounded up. */
export const sessionsFor = (inFlight: number, clients: number): { readonly clients: number; readonly outstanding: number } => {
  const used = Math.min(clients, inFlight);
  return { clients: used, outstanding: Math.ceil(inFlight / used) };
};
