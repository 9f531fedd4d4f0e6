/**
 * Fitting measured costs to a whole run: steps that are measured one by one leave out what lies between them (collection,
 * the event loop, caches that others use as well). What each part of a real run spent on a command says how much that is.
 */
import type { Cost, Costs, Curve, Fit } from '../simulated/costs.js';
import type { Run } from '../result.js';

type Parts = Pick<Fit, 'client' | 'order' | 'replica'>;
type Factors = Parts & Pick<Fit, 'rise'>;

const ONE: Factors = { client: 1, order: 1, replica: 1, rise: 1 };

/** Rounds of multiplying until model and run agree: what is not fitted, system calls above all, takes a few. */
const ROUNDS = 6;

/** Costs with those of each part multiplied. System calls are what they are. */
export const scaled = (costs: Costs, { client, order, replica, rise }: Factors): Costs => {
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
    system: { ...costs.system, rise: costs.system.rise * rise },
  };
};

/** What a run tells of its costs. */
type Spending = Pick<Run, 'cpu' | 'throughput'>;

/** Core microseconds that each part of a run spent on a command. */
export const spentIn = ({ cpu, throughput }: Spending): Parts => {
  const of = (name: string): number => {
    const cores = Object.entries(cpu).filter(([process]) => process.startsWith(name));
    return (cores.reduce((sum, [, used]) => sum + used, 0) * 1000) / throughput;
  };
  return { client: of('client'), order: of('acceptor'), replica: of('replica') };
};

/** A load: so many commands in flight that all is busy, or so few that all mostly sleep. */
export type Load = 'full' | 'light';

/**
 * The costs under which `simulate` spends what the `real` runs have spent: each part under the full load, all of them
 * together under the light one, where getting up is most of it. `said` is what else there is to know of these.
 */
export const fitted = (costs: Costs, real: Readonly<Record<Load, Spending>>, said: Omit<Fit, keyof Factors>, simulate: (costs: Costs, load: Load) => Spending): Costs => {
  const wanted = { full: spentIn(real.full), light: spentIn(real.light) };
  let factors = ONE;
  for (let round = 0; round < ROUNDS; round += 1) {
    const full = spentIn(simulate(scaled(costs, factors), 'full'));
    const of = (part: keyof Parts): number => factors[part] * correction(wanted.full[part], full[part]);
    factors = { ...factors, client: of('client'), order: of('order'), replica: of('replica') };
    const light = spentIn(simulate(scaled(costs, factors), 'light'));
    factors = { ...factors, rise: factors.rise * correction(sumOf(wanted.light), sumOf(light)) };
  }
  return { ...scaled(costs, factors), fit: { ...factors, ...said } };
};

const sumOf = ({ client, order, replica }: Parts): number => client + order + replica;

/** By what to multiply: not all at once, as parts wait for each other. */
const correction = (wanted: number, spent: number): number => (spent === 0 ? 1 : Math.min(4, Math.max(0.25, wanted / spent)));
