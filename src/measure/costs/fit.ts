/**
 * Fitting measured costs to a whole run: steps that are measured one by one leave out what lies between them (collection,
 * the event loop, caches that others use as well). What each part of a real run spent on a command says how much that is.
 */
import type { Cost, Costs, Curve, Fit } from '../simulated/costs.js';
import type { Run } from '../result.js';

type Factors = Pick<Fit, 'client' | 'order' | 'replica'>;

const ONE: Factors = { client: 1, order: 1, replica: 1 };

/** Rounds of multiplying until model and run agree: what is not fitted, system calls above all, takes a few. */
const ROUNDS = 6;

/** Costs with those of each part multiplied. System calls are what they are. */
export const scaled = (costs: Costs, { client, order, replica }: Factors): Costs => {
  const times = ({ each, command }: Cost, factor: number): Cost => ({ each: each * factor, command: command * factor });
  const curve = (points: Curve, factor: number): Curve => points.map(({ at, cost }) => ({ at, cost: cost * factor }));
  return {
    ...costs,
    client: { submit: times(costs.client.submit, client), replies: times(costs.client.replies, client) },
    order: { submit: times(costs.order.submit, order), value: times(costs.order.value, order), message: costs.order.message * order },
    replica: { feed: times(costs.replica.feed, replica), reply: times(costs.replica.reply, replica) },
    thread: {
      merge: times(costs.thread.merge, replica),
      answer: costs.thread.answer * replica,
      pass: costs.thread.pass * replica,
      read: curve(costs.thread.read, replica),
      write: curve(costs.thread.write, replica),
    },
    scheduler: times(costs.scheduler, replica),
  };
};

/** Core microseconds that each part of a run spent on a command. */
export const spentIn = ({ cpu, throughput }: Pick<Run, 'cpu' | 'throughput'>): Factors => {
  const of = (name: string): number => {
    const cores = Object.entries(cpu).filter(([process]) => process.startsWith(name));
    return (cores.reduce((sum, [, used]) => sum + used, 0) * 1000) / throughput;
  };
  return { client: of('client'), order: of('acceptor'), replica: of('replica') };
};

/** The costs under which `simulate` spends what `real` has spent. `said` is what else there is to know of that run. */
export const fitted = (costs: Costs, real: Pick<Run, 'cpu' | 'throughput'>, said: Omit<Fit, keyof Factors>, simulate: (costs: Costs) => Pick<Run, 'cpu' | 'throughput'>): Costs => {
  const wanted = spentIn(real);
  let factors = ONE;
  for (let round = 0; round < ROUNDS; round += 1) {
    const spent = spentIn(simulate(scaled(costs, factors)));
    const corrected = (part: keyof Factors): number => (spent[part] === 0 ? factors[part] : factors[part] * Math.min(4, Math.max(0.25, wanted[part] / spent[part])));
    factors = { client: corrected('client'), order: corrected('order'), replica: corrected('replica') };
  }
  return { ...scaled(costs, factors), fit: { ...factors, ...said } };
};

