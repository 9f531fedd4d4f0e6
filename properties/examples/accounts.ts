/**
 * A service of one's own: accounts that hold money, opened by the first deposit. Accounts are range-partitioned among the
 * threads and kept in blocks of `ROOM` accounts; a block belongs to one partition, and to hand out a block is the only
 * change of structure there is.
 */

import type { Codec, Digest, Footprint, Service, Store } from '../../src/service/service.js';

export type Command =
  | { readonly type: 'balance'; readonly account: number }
  | { readonly type: 'deposit'; readonly account: number; readonly amount: number }
  /** The sum of all balances: it concerns every thread. */
  | { readonly type: 'total' };

/** The balance after the command, or the sum of all. */
export type Result = number;

export type Accounts = Store<Command, Result>;

/** Accounts of a block. */
const ROOM = 4;

/** What travels: which service, and how its commands and results are laid out. */
export const service = (accounts: number, partitions: number): Service<Command, Result> => ({
  codec: codec(accounts),
  footprint: (command): Footprint => {
    switch (command.type) {
      case 'balance':
        return { type: 'Partition', partition: partitionOf(command.account, accounts, partitions), change: 'nothing' };
      case 'deposit': // It may open the account, and that may take a block.
        return { type: 'Partition', partition: partitionOf(command.account, accounts, partitions), change: 'structure' };
      case 'total':
        return { type: 'Everything', change: 'nothing' };
    }
  },
});

const partitionOf = (account: number, accounts: number, partitions: number): number => Math.floor((account * partitions) / accounts) + 1;

const KINDS = ['balance', 'deposit', 'total'] as const;

const codec = (accounts: number): Codec<Command, Result> => ({
  kindOf: ({ type }) => KINDS.indexOf(type) + 1,
  encode: (command) => {
    const words = command.type === 'total' ? [] : command.type === 'balance' ? [command.account] : [command.account, command.amount];
    return new Uint8Array(Uint32Array.from(words).buffer);
  },
  decode: (kind, payload) => {
    const type = KINDS[kind - 1];
    const length = { balance: 4, deposit: 8, total: 0 };
    if (type === undefined) return `kind: ${kind} is none of 1 balance, 2 deposit, 3 total`;
    if (payload.length !== length[type]) return `payload: ${type} takes ${length[type]} bytes, not ${payload.length}`;
    if (type === 'total') return { type };
    const [account = 0, amount = 0] = new Uint32Array(payload.slice().buffer);
    if (account >= accounts) return `account: ${account} is outside 0..${accounts - 1}`;
    return type === 'balance' ? { type, account } : { type, account, amount };
  },
  encodeResult: (result) => new Uint8Array(Float64Array.of(result).buffer),
  decodeResult: (_, payload) => new Float64Array(payload.slice().buffer)[0] ?? 0,
});

/** What the accounts mean: balances by account, and how many blocks each partition has. */
export const persistent = (
  accounts: number,
  partitions: number,
  balances: ReadonlyMap<number, number> = new Map(),
  blocks: readonly number[] = Array.from({ length: partitions }, () => 0),
): Accounts => {
  const placeOf = (account: number): number => partitionOf(account, accounts, partitions);
  const lacksRoom = (account: number): boolean => {
    const opened = [...balances.keys()].filter((other) => placeOf(other) === placeOf(account)).length;
    return !balances.has(account) && opened === ROOM * (blocks[placeOf(account) - 1] ?? 0);
  };
  const self: Accounts = {
    check: (thread, command) => {
      if (command.type === 'total' || placeOf(command.account) !== thread) return 'left';
      return command.type === 'deposit' && lacksRoom(command.account) ? 'structure' : undefined;
    },
    execute: (command) => {
      switch (command.type) {
        case 'balance':
          return [self, balances.get(command.account) ?? 0];
        case 'deposit': {
          const balance = (balances.get(command.account) ?? 0) + command.amount;
          const next = lacksRoom(command.account) ? blocks.map((count, i) => (i + 1 === placeOf(command.account) ? count + 1 : count)) : blocks;
          return [persistent(accounts, partitions, new Map([...balances, [command.account, balance]]), next), balance];
        }
        case 'total':
          return [self, [...balances.values()].reduce((sum, balance) => sum + balance, 0)];
      }
    },
    digest: () => digestOf(balances),
  };
  return self;
};

