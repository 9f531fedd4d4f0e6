/**
 * The binary records that travel between client and worker: commands on the way in, replies on the way out.
 *
 * A batch is a concatenation of records; consensus and multicast never look inside one. Every record starts with its own
 * length, so that batches may be cut and joined at record boundaries without being understood. Records are padded to
 * eight bytes: a payload may be read as aligned 64-bit words. All integers are little-endian.
 *
 * ```
 * command  0 u32 length · 4 u8 kind · 5 u8 attempt · 6 u16 again · 8 u64 session · 16 u32 sequence · 20 u32 floor · 24 payload
 * reply    0 u32 length · 4 u8 status · 5 u8 attempt · 6 u16 group · 8 u64 session · 16 u32 sequence · 20 u32 offset · 24 u64 slot · 32 payload
 * ```
 *
 * `again` is 1 in a command that is sent once more, because no answer came in time, and 0 otherwise.
 *
 * A payload's layout is its service's own; `length` counts header and payload without the padding.
 */

export const COMMAND_HEADER = 24;
export const REPLY_HEADER = 32;

/** A multicast group: 0 is g_all, which every thread delivers from; i > 0 is g_i, which t_i alone delivers from. */
export type Group = number;

export const G_ALL: Group = 0;

/** The kind that every service shares: the digest of the whole state, executed under the barrier on g_all. */
export const DIGEST_KIND = 0;

/** A command as its client named it. `(session, sequence)` is its identity, and a resubmission is `attempt` 1 of the same. */
export type Command = {
  readonly kind: number;
  /** 0: first try; 1: resubmission to g_all after a failed safety check. */
  readonly attempt: number;
  /** Unique to a client, up to 2^53 - 1. */
  readonly session: number;
  /** Counts the commands of the session, from 1. */
  readonly sequence: number;
  /** Every sequence number below this one has been answered and will never be sent again. */
  readonly floor: number;
  /** Whether it is sent once more, because no answer came in time. */
  readonly isAgain?: boolean;
  readonly payload: Uint8Array;
};

/** What became of one attempt of a command. */
export type Status = 'Executed' | 'Failed' | 'Refused';

/**
 * Where in the replicated order an attempt was answered: virtual `slot` of the ring of `group`, `offset` within its batch.
 * Within a group, and against g_all (group 0), positions are the order of execution.
 */
export type Position = { readonly group: Group; readonly slot: number; readonly offset: number };

/** The answer to one attempt. The same at every replica. */
export type Reply = {
  readonly status: Status;
  readonly attempt: number;
  readonly session: number;
  readonly sequence: number;
  readonly position: Position;
  readonly payload: Uint8Array;
};

/** The statuses, each at the place that stands for it on the wire. */
export const STATUSES: readonly Status[] = ['Executed', 'Failed', 'Refused'];

/** Bytes that a record of `length` bytes takes in a batch. */
export const padded = (length: number): number => (length + 7) & ~7;

/** The record of a command. */
export const encodeCommand = (command: Command): Uint8Array => {
  const bytes = encodeCall(command.kind, command.payload);
  name(bytes, 0, command.attempt, command.session, command.sequence, command.floor);
  if (command.isAgain === true) markAgain(bytes, 0);
  return bytes;
};

/** Writes the header of a command that nobody has named yet: its payload of `length` bytes belongs at `at + COMMAND_HEADER`. */
export const putCommand = (bytes: Uint8Array, at: number, kind: number, length: number): void => {
  putU32(bytes, at, COMMAND_HEADER + length);
  bytes[at + 4] = kind;
};

/** The record of a command that nobody has named yet. */
export const encodeCall = (kind: number, payload: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(padded(COMMAND_HEADER + payload.length));
  putCommand(bytes, 0, kind, payload.length);
  bytes.set(payload, COMMAND_HEADER);
  return bytes;
};

/** Names the command at byte `at`. */
export const name = (bytes: Uint8Array, at: number, attempt: number, session: number, sequence: number, floor: number): void => {
  bytes[at + 5] = attempt;
  putNatural(bytes, at + 8, session);
  putU32(bytes, at + 16, sequence);
  putU32(bytes, at + 20, floor);
};

/** Marks the command at byte `at` as one that all replicas are to answer, as it is sent once more. */
export const markAgain = (bytes: Uint8Array, at: number): void => void (bytes[at + 6] = 1);

