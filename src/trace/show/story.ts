/** A trace as a story: its steps in an order in which causes come before effects, each in words. */
import type { Found } from '../checker.js';
import type { Setting } from '../line.js';

/** What a step is of. What is quiet goes on whether anyone wants anything or not. */
export type Kind = 'call' | 'answer' | 'message' | 'learned' | 'executed' | 'barrier' | 'timer' | 'end' | 'breach' | Quiet;

/** A clock that only ticks; a coordinator that says that it lives; turns that are skipped so that others need not wait. */
export type Quiet = 'tick' | 'heartbeat' | 'skip';

export const QUIET: readonly Kind[] = ['tick', 'heartbeat', 'skip'];

/** Whose steps stand below each other: a process, or a thread of a replica, through all its lives. */
export type Lane = { readonly name: string; readonly process: string; readonly thread: number; readonly role: 'client' | 'acceptor' | 'replica' | 'thread' };

/** What a thread does at a barrier. The executor that executes there opens it with the last command. */
export type AtBarrier = { readonly generation: number; readonly part: 'arrives' | 'executes' | 'opens' | 'leaves' };

export type Step = {
  /** Its place in the story, from 0. */
  readonly index: number;
  /** Its place among the lanes. */
  readonly lane: number;
  readonly life: number;
  /** Its place among the files. */
  readonly file: number;
  /** From 1. */
  readonly line: number;
  readonly machine: 'process' | 'merge' | 'worker' | 'scheduler' | 'proxy' | 'nothing';
  readonly kind: Kind;
  /** The group, whose ring has the same number. */
  readonly group: number | undefined;
  /** What happened, in words. */
  readonly text: string;
  /** What was done, in words. */
  readonly effects: readonly string[];
  /** The names of the commands that it is about. */
  readonly commands: readonly string[];
  /** The steps that sent, decided or opened what this one received, learned or passed. */
  readonly sources: readonly number[];
  readonly barrier: AtBarrier | undefined;
  /** Nodes of the tree that it read (`r7`) or wrote in (`w7`). */
  readonly nodes: readonly string[];
  /** Keys that its commands name. */
  readonly keys: readonly number[];
  /** Instances that its process has learned by it, by ring. */
  readonly learned: readonly Place[];
  /** Slots that its thread was delivered, by group. */
  readonly delivered: readonly Place[];
  readonly state: string;
};

/** A place in a ring: an instance, or a slot. */
export type Place = { readonly ring: number; readonly at: number };

/** What is wrong: with a step, or with the whole run. */
export type Flaw = {
  readonly clause: string;
  readonly expected: string;
  readonly found: string;
  /** `file: line n: field`, or empty. */
  readonly where: string;
  readonly context: readonly string[];
  /** The step that shows it, if there is one. */
  readonly step: number | undefined;
};

export type Story = {
  readonly name: string;
  readonly setting: Setting;
  readonly lanes: readonly Lane[];
  readonly files: readonly string[];
  readonly steps: readonly Step[];
  readonly flaws: readonly Flaw[];
  /** The clauses that the run was held against. */
  readonly clauses: readonly string[];
};

export const isQuiet = ({ kind }: Pick<Step, 'kind'>): boolean => QUIET.includes(kind);

/** Where a step stands in its file. */
export const placeOf = ({ files }: Pick<Story, 'files'>, { file, line }: Step): string => `${files[file] ?? ''}:${line}`;

/** A breach as the checker found it. */
export const flawOf = ({ clause, expected, found, file, line, field, context }: Found, step: number): Flaw => ({
  clause,
  expected,
  found,
  where: `${file}: line ${line}${field === '' ? '' : `: ${field}`}`,
  context,
  step,
});
