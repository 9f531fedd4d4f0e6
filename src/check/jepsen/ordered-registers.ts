/** Jepsen's ordered map as registers, one under each key, `null` where there is no entry. */

import type { Access, Key, Registers, Value, View } from '../model.js';
import type { Answer, Call, State } from './call.js';
import { valueOf } from './registers.js';

/** How each operation may be answered. */
export const ANSWERS: Readonly<Record<string, readonly string[]>> = {
  read: ['found', 'absent'],
  insert: ['inserted', 'exists'],
  update: ['updated', 'absent'],
  delete: ['removed', 'absent'],
  scan: ['entries'],
};

/** Of the map that holds `initial` at first. What `ordered-map.ts` answers, these say in the words of registers. */
export const orderedRegisters = (initial: State): Registers<Call, Answer> => {
  const valueAtFirst = (key: Key): Value => (initial.has(key) ? valueOf(initial.get(key)) : null);

  const viewOf = (from: Key, to: Key, entries: readonly (readonly [Key, unknown])[]): View => {
    const seen = new Map(entries.map(([key, value]) => [key, valueOf(value)]));
    const loaded = [...initial.keys()].filter((key) => key >= from && key <= to);
    return { type: 'view', span: { from, to }, valueOf: (key) => seen.get(key) ?? null, keys: [...seen.keys(), ...loaded] };
  };

  return {
    valueAtFirst,
    answered: ({ f, key, value, isBlind }, answer) => {
      const [kind, found] = answer as readonly [kind?: string, found?: unknown];
      if (kind !== undefined && !ANSWERS[f]!.includes(kind)) return undefined;
      if (f === 'scan') {
        const { to, limit } = value as { readonly to: Key; readonly limit?: number };
        if (isBlind === true) return { type: 'access', key };
        const entries = found as readonly (readonly [Key, unknown])[];
        // A scan that stopped at its limit says nothing of what is behind it.
        return limit === undefined && areInOrder(entries, key, to) ? viewOf(key, to, entries) : undefined;
      }
      const at = { type: 'access', key } as const;
      switch (kind) {
        case undefined:
          return at;
        case 'absent':
          return { ...at, sees: null };
        case 'found':
        case 'exists':
          return { ...at, sees: valueOf(found) };
        case 'inserted':
          return { ...at, sees: null, leaves: valueOf(value) };
        default:
          return { ...at, ...(isBlind === true ? { misses: null } : { sees: valueOf(found) }), leaves: f === 'delete' ? null : valueOf(value) };
      }
    },
    unanswered: ({ f, key, value }): Access => {
      const at = { type: 'access', key } as const;
      if (f === 'insert') return { ...at, sees: null, leaves: valueOf(value) };
      if (f === 'update') return { ...at, misses: null, leaves: valueOf(value) };
      return f === 'delete' ? { ...at, misses: null, leaves: null } : at;
    },
  };
};

/** Whether a scan of this range may give these entries in this order. */
const areInOrder = (entries: readonly (readonly [Key, unknown])[], from: Key, to: Key): boolean =>
  entries.every(([key], i) => from <= key && key <= to && (i === 0 || entries[i - 1]![0] < key));
