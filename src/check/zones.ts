/**
 * Zones: whether the accesses of one register have a linearization, in O(n log n) (Gibbons and Korach 1997, theorem 4.2, here
 * with conditional writes and with one value that may come back).
 *
 * Say that every value is left at most once. Then whoever sees it stands between the operation that leaves it and the one that
 * overwrites it, and if that one is conditional, it stands right behind those who saw the value. So the history falls into
 * *blocks*, each of which is one stretch of every linearization, and whose own order is settled but for readers of the same
 * value, of which any order does that respects real time. Let f be the earliest return in a block and s the latest call. Block A must
 * come before B if something in A returned before something in B was called: f(A) < s(B). So two blocks contradict each
 * other if f(A) < s(B) and f(B) < s(A): their zones, from f to s where f < s, overlap; or that of A holds the whole of B, where s(B) ≤ f(B).
 * And no cycle of three or more is needed: in a cycle let block i have the latest s. It is forward, as f(i) < s(i+1) ≤ s(i). Either
 * f(i) < s(i-1), a contradiction of two; or f(i-2) < s(i-1) ≤ f(i) < s(i+1), and the cycle is shorter without i-1 and i.
 *
 * One value may be left often, as *absent* is left by every delete, if no write is blind: then each block begins where that
 * value is seen and ends where it is left. Between blocks is that value, so reads of it are blocks of their own. A block that
 * never ends is the last: its s is infinite. What was there at first was left before all else: the f of its block is -infinity.
 */

import { NONE, type Accesses } from './accesses.js';

export type Zoned =
  /** The operations now stand in an order that explains them. */
  | { readonly type: 'ordered' }
  /** These contradict each other, with whatever else it takes to know what each value came from. */
  | { readonly type: 'contradiction'; readonly operations: readonly number[] }
  /** Some value is left more than once, or a condition is not of one value: this procedure does not apply. */
  | { readonly type: 'undecided' };

const ORDERED: Zoned = { type: 'ordered' };
const UNDECIDED: Zoned = { type: 'undecided' };

