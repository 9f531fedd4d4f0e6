/**
 * What a process has to say, held back until it may be said: a message that rests on records leaves when those are
 * durable. The one place where effects meet the disk; both adapters send through it.
 */
import type { ProcessEffect } from '../node.js';
import type { Group } from '../record.js';

type Sending = Extract<ProcessEffect, { type: 'Send' }>;

export type Outbox = {
  /** Sends at once what rests on nothing that is still on its way to the disk; holds the rest. */
  readonly send: (sending: Sending) => void;
  /** Notes that a record of the group is being written. The log is one, in order, for all groups. */
  readonly written: (group: Group) => void;
  /** The first `position` records of the log are durable. */
  readonly durable: (position: number) => void;
  /** Whether anything is held back: if not, nobody waits for the disk. */
  readonly isHolding: () => boolean;
};

/** `replayed` counts the records of each group that were durable before this process started. */
export const outbox = (replayed: ReadonlyMap<Group, number>, release: (sending: Sending) => void): Outbox => {
  const durableByGroup = new Map(replayed);
  const heldByGroup = new Map<Group, Sending[]>();
  let holding = 0;
  const unsynced: Group[] = []; // the group of each record that is not durable yet, oldest first
  let synced = [...replayed.values()].reduce((sum, count) => sum + count, 0);

  const isHeld = ({ group, after }: Sending): boolean => after > (durableByGroup.get(group) ?? 0);
  const releaseFrom = (group: Group): void => {
    const held = heldByGroup.get(group) ?? [];
    const ready = held.findIndex(isHeld);
    const count = ready < 0 ? held.length : ready;
    holding -= count;
    if (count > 0) held.splice(0, count).forEach(release);
  };

  return {
    send: (sending) => {
      if (!isHeld(sending)) return release(sending);
      holding += 1;
      const held = heldByGroup.get(sending.group);
      if (held === undefined) heldByGroup.set(sending.group, [sending]);
      else held.push(sending);
    },
    written: (group) => void unsynced.push(group),
    durable: (position) => {
      const groups = unsynced.splice(0, position - synced);
      synced = Math.max(synced, position);
      groups.forEach((group) => durableByGroup.set(group, (durableByGroup.get(group) ?? 0) + 1));
      new Set(groups).forEach(releaseFrom);
    },
    isHolding: () => holding > 0,
  };
};
