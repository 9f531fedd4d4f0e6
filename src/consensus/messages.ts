/** What the processes of one ring say to each other, and what they ask of the world. */
import type { Ballot, ProcessId } from './ballot.js';

/** Instances of consensus are numbered from 0 in every ring. */
export type Instance = number;

/** Names one value for ever: unique to the ballot that first proposed it (never reused, skips and no-ops included). */
export type ValueId = string;

/**
 * What an instance decides. Consensus fills holes with `Noop` and never looks inside the others: a batch is opaque bytes,
 * a skip is the multicast layer's.
 */
export type Value =
  | { readonly type: 'Noop' }
  | { readonly type: 'Batch'; readonly commands: Uint8Array }
  | { readonly type: 'Skip'; readonly to: number };

/** What an acceptor remembers of an instance: its last vote, or, once it has learned it, the decision. */
export type Entry =
  | { readonly type: 'Voted'; readonly ballot: Ballot; readonly id: ValueId; readonly value: Value }
  | { readonly type: 'Decided'; readonly id: ValueId; readonly value: Value };

/**
 * The messages of U-Ring Paxos (Marandi et al. 2010; Benz 2013). `Value`, `Phase2` and `Decision` travel along the `ring`
 * of their ballot, which they carry, so that nobody needs to know it beforehand. The value travels once; votes and the
 * decision travel by id.
 */
export type Message =
  | { readonly type: 'Prepare'; readonly ballot: Ballot; readonly from: Instance }
  | { readonly type: 'Promise'; readonly ballot: Ballot; readonly entries: readonly (readonly [Instance, Entry])[] }
  | { readonly type: 'Refuse'; readonly promised: Ballot }
  | { readonly type: 'Value'; readonly ballot: Ballot; readonly ring: readonly ProcessId[]; readonly id: ValueId; readonly value: Value }
  | {
      readonly type: 'Phase2';
      readonly ballot: Ballot;
      readonly ring: readonly ProcessId[];
      readonly instance: Instance;
      readonly id: ValueId;
      readonly voters: readonly ProcessId[];
    }
  | {
      readonly type: 'Decision';
      readonly ballot: Ballot;
      readonly ring: readonly ProcessId[];
      readonly decider: ProcessId;
      readonly instance: Instance;
      readonly id: ValueId;
    }
  /** A learner asks for the decisions of the instances `from` up to, not including, `to`. */
  | { readonly type: 'Ask'; readonly from: Instance; readonly to: Instance }
  | { readonly type: 'Chosen'; readonly instance: Instance; readonly id: ValueId; readonly value: Value }
  /** The coordinator lives, and has learned every instance below `decided`. */
  | { readonly type: 'Alive'; readonly ballot: Ballot; readonly decided: Instance }
  | { readonly type: 'Here' }
  /** A batch on its way to the coordinator. */
  | { readonly type: 'Submit'; readonly commands: Uint8Array };

/** What an acceptor must not forget. Replaying all of them in order gives back its state. */
export type Durable =
  | { readonly type: 'Promised'; readonly ballot: Ballot }
  | { readonly type: 'Voted'; readonly instance: Instance; readonly ballot: Ballot; readonly id: ValueId; readonly value: Value }
  /** The instance decided what was voted for here. */
  | { readonly type: 'Decided'; readonly instance: Instance; readonly id: ValueId }
  /** The instance decided a value that was not voted for here. */
  | { readonly type: 'Learned'; readonly instance: Instance; readonly id: ValueId; readonly value: Value };

/**
 * What a process of a ring asks of the world, in order. A `Send` may leave only when the first `after` records that this
 * process asked to `Persist` (in this ring) are durable; `after` 0 may leave at once.
 */
export type Effect =
  | { readonly type: 'Persist'; readonly record: Durable }
  | { readonly type: 'Send'; readonly to: ProcessId; readonly message: Message; readonly after: number }
  /** The next instance of this ring, in order and once. */
  | { readonly type: 'Deliver'; readonly instance: Instance; readonly id: ValueId; readonly value: Value };

export const NOOP: Value = { type: 'Noop' };

/** A message that rests on nothing durable. */
export const send = (to: ProcessId, message: Message, after = 0): Effect => ({ type: 'Send', to, message, after });
