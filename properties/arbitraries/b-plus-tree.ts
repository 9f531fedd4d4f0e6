/** Small B+-trees, what they hold at first, and what they are asked to do: small, so that they split and merge all the time. */

import * as fc from 'fast-check';
import { COMMAND_HEADER, encodeCommand, join } from '../../src/record.js';
import { addEntry, bPlusTree, emptyDigest, orderedMap, type Command, type Entry, type Load, type Options, type Result, type Tree } from '../../src/service/b-plus-tree/index.js';
import type { Codec } from '../../src/service/service.js';

/** A tree with these options that holds at first the entries with these keys. */
export type Setup = { readonly options: Required<Options>; readonly keys: readonly number[] };
export type History = Setup & { readonly commands: readonly Command[] };

const options: fc.Arbitrary<Required<Options>> = fc
  .record({
    keySpace: fc.integer({ min: 8, max: 240 }),
    capacity: fc.integer({ min: 4, max: 8 }),
    fill: fc.constantFrom(0.5, 0.7, 1),
    minimum: fc.constantFrom('half' as const, 'one' as const),
  })
  .chain((numbers) => {
    const even = fc.integer({ min: 1, max: 8 });
    const bounds = fc.uniqueArray(fc.integer({ min: 1, max: numbers.keySpace - 1 }), { maxLength: 7 });
    const uneven = bounds.map((others) => [0, ...others.toSorted((a, b) => a - b)]);
    return fc.record({ ...constants(numbers), partitions: fc.oneof(even, uneven) });
  });

/** Entries with these keys: the value of a key is a third of it, negative if it is odd. */
export const entriesOf = (keys: readonly number[]): Load => ({
  entries: keys.length,
  keyAt: (i) => keys[i]!,
  valueAt: (i) => BigInt(keys[i]! % 2 === 0 ? keys[i]! : -keys[i]!) / 3n,
});

/** Full as often as not, and sometimes so empty that the root is a leaf. */
export const setup: fc.Arbitrary<Setup> = options.chain((chosen) => {
  const all = Array.from({ length: chosen.keySpace }, (_, key) => key);
  const keys = fc.oneof({ weight: 4, arbitrary: fc.subarray(all) }, { weight: 1, arbitrary: fc.subarray(all, { maxLength: 8 }) });
  return fc.record({ options: fc.constant(chosen), keys });
});

const value = fc.oneof(fc.bigInt({ min: -4n, max: 4n }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));

/** A command on a key from `from` to `to`. Structure is changed more often than not. */
export const writeBetween = (from: number, to: number): fc.Arbitrary<Command> => {
  const key = fc.integer({ min: from, max: to }).map(BigInt);
  return fc.oneof(
    { weight: 4, arbitrary: fc.record({ type: fc.constant('insert' as const), key, value }) },
    { weight: 4, arbitrary: fc.record({ type: fc.constant('delete' as const), key }) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('update' as const), key, value }) },
  );
};

export const commandBetween = (from: number, to: number): fc.Arbitrary<Command> => {
  const key = fc.integer({ min: from, max: to }).map(BigInt);
  return fc.oneof(
    { weight: 8, arbitrary: writeBetween(from, to) },
    { weight: 2, arbitrary: fc.record({ type: fc.constant('read' as const), key }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant('scan' as const), from: key, to: key }) },
  );
};

/** A tree, and commands for it: often many on few keys, or deletes of all there are, so that leaves run full and empty. */
export const history: fc.Arbitrary<History> = setup.chain(({ options: chosen, keys }) => {
  const last = chosen.keySpace - 1;
  const anywhere = fc.array(commandBetween(0, last), { size: '+1', maxLength: 120 });
  const crowded = fc
    .integer({ min: 0, max: last })
    .chain((from) => fc.array(commandBetween(from, Math.min(from + 20, last)), { size: '+1', maxLength: 120 }));
  const drained = fc
    .shuffledSubarray([...keys], { minLength: Math.floor(keys.length / 2) })
    .map((some) => some.map((key): Command => ({ type: 'delete', key: BigInt(key) })));
  const commands = fc.oneof({ weight: 2, arbitrary: anywhere }, { weight: 2, arbitrary: crowded }, { weight: 1, arbitrary: drained });
  return fc.record({ options: fc.constant(chosen), keys: fc.constant(keys), commands });
});

// Histories as records

const namedRecord = (kind: number, payload: Uint8Array): Uint8Array => encodeCommand({ kind, attempt: 0, session: 1, sequence: 1, floor: 1, payload });

export const recordOf = (codec: Codec<Command, Result>, command: Command): Uint8Array => namedRecord(codec.kindOf(command), codec.encode(command));