/** The command at byte `at` of a well-formed batch. Its payload is a view, not a copy. */
export const commandAt = (batch: Uint8Array, at: number): Command => {
  return {
    kind: kindAt(batch, at),
    attempt: attemptAt(batch, at),
    session: sessionAt(batch, at),
    sequence: sequenceAt(batch, at),
    floor: floorAt(batch, at),
    ...(isAgainAt(batch, at) ? { isAgain: true } : {}),
    payload: batch.subarray(at + COMMAND_HEADER, at + lengthAt(batch, at)),
  };
};

/** The record of a reply. */
export const encodeReply = (reply: Reply): Uint8Array => {
  const { payload, position } = reply;
  const bytes = new Uint8Array(padded(REPLY_HEADER + payload.length));
  putReply(bytes, 0, reply.status, reply.attempt, reply.session, reply.sequence, position.group, position.slot, position.offset, payload.length);
  bytes.set(payload, REPLY_HEADER);
  return bytes;
};

/** Writes the header of a reply: its payload of `length` bytes belongs at `at + REPLY_HEADER`. */
export const putReply = (
  bytes: Uint8Array,
  at: number,
  status: Status,
  attempt: number,
  session: number,
  sequence: number,
  group: Group,
  slot: number,
  offset: number,
  length: number,
): void => {
  putU32(bytes, at, REPLY_HEADER + length);
  bytes[at + 4] = STATUSES.indexOf(status);
  bytes[at + 5] = attempt;
  putU16(bytes, at + 6, group);
  putNatural(bytes, at + 8, session);
  putU32(bytes, at + 16, sequence);
  putU32(bytes, at + 20, offset);
  putNatural(bytes, at + 24, slot);
};

/** The reply at byte `at` of a well-formed batch of replies. Its payload is a view, not a copy. */
export const replyAt = (batch: Uint8Array, at: number): Reply => {
  return {
    status: statusAt(batch, at),
    attempt: attemptAt(batch, at),
    session: sessionAt(batch, at),
    sequence: sequenceAt(batch, at),
    position: { group: groupAt(batch, at), slot: slotAt(batch, at), offset: offsetAt(batch, at) },
    payload: batch.subarray(at + REPLY_HEADER, at + lengthAt(batch, at)),
  };
};

// Fields of the record at byte `at`, for those who make no object of each.

/** Bytes of header and payload, without the padding. */
export const lengthAt = (batch: Uint8Array, at: number): number => u32At(batch, at);
/** Of a command. */
export const kindAt = (batch: Uint8Array, at: number): number => u8At(batch, at + 4);
/** Of a reply. */
export const statusAt = (batch: Uint8Array, at: number): Status => STATUSES[u8At(batch, at + 4)] ?? 'Refused';
export const attemptAt = (batch: Uint8Array, at: number): number => u8At(batch, at + 5);
export const sessionAt = (batch: Uint8Array, at: number): number => naturalAt(batch, at + 8);
export const sequenceAt = (batch: Uint8Array, at: number): number => u32At(batch, at + 16);
/** Of a command: whether it is sent once more. Then every replica answers it. */
export const isAgainAt = (batch: Uint8Array, at: number): boolean => (u8At(batch, at + 6) & 1) !== 0;
/** Of a command. */
export const floorAt = (batch: Uint8Array, at: number): number => u32At(batch, at + 20);
/** The three of a reply's position. */
export const groupAt = (batch: Uint8Array, at: number): Group => u16At(batch, at + 6);
export const slotAt = (batch: Uint8Array, at: number): number => naturalAt(batch, at + 24);
export const offsetAt = (batch: Uint8Array, at: number): number => u32At(batch, at + 20);

/** The byte at which the record after the one at `at` starts. */
export const nextRecord = (batch: Uint8Array, at: number): number => at + padded(u32At(batch, at));

/** Where the records of a well-formed batch start. */
export function* recordsOf(batch: Uint8Array): Generator<number> {
  for (let at = 0; at < batch.length; at = nextRecord(batch, at)) yield at;
}

/** The byte at which the first `count` records of a batch end, or all if there are fewer. */
export const endOf = (batch: Uint8Array, count: number): number => {
  let at = 0;
  for (let left = count; left > 0 && at < batch.length; left -= 1) at = nextRecord(batch, at);
  return at;
};

/** Several batches as one. */
export const join = (batches: readonly Uint8Array[]): Uint8Array => {
  if (batches.length === 1) return batches[0] as Uint8Array;
  const bytes = new Uint8Array(batches.reduce((sum, batch) => sum + batch.length, 0));
  batches.reduce((at, batch) => (bytes.set(batch, at), at + batch.length), 0);
  return bytes;
};

