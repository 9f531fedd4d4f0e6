/**
 * Where a thread hands decided values to other threads of its replica: for each group a log in shared memory that it alone
 * writes, and a bell for each of those who read it. It never waits for them: what does not fit is kept back.
 */
import type { Value } from '../../consensus/messages.js';
import type { Group } from '../../record.js';
import { bell } from '../bell.js';
import { writer } from '../shared-log.js';

export type Outlet = {
  readonly group: Group;
  readonly memory: SharedArrayBuffer;
  /** Of the readers. */
  readonly bells: readonly SharedArrayBuffer[];
};

export type Outlets = {
  /** Hands over the next value of a group. Its readers sleep on until they are woken. */
  readonly feed: (group: Group, value: Value) => void;
  /** Hands over what did not fit before. */
  readonly flush: () => void;
  /** Wakes whoever has something new to read. */
  readonly wake: () => void;
  /** Whether something did not fit, and waits for a slow reader. */
  readonly isHeldUp: () => boolean;
};

export const newOutlets = (outlets: readonly Outlet[]): Outlets => {
  const byGroup = new Map(
    outlets.map(({ group, memory, bells }) => [group, { log: writer(memory), bells, overflow: [] as Parts[] }] as const),
  );
  const news = new Set<SharedArrayBuffer>(); // bells yet to be rung
  return {
    feed: (group, value) => {
      const outlet = byGroup.get(group);
      if (outlet === undefined) return;
      const entry = partsOf(value);
      if (outlet.overflow.length > 0 || !outlet.log.append(...entry)) outlet.overflow.push(entry);
      outlet.bells.forEach((one) => news.add(one));
    },
    flush: () => {
      for (const { log, bells, overflow } of byGroup.values()) {
        const left = overflow.findIndex((entry) => !log.append(...entry));
        const done = overflow.splice(0, left < 0 ? overflow.length : left);
        if (done.length > 0) bells.forEach((one) => news.add(one));
      }
    },
    wake: () => {
      news.forEach((one) => bell(one).ring());
      news.clear();
    },
    isHeldUp: () => [...byGroup.values()].some(({ overflow }) => overflow.length > 0),
  };
};

const NOOP = 0;
const BATCH = 1;
const SKIP = 2;

/** What an entry of the log is made of: its type and where a skip leads to, and commands. */
type Parts = readonly Uint8Array[];

const partsOf = (value: Value): Parts => {
  switch (value.type) {
    case 'Noop':
      return [headOf(NOOP, 0)];
    case 'Skip':
      return [headOf(SKIP, value.to)];
    case 'Batch':
      return [headOf(BATCH, 0), value.commands];
  }
};

const headOf = (type: number, to: number): Uint8Array => {
  const head = new Uint8Array(16);
  const view = new DataView(head.buffer);
  view.setUint8(0, type);
  view.setFloat64(8, to, true);
  return head;
};

/** An entry of the log as the value that was decided. The commands are a view of the entry. */
export const decodeValue = (entry: Uint8Array): Value => {
  const view = new DataView(entry.buffer, entry.byteOffset, entry.byteLength);
  const type = view.getUint8(0);
  if (type === BATCH) return { type: 'Batch', commands: entry.subarray(16) };
  return type === SKIP ? { type: 'Skip', to: view.getFloat64(8, true) } : { type: 'Noop' };
};
