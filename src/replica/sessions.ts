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
 *
 * Tables are asked with the record of a command and told the record of its reply, so that nothing is made of either.
 */
import { Map } from 'immutable';
import {
  attemptAt,
  extend,
  floorAt,
  groupAt,
  lengthAt,
  nextRecord,
  offsetAt,
  padded,
  putReply,
  REPLY_HEADER,
  sequenceAt,
  sessionAt,
  slotAt,
  statusAt,
  STATUSES,
  type Sheet,
  type Status,
} from '../record.js';

export type Limits = {
  readonly tables: number;
  /** Sessions that a table remembers; the one that was used least recently makes room. */
  readonly sessions: number;
  /** Commands of one session that may be outstanding at once. */
  readonly window: number;
  /** Bytes of a reply record that the tables of the shared form have room for; longer ones belong in table 0. */
  readonly replyBytes: number;
};

/** What a table says of a command: one of the three below, or the attempt that was answered and how, as `answered` packs it. */
export type Memory = number;

export const NEW: Memory = -1;
/** Its client has its answer and said so. */
export const FORGOTTEN: Memory = -2;
/** More commands outstanding than the window allows. */
export const BEYOND: Memory = -3;

/** Four times the attempt, plus the place of its status. */
export const answered = (attempt: number, status: Status): Memory => 4 * attempt + STATUSES.indexOf(status);

export const isAnswered = (memory: Memory): boolean => memory >= 0;
export const attemptIn = (memory: Memory): number => memory >> 2;
export const statusIn = (memory: Memory): Status => STATUSES[memory & 3] ?? 'Refused';

export interface Sessions {
  /** What `table` remembers of the command at byte `at`. */
  readonly recall: (table: number, batch: Uint8Array, at: number) => Memory;
  /** Writes the reply to the command at byte `at`, which was answered, at the end of `sheet`. */
  readonly repeat: (table: number, batch: Uint8Array, at: number, sheet: Sheet) => void;
  /** Has the reply at byte `at` remembered, and that its client will not ask below `floor` again. */
  readonly remember: (table: number, floor: number, replies: Uint8Array, at: number) => Sessions;
}

// The persistent form

type Session = { readonly used: number; readonly floor: number; readonly answers: Map<number, Uint8Array> }; // records, by sequence
type Table = { readonly clock: number; readonly sessions: Map<number, Session> };

/** What the tables mean. */
export const persistentSessions = (limits: Limits, tables: Map<number, Table> = Map()): Sessions => ({
  recall: (table, batch, at) => {
    const sequence = sequenceAt(batch, at);
    if (sequence >= floorAt(batch, at) + limits.window) return BEYOND;
    const known = tables.get(table)?.sessions.get(sessionAt(batch, at));
    if (known === undefined) return NEW;
    if (sequence < known.floor) return FORGOTTEN;
    const reply = known.answers.get(sequence);
    return reply === undefined ? NEW : answered(attemptAt(reply, 0), statusAt(reply, 0));
  },
  repeat: (table, batch, at, sheet) => {
    const reply = tables.get(table)?.sessions.get(sessionAt(batch, at))?.answers.get(sequenceAt(batch, at)) ?? NOTHING;
    const to = extend(sheet, reply.length);
    sheet.bytes.set(reply, to);
  },
  remember: (table, floor, replies, at) => {
    const session = sessionAt(replies, at);
    const reply = replies.slice(at, nextRecord(replies, at));
    const { clock, sessions } = tables.get(table) ?? { clock: 0, sessions: Map<number, Session>() };
    const known = sessions.get(session);
    const raised = Math.max(floor, known?.floor ?? 0);
    const answers = (known?.answers ?? Map<number, Uint8Array>()).filter((_, other) => other >= raised).set(sequenceAt(reply, 0), reply);
    const room = known === undefined && sessions.size >= limits.sessions ? sessions.delete(leastRecent(sessions)) : sessions;
    const next = { clock: clock + 1, sessions: room.set(session, { used: clock, floor: raised, answers }) };
    return persistentSessions(limits, tables.set(table, next));
  },
});

const NOTHING = new Uint8Array();

const leastRecent = (sessions: Map<number, Session>): number =>
  sessions.reduce((least, { used }, session) => (used < (sessions.get(least)?.used ?? Infinity) ? session : least), -1);

// The shared form

/**
 * A table, in cells of 8 bytes: its clock, its entries, and the slots of each entry in the order of sequence numbers. A slot
 * has all of a reply that its command has not.
 *
 * ```
 * entry  0 f64 session · 8 f64 time of last use · 16 u32 floor
 * slot   0 u32 sequence · 4 u32 offset · 8 f64 slot · 16 u8 attempt and status · 18 u16 group · 20 u32 length · 24 payload
 * ```
 */
const CELL = 8;
const ENTRY_CELLS = 3;
const HEADER_CELLS = 3;

const slotCells = ({ replyBytes }: Limits): number => HEADER_CELLS + padded(Math.max(0, replyBytes - REPLY_HEADER)) / CELL;
const tableCells = (limits: Limits): number => 1 + limits.sessions * (ENTRY_CELLS + limits.window * slotCells(limits));

/** Bytes of shared memory that the tables take. */
export const sessionsBytes = (limits: Limits): number => limits.tables * tableCells(limits) * CELL;

/**
 * The tables in shared memory, over a zeroed buffer of `sessionsBytes`. Sequence numbers in `[floor, floor + window)` have
 * slots of their own, so a slot is reused only by a number whose predecessor there is forgotten.
 *
 * @throws RangeError for a reply longer than `replyBytes` in another table than 0.
 */