/** Bytes that grow, to write records to one after the other. What lies from `length` on is yet to be written. */
export type Sheet = { bytes: Uint8Array; length: number };

export const newSheet = (capacity: number): Sheet => ({ bytes: new Uint8Array(capacity), length: 0 });

/** Makes room for `more` bytes, all zero, and returns where they start. `bytes` may be another array afterwards. */
export const extend = (sheet: Sheet, more: number): number => {
  const at = sheet.length;
  sheet.length += more;
  if (sheet.length > sheet.bytes.length) {
    const larger = new Uint8Array(2 * sheet.length);
    larger.set(sheet.bytes);
    sheet.bytes = larger;
  }
  return at;
};

/** Takes back what was written from byte `from` on. */
export const retract = (sheet: Sheet, from: number): void => {
  sheet.bytes.fill(0, from, sheet.length);
  sheet.length = from;
};

/**
 * Why these bytes are no batch of commands, or `undefined` if they are one. An edge that takes bytes from a stranger asks
 * this first: whatever is ordered must be readable by every worker.
 */
export const flawInCommands = (bytes: Uint8Array): string | undefined =>
  flawInRecords(bytes, 'a command', COMMAND_HEADER, (bytes, at) => {
    if (u32At(bytes, at + 16) === 0) return `byte ${at + 16}: sequence numbers start at 1`;
    return undefined;
  });

/** Why these bytes are no batch of replies, or `undefined` if they are one. */
export const flawInReplies = (bytes: Uint8Array): string | undefined =>
  flawInRecords(bytes, 'a reply', REPLY_HEADER, (bytes, at) => {
    if (STATUSES[u8At(bytes, at + 4)] === undefined) return `byte ${at + 4}: status ${u8At(bytes, at + 4)} is none of ${STATUSES.join(', ')}`;
    if (!Number.isSafeInteger(naturalAt(bytes, at + 24))) return `byte ${at + 24}: slot is above 2^53 - 1`;
    return undefined;
  });

/** The first flaw of a batch: in how its records are cut, in what both kinds have in common, or one that `flawAt` finds. */
const flawInRecords = (
  bytes: Uint8Array,
  record: string,
  header: number,
  flawAt: (bytes: Uint8Array, at: number) => string | undefined,
): string | undefined => {
  for (let at = 0; at < bytes.length; at += padded(u32At(bytes, at))) {
    const left = bytes.length - at;
    if (left < header) return `byte ${at}: the header of ${record} takes ${header} bytes, ${left} are left`;
    const length = u32At(bytes, at);
    if (length < header) return `byte ${at}: length ${length} is shorter than the header of ${record}`;
    if (length > left || padded(length) > left) return `byte ${at}: length ${length} reaches past the end of the batch`;
    if (u8At(bytes, at + 5) > 1) return `byte ${at + 5}: attempt ${u8At(bytes, at + 5)} is neither 0 nor 1`;
    if (!Number.isSafeInteger(naturalAt(bytes, at + 8))) return `byte ${at + 8}: session is above 2^53 - 1`;
    const flaw = flawAt(bytes, at);
    if (flaw !== undefined) return flaw;
  }
  return undefined;
};

// Records are read and written byte by byte: a view would have to be made for each of them.

const u8At = (bytes: Uint8Array, at: number): number => bytes[at] ?? 0;
const u16At = (bytes: Uint8Array, at: number): number => u8At(bytes, at) | (u8At(bytes, at + 1) << 8);
const u32At = (bytes: Uint8Array, at: number): number => (u16At(bytes, at) | (u16At(bytes, at + 2) << 16)) >>> 0;
/** What `putNatural` wrote. Other bytes may give a number that is not a safe integer. */
const naturalAt = (bytes: Uint8Array, at: number): number => u32At(bytes, at) + u32At(bytes, at + 4) * 2 ** 32;

const putU16 = (bytes: Uint8Array, at: number, value: number): void => {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
};

const putU32 = (bytes: Uint8Array, at: number, value: number): void => {
  putU16(bytes, at, value);
  putU16(bytes, at + 2, value >>> 16);
};

/** A natural number up to 2^53 - 1 as 64 bits, without a bigint. */
const putNatural = (bytes: Uint8Array, at: number, natural: number): void => {
  putU32(bytes, at, natural);
  putU32(bytes, at + 4, Math.floor(natural / 2 ** 32));
};
