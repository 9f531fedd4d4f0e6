/**
 * What travels between simulated threads, as sockets carry it: what a thread says to another in one burst is one write, and
 * comes in as one read. A frame knows its size, which is all that the cost of carrying it depends on.
 */
import type { Thread, Time } from './cores.js';
import type { Costs } from './costs.js';

/** A payload of `bytes` bytes, with `commands` commands or replies in it. */
export type Frame<T> = { readonly from: number; readonly content: T; readonly bytes: number; readonly commands: number };

/** What came in one write. */
export type Delivery<T> = { readonly frames: readonly Frame<T>[]; readonly bytes: number };

export type Inbox<T> = {
  /** Everything that has come since it was last asked. */
  readonly take: () => readonly Delivery<T>[];
  readonly isEmpty: () => boolean;
  readonly put: (delivery: Delivery<T>) => void;
};

export const inbox = <T>(wake: () => void): Inbox<T> => {
  let waiting: Delivery<T>[] = [];
  return {
    take: () => {
      const taken = waiting;
      waiting = [];
      return taken;
    },
    isEmpty: () => waiting.length === 0,
    put: (delivery) => {
      waiting.push(delivery);
      wake();
    },
  };
};

/** Frames on their way out of one burst, by whom they go to. */
export type Outgoing = {
  readonly send: <T>(to: Inbox<T>, frame: Frame<T>) => void;
  /** What the writes of this burst cost, and how many bytes they carry. */
  readonly cost: () => number;
  readonly bytes: () => number;
  readonly frames: () => number;
  /** Lets them go: they arrive when the wire has carried them. */
  readonly release: () => void;
};

/** Bytes that a frame has beside its payload. */
const HEADER = 4;

export const outgoing = ({ later }: Time, { system }: Costs): Outgoing => {
  const writes = new Map<Inbox<never>, { frames: Frame<unknown>[]; bytes: number }>();
  const sum = (of: (write: { readonly frames: readonly Frame<unknown>[]; readonly bytes: number }) => number): number =>
    [...writes.values()].reduce((total, write) => total + of(write), 0);
  return {
    send: (to, frame) => {
      const key = to as unknown as Inbox<never>;
      const write = writes.get(key) ?? { frames: [], bytes: 0 };
      writes.set(key, write);
      write.frames.push(frame);
      write.bytes += HEADER + frame.bytes;
    },
    cost: () => sum(({ bytes }) => system.call + (bytes / 1024) * system.kilobyte),
    bytes: () => sum(({ bytes }) => bytes),
    frames: () => sum(({ frames }) => frames.length),
    release: () => {
      for (const [to, write] of writes) later(system.wire, () => (to as unknown as Inbox<unknown>).put(write));
    },
  };
};

/** What it costs to take deliveries out of the sockets, before anyone looks at them. */
export const costOfReading = (deliveries: readonly Delivery<unknown>[], { system }: Costs): number =>
  deliveries.reduce((total, { bytes }) => total + system.call + (bytes / 1024) * system.kilobyte, 0);

/** Wakes a thread that may sleep in its event loop. */
export const waker = (thread: () => Thread, { system }: Costs) => (): void => thread().wake(system.wake);
