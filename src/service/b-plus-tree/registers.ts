/** The ordered map as registers, one under each key, `null` where there is no entry: what each operation sees and leaves. */

import type { Command, Entry, Result } from './commands.js';

type Register = bigint | null;

/** What no key ever holds: a command that is never answered so sees it. */
const NEVER = Symbol('never');
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
      if (command.type === 'scan') {
        if (result.type !== 'entries' || !isInOrder(command, result.entries)) return sees(command.from, NEVER);
        return result.complete ? viewOf(command, result.entries) : undefined;
      }
      const { key } = command;
      switch (result.type) {
        case 'absent':
          return sees(key, command.type === 'insert' ? NEVER : null);
        case 'found':
          return sees(key, command.type === 'read' ? result.value : NEVER);
        case 'exists':
          return sees(key, command.type === 'insert' ? result.value : NEVER);
        case 'inserted':
          return command.type === 'insert' ? replaces(key, null, command.value) : sees(key, NEVER);
        case 'updated':
          return command.type === 'update' ? replaces(key, result.previous, command.value) : sees(key, NEVER);
        case 'removed':
          return command.type === 'delete' ? replaces(key, result.value, null) : sees(key, NEVER);
        case 'entries':
          return sees(key, NEVER);
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

const sees = (key: bigint, value: Register | symbol) => ({ type: 'access', key, sees: value }) as const;
const replaces = (key: bigint, before: Register, after: Register) => ({ type: 'access', key, sees: before, leaves: after }) as const;