export const sharedSessions = (limits: Limits, buffer: ArrayBufferLike): Sessions => {
  const bytes = new Uint8Array(buffer);
  const halves = new Uint16Array(buffer);
  const words = new Uint32Array(buffer);
  const cells = new Float64Array(buffer);
  const slotSize = slotCells(limits);
  const tableSize = tableCells(limits);
  const entryOf = new globalThis.Map<number, number>(); // (table, session) -> where its entry was last seen
  const latest = new Int32Array(limits.tables); // by table: the entry that was asked for last, which is likely to be the next
  const long = new globalThis.Map<number, Uint8Array>(); // slot -> payload too long for it; table 0 only, so one thread's own

  const entryAt = (table: number, index: number): number => table * tableSize + 1 + index * ENTRY_CELLS;
  const placeOf = (table: number, index: number, sequence: number): number =>
    entryAt(table, limits.sessions) + (index * limits.window + (sequence % limits.window)) * slotSize;

  const usedAt = (entry: number): number => cells[entry + 1] ?? 0;
  const floorOf = (entry: number): number => words[2 * entry + 4] ?? 0;
  const isOf = (table: number, index: number, session: number): boolean => {
    const entry = entryAt(table, index);
    return cells[entry] === session && usedAt(entry) > 0;
  };

  /** Which entry of the table is the session's, or -1. An entry is free while it was never used. */
  const find = (table: number, session: number): number => {
    const last = latest[table] ?? 0;
    if (isOf(table, last, session)) return last;
    const hint = entryOf.get(session * limits.tables + table);
    const index = hint !== undefined && isOf(table, hint, session) ? hint : search(table, session);
    if (index >= 0) latest[table] = index;
    return index;
  };

  const search = (table: number, session: number): number => {
    for (let index = 0; index < limits.sessions; index += 1) {
      if (usedAt(entryAt(table, index)) === 0) return -1;
      if (!isOf(table, index, session)) continue;
      entryOf.set(session * limits.tables + table, index);
      return index;
    }
    return -1;
  };

  /** A free entry, or that of the session used least recently, emptied. */
  const claim = (table: number, session: number): number => {
    let oldest = 0;
    for (let index = 0; index < limits.sessions; index += 1) {
      const used = usedAt(entryAt(table, index));
      if (used < usedAt(entryAt(table, oldest))) oldest = index;
      if (used === 0) break;
    }
    const entry = entryAt(table, oldest);
    const slots = placeOf(table, oldest, 0);
    // Of tables with room for more than ever comes, what is never used takes no memory.
    if (usedAt(entry) > 0) cells.fill(0, slots, slots + limits.window * slotSize);
    cells[entry] = session;
    words[2 * entry + 4] = 0;
    entryOf.set(session * limits.tables + table, oldest);
    return oldest;
  };

  const sessions: Sessions = {
    recall: (table, batch, at) => {
      const sequence = sequenceAt(batch, at);
      if (sequence >= floorAt(batch, at) + limits.window) return BEYOND;
      const index = find(table, sessionAt(batch, at));
      if (index < 0) return NEW;
      if (sequence < floorOf(entryAt(table, index))) return FORGOTTEN;
      const place = placeOf(table, index, sequence);
      return words[2 * place] === sequence ? (bytes[8 * place + 16] ?? 0) : NEW;
    },
    repeat: (table, batch, at, sheet) => {
      const session = sessionAt(batch, at);
      const sequence = sequenceAt(batch, at);
      const place = placeOf(table, find(table, session), sequence);
      const memory = bytes[8 * place + 16] ?? 0;
      const length = words[2 * place + 5] ?? 0;
      const to = extend(sheet, padded(REPLY_HEADER + length));
      const [offset = 0, slot = 0, group = 0] = [words[2 * place + 1], cells[place + 1], halves[4 * place + 9]];
      putReply(sheet.bytes, to, statusIn(memory), attemptIn(memory), session, sequence, group, slot, offset, length);
      const start = CELL * (place + HEADER_CELLS);
      const payload = REPLY_HEADER + length > limits.replyBytes ? (long.get(place) ?? NOTHING) : bytes.subarray(start, start + length);
      sheet.bytes.set(payload, to + REPLY_HEADER);
    },
    remember: (table, floor, replies, at) => {
      const session = sessionAt(replies, at);
      const sequence = sequenceAt(replies, at);
      const length = lengthAt(replies, at);
      if (length > limits.replyBytes && table !== 0) throw new RangeError(`a reply of ${length} bytes is longer than replyBytes, ${limits.replyBytes}`);
      const known = find(table, session);
      const index = known < 0 ? claim(table, session) : known;
      const entry = entryAt(table, index);
      const clock = (cells[table * tableSize] ?? 0) + 1;
      cells[table * tableSize] = clock;
      cells[entry + 1] = clock;
      if (floor > floorOf(entry)) words[2 * entry + 4] = floor;
      const place = placeOf(table, index, sequence);
      words[2 * place] = sequence;
      words[2 * place + 1] = offsetAt(replies, at);
      cells[place + 1] = slotAt(replies, at);
      bytes[8 * place + 16] = answered(attemptAt(replies, at), statusAt(replies, at));
      halves[4 * place + 9] = groupAt(replies, at);
      words[2 * place + 5] = length - REPLY_HEADER;
      if (long.size > 0) long.delete(place);
      if (length > limits.replyBytes) long.set(place, replies.slice(at + REPLY_HEADER, at + length));
      else for (let to = CELL * (place + HEADER_CELLS), from = at + REPLY_HEADER; from < at + length; from += 1, to += 1) bytes[to] = replies[from] ?? 0;
      return sessions;
    },
  };
  return sessions;
};
