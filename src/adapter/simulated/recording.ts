/** What a simulated run leaves behind: facts for the clauses of the spec, and what clients saw. */
import type * as Consensus from '../../../spec/consensus.js';
import type * as Multicast from '../../../spec/multicast.js';
import type * as Replica from '../../../spec/replica.js';
import type * as Scheduler from '../../../spec/scheduler.js';
import type { Access } from '../../../spec/safety-check.js';
import type { Value } from '../../consensus/messages.js';
import type { Group, Reply } from '../../record.js';
import { namesIn } from '../../trace/batch.js';

/** One call of a client: what it asked, when, and what it was answered. */
export type Called<C> = {
  readonly session: number;
  readonly call: number;
  readonly command: C;
  readonly called: number;
  readonly answer: { readonly reply: Reply; readonly at: number } | null;
};

export type Recording<C> = {
  /** Virtual time at which the run ended, ms; `isQuiet` if all clients were answered by then, and all processes up. */
  readonly ended: number;
  readonly isQuiet: boolean;
  readonly events: number;
  readonly consensus: Consensus.Facts;
  readonly multicast: Multicast.Facts;
  readonly replica: Replica.Facts;
  readonly scheduler: Scheduler.Facts;
  /** Between barriers, by epochs that are unique to a replica between two crashes. */
  readonly accesses: readonly Access[];
  readonly history: readonly Called<C>[];
  /** How often each thing worth seeing happened: crashes, takeovers, failures by condition, resubmissions, and so on. */
  readonly sights: Readonly<Record<string, number>>;
};

/** The facts of a run while it runs. */
export type Notes<C> = {
  readonly submitted: (readonly [ring: Group, commands: readonly string[]])[];
  readonly votes: Consensus.Vote[];
  readonly learned: Consensus.Learned[];
  readonly deliveries: Multicast.Delivery[];
  readonly executions: Replica.Execution[];
  readonly dealings: Scheduler.Dealing[];
  readonly accesses: Access[];
  readonly history: Called<C>[];
  readonly sights: Record<string, number>;
};

export const notes = <C>(): Notes<C> => ({
  submitted: [],
  votes: [],
  learned: [],
  deliveries: [],
  executions: [],
  dealings: [],
  accesses: [],
  history: [],
  sights: {},
});

/** A value in words. */
export const textOf = (value: Value): string => {
  switch (value.type) {
    case 'Noop':
      return 'no-op';
    case 'Skip':
      return `skip to ${value.to}`;
    case 'Batch':
      return namesIn(value.commands).join(' ');
  }
};

/** Bytes in words. */
export const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
