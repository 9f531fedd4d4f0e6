/** What the client process keeps of its commands: how many and how fast while it measures, and, all along, what the judges need. */
import type { Operation } from '../check/history.js';
import type { Reply } from '../record.js';
import type { Command, Result } from '../service/b-plus-tree/index.js';
import type { Codec } from '../service/service.js';
import { histogram } from './histogram.js';
import { ledger, type Ledger } from './ledger.js';
import type { Latency } from './result.js';
import type { Range } from './draws.js';

/** A command on its way. Times are in ms, of one steady clock. */
export type Call = { readonly session: number; readonly id: number; readonly command: Command; readonly called: number };

export type Tally = {
  readonly setMeasuring: (isMeasuring: boolean) => void;
  readonly answered: (call: Call, now: number, reply: Reply) => void;
  /** An attempt failed its safety check. */
  readonly failed: () => void;
  /** A command that will not be answered any more. */
  readonly abandoned: (call: Call) => void;
  readonly ledger: Ledger;
  /** All that happened to the audited keys. */
  readonly history: readonly Operation<Command, Result>[];
  readonly counted: () => { readonly commands: number; readonly failed: number; readonly latency: Latency };
};

/** `m` is that of the merge; `audited` are the keys whose history is recorded. */
export const tally = (codec: Codec<Command, Result>, m: number, audited: readonly Range[]): Tally => {
  const latency = histogram();
  const writes = ledger(m);
  const history: Operation<Command, Result>[] = [];
  let isMeasuring = false;
  let commands = 0;
  let failed = 0;

  const isAudited = (command: Command): boolean => {
    const key = Number(command.type === 'scan' ? command.from : command.key);
    return audited.some(({ from, to }) => key >= from && key <= to);
  };
  return {
    setMeasuring: (is) => {
      isMeasuring = is;
    },
    answered: ({ session, id, command, called }, now, { payload, position }) => {
      const result = codec.decodeResult(codec.kindOf(command), payload);
      writes.note(command, result, position);
      if (isMeasuring) {
        commands += 1;
        latency.record((now - called) * 1000);
      }
      if (isAudited(command)) history.push({ type: 'completed', id, session, command, call: called, return: now, result, position });
    },
    failed: () => {
      if (isMeasuring) failed += 1;
    },
    abandoned: ({ session, id, command, called }) => {
      if (isAudited(command)) history.push({ type: 'pending', id, session, command, call: called });
    },
    ledger: writes,
    history,
    counted: () => ({ commands, failed, latency: latency.summary() }),
  };
};
