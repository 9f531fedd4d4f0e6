/**
 * Fitting measured costs to whole runs of SMR: steps that are measured one by one leave out what lies between them (collection,
 * the event loop, caches that others use as well). What each part of a real run spent on a command says how much that is.
 */
import type { Cost, Costs, Curve, Fit } from '../simulated/costs.js';
import type { Run } from '../result.js';
import { meanOf } from '../statistics.js';

type Parts = Pick<Fit, 'client' | 'order' | 'replica'>;
type Factors = Parts & Pick<Fit, 'note' | 'write' | 'rise'>;

const ONE: Factors = { client: 1, order: 1, replica: 1, note: 1, write: 1, rise: 1 };

/** Rounds of multiplying until model and runs agree: what is not fitted, system calls above all, takes a few. */
const ROUNDS = 9;
/** The first of these go the whole way; as simulations are short, and what they say strays by some percents, the others go half of it. */
const BOLD = 4;

/** Costs with those of each part multiplied. System calls are what they are. */
export const scaled = (costs: Costs, { client, order, replica, note, write, rise }: Factors): Costs => {
  const times = ({ each, command }: Cost, factor: number): Cost => ({ each: each * factor, command: command * factor });
  const apart = ({ each, command }: Cost): Cost => ({ each: each * client, command: command * order });
  const curve = (points: Curve, factor: number): Curve => points.map(({ at, cost }) => ({ at, cost: cost * factor }));
  return {
    ...costs,
    client: { submit: times(costs.client.submit, client), replies: times(costs.client.replies, client), write: costs.client.write * note },
    order: { submit: apart(costs.order.submit), value: apart(costs.order.value), message: costs.order.message * client },
    replica: { feed: times(costs.replica.feed, replica), reply: times(costs.replica.reply, replica) },
    thread: {
      merge: times(costs.thread.merge, replica),
      answer: costs.thread.answer * replica,
      pass: costs.thread.pass * replica,
      read: curve(costs.thread.read, replica),
      write: curve(costs.thread.write, write),
      check: costs.thread.check * write,
    },
    scheduler: times(costs.scheduler, replica),
    system: { ...costs.system, rise: costs.system.rise * rise },
  };
};

/** What a run tells of its costs. */
export type Spending = Pick<Run, 'cpu' | 'throughput'>;

/** Core microseconds that each part of a run spent on a command. */
export const spentIn = ({ cpu, throughput }: Spending): Parts => {
  const of = (name: string): number => {
    const cores = Object.entries(cpu).filter(([process]) => process.startsWith(name));
    return (cores.reduce((sum, [, used]) => sum + used, 0) * 1000) / throughput;
  };
  return { client: of('client'), order: of('acceptor'), replica: of('replica') };
};

/** From which part of its cores on a machine is taken to be all at work. */
const SATURATED = 0.9;

/** The same run with all of a machine that is all at work charged to it: interrupts, and whoever looks on, take from the commands as well. */
export const chargedWhole = <R extends Spending>(run: R, cores: number): R => {
  const used = Object.values(run.cpu).reduce((sum, one) => sum + one, 0);
  if (used < SATURATED * cores || used > cores) return run;
  return { ...run, cpu: Object.fromEntries(Object.entries(run.cpu).map(([process, one]) => [process, (one * cores) / used])) };
};

/** What a run of which `share` percent of the commands write has spent. */
export type Seen = { readonly share: number; readonly spent: Parts };

/**
 * What is spent at the least and at the most share of writes: on the lines through all that was seen, as a machine is not
 * as fast in one minute as in the next. `undefined` if there is but one share.
 */
export const endsOf = (seen: readonly Seen[]): Readonly<Record<'reads' | 'writes', Seen>> | undefined => {
  const shares = seen.map(({ share }) => share);
  const [least, most] = [Math.min(...shares), Math.max(...shares)];
  if (!(least < most)) return undefined;
  const mean = meanOf(shares);
  const spread = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0);
  const at = (where: number): Parts => {
    const on = (part: keyof Parts): number => {
      const slope = seen.reduce((sum, { share, spent }) => sum + (share - mean) * spent[part], 0) / spread;
      return Math.max(0, meanOf(seen.map(({ spent }) => spent[part])) + slope * (where - mean));
    };
    return { client: on('client'), order: on('order'), replica: on('replica') };
  };
  return { reads: { share: least, spent: at(least) }, writes: { share: most, spent: at(most) } };
};

/** A load: so many commands in flight that all is busy, with few writes or with many; or so few that all mostly sleep. */
export type Load = 'reads' | 'writes' | 'light';

/**
 * The costs under which `simulate` spends what the `real` runs have spent: each part under the full loads, the commands
 * that write by themselves; all of them together under the light one, where getting up is most of it. `said` is what else
 * there is to know of these.
 */
export const fitted = (costs: Costs, wanted: Readonly<Record<Load, Parts>>, said: Omit<Fit, keyof Factors>, simulate: (costs: Costs, load: Load) => Spending): Costs => {
  let factors = ONE;
  for (let round = 0; round < ROUNDS; round += 1) {
    const spending = (load: Load): Parts => spentIn(simulate(scaled(costs, factors), load));
    const reads = spending('reads');
    const step = round < BOLD ? 1 : 0.5;
    const by = (part: keyof Parts): number => correction(wanted.reads[part], reads[part]) ** step;
    factors = { ...factors, client: factors.client * by('client'), replica: factors.replica * by('replica') };
    const writes = spending('writes');
    const more = (part: keyof Parts): number => correction(wanted.writes[part], writes[part]) ** (2 * step);
    factors = {
      ...factors,
      // Ordering knows nothing of what it orders.
      order: factors.order * correction(wanted.reads.order + wanted.writes.order, reads.order + writes.order) ** step,
      // A write itself is about half of what is spent on it.
      note: factors.note * more('client'),
      write: factors.write * more('replica'),
    };
    factors = { ...factors, rise: factors.rise * correction(sumOf(wanted.light), sumOf(spending('light'))) ** step };
  }
  return { ...scaled(costs, factors), fit: { ...factors, ...said } };
};

const sumOf = ({ client, order, replica }: Parts): number => client + order + replica;

/** By what to multiply: not all at once, as parts wait for each other. */
const correction = (wanted: number, spent: number): number => (spent === 0 ? 1 : Math.min(4, Math.max(0.25, wanted / spent)));
