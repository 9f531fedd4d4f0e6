/**
 * What a replica remembers of the commands it has answered, so that each is executed at most once. REP-2, REP-3.
 *
 * One table per thread, written by that thread and, under the barrier, by the executor: whatever was executed on g_all for
 * a key of t_i stands in t_i's table before t_i goes on. So a late duplicate of a failed attempt finds its resubmission
 * (exactly once with resubmission), and a duplicate of the failed attempt itself is answered as before. Table 0 is the
 * executor's, for commands that touch several partitions.
 *
 * A client keeps at most `window` commands outstanding and says with each below which number it will never ask again; a
 * table remembers that many of each of the last `sessions` sessions. A session that was pushed out is new when it returns.
 */
import { Map } from 'immutable';
import type { Status } from '../record.js';

export type Limits = {
  readonly tables: number;
  /** Sessions that a table remembers; the one that was used least recently makes room. */
  readonly sessions: number;
  /** Commands of one session that may be outstanding at once. */
  readonly window: number;
  /** Bytes of a reply record that the tables of the shared form have room for; longer ones belong in table 0. */
  readonly replyBytes: number;
};

export type Identity = { readonly session: number; readonly sequence: number; readonly floor: number };

/** An attempt that was answered, with the record of its reply. */
export type Answered = { readonly type: 'Answered'; readonly attempt: number; readonly status: Status; readonly reply: Uint8Array };

export type Memory =
  | { readonly type: 'New' }
  /** Its client has its answer and said so. */
  | { readonly type: 'Forgotten' }
  /** More commands outstanding than the window allows. */
  | { readonly type: 'Beyond' }
  | Answered;

export interface Sessions {
  readonly recall: (table: number, command: Identity) => Memory;
  readonly remember: (table: number, command: Identity, answer: Answered) => Sessions;
}

const NEW: Memory = { type: 'New' };
const FORGOTTEN: Memory = { type: 'Forgotten' };
const BEYOND: Memory = { type: 'Beyond' };

// The persistent form

type Session = { readonly used: number; readonly floor: number; readonly answers: Map<number, Answered> };
type Table = { readonly clock: number; readonly sessions: Map<number, Session> };

/** What the tables mean. */
export const persistentSessions = (limits: Limits, tables: Map<number, Table> = Map()): Sessions => ({
  recall: (table, { session, sequence, floor }) => {
    if (sequence >= floor + limits.window) return BEYOND;
    const known = tables.get(table)?.sessions.get(session);
    if (known === undefined) return NEW;
    return sequence < known.floor ? FORGOTTEN : (known.answers.get(sequence) ?? NEW);
  },
  remember: (table, { session, sequence, floor }, answer) => {
    const { clock, sessions } = tables.get(table) ?? { clock: 0, sessions: Map<number, Session>() };
    const known = sessions.get(session);
    const raised = Math.max(floor, known?.floor ?? 0);
    const answers = (known?.answers ?? Map<number, Answered>()).filter((_, other) => other >= raised).set(sequence, answer);
    const room = known === undefined && sessions.size >= limits.sessions ? sessions.delete(leastRecent(sessions)) : sessions;
    const next = { clock: clock + 1, sessions: room.set(session, { used: clock, floor: raised, answers }) };
    return persistentSessions(limits, tables.set(table, next));
  },
});

const leastRecent = (sessions: Map<number, Session>): number =>
  sessions.reduce((least, { used }, session) => (used < (sessions.get(least)?.used ?? Infinity) ? session : least), -1);

// The shared form

const STATUSES: readonly Status[] = ['Executed', 'Failed', 'Refused'];

/** Sequence, attempt and status, length: what a slot says of its reply. */
const SLOT_HEADER = 12;
/** Session, time of last use, floor. */
const ENTRY_BYTES = 24;

const slotBytes = ({ replyBytes }: Limits): number => (SLOT_HEADER + replyBytes + 7) & ~7;
const tableBytes = (limits: Limits): number => 8 + limits.sessions * (ENTRY_BYTES + limits.window * slotBytes(limits));

/** Bytes of shared memory that the tables take. */
export const sessionsBytes = (limits: Limits): number => limits.tables * tableBytes(limits);

/**
 * The tables in shared memory, over a zeroed buffer of `sessionsBytes`. Sequence numbers in `[floor, floor + window)` have
 * slots of their own, so a slot is reused only by a number whose predecessor there is forgotten.
 *
 * @throws RangeError for a reply longer than `replyBytes` in another table than 0.
 */
