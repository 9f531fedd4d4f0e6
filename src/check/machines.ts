/**
 * The sequential service as the search moves it: an operation takes effect, and is taken back. States have numbers, equal
 * if and only if the states are. One machine is of registers, the other one asks a model for everything.
 */

import { isMet, NONE, type Sight } from './accesses.js';
import { endOf, type Completed, type Operation } from './history.js';
import type { Model } from './model.js';

export type Machine = {
  /** Whether an operation would be answered now as it was; of a crashed one, whether its condition holds. */
  readonly admits: (op: number) => boolean;
  /** Whether an operation that is admitted would change anything. */
  readonly changes: (op: number) => boolean;
  /** It takes effect. Asked only of what is admitted. */
  readonly enter: (op: number) => void;
  /** The last one that took effect has not. */
  readonly leave: () => void;
  /** The number of the state, as it matters to this operation and those that return after it. */
  readonly state: (returning: number) => number;
  /** Whether a write would be answered now as it was, and leave what is there anyway. */
  readonly isUnnoticed: (write: number) => boolean;
  readonly isBlind: (write: number) => boolean;
  /** Whether a write is blind and could stand right before an operation that takes effect, and nobody would notice. */
  readonly isHiddenBefore: (write: number, op: number) => boolean;
  /** Which operations leave what one of these has a condition for. */
  readonly wantedBy: (others: readonly number[]) => (op: number) => boolean;
  /** Whether anybody who returns no earlier than a write asks for what it leaves. */
  readonly isAskedLater: (write: number) => boolean;
  /** Whether an operation that is not admitted asks for something that none of these leaves. */
  readonly isHopeless: (op: number, candidates: readonly number[]) => boolean;
  /** Whether from here, at a return, no way leads to the answer of some read, given all that waits. */
  readonly isLost: (returning: number, reads: readonly number[], waiting: readonly number[]) => boolean;
  /** Of operations that wait, those that may matter to one, given the reads that wait. */
  readonly near: (op: number, candidates: readonly number[], reads: readonly number[]) => readonly number[];
};

/** Registers of a history in numbers, all arrays by operation. Keys are 0..keys - 1. */
export type RegisterOperations = {
  readonly keys: number;
  readonly valuesAtFirst: Int32Array;
  readonly key: Int32Array;
  readonly asks: Int32Array;
  readonly leaves: Int32Array;
  readonly sights: ReadonlyMap<number, Sight>;
  readonly end: Float64Array;
};

export const registerMachine = ({ keys, valuesAtFirst, key, asks, leaves, sights, end }: RegisterOperations): Machine => {
  const values = Int32Array.from(valuesAtFirst);
  const undo: number[] = [];
  const tree = keys > 1 ? numbering(values) : undefined;
  const set = (of: number, value: number): void => {
    values[of] = value;
    tree?.update(of, value);
  };
  const latestAsking = latestOf({ key, asks, leaves, sights, end });

  return {
    admits: (op) => {
      const sight = key[op] === NONE ? sights.get(op) : undefined;
      if (sight === undefined) return isMet(asks[op]!, values[key[op]!]!);
      for (let i = 0; i < sight.keys.length; i += 1) if (!isMet(sight.asks[i]!, values[sight.keys[i]!]!)) return false;
      return true;
    },
    changes: (op) => leaves[op] !== values[key[op]!],
    enter: (op) => {
      const of = key[op]!;
      undo.push(of, values[of]!);
      set(of, leaves[op]!);
    },
    leave: () => {
      const value = undo.pop()!;
      set(undo.pop()!, value);
    },
    state: () => tree?.root() ?? values[0]!,
    isUnnoticed: (write) => values[key[write]!] === leaves[write] && isMet(asks[write]!, leaves[write]!),
    isBlind: (write) => asks[write] === NONE,
    isHiddenBefore: (write, op) => asks[write] === NONE && key[write] === key[op] && isMet(asks[op]!, leaves[write]!),
    wantedBy: (others) => {
      const conditions = new Map<number, number[]>();
      const want = (of: number, condition: number): void => {
        if (condition === NONE) return;
        const known = conditions.get(of);
        if (known === undefined) conditions.set(of, [condition]);
        else if (!known.includes(condition)) known.push(condition);
      };
      for (const other of others) {
        const sight = key[other] === NONE ? sights.get(other) : undefined;
        if (sight === undefined) want(key[other]!, asks[other]!);
        else sight.keys.forEach((of, i) => want(of, sight.asks[i]!));
      }
      return (op) => conditions.get(key[op]!)?.some((condition) => isMet(condition, leaves[op]!)) === true;
    },
    isAskedLater: (write) => end[write]! <= latestAsking(write),
    isHopeless: (op, candidates) => {
      const lacks = (of: number, condition: number): boolean =>
        !isMet(condition, values[of]!) && !candidates.some((other) => key[other] === of && isMet(condition, leaves[other]!));
      const sight = sights.get(op);
      return sight === undefined ? lacks(key[op]!, asks[op]!) : sight.keys.some((of, i) => lacks(of, sight.asks[i]!));
    },
    isLost: () => false,
    near: (op, candidates, reads) => {
      if (keys === 1) return candidates;
      const known = new Set(sights.get(op)?.keys ?? [key[op]!]);
      let rest = reads.filter((read) => sights.has(read));
      for (let before = -1; rest.length !== before; ) {
        before = rest.length;
        rest = rest.filter((read) => {
          const seen = sights.get(read)!.keys;
          if (!seen.some((of) => known.has(of))) return true;
          seen.forEach((of) => known.add(of));
          return false;
        });
      }
      return candidates.filter((other) => known.has(key[other]!));
    },
  };
};

