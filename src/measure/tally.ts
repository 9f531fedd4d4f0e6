/** What the client process keeps of its commands: how many and how fast while it measures, and, all along, what the judges need. */
import type { Operation } from '../check/history.js';
import { groupAt, offsetAt, replyAt, slotAt } from '../record.js';
import { KIND, OUTCOME, outcomeAt } from '../service/b-plus-tree/calls.js';
import type { Command, Result } from '../service/b-plus-tree/index.js';
import type { Codec } from '../service/service.js';
import type { Interval } from './control.js';
import { commandOf, type Range } from './draws.js';
import { histogram } from './histogram.js';
import { ledger, type Ledger } from './ledger.js';
import type { Latency } from './result.js';

/** Commands on their way, a session's own: a call of number n is in slot n & mask. Times are in ms, of one steady clock. */
export type Underway = ReturnType<typeof underwayOf>;

/** Room for calls of which no two on their way are `window` apart. */
export const underwayOf = (window: number) => {
  const slots = 2 ** Math.ceil(Math.log2(Math.max(2, window)));
  return {
    mask: slots - 1,
    isOpen: new Uint8Array(slots),
    hasFailed: new Uint8Array(slots),
    kinds: new Uint8Array(slots),
    keys: new Float64Array(slots),
    lows: new Int32Array(slots),
    highs: new Int32Array(slots),
    called: new Float64Array(slots),
  };
};

export type Counted = {
  readonly commands: number;
  readonly failed: number;
  readonly latency: { readonly all: Latency; readonly passed: Latency; readonly failed: Latency };
  readonly histogram: string;
  readonly series: readonly Interval[];
};

export type Tally = {
  /** The run begins at `now`: its series counts from there. */
  readonly begin: (now: number) => void;
  readonly setMeasuring: (isMeasuring: boolean) => void;
  /** The command in a slot is answered by the reply at byte `at`. Those of auditors are not counted. */
  readonly answered: (underway: Underway, slot: number, session: number, isCounted: boolean, now: number, replies: Uint8Array, at: number) => void;
  /** The command in a slot will not be answered any more. */
  readonly abandoned: (underway: Underway, slot: number, session: number) => void;
  readonly ledger: Ledger;
  /** All that happened to the audited keys. */
  readonly history: readonly Operation<Command, Result>[];
  /** Commands answered in the measured time so far. */
  readonly commands: () => number;
  readonly counted: () => Counted;
};

/** Milliseconds of the run that are counted together. */
const INTERVAL = 500;

/** `m` is that of the merge; `audited` are the keys whose history is recorded. */
export const tally = (codec: Codec<Command, Result>, m: number, audited: readonly Range[]): Tally => {
  const all = histogram();
  const passed = histogram();
  const failed = histogram();
  const writes = ledger(m);
  const history: Operation<Command, Result>[] = [];
  const answeredIn: number[] = [];
  const failedIn: number[] = [];
  let isMeasuring = false;
  let commands = 0;
  let failures = 0;
  let begun = 0;

  /** Most keys are nowhere near one that is audited. */
  const near = new Uint8Array(NEAR);
  for (const { from, to } of audited) for (let key = from; key <= to; key += 1) near[(key >>> 3) & (NEAR - 1)] = 1;
  const isAudited = (kind: number, key: number, last: number): boolean => {
    if (kind === KIND.scan) return audited.some(({ from, to }) => key <= to && last >= from);
    return near[(key >>> 3) & (NEAR - 1)] === 1 && audited.some(({ from, to }) => key >= from && key <= to);
  };
  const isKept = ({ kinds, keys, lows, highs }: Underway, slot: number): boolean =>
    isAudited(kinds[slot]!, keys[slot]!, (lows[slot]! >>> 0) + highs[slot]! * 2 ** 32);
  const commandIn = ({ kinds, keys, lows, highs }: Underway, slot: number): Command =>
    commandOf({ kind: kinds[slot]!, key: keys[slot]!, low: lows[slot]!, high: highs[slot]! });

  const count = ({ hasFailed, called }: Underway, slot: number, now: number): void => {
    const interval = Math.floor((now - begun) / INTERVAL);
    answeredIn[interval] = (answeredIn[interval] ?? 0) + 1;
    if (hasFailed[slot] === 1) failedIn[interval] = (failedIn[interval] ?? 0) + 1;
    if (!isMeasuring) return;
    const latency = (now - called[slot]!) * 1000;
    commands += 1;
    failures += hasFailed[slot]!;
    all.record(latency);
    (hasFailed[slot] === 1 ? failed : passed).record(latency);
  };

  return {
    begin: (now) => {
      begun = now;
    },
    setMeasuring: (is) => {
      isMeasuring = is;
    },
    answered: (underway, slot, session, isCounted, now, replies, at) => {
      const outcome = outcomeAt(replies, at);
      const isRemoval = outcome === OUTCOME.removed;
      if (isRemoval || outcome === OUTCOME.inserted || outcome === OUTCOME.updated)
        writes.note(underway.keys[slot]!, isRemoval, underway.lows[slot]!, underway.highs[slot]!, groupAt(replies, at), slotAt(replies, at), offsetAt(replies, at));
      if (isCounted) count(underway, slot, now);
      if (!isKept(underway, slot)) return;
      const { payload, position } = replyAt(replies, at);
      const result = codec.decodeResult(underway.kinds[slot]!, payload);
      history.push({ type: 'completed', id: history.length, session, command: commandIn(underway, slot), call: underway.called[slot]!, return: now, result, position });
    },
    abandoned: (underway, slot, session) => {
      if (isKept(underway, slot)) history.push({ type: 'pending', id: history.length, session, command: commandIn(underway, slot), call: underway.called[slot]! });
    },
    ledger: writes,
    history,
    commands: () => commands,
    counted: () => ({
      commands,
      failed: failures,
      latency: { all: all.summary(), passed: passed.summary(), failed: failed.summary() },
      histogram: all.encoded(),
      series: Array.from(answeredIn, (answered: number | undefined, i) => ({ commands: answered ?? 0, failed: failedIn[i] ?? 0 })),
    }),
  };
};

/** Eights of keys that share a bit, so to say: a power of two. */
const NEAR = 2 ** 14;
