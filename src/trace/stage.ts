/** What the players of a trace share: what is under way, what each process has learned, and the facts so far. */
import type { Value } from '../consensus/messages.js';
import { hearNames, type Summary } from './batch.js';
import { noFacts, type Facts } from './facts.js';
import type { Setting } from './line.js';
import { underWay, type UnderWay, type Way } from './under-way.js';

/** Where a process is, as far as its lines were played. */
export type Standing = {
  /** The records of each group that the process has asked to persist: a digest of all up to each. */
  readonly persisted: Map<number, number[]>;
  /** By life and group: how many of them were there when that life began. */
  readonly kept: Map<string, number>;
  /** By life and group: the message received by others that rests on the most records, and on how many. */
  readonly told: Map<string, Pledge>;
};

/** A message that was received: which, and how many records of its group it rests on. */
export type Pledge = { readonly way: Way; readonly what: string; readonly after: number };

export type Stage = {
  readonly setting: Setting;
  readonly underWay: UnderWay;
  readonly facts: Facts;
  /** The names of processes that have a trace, clients included. */
  readonly present: ReadonlySet<string>;
  readonly clients: readonly string[];
  /** The threads of all replicas, by name. */
  readonly threads: readonly string[];
  readonly standingOf: (process: string) => Standing;
  /** What the process of a replica, or its scheduler, has handed to its threads, by life and group; to its scheduler, as `ORDER`. */
  readonly logOf: (process: string, life: number, group: number) => Log;
  /** Notes what a batch holds, if that is not known. Whoever hears of it first tells; of the others, only the digest is needed. */
  readonly hold: (batch: Summary, names: () => readonly string[]) => void;
  /** What a batch holds: nothing, and from then on, if nobody has told. */
  readonly batchOf: (batch: Summary) => readonly string[];
  /** The names of the commands in a batch, one by one, as far as somebody has told. */
  readonly namesIn: (batch: Summary) => readonly string[];
  /**
   * Messages that others have received of a process, and that rest on records it had no more after its crash. In its next life
   * it may have come to say the same words; if it never does, it has taken back its word.
   */
  readonly owed: Map<string, string>;
  /** Replicas that were executed no more from some line on. */
  readonly abandoned: Set<string>;
  /** Lines that could not be held against those of another process, for it has no trace, or an incomplete one. */
  unmatched: number;
};

/** Names that are remembered: facts speak of them. */
const MOST_NAMES = 4_000_000;

const NONE: readonly string[] = [];

/** The one order that a scheduler deals to groups, in the place of a group. */
export const ORDER = -1;

/** A value that was handed over, and what is said of it. */
export type Handed = { readonly value: Value; readonly words: string };

/** Each of several readers hears all of it, in order. What all have heard is forgotten. */
export type Log = { readonly append: (one: Handed) => void; readonly at: (place: number) => Handed | undefined; readonly read: (thread: number, place: number) => void };

/** `mostFacts` of a kind are kept for the clauses. */
export const newStage = (setting: Setting, present: ReadonlySet<string>, mostFacts?: number): Stage => {
  const standings = new Map<string, Standing>();
  const logs = new Map<string, Log>();
  const facts = noFacts(mostFacts);
  const commandsByBatch = new Map<string, readonly string[]>();
  const namesByBatch = new Map<string, readonly string[]>(); // of those that somebody asked for
  let named = 0;
  const nameOfBatch = ({ bytes, digest }: Summary): string => `${bytes} ${digest}`;
  const hold = (batch: Summary, names: () => readonly string[]): void => {
    const name = nameOfBatch(batch);
    if (facts.isFull || commandsByBatch.has(name)) return;
    const commands = names();
    commandsByBatch.set(name, commands);
    named += commands.length;
    if (named > MOST_NAMES) facts.isFull = true;
  };
  const known = new Set(setting.names);
  const { learners } = setting.cluster.membership;
  return {
    setting,
    underWay: underWay(setting.world === 'simulated'),
    facts,
    present,
    clients: [...present].filter((process) => !known.has(process)),
    threads: learners.flatMap((id) => Array.from({ length: setting.cluster.threads }, (_, index) => `${setting.names[id] ?? ''} t${index + 1}`)),
    standingOf: (process) => {
      const standing = standings.get(process) ?? { persisted: new Map(), kept: new Map(), told: new Map() };
      standings.set(process, standing);
      return standing;
    },
    logOf: (process, life, group) => {
      const name = `${process}/${life}/${group}`;
      const log = logs.get(name) ?? newLog(group === 0 ? setting.cluster.threads : 1);
      logs.set(name, log);
      return log;
    },
    hold,
    batchOf: (batch) => {
      const known = commandsByBatch.get(nameOfBatch(batch));
      if (known === undefined) hold(batch, () => NONE);
      return known ?? NONE;
    },
    namesIn: (batch) => {
      const name = nameOfBatch(batch);
      const commands = commandsByBatch.get(name) ?? NONE;
      const names = namesByBatch.get(name) ?? commands.flatMap((said) => hearNames(said, MOST_NAMES) ?? NONE);
      if (commands.length > 0) namesByBatch.set(name, names);
      return names;
    },
    owed: new Map(),
    abandoned: new Set(),
    unmatched: 0,
  };
};

const newLog = (readers: number): Log => {
  const entries: Handed[] = [];
  let first = 0;
  const places = new Map<number, number>();
  return {
    append: (one) => void entries.push(one),
    at: (place) => entries[place - first],
    read: (thread, place) => {
      places.set(thread, place);
      if (places.size < readers || entries.length < 4096) return;
      const common = Math.min(...places.values());
      entries.splice(0, common - first);
      first = common;
    },
  };
};