/** By write: the latest return of those that ask for what it leaves, or for anything but something else. */
const latestOf = ({ key, asks, leaves, sights, end }: Pick<RegisterOperations, 'key' | 'asks' | 'leaves' | 'sights' | 'end'>) => {
  const latest = new Map<number, number>();
  const note = (of: number, condition: number, at: number): void => {
    if (condition === NONE) return;
    const place = of * 2 ** 26 + Math.max(condition, NONE);
    if ((latest.get(place) ?? -Infinity) < at) latest.set(place, at);
  };
  asks.forEach((condition, op) => note(key[op]!, condition, end[op]!));
  for (const [op, sight] of sights) sight.keys.forEach((of, i) => note(of, sight.asks[i]!, end[op]!));
  return (write: number): number => Math.max(latest.get(key[write]! * 2 ** 26 + leaves[write]!) ?? -Infinity, latest.get(key[write]! * 2 ** 26 + NONE) ?? -Infinity);
};

/**
 * Numbers for the contents of many registers: equal contents have equal numbers. A tree of pairs, each pair of numbers
 * numbered in turn: a write renumbers the way from its leaf to the root, so a state costs no more than that.
 */
const numbering = (values: Int32Array) => {
  let width = 1;
  while (width < values.length) width *= 2;
  const numbers = new Map<number, number>();
  const nodes = new Int32Array(2 * width);
  const numberOf = (left: number, right: number): number => {
    const pair = left * 2 ** 26 + right; // fewer than 2^26 values and pairs of them fit into memory
    const known = numbers.get(pair);
    if (known !== undefined) return known;
    numbers.set(pair, numbers.size);
    return numbers.size - 1;
  };
  nodes.set(values, width);
  for (let node = width - 1; node > 0; node -= 1) nodes[node] = numberOf(nodes[2 * node]!, nodes[2 * node + 1]!);
  return {
    root: (): number => nodes[1]!,
    update: (of: number, value: number): void => {
      let node = width + of;
      nodes[node] = value;
      for (node >>= 1; node > 0; node >>= 1) nodes[node] = numberOf(nodes[2 * node]!, nodes[2 * node + 1]!);
    },
  };
};

/**
 * Whatever a model says, with every state and every step asked for once. States that nobody tells of, now and later, are one:
 * whatever is done then, they are replaced before anybody looks.
 */
