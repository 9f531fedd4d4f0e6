/**
 * The commands of a measurement: drawn by seed, uniform over a key space twice as large as the tree, each value unique.
 *
 * The loaded keys are the even ones. A key that is drawn is therefore in the tree every other time, an insert or a delete
 * has an effect every other time, and the tree keeps its size. As no two writes carry the same value, a read names the
 * write that it saw, and a history proves itself.
 */

import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { Command } from '../service/b-plus-tree/commands.js';
import * as Load from '../service/b-plus-tree/load.js';
import type { Workload } from './workload.js';

/** Where commands come from. */
export type Source = {
  /** Keys in the tree at the start. */
  readonly keys: number;
  readonly workload: Workload;
  readonly seed: number;
};

/** A few keys that an auditor's commands return to, so that the recorded history of each is dense. */
export type Audit = {
  readonly keys: readonly bigint[];
  /** The part of the commands that goes to these keys, 0 to 1; the others are uniform. */
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

/**
 * The endless commands of one writer: each call draws the next. Same source, writer and audit, same commands. Writers
 * draw from stretches of one random sequence that are 2^64 draws apart.
 */
export const commandsOf = (source: Source, writer: number, audit: Audit = NO_AUDIT): (() => Command) => {
  const { mix, span } = source.workload;
  const keySpace = keySpaceOf(source.keys);
  const random = xoroshiro128plus(source.seed);
  for (let i = 0; i < writer; i++) random.jump();

  const updates = threshold(mix.read);
  const inserts = threshold(mix.read + mix.update);
  const deletes = threshold(mix.read + mix.update + mix.insert);
  const scans = threshold(mix.read + mix.update + mix.insert + mix.delete);
  const audited = audit.keys.length === 0 ? 0 : threshold(100 * audit.share);
  let written = 0;

  const draw = (): number => random.next() >>> 0;
  const drawKey = (): bigint =>
    audited > 0 && draw() < audited
      ? (audit.keys[uniformInt(random, 0, audit.keys.length - 1)] as bigint)
      : BigInt(uniformInt(random, 0, keySpace - 1));

  return () => {
    const kind = draw();
    const key = drawKey();
    if (kind < updates) return { type: 'read', key };
    if (kind < inserts) return { type: 'update', key, value: valueOf(writer, ++written) };
    if (kind < deletes) return { type: 'insert', key, value: valueOf(writer, ++written) };
    if (kind < scans) return { type: 'delete', key };
    const last = Math.min(Number(key) + span, keySpace) - 1;
    return { type: 'scan', from: key, to: BigInt(last) };
  };
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
export const auditsOf = (source: Source, writer: number, ranges: readonly Range[]): (() => Command) => {
  const { read, update, insert, delete: deletes } = source.workload.mix;
  const mix = { read: read * 0.95, update: update * 0.95, insert: insert * 0.95, delete: deletes * 0.95, scan: 5 };
  const keys = ranges.flatMap(({ from, to }) => Array.from({ length: to - from + 1 }, (_, i) => BigInt(from + i)));
  const next = commandsOf({ ...source, workload: { ...source.workload, mix } }, writer, { keys, share: 1 });
  return () => {
    const command = next();
    if (command.type !== 'scan') return command;
    const range = ranges.find(({ from, to }) => command.from >= from && command.from <= to);
    return range === undefined ? command : { type: 'scan', from: BigInt(range.from), to: BigInt(range.to) };
  };
};

/** Below what a draw from 0 to 2^32 - 1 stays in so many percent of all cases. */
const threshold = (percent: number): number => (percent / 100) * 2 ** 32;
