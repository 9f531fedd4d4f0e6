/** How cost grows: one quantity after another varies, each alone, from a base that all have in common. Pure. */
import type { Experiment } from './result.js';
import { WINDOW } from './saturation.js';

export type Quantity = 'keys' | 'in-flight' | 'clients' | 'batch-bytes' | 'threads' | 'replicas' | 'acceptors';

/** Where a point stands: one number for each quantity. */
export type Setting = Readonly<Record<Quantity, number>>;

export type About = {
  readonly title: string;
  /** What an axis says, whose numbers are of so many each. */
  readonly axis: string;
  readonly unit: number;
  readonly least: number;
  readonly most: number;
  readonly full: readonly number[];
  readonly quick: readonly number[];
  readonly of: (experiment: Experiment) => number;
  readonly with: (experiment: Experiment, value: number) => Experiment;
  /** Whether the value goes with the rest of the experiment. */
  readonly fits: (experiment: Experiment, value: number) => boolean;
};

/** A quantity that is a field by itself: any value goes with the rest. */
const field = (name: 'keys' | 'batchBytes' | 'threads' | 'replicas' | 'acceptors'): Pick<About, 'of' | 'with' | 'fits'> => ({
  of: (experiment) => experiment[name],
  with: (experiment, value) => ({ ...experiment, [name]: value }),
  fits: () => true,
});

const inFlightOf = ({ arrivals }: Experiment): number => (arrivals.type === 'closed' ? arrivals.clients * arrivals.outstanding : 0);

/** So many commands in flight, shared by so many sessions: each must be able to keep the same number, or the other quantity would vary as well. */
const isShared = (inFlight: number, clients: number): boolean => inFlight % clients === 0 && inFlight / clients <= WINDOW;

const shared = (experiment: Experiment, inFlight: number, clients: number): Experiment => ({ ...experiment, arrivals: { type: 'closed', clients, outstanding: inFlight / clients } });

export const QUANTITIES: Readonly<Record<Quantity, About>> = {
  keys: {
    title: 'Keys in the tree',
    axis: 'thousand keys',
    unit: 1000,
    least: 16,
    most: 100_000_000,
    full: [10_000, 100_000, 1_000_000, 10_000_000],
    quick: [10_000, 100_000, 1_000_000],
    ...field('keys'),
  },
  'in-flight': {
    title: 'Commands in flight',
    axis: 'commands',
    unit: 1,
    least: 1,
    most: 819_200,
    full: [64, 512, 2048, 8192, 32_768],
    quick: [64, 512, 4096],
    of: inFlightOf,
    with: (experiment, inFlight) => shared(experiment, inFlight, experiment.arrivals.clients),
    fits: ({ arrivals }, inFlight) => isShared(inFlight, arrivals.clients),
  },
  clients: {
    title: 'Clients',
    axis: 'sessions',
    unit: 1,
    least: 1,
    most: 200,
    full: [2, 4, 16, 64],
    quick: [4, 16],
    of: ({ arrivals }) => arrivals.clients,
    with: (experiment, clients) => shared(experiment, inFlightOf(experiment), clients),
    fits: (experiment, clients) => isShared(inFlightOf(experiment), clients),
  },
  'batch-bytes': {
    title: 'Size of a batch',
    axis: 'KiB',
    unit: 1024,
    least: 64,
    most: 1_048_576,
    full: [1024, 4096, 16_384, 65_536, 262_144],
    quick: [4096, 65_536],
    ...field('batchBytes'),
  },
  threads: {
    title: 'Threads, and with them rings',
    axis: 'threads; a ring each and one',
    unit: 1,
    least: 1,
    most: 64,
    full: [1, 2, 4, 8],
    quick: [1, 2, 4],
    ...field('threads'),
  },
  replicas: {
    title: 'Replicas',
    axis: 'replicas',
    unit: 1,
    least: 1,
    most: 16,
    full: [1, 2, 3],
    quick: [1, 2, 3],
    ...field('replicas'),
  },
  acceptors: {
    title: 'Acceptors',
    axis: 'acceptors of each ring',
    unit: 1,
    least: 1,
    most: 15,
    full: [1, 3, 5],
    quick: [1, 3, 5],
    ...field('acceptors'),
  },
};

export const QUANTITY_NAMES = Object.keys(QUANTITIES) as readonly Quantity[];

export const settingOf = (experiment: Experiment): Setting => Object.fromEntries(QUANTITY_NAMES.map((quantity) => [quantity, QUANTITIES[quantity].of(experiment)])) as Setting;

/**
 * What points that vary in one quantity each have in common: of every quantity the value that most have, or the first of
 * those that as many have. `undefined` of none.
 */
export const baseOf = (settings: readonly Setting[]): Setting | undefined => {
  if (settings.length === 0) return undefined;
  const commonest = (quantity: Quantity): number => {
    const counts = new Map<number, number>();
    for (const { [quantity]: value } of settings) counts.set(value, (counts.get(value) ?? 0) + 1);
    return [...counts].reduce((best, other) => (other[1] > best[1] ? other : best))[0];
  };
  return Object.fromEntries(QUANTITY_NAMES.map((quantity) => [quantity, commonest(quantity)])) as Setting;
};

/** Whether nothing but this quantity may be another than that of the base. */
export const isAlong = (quantity: Quantity, base: Setting, setting: Setting): boolean => QUANTITY_NAMES.every((other) => other === quantity || setting[other] === base[other]);

/** `1,000,000 keys, 8,192 in flight, ...`, but for one quantity. */
export const saySetting = (setting: Setting, except?: Quantity): readonly string[] => QUANTITY_NAMES.filter((quantity) => quantity !== except).map((quantity) => sayValue(quantity, setting[quantity]));

/** `1,000,000 keys` */
export const sayValue = (quantity: Quantity, value: number): string => {
  switch (quantity) {
    case 'keys':
      return `${grouped(value)} keys`;
    case 'in-flight':
      return `${grouped(value)} in flight`;
    case 'batch-bytes':
      return `batches of ${grouped(value)} bytes`;
    case 'clients':
    case 'threads':
    case 'replicas':
    case 'acceptors':
      return counted(value, quantity.slice(0, -1));
  }
};

const grouped = (n: number): string => n.toLocaleString('en');
const counted = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
