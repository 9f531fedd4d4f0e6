/**
 * What the tree means to its clients: a sequential ordered map. Judges compare histories with it.
 *
 * A state holds only what differs from the load, so that ten million loaded entries cost nothing.
 */
import { Map } from 'immutable';
import { SCAN_LIMIT, type Command, type Entry, type Result } from './commands.js';
import { registers } from './registers.js';

/** By key: its value since it was written, `null` since it was deleted. */
export type State = Map<number, bigint | null>;

/** The map over a key space that holds at first `loaded(key)`, if that is not `undefined`. */
export const orderedMap = (keySpace: number, loaded: (key: number) => bigint | undefined) => {
  const valueOf = (state: State, key: number): bigint | undefined => {
    const written = state.get(key);
    return written === undefined ? loaded(key) : (written ?? undefined);
  };

  const scan = (state: State, from: number, to: number): Result => {
    const entries: Entry[] = [];
    for (let key = Math.max(0, from); key <= Math.min(to, keySpace - 1); key += 1) {
      const value = valueOf(state, key);
      if (value === undefined) continue;
      if (entries.length === SCAN_LIMIT) return { type: 'entries', entries, complete: false };
      entries.push([BigInt(key), value]);
    }
    return { type: 'entries', entries, complete: true };
  };

  const presentIn = ({ from, to }: { readonly from: bigint; readonly to: bigint }): readonly bigint[] => {
    const keys: bigint[] = [];
    for (let key = Math.max(0, Number(from)); key <= Math.min(Number(to), keySpace - 1); key += 1) if (loaded(key) !== undefined) keys.push(BigInt(key));
    return keys;
  };

  return {
    initial: Map<number, bigint | null>(),
    apply: (state: State, command: Command): readonly [State, Result] => {
      if (command.type === 'scan') return [state, scan(state, Number(command.from), Number(command.to))];
      const key = Number(command.key);
      const value = valueOf(state, key);
      if (command.type === 'insert')
        return value === undefined ? [state.set(key, command.value), { type: 'inserted' }] : [state, { type: 'exists', value }];
      if (value === undefined) return [state, { type: 'absent' }];
      switch (command.type) {
        case 'read':
          return [state, { type: 'found', value }];
        case 'update':
          return [state.set(key, command.value), { type: 'updated', previous: value }];
        case 'delete':
          return [state.set(key, null), { type: 'removed', value }];
      }
    },
    sameResult: (a: Result, b: Result): boolean => textOf(a) === textOf(b),
    stateKey: (state: State): string => [...state].sort(([a], [b]) => a - b).join(';'),
    commandKey: sayCommand,
    spansOf: (command: Command) => [command.type === 'scan' ? { from: command.from, to: command.to } : { from: command.key, to: command.key }],
    isReadOnly: (_: Command, result: Result): boolean => ['absent', 'found', 'exists', 'entries'].includes(result.type),
    registers: registers((key) => loaded(Number(key)) ?? null, presentIn),
  };
};

/** A command in words. */
export const sayCommand = (command: Command): string => {
  switch (command.type) {
    case 'read':
    case 'delete':
      return `${command.type} ${command.key}`;
    case 'update':
    case 'insert':
      return `${command.type} ${command.key} ${command.value}`;
    case 'scan':
      return `scan ${command.from} ${command.to}`;
  }
};

/** A result in words: equal if and only if the results are. */
export const textOf = (result: Result): string => {
  switch (result.type) {
    case 'absent':
    case 'inserted':
      return result.type;
    case 'found':
    case 'exists':
    case 'removed':
      return `${result.type} ${result.value}`;
    case 'updated':
      return `updated from ${result.previous}`;
    case 'entries':
      if (result.entries.length === 0) return result.complete ? 'no entries' : 'no entries, …';
      return `entries ${result.entries.map(([key, value]) => `${key}: ${value}`).join(', ')}${result.complete ? '' : ', …'}`;
  }
};