/** A sum over the accounts: it knows neither their order nor their blocks, so both forms have the same. */
const digestOf = (balances: Iterable<readonly [account: number, balance: number]>): Digest => {
  let [entries, high, low] = [0, 0, 0];
  for (const [account, balance] of balances) {
    entries += 1;
    high = (high + Math.imul(account + 1, 0x9e3779b1)) >>> 0;
    low = (low + Math.imul(Math.imul(account + 1, 0x85ebca6b) ^ balance, 0xc2b2ae35)) >>> 0;
  }
  return { entries, high, low };
};

/** Told of every block that is looked at or written in. Block 0 is the count of blocks handed out. */
export type Observe = (block: number, mode: 'read' | 'write') => void;

/** Longs of a block: its partition, its accounts in use, and then account and balance of each. */
const SIZE = 2 + 2 * ROOM;

/** Memory for the most blocks there can be, all of them filled before the next is handed out. */
export const memoryFor = (accounts: number, partitions: number): SharedArrayBuffer =>
  new SharedArrayBuffer(8 * (1 + SIZE * (partitions + Math.ceil(accounts / ROOM))));

/** The accounts in shared memory, for one thread. It has no locks: the safety check and the barrier keep threads apart. */
export const shared = (accounts: number, partitions: number, memory: SharedArrayBuffer, touch: Observe = () => {}): Accounts => {
  const longs = new Float64Array(memory);
  const placeOf = (account: number): number => partitionOf(account, accounts, partitions);

  const write = (at: number, value: number): void => {
    touch(Math.ceil(at / SIZE), 'write');
    longs[at] = value;
  };
  /** Where the blocks of a partition start, or of all. A block's partition is written when it is handed out, and never again. */
  const blocksOf = (partition?: number): readonly number[] => {
    touch(0, 'read');
    const all = Array.from({ length: longs[0]! }, (_, i) => 1 + i * SIZE);
    const own = all.filter((at) => partition === undefined || longs[at] === partition);
    own.forEach((at) => touch(Math.ceil(at / SIZE), 'read'));
    return own;
  };
  /** Where the entries of these blocks stand: an account, and its balance behind it. */
  const entriesIn = (blocks: readonly number[]): readonly number[] =>
    blocks.flatMap((at) => Array.from({ length: longs[at + 1]! }, (_, i) => at + 2 + 2 * i));
  const entryOf = (account: number): number | undefined => entriesIn(blocksOf(placeOf(account))).find((at) => longs[at] === account);
  const blockWithRoom = (partition: number): number | undefined => blocksOf(partition).find((at) => longs[at + 1]! < ROOM);

  /** A new block: the structure changes, so this happens under the barrier only. */
  const take = (partition: number): number => {
    const at = 1 + longs[0]! * SIZE;
    write(0, longs[0]! + 1);
    write(at, partition);
    return at;
  };
  const open = (account: number): number => {
    const block = blockWithRoom(placeOf(account)) ?? take(placeOf(account));
    const at = block + 2 + 2 * longs[block + 1]!;
    write(at, account);
    write(block + 1, longs[block + 1]! + 1);
    return at;
  };

  const self: Accounts = {
    check: (thread, command) => {
      if (command.type === 'total' || placeOf(command.account) !== thread) return 'left';
      const fits = command.type === 'balance' || entryOf(command.account) !== undefined || blockWithRoom(thread) !== undefined;
      return fits ? undefined : 'structure';
    },
    execute: (command) => {
      switch (command.type) {
        case 'balance': {
          const at = entryOf(command.account);
          return [self, at === undefined ? 0 : longs[at + 1]!];
        }
        case 'deposit': {
          const at = entryOf(command.account) ?? open(command.account);
          write(at + 1, longs[at + 1]! + command.amount);
          return [self, longs[at + 1]!];
        }
        case 'total':
          return [self, entriesIn(blocksOf()).reduce((sum, at) => sum + longs[at + 1]!, 0)];
      }
    },
    digest: () => digestOf(entriesIn(blocksOf()).map((at) => [longs[at]!, longs[at + 1]!] as const)),
  };
  return self;
};
