/**
 * A decided log for a replica alone: the commands of a workload in batches, each to the group that its technique says, the
 * rings level with each other. What fails its check is resubmitted to g_all before the chunk after it begins, as clients
 * would; when that happens is found by executing the log once, and then it is part of the log.
 */
import type { Value } from '../consensus/messages.js';
import { routeOf, type Cluster } from '../node.js';
import { encodeCommand, G_ALL, nextRecord, sequenceAt, sessionAt, statusAt, type Group } from '../record.js';
import type { Command, Result } from '../service/b-plus-tree/index.js';
import type { Service } from '../service/service.js';
import { commandsOf, type Source } from './draws.js';

/** Sessions, and the commands of each in a chunk: fewer than a replica remembers. */
const SESSIONS = 200;
const EACH = 200;
export const CHUNK = SESSIONS * EACH;

/** The session of the command that asks for the digest of the tree: its own, so that the answer is told from all others. */
export const DIGEST_SESSION = SESSIONS + 1;

export type Decided = { readonly group: Group; readonly value: Value };

/** A command as it is first sent, and as it is sent again. */
export type Sent = { readonly group: Group; readonly record: Uint8Array; readonly again: Uint8Array };

/**
 * So many commands of a workload, a chunk at a time. No two have the same key: whatever order a technique executes them in,
 * and whatever fails first, the tree is the same in the end, and its digest tells.
 */
export function* chunksOf(source: Source, commands: number, cluster: Cluster, service: Service<Command, Result>): Generator<readonly Sent[]> {
  const next = commandsOf(source, 1);
  const drawn = new Set<bigint>();
  const draw = (): Command => {
    for (;;) {
      const command = next();
      const key = command.type === 'scan' ? command.from : command.key;
      if (command.type === 'scan' || !drawn.has(key)) {
        drawn.add(key);
        return command;
      }
    }
  };
  for (let made = 0; made < commands; made += CHUNK)
    yield Array.from({ length: Math.min(CHUNK, commands - made) }, (_, i) => {
      const command = draw();
      const floor = (made / CHUNK) * EACH + 1;
      const identity = { session: 1 + (i % SESSIONS), sequence: floor + Math.floor(i / SESSIONS), floor };
      const record = { kind: service.codec.kindOf(command), payload: service.codec.encode(command), ...identity };
      return { group: routeOf(cluster, service, command).group, record: encodeCommand({ ...record, attempt: 0 }), again: encodeCommand({ ...record, attempt: 1 }) };
    });
}

/** Decides for the rings of a replica: batches in their order, and idle rings skipped so that all have as many slots. */
export const decider = (groups: readonly Group[], batchBytes: number) => {
  const slots = new Map(groups.map((group) => [group, 0]));
  const decide = (records: ReadonlyMap<Group, readonly Uint8Array[]>): readonly Decided[] => {
    const batches = new Map(groups.map((group) => [group, cut(records.get(group) ?? [], batchBytes)]));
    const rounds = Math.max(...[...batches.values()].map(({ length }) => length));
    return Array.from({ length: rounds }, (_, round) =>
      groups.map((group): Decided => {
        const slot = slots.get(group)! + 1;
        slots.set(group, slot);
        const commands = batches.get(group)?.[round];
        return { group, value: commands === undefined ? { type: 'Skip', to: slot } : { type: 'Batch', commands } };
      }),
    ).flat();
  };
  return { decide };
};

/** Records in batches of about so many bytes. */
const cut = (records: readonly Uint8Array[], bytes: number): readonly Uint8Array[] => {
  const batches: Uint8Array[] = [];
  for (let from = 0; from < records.length; ) {
    let to = from;
    let length = 0;
    for (; to < records.length && length < bytes; to += 1) length += records[to]!.length;
    const batch = new Uint8Array(length);
    let at = 0;
    for (; from < to; from += 1) {
      batch.set(records[from]!, at);
      at += records[from]!.length;
    }
    batches.push(batch);
  }
  return batches;
};

/** Records by the group that they go to, in order. */
export const byGroup = (sent: readonly Sent[]): ReadonlyMap<Group, readonly Uint8Array[]> => {
  const records = new Map<Group, Uint8Array[]>();
  for (const { group, record } of sent) {
    const others = records.get(group);
    if (others === undefined) records.set(group, [record]);
    else others.push(record);
  }
  return records;
};

export const toAll = (records: readonly Uint8Array[]): ReadonlyMap<Group, readonly Uint8Array[]> => new Map([[G_ALL, records]]);

/** What a batch of replies says: how many there are, which commands failed, by `nameOf`, and where the digest is. */
export const heard = (replies: Uint8Array): { readonly count: number; readonly failed: readonly string[]; readonly refused: number; readonly digestAt: number | undefined } => {
  const failed: string[] = [];
  let [count, refused] = [0, 0];
  let digestAt: number | undefined;
  for (let at = 0; at < replies.length; at = nextRecord(replies, at)) {
    count += 1;
    const status = statusAt(replies, at);
    if (status === 'Failed') failed.push(nameOf(replies, at));
    if (status === 'Refused') refused += 1;
    if (sessionAt(replies, at) === DIGEST_SESSION) digestAt = at;
  }
  return { count, failed, refused, digestAt };
};

/** Of the command, or of the reply, at byte `at`. */
export const nameOf = (bytes: Uint8Array, at = 0): string => `${sessionAt(bytes, at)}.${sequenceAt(bytes, at)}`;
