/** The ordered map as registers, one under each key, `null` where there is no entry: what each operation sees and leaves. */

import type { Command, Entry, Result } from './commands.js';

type Register = bigint | null;
type Span = { readonly from: bigint; readonly to: bigint };

/** Of the map whose keys hold at first `valueAtFirst(key)`. `presentIn` are the keys of a span that hold something at first. */
export const registers = (valueAtFirst: (key: number | bigint | string) => Register, presentIn: (span: Span) => readonly bigint[]) => {
  const viewOf = ({ from, to }: Span, entries: readonly Entry[]) => {
    const seen = new Map<number | bigint | string, bigint>(entries);
    return { type: 'view', span: { from, to }, valueOf: (key: number | bigint | string): Register => seen.get(key) ?? null, keys: [...entries.map(([key]) => key), ...presentIn({ from, to })] } as const;
  };

  return {
    valueAtFirst,
    /** A scan that stopped at its limit says nothing of what is behind it. */
    answered: (command: Command, result: Result) => {
      if (command.type === 'scan') return result.type === 'entries' && result.complete && isInOrder(command, result.entries) ? viewOf(command, result.entries) : undefined;
      const { key } = command;
      switch (result.type) {
        case 'absent':
          return command.type === 'insert' ? undefined : sees(key, null);
        case 'found':
          return command.type === 'read' ? sees(key, result.value) : undefined;
        case 'exists':
          return command.type === 'insert' ? sees(key, result.value) : undefined;
        case 'inserted':
          return command.type === 'insert' ? replaces(key, null, command.value) : undefined;
        case 'updated':
          return command.type === 'update' ? replaces(key, result.previous, command.value) : undefined;
        case 'removed':
          return command.type === 'delete' ? replaces(key, result.value, null) : undefined;
        case 'entries':
          return undefined;
      }
    },
    unanswered: (command: Command) => {
      switch (command.type) {
        case 'scan':
          return { type: 'access', key: command.from } as const;
        case 'read':
          return { type: 'access', key: command.key } as const;
        case 'insert':
          return replaces(command.key, null, command.value);
        case 'update':
          return { type: 'access', key: command.key, misses: null, leaves: command.value } as const;
        case 'delete':
          return { type: 'access', key: command.key, misses: null, leaves: null } as const;
      }
    },
  };
};

/** Whether a scan of this span may give these entries in this order. */
const isInOrder = ({ from, to }: Span, entries: readonly Entry[]): boolean =>
  entries.every(([key], i) => from <= key && key <= to && (i === 0 || (entries[i - 1] as Entry)[0] < key));

const sees = (key: bigint, value: Register) => ({ type: 'access', key, sees: value }) as const;
const replaces = (key: bigint, before: Register, after: Register) => ({ type: 'access', key, sees: before, leaves: after }) as const;