export const sharedSessions = (limits: Limits, buffer: ArrayBufferLike): Sessions => {
  const view = new DataView(buffer);
  const bytes = new Uint8Array(buffer);
  const slotSize = slotBytes(limits);
  const tableSize = tableBytes(limits);
  const entryOf = new globalThis.Map<number, number>(); // (table, session) -> where its entry was last seen
  const long = new globalThis.Map<number, Uint8Array>(); // slot -> reply too long for it; table 0 only, so one thread's own

  const entryAt = (table: number, index: number): number => table * tableSize + 8 + index * ENTRY_BYTES;
  const slotAt = (table: number, index: number, sequence: number): number =>
    table * tableSize + 8 + limits.sessions * ENTRY_BYTES + (index * limits.window + (sequence % limits.window)) * slotSize;

  /** Which entry of the table is the session's. An entry is free while it was never used. */
  const find = (table: number, session: number): number | undefined => {
    const hint = entryOf.get(session * limits.tables + table);
    if (hint !== undefined && isOf(table, hint, session)) return hint;
    for (let index = 0; index < limits.sessions; index += 1) {
      if (view.getFloat64(entryAt(table, index) + 8, true) === 0) return undefined;
      if (isOf(table, index, session)) {
        entryOf.set(session * limits.tables + table, index);
        return index;
      }
    }
    return undefined;
  };
  const isOf = (table: number, index: number, session: number): boolean =>
    view.getFloat64(entryAt(table, index), true) === session && view.getFloat64(entryAt(table, index) + 8, true) > 0;

  /** A free entry, or that of the session used least recently, emptied. */
  const claim = (table: number, session: number): number => {
    let oldest = 0;
    for (let index = 0; index < limits.sessions; index += 1) {
      const used = view.getFloat64(entryAt(table, index) + 8, true);
      if (used < view.getFloat64(entryAt(table, oldest) + 8, true)) oldest = index;
      if (used === 0) break;
    }
    bytes.fill(0, slotAt(table, oldest, 0), slotAt(table, oldest, 0) + limits.window * slotSize);
    view.setFloat64(entryAt(table, oldest), session, true);
    view.setUint32(entryAt(table, oldest) + 16, 0, true);
    entryOf.set(session * limits.tables + table, oldest);
    return oldest;
  };

  const sessions: Sessions = {
    recall: (table, { session, sequence, floor }) => {
      if (sequence >= floor + limits.window) return BEYOND;
      const index = find(table, session);
      if (index === undefined) return NEW;
      if (sequence < view.getUint32(entryAt(table, index) + 16, true)) return FORGOTTEN;
      const slot = slotAt(table, index, sequence);
      if (view.getUint32(slot, true) !== sequence) return NEW;
      const length = view.getUint32(slot + 8, true);
      return {
        type: 'Answered',
        attempt: view.getUint8(slot + 4),
        status: STATUSES[view.getUint8(slot + 5)] ?? 'Refused',
        reply: length > limits.replyBytes ? (long.get(slot) ?? new Uint8Array()) : bytes.slice(slot + SLOT_HEADER, slot + SLOT_HEADER + length),
      };
    },
    remember: (table, { session, sequence, floor }, { attempt, status, reply }) => {
      const index = find(table, session) ?? claim(table, session);
      const entry = entryAt(table, index);
      const slot = slotAt(table, index, sequence);
      const clock = view.getFloat64(table * tableSize, true) + 1;
      view.setFloat64(table * tableSize, clock, true);
      view.setFloat64(entry + 8, clock, true);
      view.setUint32(entry + 16, Math.max(floor, view.getUint32(entry + 16, true)), true);
      view.setUint32(slot, sequence, true);
      view.setUint8(slot + 4, attempt);
      view.setUint8(slot + 5, STATUSES.indexOf(status));
      view.setUint32(slot + 8, reply.length, true);
      if (reply.length <= limits.replyBytes) {
        bytes.set(reply, slot + SLOT_HEADER);
        if (long.size > 0) long.delete(slot);
      } else if (table === 0) long.set(slot, reply);
      else throw new RangeError(`a reply of ${reply.length} bytes is longer than replyBytes, ${limits.replyBytes}`);
      return sessions;
    },
  };
  return sessions;
};
