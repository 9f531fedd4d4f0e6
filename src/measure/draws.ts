/**
 * The commands of a measurement: drawn by seed, from a key space twice as large as the tree, each value unique.
 *
 * The loaded keys are the even ones. A key that is drawn is therefore in the tree every other time, an insert or a delete
 * has an effect every other time, and the tree keeps its size. As no two writes carry the same value, a read names the
 * write that it saw, and a history proves itself. A draw makes no object.
 */
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { KIND } from '../service/b-plus-tree/calls.js';
import type { Command } from '../service/b-plus-tree/commands.js';
import * as Load from '../service/b-plus-tree/load.js';
import { rankerOf } from './zipf.js';
import type { Distribution, Workload } from './workload.js';

/** Where commands come from. */
export type Source = {
  /** Keys in the tree at the start. */
  readonly keys: number;
  readonly workload: Workload;
  readonly seed: number;
  /** How many writers share the work, 1 unless told: those that insert one key after the other take turns. */
  readonly writers?: number;
};

/** A few keys that an auditor's commands return to, so that the recorded history of each is dense. */
export type Audit = {
  readonly keys: readonly number[];
  /** The part of the commands that goes to these keys, 0 to 1; the others are as the workload says. */
  readonly share: number;
};

/** Those who only want to be fast return to no key. */
const NO_AUDIT: Audit = { keys: [], share: 0 };

/** Keys are drawn from 0 to this, exclusive. */
export const keySpaceOf = (keys: number): number => 2 * keys;

/** The i-th loaded key, from 0. */
export const keyAt = (i: number): bigint => BigInt(Load.keyAt(i));

/** The i-th loaded value: the loader is writer 0. */
export const valueAt = Load.valueAt;

/** A value that no other writer writes, and this one only once: 22 bits of writer (from 1), 40 bits of count. */
export const valueOf = (writer: number, count: number): bigint => BigInt(writer * 2 ** 40) + BigInt(count);

/** A command as it was drawn last: `low` and `high` are the halves of its value, or of the last key of a scan. */
export type Drawn = { kind: number; key: number; low: number; high: number };

/** Draws the next command, into the same place each time. */
export type Draw = () => Readonly<Drawn>;

/**
 * The endless commands of one writer. Same source, writer and audit, same commands. Writers draw from stretches of one random
 * sequence that are 2^64 draws apart.
 */
export const drawsOf = (source: Source, writer: number, audit: Audit = NO_AUDIT): Draw => {
  const { mix, span, keys } = source.workload;
  const keySpace = keySpaceOf(source.keys);
  const random = xoroshiro128plus(source.seed);
  for (let i = 0; i < writer; i++) random.jump();

  const updates = threshold(mix.read);
  const inserts = threshold(mix.read + mix.update);
  const deletes = threshold(mix.read + mix.update + mix.insert);
  const scans = threshold(mix.read + mix.update + mix.insert + mix.delete);
  const audited = audit.keys.length === 0 ? 0 : threshold(100 * audit.share);
  const uniform = (): number => (random.next() >>> 0) * 2 ** -32;
  const drawKey = keysOf(keys, source, writer, uniform);
  const drawn: Drawn = { kind: 0, key: 0, low: 0, high: 0 };
  let written = 0;

  return () => {
    const at = random.next() >>> 0;
    const kind = at < updates ? KIND.read : at < inserts ? KIND.update : at < deletes ? KIND.insert : at < scans ? KIND.delete : KIND.scan;
    const isAudited = audited > 0 && random.next() >>> 0 < audited;
    const key = isAudited ? (audit.keys[Math.floor(uniform() * audit.keys.length)] as number) : drawKey(kind === KIND.insert);
    drawn.kind = kind;
    drawn.key = key;
    if (kind === KIND.scan) {
      const last = Math.min(key + span, keySpace) - 1;
      drawn.low = last | 0;
      drawn.high = Math.floor(last / 2 ** 32);
    } else if (kind === KIND.update || kind === KIND.insert) {
      written += 1;
      drawn.low = written | 0;
      drawn.high = writer * 2 ** 8 + Math.floor(written / 2 ** 32);
    }
    return drawn;
  };
};

