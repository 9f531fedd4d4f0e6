/**
 * A history in numbers, where a model says what each operation sees and leaves (`Registers`): operation i is the i-th of
 * the history, keys and values are numbered in the order in which they turn up. Everything behind this is typed arrays.
 */

import { endOf, type History } from './history.js';
import type { Key, Registers, Span, Value, View } from './model.js';

/** No key, no value, no condition. */
export const NONE = -1;

/** The condition that a key holds any value but this one, and back. That it holds value v is v itself. */
export const anyBut = (value: number): number => -2 - value;

/** Whether a value meets a condition. One that nobody knows, `NONE`, meets all. */
export const isMet = (condition: number, value: number): boolean =>
  condition === value || condition === NONE || (condition < NONE && condition !== -2 - value) || value === NONE;

/** What an operation asks of several keys at one instant: condition i is of key i. */
export type Sight = { readonly keys: Int32Array; readonly asks: Int32Array };

export type Accesses = {
  readonly count: number;
  readonly call: Float64Array;
  /** Infinity for those that are pending. */
  readonly end: Float64Array;
  /** `NONE` for those that see several keys. */
  readonly key: Int32Array;
  readonly asks: Int32Array;
  readonly leaves: Int32Array;
  /** By operation: what those see that see several keys. */
  readonly sights: ReadonlyMap<number, Sight>;
  /** By key. */
  readonly valuesAtFirst: Int32Array;
  readonly values: number;
};

/** The history in numbers, or `undefined` where an operation is none of registers. */
export const accessesOf = <C, R>(registers: Registers<C, R>, history: History<C, R>): Accesses | undefined => {
  const count = history.length;
  const [call, end] = [new Float64Array(count), new Float64Array(count)];
  const [key, asks, leaves] = [new Int32Array(count).fill(NONE), new Int32Array(count).fill(NONE), new Int32Array(count).fill(NONE)];
  const keys = numbering();
  const allKeys: Key[] = [];
  const values = numbering();
  const views = new Map<number, View>();
  const keyOf = (each: Key): number => {
    const number = keys.of(each);
    if (number === allKeys.length) allKeys.push(each);
    return number;
  };

  for (let i = 0; i < count; i += 1) {
    const operation = history[i]!;
    const access = operation.type === 'completed' ? registers.answered(operation.command, operation.result) : registers.unanswered(operation.command);
    if (access === undefined) return undefined;
    call[i] = operation.call;
    end[i] = endOf(operation);
    if (access.type === 'view') {
      views.set(i, access);
      access.keys.forEach(keyOf);
      continue;
    }
    key[i] = keyOf(access.key);
    if (access.sees !== undefined) asks[i] = values.of(access.sees);
    else if (access.misses !== undefined) asks[i] = anyBut(values.of(access.misses));
    if (access.leaves !== undefined) leaves[i] = values.of(access.leaves);
  }

  const valuesAtFirst = Int32Array.from(allKeys, (each) => values.of(registers.valueAtFirst(each)));
  const sights = sightsOf(views, allKeys, values.of);
  return { count, call, end, key, asks, leaves, sights, valuesAtFirst, values: values.size() };
};

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** Numbers for things, in the order in which they turn up. Short bigints are found sooner as numbers, in a map of their own. */
const numbering = () => {
  const [numbers, numbersOfShort] = [new Map<Key | Value, number>(), new Map<number, number>()];
  let size = 0;
  const find = <K>(among: Map<K, number>, thing: K): number => {
    const known = among.get(thing);
    if (known !== undefined) return known;
    among.set(thing, size);
    size += 1;
    return size - 1;
  };
  return {
    of: (thing: Key | Value): number => (typeof thing === 'bigint' && -SAFE <= thing && thing <= SAFE ? find(numbersOfShort, Number(thing)) : find(numbers, thing)),
    size: (): number => size,
  };
};

/** A view asks of every key of its span that anybody speaks of. Of the others nothing can be seen but what was there at first. */
const sightsOf = (views: ReadonlyMap<number, View>, keys: readonly Key[], numberOfValue: (value: Value) => number): ReadonlyMap<number, Sight> => {
  if (views.size === 0) return new Map();
  const sorted = keys.map((key, number) => [key, number] as const).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return new Map(
    [...views].map(([i, { span, valueOf }]) => {
      const seen = sorted.slice(placeOf(sorted, span, 'from'), placeOf(sorted, span, 'to'));
      return [i, { keys: Int32Array.from(seen, ([, number]) => number), asks: Int32Array.from(seen, ([each]) => numberOfValue(valueOf(each))) }];
    }),
  );
};

/** Where the span begins among sorted keys, or the place behind its end. */
const placeOf = (sorted: readonly (readonly [Key, number])[], span: Span, side: 'from' | 'to'): number => {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const [key] = sorted[middle] as readonly [Key, number];
    if (side === 'from' ? key < span.from : key <= span.to) low = middle + 1;
    else high = middle;
  }
  return low;
};

/** Some of the operations, by themselves: `all[i]` becomes operation i, and keys and values are numbered anew. */
export const selection = (accesses: Accesses, all: readonly number[], end: Float64Array = accesses.end): Accesses => {
  const keys = new Map<number, number>();
  const values = new Map<number, number>();
  const numberOf = (numbers: Map<number, number>, old: number): number => {
    const number = numbers.get(old) ?? numbers.size;
    numbers.set(old, number);
    return number;
  };
  const keyOf = (key: number): number => (key === NONE ? NONE : numberOf(keys, key));
  const conditionOf = (condition: number): number =>
    condition === NONE ? NONE : condition < NONE ? anyBut(numberOf(values, anyBut(condition))) : numberOf(values, condition);
  const sights = new Map<number, Sight>();
  if (accesses.sights.size > 0)
    all.forEach((op, i) => {
      const sight = accesses.sights.get(op);
      if (sight !== undefined) sights.set(i, { keys: sight.keys.map(keyOf), asks: sight.asks.map(conditionOf) });
    });
  const key = Int32Array.from(all, (op) => keyOf(accesses.key[op]!));
  const asks = Int32Array.from(all, (op) => conditionOf(accesses.asks[op]!));
  const leaves = Int32Array.from(all, (op) => conditionOf(accesses.leaves[op]!));
  const valuesAtFirst = Int32Array.from(keys.keys(), (each) => numberOf(values, accesses.valuesAtFirst[each]!));
  const call = Float64Array.from(all, (op) => accesses.call[op]!);
  return { count: all.length, call, end: Float64Array.from(all, (op) => end[op]!), key, asks, leaves, sights, valuesAtFirst, values: values.size };
};

/** Whether operations that take effect in this order are answered as they were, and none stands behind one called after its return. */
export const isExplainedBy = ({ call, end, key, asks, leaves, sights, valuesAtFirst }: Accesses, order: Int32Array): boolean => {
  const values = Int32Array.from(valuesAtFirst);
  let latestCall = -Infinity;
  for (const op of order) {
    if (end[op]! < latestCall) return false;
    latestCall = Math.max(latestCall, call[op]!);
    const sight = sights.size === 0 ? undefined : sights.get(op);
    if (sight !== undefined) {
      for (let i = 0; i < sight.keys.length; i += 1) if (!isMet(sight.asks[i]!, values[sight.keys[i]!]!)) return false;
      continue;
    }
    const isDone = isMet(asks[op]!, values[key[op]!]!);
    if (!isDone && end[op] !== Infinity) return false;
    if (isDone && leaves[op] !== NONE) values[key[op]!] = leaves[op]!;
  }
  return true;
};
