/**
 * What the whole is, said without saying how it comes about: three machines that anyone can hold in their head. Whatever is
 * seen of a ring, of the learners of a multicast, or of a replica must be a step of the machine, or no step of it at all.
 *
 * The clauses on consensus, multicast and replicas say what must not be seen; these say what can be seen. Each judges a run
 * in time linear in its length, and an exhaustive search step by step: it is the same function.
 */

import { List, Map } from 'immutable';

/** An abstract machine. A sight that it cannot explain leads nowhere: the reason is given instead of a state. */
export type Machine<S, Sight> = { readonly initial: S; readonly onSight: (state: S, sight: Sight) => S | string };

/** The state of a machine after these sights, or why there is none. */
export const after = <S, Sight>(machine: Machine<S, Sight>, sights: Iterable<Sight>): S | string => {
  let state: S | string = machine.initial;
  let count = 0;
  for (const sight of sights) {
    count += 1;
    state = machine.onSight(state, sight);
    if (typeof state === 'string') return `sight ${count}: ${state}`;
  }
  return state;
};

// Consensus: a list of values that only grows, read from its start by everyone

export type Learned = { readonly process: number; readonly life: number; readonly instance: number; readonly value: string };

export type Decisions = {
  /** What was decided, by instance. */
  readonly decided: List<string>;
  /** What each process reads next, by process and life. */
  readonly next: Map<string, number>;
};

export const consensus: Machine<Decisions, Learned> = {
  initial: { decided: List(), next: Map() },
  onSight: ({ decided, next }, { process, life, instance, value }) => {
    const reader = `${process}/${life}`;
    // Who comes back after a crash may go on where it was.
    const expected = next.get(reader) ?? (life === 0 ? 0 : instance);
    if (instance !== expected) return `process ${process} learns instance ${instance}, and ${expected} comes next`;
    if (instance > decided.size) return `process ${process} learns instance ${instance}, and ${decided.size} is not decided`;
    const known = decided.get(instance);
    if (known !== undefined && known !== value) return `process ${process} learns ${value} in instance ${instance}, which decided ${known}`;
    return { decided: known === undefined ? decided.push(value) : decided, next: next.set(reader, instance + 1) };
  },
};

// Atomic multicast: for every set of groups one list, read from its start by all who subscribe to just these

export type Delivered = { readonly learner: string; readonly subscription: string; readonly group: number; readonly slot: number; readonly content: string };

export type Orders = {
  readonly orders: Map<string, List<string>>; // by subscription
  readonly next: Map<string, number>; // by learner
  /** The slot of each group that was delivered last, by learner and group. */
  readonly last: Map<string, number>;
};

export const multicast: Machine<Orders, Delivered> = {
  initial: { orders: Map(), next: Map(), last: Map() },
  onSight: ({ orders, next, last }, { learner, subscription, group, slot, content }) => {
    const order = orders.get(subscription) ?? List<string>();
    const at = next.get(learner) ?? 0;
    const said = `slot ${slot} of group ${group}: ${content}`;
    const known = order.get(at);
    if (known !== undefined && known !== said) return `${learner} delivers ${said}, where another one delivered ${known}`;
    const place = `${learner} ${group}`;
    // What two orders have in common stands in the same order in both.
    if (slot <= (last.get(place) ?? -1)) return `${learner} delivers ${said} after slot ${last.get(place) ?? -1}`;
    return { orders: known === undefined ? orders.set(subscription, order.push(said)) : orders, next: next.set(learner, at + 1), last: last.set(place, slot) };
  },
};

// A replica: the sequential service, which executes each command once, at one instant

export type Executed = { readonly replica: string; readonly command: string; readonly isEffective: boolean; readonly outcome: string };

/** The service of the replica, and what it has executed. */
export type Served<S> = { readonly state: S; readonly executed: Map<string, true> };

/** The service as one thread would run it: `outcomeOf` gives its state after a command, and the outcome as text. */
export const service = <S>(initial: S, outcomeOf: (state: S, command: string) => readonly [S, string]): Machine<Map<string, Served<S>>, Executed> => ({
  initial: Map(),
  onSight: (replicas, { replica, command, isEffective, outcome }) => {
    const { state, executed } = replicas.get(replica) ?? { state: initial, executed: Map<string, true>() };
    if (!isEffective) return replicas.set(replica, { state, executed });
    if (executed.has(command)) return `${replica} executes ${command} again`;
    const [next, expected] = outcomeOf(state, command);
    if (outcome !== expected) return `${replica} answers ${command} with ${outcome}, where the service by itself says ${expected}`;
    return replicas.set(replica, { state: next, executed: executed.set(command, true) });
  },
});