/** Records as a batch that starts `offset` bytes into its buffer. */
export const batchOf = (records: readonly Uint8Array[], offset = 0): Uint8Array => {
  const batch = join(records.length === 0 ? [new Uint8Array()] : records);
  const buffer = new Uint8Array(offset + batch.length);
  buffer.set(batch, offset);
  return buffer.subarray(offset);
};

/** Bytes that may be no command: of another kind, length, or key. */
const stray: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 24 })).map(([kind, payload]) => namedRecord(kind, payload)),
  fc.tuple(fc.integer({ min: 0, max: 6 }), fc.constantFrom(8, 16), fc.array(fc.oneof(fc.bigInt({ min: -1n, max: 250n }), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })), { minLength: 2, maxLength: 2 })).map(([kind, length, words]) => {
    const record = namedRecord(kind, new Uint8Array(length));
    const view = new DataView(record.buffer);
    for (let at = 0; at < length; at += 8) view.setBigInt64(COMMAND_HEADER + at, words[at / 8]!, true);
    return record;
  }),
);

/** A batch that one of two handles executes, after it was told of what to expect: the batch, from some record on, or the one before. */
export type Run = { readonly batch: Uint8Array; readonly handle: 0 | 1; readonly expects: 'nothing' | 'itself' | 'its end' | 'the last one' };
export type Records = Setup & { readonly runs: readonly Run[] };

export const records: fc.Arbitrary<Records> = history.chain(({ options: chosen, keys, commands }) => {
  const { codec } = bPlusTree(chosen).service;
  const scanned = fc.tuple(fc.nat({ max: chosen.keySpace - 1 }), fc.nat({ max: chosen.keySpace - 1 })).map(([from, to]) => recordOf(codec, { type: 'scan', from: BigInt(from), to: BigInt(to) }));
  const insertions = fc.array(fc.record({ at: fc.nat({ max: commands.length }), record: fc.oneof(stray, scanned) }), { maxLength: 12 });
  const cuts = fc.array(fc.record({ length: fc.integer({ min: 1, max: 50 }), offset: fc.nat({ max: 8 }), handle: fc.constantFrom(0 as const, 1 as const), expects: fc.constantFrom('nothing' as const, 'itself' as const, 'its end' as const, 'the last one' as const) }), { minLength: 1, maxLength: 8 });
  return fc.tuple(insertions, cuts).map(([more, each]) => {
    const all = commands.map((command) => recordOf(codec, command));
    for (const { at, record } of more) all.splice(at, 0, record);
    const runs: Run[] = [];
    for (let i = 0; all.length > 0; i++) {
      const { length, offset, handle, expects } = each[i % each.length]!;
      runs.push({ batch: batchOf(all.splice(0, length), offset), handle, expects });
    }
    return { options: chosen, keys, runs };
  });
});

const constants = <T extends object>(record: T): { readonly [K in keyof T]: fc.Arbitrary<T[K]> } =>
  Object.fromEntries(Object.entries(record).map(([name, each]) => [name, fc.constant(each)])) as { [K in keyof T]: fc.Arbitrary<T[K]> };

// What the trees of histories are, and what is meant by them

export const FORMS = ['persistent', 'shared'] as const;
export type Form = (typeof FORMS)[number];

export const treeOf = ({ options, keys }: Setup, form: Form): Tree =>
  form === 'persistent' ? bPlusTree(options).persistent(entriesOf(keys)) : bPlusTree(options).create(entriesOf(keys));

export const keysOf = (keySpace: number): readonly bigint[] => Array.from({ length: keySpace }, (_, key) => BigInt(key));

/** A read of every key there may be. */
export const readsOf = ({ keySpace }: Setup['options']): readonly Command[] => keysOf(keySpace).map((key) => ({ type: 'read', key }));

/** What is meant: the results that an ordered map gives, and its entries after them all. */
export const meant = ({ options, keys, commands }: History): { readonly results: readonly Result[]; readonly entries: readonly Entry[] } => {
  const load = entriesOf(keys);
  const valueByKey = new Map(keys.map((key, i) => [key, load.valueAt(i)]));
  const { initial, apply } = orderedMap(options.keySpace, (key) => valueByKey.get(key));
  const given: Result[] = [];
  const final = commands.reduce((state, command) => {
    const [next, result] = apply(state, command);
    given.push(result);
    return next;
  }, initial);
  const [, all] = apply(final, { type: 'scan', from: 0n, to: BigInt(options.keySpace) });
  return { results: given, entries: all.type === 'entries' ? all.entries : [] };
};

export const digestOf = (entries: readonly Entry[]) => entries.reduce((digest, [key, value]) => addEntry(digest, key, value), emptyDigest);
