/**
 * Fingerprints: 64 bits that stand for a state, so that a search need not keep the states it has seen.
 *
 * Two lanes of 32 bits take in every word and stir each other, in the manner of MurmurHash3 (Appleby 2011): two hashes that
 * only differ in their seeds would often collide together. What has no order (the fields of a record, a map, messages on
 * their way) is summed up, so that no order need be chosen.
 */

import { isCollection, isIndexed, isKeyed, type Collection } from 'immutable';

/** Takes in what a state consists of, in the order in which it is told. */
export interface Sink {
  /** An integer of 32 bits, and nothing to tell it from other things: the cheapest. */
  readonly word: (word: number) => void;
  /** Any value: numbers, texts, lists, records, maps and sets (native or immutable), bytes, and what is made of them. */
  readonly value: (value: unknown) => void;
  /** Values that have no order, each taken in by `take`, or as a value. */
  readonly bag: <T>(values: Iterable<T>, take?: (value: T) => void) => void;
  /** An object that nobody changes and that many states share: it is read once. If `view` is given, what it makes of it. */
  readonly known: <T extends object>(object: T, view?: (object: T) => unknown) => void;
}

/** A fingerprint: two integers of 32 bits. */
export type Fingerprint = Int32Array;

/**
 * What makes fingerprints of states. The one that it returns is overwritten by the next call. Without `encode`, a state is
 * taken as a value. Throws a `TypeError` on what is no value, such as a function.
 */
export const fingerprinter = <S>(encode: (state: S, sink: Sink) => void = (state, sink) => sink.value(state)): ((state: S) => Fingerprint) => {
  const lanes = new Int32Array(2); // typed, so that no word is boxed
  const float = new Float64Array(1);
  const halves = new Int32Array(float.buffer);
  const memory = new WeakMap<object, readonly [number, number]>();

  const word = (taken: number): void => {
    const first = Math.imul(rotate(Math.imul(taken, 0x239b961b), 15), 0xab0e9789);
    const second = Math.imul(rotate(Math.imul(taken, 0x38b34ae5), 17), 0xa1e38b93);
    const high = (Math.imul(rotate(lanes[0]! ^ first, 19) + lanes[1]!, 5) + 0x561ccd1b) | 0;
    lanes[0] = high;
    lanes[1] = Math.imul(rotate(lanes[1]! ^ second, 13) + high, 5) + 0x0bcaa747;
  };

  const begin = (): void => {
    lanes[0] = 0x2f0b4c47;
    lanes[1] = 0x6c62272e;
  };

  /** Every bit of what was taken in changes every bit of the outcome with even odds. */
  const stir = (): void => {
    const high = mix(lanes[0]! + lanes[1]!);
    lanes[1] = mix(lanes[1]! + high);
    lanes[0] = high + lanes[1];
  };

  /** Takes in a part by what it comes to when it is taken in alone. */
  const apart = (take: () => void): readonly [number, number] => {
    const high = lanes[0]!;
    const low = lanes[1]!;
    begin();
    take();
    stir();
    const part = [lanes[0]!, lanes[1]!] as const;
    lanes[0] = high;
    lanes[1] = low;
    return part;
  };

  const sumOf = <T>(values: Iterable<T>, take: (value: T) => void): void => {
    const before = lanes[0]!;
    const behind = lanes[1]!;
    let count = 0;
    let high = 0;
    let low = 0;
    for (const one of values) {
      begin();
      take(one);
      stir();
      count += 1;
      high = (high + lanes[0]!) | 0;
      low = (low + lanes[1]!) | 0;
    }
    lanes[0] = before;
    lanes[1] = behind;
    word(count);
    word(high);
    word(low);
  };

  const text = (content: string): void => {
    word(content.length);
    for (let at = 0; at < content.length; at += 2) word(content.charCodeAt(at) | (content.charCodeAt(at + 1) << 16));
  };

  const list = (values: Iterable<unknown>, size: number): void => {
    word(size);
    for (const one of values) value(one);
  };

  const pair = ([key, content]: readonly [unknown, unknown]): void => {
    value(key);
    value(content);
  };

  const field = (record: object) => (name: string): void => {
    text(name);
    value((record as Readonly<Record<string, unknown>>)[name]);
  };

  const bag: Sink['bag'] = (values, take = value) => {
    word(TAG.bag);
    sumOf(values, take);
  };

  const collection = (values: Collection<unknown, unknown>): void => {
    if (isIndexed(values)) {
      word(TAG.list);
      return list(values, values.count());
    }
    if (!isKeyed(values)) return bag(values.valueSeq());
    word(TAG.map);
    sumOf((values as Collection<unknown, unknown>).entries(), pair);
  };

  const object = (content: object): void => {
    if (Array.isArray(content)) {
      word(TAG.list);
      return list(content, content.length);
    }
    const prototype: unknown = Object.getPrototypeOf(content);
    if (prototype === Object.prototype || prototype === null) {
      word(TAG.record);
      return sumOf(Object.keys(content), field(content));
    }
    if (isCollection(content)) return collection(content);
    if (content instanceof Uint8Array) {
      word(TAG.bytes);
      word(content.length);
      return content.forEach(word);
    }
    if (content instanceof Set) return bag(content);
    if (content instanceof Map) {
      word(TAG.map);
      return sumOf(content as ReadonlyMap<unknown, unknown>, pair);
    }
    throw new TypeError(`a state holds a ${content.constructor.name}, which is no plain value: give the system an 'encode' that says what of it counts`);
  };

  const value = (content: unknown): void => {
    switch (typeof content) {
      case 'number':
        if ((content | 0) === content) {
          word(TAG.integer);
          return word(content);
        }
        word(TAG.float);
        float[0] = content;
        word(halves[0]!);
        return word(halves[1]!);
      case 'string':
        word(TAG.text);
        return text(content);
      case 'boolean':
        return word(content ? TAG.true : TAG.false);
      case 'undefined':
        return word(TAG.undefined);
      case 'bigint':
        word(TAG.bigint);
        return text(content.toString(36));
      case 'object':
        return content === null ? word(TAG.null) : object(content);
      case 'function':
      case 'symbol':
        throw new TypeError(`a state holds a ${typeof content}, which is no value: give the system an 'encode' that leaves it out`);
    }
  };

  const known: Sink['known'] = (content, view) => {
    let part = memory.get(content);
    if (part === undefined) {
      part = apart(() => value(view === undefined ? content : view(content)));
      memory.set(content, part);
    }
    word(part[0]);
    word(part[1]);
  };

  const sink: Sink = { word, value, bag, known };
  return (state) => {
    begin();
    encode(state, sink);
    stir();
    return lanes;
  };
};

const TAG = { null: 1, undefined: 2, true: 3, false: 4, integer: 5, float: 6, text: 7, bigint: 8, list: 9, record: 10, map: 11, bag: 12, bytes: 13 } as const;

const rotate = (word: number, by: number): number => (word << by) | (word >>> (32 - by));

/** The finalizer of MurmurHash3: a bijection of 32 bits. */
const mix = (word: number): number => {
  const first = Math.imul(word ^ (word >>> 16), 0x85ebca6b);
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
  return second ^ (second >>> 16);
};