/** Decides stretches of `order`, each of them all accesses of one key by call. Room is taken once for all. */
export const zonesOf = ({ count, call, key, asks, leaves, valuesAtFirst, values }: Accesses, end: Float64Array, order: Int32Array) => {
  /** By value: who leaves it, the first of those who read it, and who replaces it knowingly. */
  const [writerOf, readerOf, changerOf] = [new Int32Array(values).fill(NONE), new Int32Array(values).fill(NONE), new Int32Array(values).fill(NONE)];
  /** By reader: the next one of the same value. */
  const nextReader = new Int32Array(count);
  /** The operations block by block, and of each block where it begins. */
  const laid = new Int32Array(count);
  let blocks: Block[] = [];
  let length = 0;

  const isReader = (op: number): boolean => leaves[op] === NONE || leaves[op] === asks[op];

  const decide = (from: number, to: number): Zoned => {
    const first = valuesAtFirst[key[order[from]!]!]!;
    if (to === from + 1) return decideOne(order[from]!, first);
    const shared = noteWriters(from, to, first);
    const zoned = shared === undefined ? UNDECIDED : (noteReaders(from, to, first, shared) ?? layAll(from, to, first, shared) ?? arrange(from));
    forget(from, to, first);
    return zoned;
  };

  const decideOne = (op: number, first: number): Zoned => {
    const condition = asks[op]!;
    if (condition < NONE || end[op] === Infinity) return UNDECIDED;
    return condition === NONE || condition === first ? ORDERED : { type: 'contradiction', operations: [op] };
  };

  /** The value that is left more than once, if any; `undefined` where there are more such values, or it may be left blindly. */
  const noteWriters = (from: number, to: number, first: number): number | undefined => {
    let shared = NONE;
    let isBlind = false;
    for (let i = from; i < to; i += 1) {
      const op = order[i]!;
      if (end[op] === Infinity || asks[op]! < NONE) return undefined;
      if (isReader(op)) continue;
      const value = leaves[op]!;
      isBlind ||= asks[op] === NONE;
      if (value === first || writerOf[value] !== NONE) {
        if (shared !== NONE && shared !== value) return undefined;
        shared = value;
      }
      writerOf[value] = op;
    }
    return shared !== NONE && isBlind ? undefined : shared;
  };

  const noteReaders = (from: number, to: number, first: number, shared: number): Zoned | undefined => {
    for (let i = to - 1; i >= from; i -= 1) {
      const op = order[i]!;
      const value = asks[op]!;
      if (value === NONE || value === shared) continue;
      if (writerOf[value] === NONE && value !== first) return { type: 'contradiction', operations: [op] };
      if (isReader(op)) {
        nextReader[op] = readerOf[value]!;
        readerOf[value] = op;
      } else if (changerOf[value] === NONE) changerOf[value] = op;
      else return { type: 'contradiction', operations: [changerOf[value]!, op, writerOf[value]!].filter((each) => each !== NONE) };
    }
    return undefined;
  };

  const layAll = (from: number, to: number, first: number, shared: number): Zoned | undefined => {
    blocks = [];
    length = 0;
    if (first !== shared) {
      const flaw = layBlock(NONE, first, shared);
      if (flaw !== undefined) return flaw;
    }
    for (let i = from; i < to; i += 1) {
      const op = order[i]!;
      if (asks[op] !== NONE && asks[op] !== shared) continue;
      const flaw = layBlock(op, isReader(op) ? NONE : leaves[op]!, shared);
      if (flaw !== undefined) return flaw;
    }
    // What no block leads to goes round in a circle: each of these values was made from another one.
    if (length < to - from) {
      const placed = new Set(laid.subarray(0, length));
      return { type: 'contradiction', operations: [...order.subarray(from, to)].filter((op) => !placed.has(op)) };
    }
    return undefined;
  };

  /** Lays what begins with `op`, or with what was there at first, and leaves `value`, or was a read of the shared one. */
  const layBlock = (op: number, value: number, shared: number): Zoned | undefined => {
    const block: Block = { start: length, end: 0, f: op === NONE ? -Infinity : Infinity, s: -Infinity, earliest: NONE, latest: NONE, place: 0 };
    let flaw = op === NONE ? undefined : lay(block, op);
    for (let at = value; flaw === undefined && at !== NONE && at !== shared; ) {
      for (let reader = readerOf[at]!; reader !== NONE && flaw === undefined; reader = nextReader[reader]!) flaw = lay(block, reader);
      const changer = changerOf[at]!;
      if (changer === NONE) {
        if (shared !== NONE) block.s = Infinity;
        break;
      }
      flaw ??= lay(block, changer);
      at = leaves[changer]!;
    }
    block.end = length;
    if (block.end > block.start || block.s === Infinity) blocks.push(block);
    return flaw;
  };

  const lay = (block: Block, op: number): Zoned | undefined => {
    if (block.latest !== NONE && end[op]! < call[block.latest]!) return { type: 'contradiction', operations: between(block.latest, op) };
    laid[length] = op;
    length += 1;
    if (block.f !== -Infinity && (block.earliest === NONE || end[op]! < block.f)) {
      block.f = end[op]!;
      block.earliest = op;
    }
    if (block.latest === NONE || call[op]! > call[block.latest]!) {
      block.latest = op;
      block.s = call[op]!;
    }
    return undefined;
  };

  /** Two operations of a block, and all writes that make the later one come later. */
  const between = (earlier: number, later: number): readonly number[] => {
    const named = new Set([earlier, later]);
    let at = length - 1;
    for (; at > 0 && laid[at] !== earlier; at -= 1) if (!isReader(laid[at]!)) named.add(laid[at]!);
    for (const op of [earlier, later]) {
      const writer = asks[op] === NONE ? NONE : writerOf[asks[op]!]!;
      if (writer !== NONE) named.add(writer);
    }
    return [...named];
  };

  /** Puts the blocks in an order that respects real time, unless two of them contradict each other. */
  const arrange = (from: number): Zoned => {
    const forward = blocks.filter(({ f, s }) => f < s).sort((a, b) => compare(a.f, b.f));
    for (let i = 1; i < forward.length; i += 1) {
      const [a, b] = [forward[i - 1]!, forward[i]!];
      if (b.f < a.s && a.f < b.s) return { type: 'contradiction', operations: endsOf(a, b) };
    }
    for (const block of blocks) {
      block.place = block.f;
      if (block.f < block.s) continue;
      const before = lastBefore(forward, block.s);
      if (before !== undefined && block.f < before.s) return { type: 'contradiction', operations: endsOf(before, block) };
      block.place = before !== undefined && before.s > block.s ? before.s : block.s;
    }
    blocks.sort((a, b) => compare(a.place, b.place) || Number(a.f < a.s) - Number(b.f < b.s));
    let at = from;
    for (const { start, end: stop } of blocks)
      for (let i = start; i < stop; i += 1) {
        order[at] = laid[i]!;
        at += 1;
      }
    return ORDERED;
  };

  /** What shows that neither of two blocks can come first, with the writes of the values that are seen. */
  const endsOf = (a: Block, b: Block): readonly number[] => {
    const named = new Set([a.earliest, a.latest, b.earliest, b.latest]);
    for (const op of [...named]) if (op !== NONE && asks[op]! >= 0) named.add(writerOf[asks[op]!]!);
    for (const { start, end: stop } of [a, b]) for (let i = start; i < stop; i += 1) if (!isReader(laid[i]!) && stop - start <= FEW) named.add(laid[i]!);
    named.delete(NONE);
    return [...named];
  };

  const forget = (from: number, to: number, first: number): void => {
    for (let i = from; i < to; i += 1) {
      const op = order[i]!;
      for (const value of [asks[op]!, leaves[op]!]) if (value >= 0) writerOf[value] = readerOf[value] = changerOf[value] = NONE;
    }
    writerOf[first] = readerOf[first] = changerOf[first] = NONE;
  };

  return decide;
};

/** A stretch of every linearization: where it lies in `laid`, its zone, who returned first and who was called last, its place. */
type Block = { readonly start: number; end: number; f: number; s: number; earliest: number; latest: number; place: number };

/** The writes of blocks up to this long are all named in a contradiction, before it is made smaller. */
const FEW = 16;

const compare = (a: number, b: number): number => (a < b ? -1 : a > b ? 1 : 0);

/** Of blocks by f, none of which overlap, the last that begins before an instant. */
const lastBefore = (forward: readonly Block[], instant: number): Block | undefined => {
  let [low, high] = [0, forward.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (forward[middle]!.f < instant) low = middle + 1;
    else high = middle;
  }
  return forward[low - 1];
};
