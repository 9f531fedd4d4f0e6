/**
 * What atomic multicast must do: every learner of a group delivers the group's messages, all learners in orders that agree.
 *
 * A batch stands at a virtual `slot` of its group; a learner subscribes to some groups and merges them.
 */
import { unknownIn, type Submitted } from './consensus.js';

export type Delivery = {
  /** A thread of a replica, between two crashes. */
  readonly learner: string;
  /** The groups that the learner subscribes to, as text. */
  readonly subscription: string;
  readonly group: number;
  readonly slot: number;
  readonly commands: readonly string[];
  /** When the learner's process knew what the slot holds, and when the learner delivered it, ms. */
  readonly known: number;
  readonly delivered: number;
};

/** What is known when a run is over. */
export type Facts = {
  readonly submitted: Submitted;
  /** In the order in which it happened at each learner. */
  readonly deliveries: readonly Delivery[];
  /** Longest that a known batch may wait for other rings, ms; `null` where faults make any wait possible. */
  readonly lag: number | null;
  /** Learners that were up when the run ended, the network in order and all clients answered, by replica. */
  readonly standing: readonly { readonly replica: string; readonly learners: readonly string[] }[];
};

const placeOf = ({ group, slot }: Delivery): string => `g${group}/${slot}`;

/** The clauses: what violates each of them, given the facts of a run. */
export const clauses = {
  'MUL-1 integrity: a learner delivers a slot once, and only what was multicast to its group': ({ submitted, deliveries }: Facts) => {
    const seen = new Set<string>();
    return deliveries.flatMap((delivery) => {
      const name = `${delivery.learner} ${placeOf(delivery)}`;
      const repeated = seen.has(name) ? [`${name} again`] : [];
      seen.add(name);
      return [...repeated, ...unknownIn(submitted.get(delivery.group), delivery.commands).map((command) => `${name}: ${command} was not multicast to g${delivery.group}`)];
    });
  },

  'MUL-2 agreement: a slot holds the same at every learner': ({ deliveries }: Facts) => {
    const contentByPlace = new Map<string, string>();
    return deliveries.flatMap((delivery) => {
      const content = delivery.commands.join(' ');
      const known = contentByPlace.get(placeOf(delivery)) ?? content;
      contentByPlace.set(placeOf(delivery), known);
      return known === content ? [] : [`${placeOf(delivery)}: ${known} and ${content}`];
    });
  },

  'MUL-3 prefix order: of two learners with equal subscriptions, one delivers a prefix of what the other does': ({ deliveries }: Facts) => {
    const orders = [...ordersByLearner(deliveries)].map(([learner, order]) => ({ learner, subscription: order[0]!.subscription, places: order.map(placeOf) }));
    return orders.flatMap((a, i) =>
      orders.slice(i + 1).flatMap((b) => {
        if (a.subscription !== b.subscription) return [];
        const parting = a.places.findIndex((place, at) => at < b.places.length && place !== b.places[at]);
        return parting < 0 ? [] : [`${a.learner} and ${b.learner} part at delivery ${parting}: ${a.places[parting]} and ${b.places[parting]}`];
      }),
    );
  },

  'MUL-4 acyclic order: the orders of all learners together have no cycle': ({ deliveries }: Facts) => {
    const after = new Map<string, Set<string>>();
    const before = new Map<string, number>();
    for (const order of ordersByLearner(deliveries).values())
      order.forEach((delivery, i) => {
        const place = placeOf(delivery);
        before.set(place, before.get(place) ?? 0);
        if (i === 0) return;
        const previous = placeOf(order[i - 1]!);
        const followers = after.get(previous) ?? new Set();
        if (!followers.has(place)) before.set(place, before.get(place)! + 1);
        after.set(previous, followers.add(place));
      });
    const free = [...before].filter(([, count]) => count === 0).map(([place]) => place);
    for (let place = free.pop(); place !== undefined; place = free.pop()) {
      before.delete(place);
      for (const next of after.get(place) ?? []) {
        before.set(next, before.get(next)! - 1);
        if (before.get(next) === 0) free.push(next);
      }
    }
    return before.size === 0 ? [] : [`in or behind a cycle: ${[...before.keys()].slice(0, 8).join(', ')}`];
  },

  'MUL-5 validity: at rest, learners with equal subscriptions have delivered the same': ({ deliveries, standing }: Facts) => {
    const orders = ordersByLearner(deliveries);
    const lengths = new Map<string, { readonly learner: string; readonly length: number }>();
    return standing.flatMap(({ learners }) =>
      learners.flatMap((learner, index) => {
        const length = orders.get(learner)?.length ?? 0;
        const other = lengths.get(`${index}`) ?? { learner, length };
        lengths.set(`${index}`, other);
        return other.length === length ? [] : [`${learner} delivered ${length} batches, ${other.learner} ${other.length}`];
      }),
    );
  },

  'MUL-6 bounded lag: what is known is delivered before long': ({ deliveries, lag }: Facts) =>
    lag === null
      ? []
      : deliveries.filter(({ known, delivered }) => delivered - known > lag).map((one) => `${one.learner} ${placeOf(one)} waited ${one.delivered - one.known} ms`),
};

const ordersByLearner = (deliveries: readonly Delivery[]): ReadonlyMap<string, readonly Delivery[]> => {
  const orders = new Map<string, Delivery[]>();
  for (const delivery of deliveries) {
    const order = orders.get(delivery.learner);
    if (order === undefined) orders.set(delivery.learner, [delivery]);
    else order.push(delivery);
  }
  return orders;
};
