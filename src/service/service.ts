/**
 * The contract between a replicated service and everything that replicates it.
 *
 * A service says three things: how its commands and results are laid out (`codec`), which part of its state a command
 * touches (`footprint`), and what a command does (a `Store`). A store has two forms behind the one interface: a persistent
 * form that states what is meant, and a shared form in shared memory that is fast. A model-based property keeps them equal.
 */

/** What a command may do to the state. An `entry` may be written without any structure around it changing. */
export type Change = 'nothing' | 'entry' | 'structure';

/** The part of the state that a command touches. Partitions are numbered 1..n, as the threads are: partition i is t_i's. */
export type Footprint =
  | { readonly type: 'Partition'; readonly partition: number; readonly change: Change }
  | { readonly type: 'Everything'; readonly change: Change };

/** The name of a condition of a service's safety check. Of the B+-tree's: structure, left, right (paper, section V). */
export type Condition = string;

/** The commands and results of a service, and their layout on the wire. */
export interface Codec<Command, Result> {
  /** The kind byte of a command: 1..255, as 0 is every service's digest. */
  readonly kindOf: (command: Command) => number;
  /** The payload of a command, without the header. */
  readonly encode: (command: Command) => Uint8Array;
  /** The command of a kind and a payload, or why there is none (a `string`): then it is refused, at every replica alike. */
  readonly decode: (kind: number, payload: Uint8Array) => Command | string;
  readonly encodeResult: (result: Result) => Uint8Array;
  /** The result that a replica sent for a command of this kind. */
  readonly decodeResult: (kind: number, payload: Uint8Array) => Result;
}

/** A digest of the logical state, equal for equal states however they are stored. */
export type Digest = { readonly entries: number; readonly high: number; readonly low: number };

/**
 * The state of a service. Methods that change it return the store to use from then on: the persistent form returns a new
 * one and leaves the old one as it was, the shared form changes in place and returns itself.
 */
export interface Store<Command, Result> {
  /**
   * The safety check of thread t_`thread` for a command that came optimistically from its own group: the first condition
   * that it fails, or `undefined` when it passes. A function of the delivered prefix only, at every replica the same.
   */
  readonly check: (thread: number, command: Command) => Condition | undefined;
  /** Executes a command. Total: a command that cannot be carried out has a result that says so. */
  readonly execute: (command: Command) => readonly [Store<Command, Result>, Result];
  readonly digest: () => Digest;
}

/** A service, before it is given a state. */
export interface Service<Command, Result> {
  readonly codec: Codec<Command, Result>;
  /** Which partition a command touches, of the `partitions` that the service was set up with. */
  readonly footprint: (command: Command) => Footprint;
}
