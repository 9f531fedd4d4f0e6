/**
 * What clients were told of their writes: enough to say what the tree must hold when all of them are answered. No
 * acknowledged write is missing, and nothing else has been written, exactly when the tree's digest is the ledger's.
 */
import type { Position } from '../record.js';
import { roundOf } from '../multicast/merge.js';
import { addEntry, removeEntry, type Command, type Result } from '../service/b-plus-tree/index.js';
import type { Digest } from '../service/service.js';

type Entry = { readonly position: Position; readonly value: bigint | null };

export type Ledger = {
  /** Notes an answer. Answers may come in any order: positions tell the order of the writes to a key. */
  readonly note: (command: Command, result: Result, position: Position) => void;
  /** The digest of the tree that had `initial`, and held what `loaded` says, before the first write. */
  readonly expected: (initial: Digest, loaded: (key: number) => bigint | undefined) => Digest;
  /** How many keys have been written. */
  readonly keys: () => number;
};

/** `m` is that of the merge: slots of a ring in one round. */
export const ledger = (m: number): Ledger => {
  const lastByKey = new Map<number, Entry>();
  const isLater = (a: Position, b: Position): boolean => {
    const rounds = roundOf(a.slot, m) - roundOf(b.slot, m);
    if (rounds !== 0) return rounds > 0;
    if (a.group !== b.group) return a.group > b.group;
    return a.slot !== b.slot ? a.slot > b.slot : a.offset > b.offset;
  };
  return {
    note: (command, result, position) => {
      const value = written(command, result);
      if (value === undefined || command.type === 'scan') return;
      const key = Number(command.key);
      const last = lastByKey.get(key);
      if (last === undefined || isLater(position, last.position)) lastByKey.set(key, { position, value });
    },
    expected: (initial, loaded) => {
      let digest = initial;
      for (const [key, { value }] of lastByKey) {
        const before = loaded(key);
        if (before !== undefined) digest = removeEntry(digest, BigInt(key), before);
        if (value !== null) digest = addEntry(digest, BigInt(key), value);
      }
      return digest;
    },
    keys: () => lastByKey.size,
  };
};

/** What a command has left under its key: a value, `null` for nothing, `undefined` if it changed nothing. */
const written = (command: Command, result: Result): bigint | null | undefined => {
  switch (result.type) {
    case 'inserted':
    case 'updated':
      return command.type === 'insert' || command.type === 'update' ? command.value : undefined;
    case 'removed':
      return null;
    case 'absent':
    case 'found':
    case 'exists':
    case 'entries':
      return undefined;
  }
};
