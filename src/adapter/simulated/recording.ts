/** What a simulated run leaves behind: facts for the clauses of the spec, and what clients saw. */
import type * as Consensus from '../../../spec/consensus.js';
import type * as Multicast from '../../../spec/multicast.js';
import type * as Replica from '../../../spec/replica.js';
import type * as Scheduler from '../../../spec/scheduler.js';
import type { Access } from '../../../spec/safety-check.js';
import type { Value } from '../../consensus/messages.js';
import { commandAt, DIGEST_KIND, recordsOf, type Group, type Reply } from '../../record.js';
import type { Service } from '../../service/service.js';

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
  readonly submitted: { ring: Group; command: string }[];
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

/** The name of an attempt: session.sequence.attempt. */
export const nameOf = ({ session, sequence, attempt }: { readonly session: number; readonly sequence: number; readonly attempt: number }): string =>
  `${session}.${sequence}.${attempt}`;

/** The attempts in a batch, by name. */
export const namesIn = (batch: Uint8Array): readonly string[] => [...recordsOf(batch)].map((at) => nameOf(commandAt(batch, at)));

/** The commands of a batch, and what each of them touches of the partitions of `threads` threads. */
export const touchedBy = <C, R>({ codec, footprint }: Service<C, R>, threads: number, batch: Uint8Array): readonly Scheduler.Dealt[] =>
  [...recordsOf(batch)].map((at) => {
    const record = commandAt(batch, at);
    const command = nameOf(record);
    const all = Array.from({ length: threads }, (_, index) => index + 1);
    if (record.kind === DIGEST_KIND) return { command, touches: all, change: 'nothing' };
    const known = codec.decode(record.kind, record.payload);
    if (typeof known === 'string') return { command, touches: [], change: 'nothing' };
    const part = footprint(known);
    return { command, touches: part.type === 'Partition' ? [part.partition] : all, change: part.change };
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
