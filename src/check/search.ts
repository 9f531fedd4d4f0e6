/**
 * Just-in-time search, depth first (Wing and Gong 1993, with the memo of Lowe 2017). Sound and complete: exponential only
 * in the number of operations open at once.
 *
 * Walk through calls and returns in the order of time. At a return of an operation that has taken no effect yet, something
 * must: the operation itself, perhaps after others that are open. That is the only choice there is, a *junction*.
 *
 * - No earlier: an operation that takes effect between two returns may as well do so just before the later one, as nobody
 *   was answered in the meantime.
 * - A read-only operation takes effect as soon as its result is right. Moving it forward from where some linearization has
 *   it changes no state, and so no other result. This needs read-only to hold in *every* state: an update to the value that
 *   is already there changes nothing now, but might where it was taken from.
 * - A pending operation that changes nothing may as well not happen yet.
 * - Of pending operations that would do the same, the one that was called first is taken first. Where some linearization has
 *   a later one alone, the first may stand in its place: it was called before, and nobody knows its return.
 * - Of operations that wait, change something, do the same and were answered the same, the one that returns first is taken first. Where some
 *   linearization has them the other way round, they may change places: both are called, and the later one may wait longer.
 * - A junction that was abandoned is remembered by its return, what waits, and the state: nothing else bears on the future.
 *   If one was abandoned, so may be all that differ from it only in having fewer pending operations left.
 */

import { endOf, type Completed, type History, type Operation } from './history.js';
import type { Model } from './model.js';

/** Why there is no linearization. Removing operations that are not named here may or may not give another. */
export type Explanation = {
  /** The operation whose return cannot be passed: with all that was called before it, no order gives the results seen. */
  readonly stuck: number;
  /** The operations open when it returned, itself included. */
  readonly open: readonly number[];
  /** One order that explains every earlier return. */
  readonly placed: readonly number[];
};

export type Outcome<C, R> =
  | { readonly type: 'found'; readonly order: History<C, R> }
  | { readonly type: 'illegal'; readonly explanation: Explanation }
  | { readonly type: 'exhausted' };

/** What is placed so far, latest first. */
type Placed<C, R> = { readonly operation: Operation<C, R>; readonly before: Placed<C, R> } | undefined;

/** A way to have come to a point in time. Operations are named by their index in the order of calls, lowest first. */
type Configuration<S, C, R> = {
  /** The next call or return. */
  readonly event: number;
  readonly state: S;
  /** Completed operations that are called and not placed. */
  readonly waiting: readonly number[];
  /** Pending operations that are placed, in any order. */
  readonly used: readonly number[];
  readonly placed: Placed<C, R>;
};

/** A configuration at the return of an operation that is not placed, and the ways on that are still to be tried. */
type Junction<S, C, R> = {
  readonly at: Configuration<S, C, R>;
  readonly ways: Iterator<Configuration<S, C, R>, undefined>;
};

/** A call or a return. */
type Event = { readonly type: 'Call' | 'Return'; readonly time: number; readonly index: number };