export const modelMachine = <S, C, R>(model: Model<S, C, R>, operations: readonly Operation<C, R>[]): Machine => {
  const states: S[] = [model.initial];
  const numbers = new Map([[model.stateKey(model.initial), 0]]);
  const steps = new Map<number, number>();
  const path: number[] = [];
  let now = 0;
  const future = foresight(model, operations);
  let untold: number | undefined;

  /** Where an operation leads from here; `NONE` if it would be answered otherwise. */
  const stepOf = (op: number): number => {
    const step = now * operations.length + op;
    const known = steps.get(step);
    if (known !== undefined) return known;
    const operation = operations[op] as Operation<C, R>;
    const [next, result] = model.apply(states[now] as S, operation.command);
    const isRight = operation.type === 'pending' || model.sameResult(result, operation.result);
    const led = isRight ? numberOf(next) : NONE;
    if (steps.size === MOST_KNOWN) steps.clear();
    steps.set(step, led);
    return led;
  };
  const numberOf = (state: S): number => {
    if (state === states[now]) return now;
    const name = model.stateKey(state);
    const number = numbers.get(name) ?? states.length;
    if (number < states.length) return number;
    const isTold = future === undefined || future.isEverTold(state);
    if (!isTold && untold !== undefined) return untold;
    if (!isTold) untold = number;
    numbers.set(name, number);
    states.push(state);
    return number;
  };

  return {
    admits: (op) => stepOf(op) !== NONE,
    changes: (op) => stepOf(op) !== now,
    enter: (op) => {
      const led = stepOf(op);
      path.push(now);
      now = led;
    },
    leave: () => {
      now = path.pop()!;
    },
    state: (returning) => (future !== undefined && future.toldUntil(states[now] as S, now) < endOf(operations[returning]!) ? NONE : now),
    isUnnoticed: () => false,
    isBlind: () => future !== undefined,
    isHiddenBefore: (_, op) => future?.replaces(op) === true,
    wantedBy: () => (op) => future === undefined || future.isTold(states[stepOf(op)] as S, stepOf(op)),
    isAskedLater: () => true,
    isHopeless: () => false,
    isLost: (returning, reads, waiting) => future?.isLost(states[now] as S, now, returning, reads, waiting) === true,
    near: (_, candidates) => candidates,
  };
};

/** So many steps and guesses are kept. */
const MOST_KNOWN = 2 ** 22;

/** How many reads that are yet to be called are looked at. The next ones tell most, and any may be wrong about the rest. */
const AHEAD = 2;

/**
 * Whether some read can be seen to have no way to its answer. What waits, or is called before that read returns, may replace
 * the state; short of that, the state must lead to every answer that is still to come.
 */
const foresight = <S, C, R>({ growth, apply, initial, isReadOnly }: Model<S, C, R>, operations: readonly Operation<C, R>[]) => {
  if (growth === undefined) return undefined;
  const all = [...operations.keys()];
  const reads = all.filter((i) => {
    const operation = operations[i]!;
    return operation.type === 'completed' && isReadOnly?.(operation.command, operation.result) === true && growth.says?.(operation)?.type !== 'nothing';
  });
  const replacing = all.filter((i) => growth.replaces(operations[i]!.command));
  const states = new Map(replacing.map((i) => [i, apply(initial, operations[i]!.command)[0]]));
  const known = new Map<number, boolean>();
  const mayLeadTo = (state: S, number: number, read: number): boolean => {
    const place = number * operations.length + read;
    const { command, result } = operations[read] as Completed<C, R>;
    const may = known.get(place) ?? growth.mayLeadTo(state, command, result);
    if (known.size === MOST_KNOWN) known.clear();
    known.set(place, may);
    return may;
  };

  /** By state: the latest return of those reads. */
  const told = new Map<number, number>();
  let now = -Infinity;
  /** Until when some read may tell of this state. After that, it is replaced before anybody looks. */
  const toldUntil = (state: S, number: number): number => {
    const latest = told.get(number) ?? Math.max(-Infinity, ...reads.filter((read) => mayLeadTo(state, number, read)).map((read) => endOf(operations[read]!)));
    told.set(number, latest);
    return latest;
  };
  return {
    toldUntil,
    isEverTold: (state: S): boolean => reads.some((read) => growth.mayLeadTo(state, (operations[read] as Completed<C, R>).command, (operations[read] as Completed<C, R>).result)),
    replaces: (op: number): boolean => growth.replaces(operations[op]!.command),
    isTold: (state: S, number: number): boolean => toldUntil(state, number) >= now,
    isLost: (state: S, number: number, returning: number, waitingReads: readonly number[], waiting: readonly number[]): boolean => {
      now = endOf(operations[returning]!);
      const isReached = (read: number): boolean =>
        mayLeadTo(state, number, read) ||
        replacing.some((i) => {
          const { call, type } = operations[i]!;
          const mayCome = waiting.includes(i) || (call <= endOf(operations[read]!) && (type === 'pending' || call > now));
          return mayCome && mayLeadTo(states.get(i) as S, -1 - i, read);
        });
      const next = firstAfter(reads, (read) => operations[read]!.call > now);
      return !waitingReads.every(isReached) || !reads.slice(next, next + AHEAD).every(isReached);
    },
  };
};

/** The place of the first of which something holds that holds of all behind it. */
const firstAfter = (sorted: readonly number[], holds: (op: number) => boolean): number => {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(sorted[middle]!)) high = middle;
    else low = middle + 1;
  }
  return low;
};
