/**
 * What is asked of a cluster in a measurement: how often each kind of command, of which keys, and how fast they arrive.
 */
import * as t from 'io-ts';
import { tagged } from '../adapter/fields.js';
import { natural, quantity } from './quantities.js';

/** How often each kind of command is drawn, in percent. The five add up to 100. */
export type Mix = {
  readonly read: number;
  readonly update: number;
  readonly insert: number;
  readonly delete: number;
  readonly scan: number;
};

export const Mix: t.Type<Mix, unknown> = t.strict({
  read: quantity,
  update: quantity,
  insert: quantity,
  delete: quantity,
  scan: quantity,
});

/**
 * Which keys are drawn. Keys are chosen by rank: how ranks lie in the key space is told in `draws.ts`, so that popular keys are
 * not neighbours.
 */
export type Distribution =
  | { readonly type: 'uniform' }
  /** The key of rank r as often as 1 / r^exponent, for an exponent between 0 and 1: 0.99 in YCSB. */
  | { readonly type: 'zipf'; readonly exponent: number }
  /** A `share` of the commands, 0 to 1, goes to a `part` of the key space, 0 to 1: neighbours in the middle of it. */
  | { readonly type: 'hot'; readonly part: number; readonly share: number }
  /** Inserts go to keys that are not in the tree yet, one after the other; the others, by Zipf, to what was inserted last: YCSB D. */
  | { readonly type: 'latest' }
  /** Inserts as before; the others are uniform over what was inserted or loaded. */
  | { readonly type: 'append' };

export type Workload = {
  readonly mix: Mix;
  readonly keys: Distribution;
  /** Keys of the key space that a scan spans, fewer at its end. */
  readonly span: number;
};

/** When commands are called. A latency counts from the moment at which its command was to be called. */
export type Arrivals =
  /** Each of `clients` sessions keeps `outstanding` commands in flight, and calls the next as one is answered. */
  | { readonly type: 'closed'; readonly clients: number; readonly outstanding: number }
  /** `rate` commands a second over all of `clients` sessions, whatever is answered: by chance (Poisson), or evenly. */
  | { readonly type: 'open'; readonly clients: number; readonly rate: number; readonly spacing: 'poisson' | 'even' };

const mixOf = (parts: Partial<Mix>): Mix => ({ read: 0, update: 0, insert: 0, delete: 0, scan: 0, ...parts });
const UNIFORM: Distribution = { type: 'uniform' };
const ZIPF: Distribution = { type: 'zipf', exponent: 0.99 };
const SPAN = 8;

/** Reads, and `percent` of inserts and deletes, which may depend on each other: what figures 4 and 5 of the paper vary. */
export const dependent = (percent: number): Workload => ({ mix: mixOf({ read: 100 - percent, insert: percent / 2, delete: percent / 2 }), keys: UNIFORM, span: SPAN });

/** Workloads by name. YCSB's scans are of up to 100 records, uniform: here of half as many; its F reads what it then writes. */
export const WORKLOADS = {
  /** Figure 3: inserts and deletes only. */
  'failed-commands': dependent(100),
  mixed: dependent(50),
  'read-mostly': { mix: mixOf({ read: 95, insert: 2.5, delete: 2.5 }), keys: UNIFORM, span: SPAN },
  scans: { mix: mixOf({ read: 45, insert: 25, delete: 25, scan: 5 }), keys: UNIFORM, span: 64 },
  'zipf': { mix: mixOf({ read: 50, insert: 25, delete: 25 }), keys: ZIPF, span: SPAN },
  'hot-leaf': { mix: mixOf({ read: 50, insert: 25, delete: 25 }), keys: { type: 'hot', part: 0.00001, share: 0.5 }, span: SPAN },
  'append-only': { mix: mixOf({ insert: 100 }), keys: { type: 'append' }, span: SPAN },
  'ycsb-a': { mix: mixOf({ read: 50, update: 50 }), keys: ZIPF, span: SPAN },
  'ycsb-b': { mix: mixOf({ read: 95, update: 5 }), keys: ZIPF, span: SPAN },
  'ycsb-c': { mix: mixOf({ read: 100 }), keys: ZIPF, span: SPAN },
  'ycsb-d': { mix: mixOf({ read: 95, insert: 5 }), keys: { type: 'latest' }, span: SPAN },
  'ycsb-e': { mix: mixOf({ scan: 95, insert: 5 }), keys: ZIPF, span: 100 },
  'ycsb-f': { mix: mixOf({ read: 66.7, update: 33.3 }), keys: ZIPF, span: SPAN },
} as const satisfies Readonly<Record<string, Workload>>;

const Distribution: t.Type<Distribution, unknown> = tagged<Distribution>({
  uniform: t.strict({ type: t.literal('uniform') }),
  zipf: t.strict({ type: t.literal('zipf'), exponent: quantity }),
  hot: t.strict({ type: t.literal('hot'), part: quantity, share: quantity }),
  latest: t.strict({ type: t.literal('latest') }),
  append: t.strict({ type: t.literal('append') }),
});

export const Workload: t.Type<Workload, unknown> = t.strict({ mix: Mix, keys: Distribution, span: natural });

export const Arrivals: t.Type<Arrivals, unknown> = tagged<Arrivals>({
  closed: t.strict({ type: t.literal('closed'), clients: natural, outstanding: natural }),
  open: t.strict({ type: t.literal('open'), clients: natural, rate: quantity, spacing: t.keyof({ poisson: null, even: null }) }),
});