/** How keys are drawn, told whether for an insert. */
const keysOf = (distribution: Distribution, { keys, writers = 1 }: Source, writer: number, uniform: () => number): ((isInsert: boolean) => number) => {
  const keySpace = keySpaceOf(keys);
  switch (distribution.type) {
    case 'uniform':
      return () => Math.floor(uniform() * keySpace);
    case 'zipf': {
      const rank = rankerOf(keySpace, distribution.exponent);
      const stride = SCATTER.find((prime) => keySpace % prime !== 0) ?? 1;
      return () => (rank(uniform()) * stride) % keySpace; // below 2^53 for a key space below 2^31
    }
    case 'hot': {
      const width = Math.max(1, Math.round(distribution.part * keySpace));
      const from = Math.floor((keySpace - width) / 2);
      return () => (uniform() < distribution.share ? from + Math.floor(uniform() * width) : Math.floor(uniform() * keySpace));
    }
    case 'latest':
    case 'append': {
      // What is loaded counts as inserted long ago. Inserts take the odd keys in turn, and begin anew when there are no more.
      let own = 0;
      const rank = distribution.type === 'latest' ? rankerOf(keySpace, 0.99) : undefined;
      return (isInsert) => {
        if (isInsert) return 2 * ((own++ * writers + writer - 1) % keys) + 1;
        const inserted = Math.min(keys, own * writers);
        const age = rank === undefined ? Math.floor(uniform() * (keys + inserted)) : rank(uniform()) % (keys + inserted);
        return age < inserted ? 2 * ((own * writers - 1 - age) % keys) + 1 : 2 * (keys - 1 - (age - inserted));
      };
    }
  }
};

/** Strides between keys of neighbouring ranks: primes, so that no two ranks share a key. */
const SCATTER = [2_097_143, 2_097_133] as const;

/** The same draws, as commands. */
export const commandsOf = (source: Source, writer: number, audit: Audit = NO_AUDIT): (() => Command) => {
  const draw = drawsOf(source, writer, audit);
  return () => commandOf(draw());
};

/** A draw as a command. */
export const commandOf = ({ kind, key, low, high }: Readonly<Drawn>): Command => {
  const second = (BigInt(high) << 32n) | BigInt(low >>> 0);
  switch (kind) {
    case KIND.read:
      return { type: 'read', key: BigInt(key) };
    case KIND.update:
      return { type: 'update', key: BigInt(key), value: second };
    case KIND.insert:
      return { type: 'insert', key: BigInt(key), value: second };
    case KIND.delete:
      return { type: 'delete', key: BigInt(key) };
    default:
      return { type: 'scan', from: BigInt(key), to: second };
  }
};

/** Keys that auditors work on, all from `from` to `to`. */
export type Range = { readonly from: number; readonly to: number };

/**
 * Ranges worth auditing, eight keys each: round every bound between partitions, where a leaf may be shared, and in the middle
 * of every partition. A partition's lower bound is its first key.
 */
export const auditedRanges = (keys: number, lowerBounds: readonly number[]): readonly Range[] => {
  const keySpace = keySpaceOf(keys);
  const middles = lowerBounds.map((bound, i) => Math.floor((bound + (lowerBounds[i + 1] ?? keySpace)) / 2));
  const starts = [...lowerBounds.slice(1), ...middles].map((centre) => Math.max(0, Math.min(centre - 4, keySpace - 8)));
  return [...new Set(starts)].sort((a, b) => a - b).map((from) => ({ from, to: Math.min(from + 7, keySpace - 1) }));
};

/**
 * The endless commands of an auditor: all on the audited keys, and one in twenty a scan of a whole range, so that a history
 * of these keys is dense and ties them together.
 */
export const auditsOf = (source: Source, writer: number, ranges: readonly Range[]): Draw => {
  const { read, update, insert, delete: deletes } = source.workload.mix;
  const others = read + update + insert + deletes;
  const part = (percent: number): number => (others === 0 ? 0 : (percent / others) * 95);
  const mix = { read: part(read), update: part(update), insert: part(insert), delete: part(deletes), scan: others === 0 ? 100 : 5 };
  const keys = ranges.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
  const draw = drawsOf({ ...source, workload: { ...source.workload, keys: { type: 'uniform' }, mix } }, writer, { keys, share: 1 });
  return () => {
    const drawn = draw();
    if (drawn.kind !== KIND.scan) return drawn;
    const { from, to } = ranges.find((range) => drawn.key >= range.from && drawn.key <= range.to)!;
    return { kind: KIND.scan, key: from, low: to | 0, high: Math.floor(to / 2 ** 32) };
  };
};

/** Below what a draw from 0 to 2^32 - 1 stays in so many percent of all cases. */
const threshold = (percent: number): number => (percent / 100) * 2 ** 32;