/** A linearization of the history, or why there is none, unless `budget` junctions are abandoned before that is known. */
export const search = <S, C, R>(model: Model<S, C, R>, history: History<C, R>, budget: number): Outcome<C, R> => {
  const operations = history.toSorted((a, b) => a.call - b.call);
  const operationAt = (index: number): Operation<C, R> => operations[index] as Operation<C, R>;
  const pending = [...operations.keys()].filter((index) => operationAt(index).type === 'pending');
  const events = eventsOf(operations);
  const keys = operations.map(({ command }) => model.commandKey?.(command));
  const areAlike = (a: number, b: number): boolean => a !== b && keys[a] !== undefined && keys[a] === keys[b];
  const hasPriority = (first: number, index: number): boolean => {
    const [a, b] = [operationAt(first), operationAt(index)];
    if (a.type === 'pending' || b.type === 'pending' || isReadOnly(model, a) || !model.sameResult(a.result, b.result)) return false;
    return a.return < b.return || (a.return === b.return && first < index);
  };
  const eventAt = (event: number): Event => events[event] as Event;
  const deadEnds = rememberDeadEnds(model);

  /** Walks on until something must take effect: past calls, returns of what is placed, and reads that are right. */
  const walk = (from: Configuration<S, C, R>): Configuration<S, C, R> => {
    let { event, placed } = from;
    const isPlacedEarly = (index: number): boolean => {
      const operation = operationAt(index);
      if (!isReadOnly(model, operation) || !isRight(model, from.state, operation)) return false;
      placed = { operation, before: placed };
      return true;
    };
    const waiting = from.waiting.filter((index) => !isPlacedEarly(index));
    for (; event < events.length; event += 1) {
      const { type, index } = eventAt(event);
      if (type === 'Return' && waiting.includes(index)) break;
      if (type === 'Call' && operationAt(index).type === 'completed' && !isPlacedEarly(index)) waiting.push(index);
    }
    return { ...from, event, waiting, placed };
  };

  /** Every way on from a junction: first what returns, then what else waits, then what may never have happened. */
  function* waysOn(junction: Configuration<S, C, R>): Generator<Configuration<S, C, R>, undefined> {
    const { event, state, waiting, used } = junction;
    const returning = eventAt(event).index;
    for (const index of [returning, ...waiting.filter((other) => other !== returning)]) {
      if (waiting.some((other) => areAlike(other, index) && hasPriority(other, index))) continue;
      const operation = operationAt(index) as Completed<C, R>;
      const [next, result] = model.apply(state, operation.command);
      if (!model.sameResult(result, operation.result)) continue;
      const placed = { operation, before: junction.placed };
      yield walk({ event, state: next, waiting: waiting.filter((other) => other !== index), used, placed });
    }
    for (const index of pending) {
      const operation = operationAt(index);
      if (operation.call > eventAt(event).time) break;
      if (used.includes(index)) continue;
      if (pending.some((other) => other < index && areAlike(other, index) && !used.includes(other))) continue;
      const [next] = model.apply(state, operation.command);
      if (next === state) continue;
      const placed = { operation, before: junction.placed };
      yield walk({ event, state: next, waiting, used: [...used, index], placed });
    }
    return undefined;
  }

  const path: Junction<S, C, R>[] = [];
  let here = walk({ event: 0, state: model.initial, waiting: [], used: [], placed: undefined });
  let deepest = here;
  let abandoned = 0;
  while (here.event < events.length) {
    if (here.event > deepest.event) deepest = here;
    if (!deadEnds.has(here)) path.push({ at: here, ways: waysOn(here) });

    let way: Configuration<S, C, R> | undefined;
    for (let last = path.at(-1); way === undefined; last = path.at(-1)) {
      if (last === undefined) return { type: 'illegal', explanation: explain(operations, eventAt(deepest.event), deepest.placed) };
      way = last.ways.next().value;
      if (way !== undefined) continue;
      if (abandoned === budget) return { type: 'exhausted' };
      abandoned += 1;
      deadEnds.add(last.at);
      path.pop();
    }
    here = way;
  }
  return { type: 'found', order: inOrder(here.placed) };
};

const isReadOnly = <S, C, R>(model: Model<S, C, R>, operation: Operation<C, R>): boolean =>
  operation.type === 'completed' && model.isReadOnly?.(operation.command, operation.result) === true;

const isRight = <S, C, R>(model: Model<S, C, R>, state: S, operation: Operation<C, R>): boolean =>
  operation.type === 'completed' && model.sameResult(model.apply(state, operation.command)[1], operation.result);

/** Calls and returns in the order of time. At equal times calls come first, for equal times are concurrent. */
const eventsOf = <C, R>(operations: History<C, R>): readonly Event[] =>
  operations
    .flatMap((operation, index): readonly Event[] => [
      { type: 'Call', time: operation.call, index },
      ...(operation.type === 'completed' ? [{ type: 'Return', time: operation.return, index } as const] : []),
    ])
    .sort((a, b) => a.time - b.time || Number(a.type === 'Return') - Number(b.type === 'Return'));

/** The junctions that were abandoned, and those that are no better. */
const rememberDeadEnds = <S, C, R>({ stateKey }: Model<S, C, R>) => {
  /** By event, then by what waits and the state: which pending operations were used. */
  const usedByKeyByEvent = new Map<number, Map<string, (readonly number[])[]>>();
  const keyOf = ({ waiting, state }: Configuration<S, C, R>): string => `${waiting.join()}|${stateKey(state)}`;
  return {
    /** A key costs time, so it is only made where something was abandoned before. */
    has: (junction: Configuration<S, C, R>): boolean => {
      const dead = usedByKeyByEvent.get(junction.event)?.get(keyOf(junction)) ?? [];
      return dead.some((used) => used.every((index) => junction.used.includes(index)));
    },
    add: (junction: Configuration<S, C, R>): void => {
      const usedByKey = usedByKeyByEvent.get(junction.event) ?? new Map<string, (readonly number[])[]>();
      usedByKeyByEvent.set(junction.event, usedByKey);
      const key = keyOf(junction);
      usedByKey.set(key, [...(usedByKey.get(key) ?? []), junction.used]);
    },
  };
};

const inOrder = <C, R>(placed: Placed<C, R>): History<C, R> => {
  const order: Operation<C, R>[] = [];
  for (let last = placed; last !== undefined; last = last.before) order.push(last.operation);
  return order.reverse();
};

const explain = <C, R>(operations: History<C, R>, { time, index }: Event, placed: Placed<C, R>): Explanation => ({
  stuck: (operations[index] as Operation<C, R>).id,
  open: operations.filter((operation) => operation.call <= time && endOf(operation) >= time).map(({ id }) => id),
  placed: inOrder(placed).map(({ id }) => id),
});
