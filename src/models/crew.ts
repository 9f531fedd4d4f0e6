/**
 * The threads of one replica, as a value: what each has still to hear of, and what they share. They take turns in any order,
 * one command or one barrier at a time.
 */

import type { Step } from '../step.js';
import * as Abstract from '../../spec/refinement.js';
import * as Replica from '../../spec/replica.js';
import { subscriptionsOf } from '../multicast/groups.js';
import { roundOf, type Decided } from '../multicast/merge.js';
import { onThreadEvent, startThread, type Cluster, type Thread } from '../node.js';
import { commandAt, encodeCommand, newSheet, recordsOf, replyAt, type Group } from '../record.js';
import { EXECUTOR, isFull, persistentBoard, type Board } from '../replica/barrier.js';
import { isAnswered, persistentSessions, type Sessions } from '../replica/sessions.js';
import type { Effect, Shared } from '../replica/worker.js';
import { bPlusTree, evenKeys, orderedMap, type Command, type Result, type Tree } from '../service/b-plus-tree/index.js';
import { engineOf, type Stored } from '../service/engine.js';

/** Leaves of two entries, 0 2 | 4 6 | 8 10 | 12 14. The second partition starts at 6, so that both threads share a leaf. */
export const tree = bPlusTree({ keySpace: 16, partitions: [0, 6], capacity: 4, fill: 0.5, minimum: 'half' });
const load = evenKeys(8);

/** What the tree means: two entries of the ordered map are there for every entry loaded. */
const sequential = orderedMap(16, (key) => (key % 2 === 0 ? BigInt(key / 2) : undefined));

export const THREADS = 2;

/** The one replica of these worlds. */
export const REPLICA = 'r';

export type Crew = {
  readonly threads: readonly Thread[];
  readonly shared: Shared;
  /** What each thread has not heard of yet, by group. */
  readonly unheard: readonly (readonly (readonly Decided[])[])[];
  /** What was carried out, in the order in which it happened. */
  readonly executions: readonly Replica.Execution[];
};

export type CrewEvent = { readonly type: 'hears'; readonly thread: number; readonly group: Group } | { readonly type: 'runs'; readonly thread: number };

export const startCrew = (cluster: Cluster): Crew => {
  const shared: Shared = {
    engine: engineOf(tree.service, tree.persistent(load)),
    sessions: persistentSessions({ tables: THREADS + 1, sessions: 4, window: 8, replyBytes: 64 }),
    board: persistentBoard(THREADS),
  };
  const numbers = Array.from({ length: THREADS }, (_, i) => i + 1);
  return {
    threads: numbers.map((number) => startThread(cluster, cluster.membership.learners[0]!, number, shared)),
    shared,
    unheard: numbers.map(() => Array.from({ length: THREADS + 1 }, () => [])),
    executions: [],
  };
};

/** Every thread that subscribes to the group is going to hear of it. */
export const feed = (crew: Crew, group: Group, ...values: readonly Decided[]): Crew => ({
  ...crew,
  unheard: crew.unheard.map((lanes, i) => (subscriptionsOf(i + 1, THREADS).includes(group) ? lanes.with(group, [...lanes[group]!, ...values]) : lanes)),
});

/** What the threads may do. */
export const crewEvents = ({ threads, unheard, shared }: Crew): readonly CrewEvent[] =>
  threads.flatMap((one, i): readonly CrewEvent[] => [
    ...unheard[i]!.flatMap((lane, group): readonly CrewEvent[] => (lane.length === 0 ? [] : [{ type: 'hears', thread: i + 1, group }])),
    ...(mayRun(one, shared.board) ? [{ type: 'runs', thread: i + 1 } as const] : []),
  ]);

/** Whether running leads anywhere: a thread that waits at a barrier just waits. */
const mayRun = ({ worker }: Thread, board: Board): boolean => {
  if (worker.phase.type !== 'Arrived') return !worker.queue.isEmpty();
  return worker.thread === EXECUTOR ? isFull(board, worker.generation) : board.hasDeparted(worker.generation);
};

export const onCrewEvent = (crew: Crew, event: CrewEvent): Step<Crew, Effect> => {
  const at = event.thread - 1;
  const thread = crew.threads[at]!;
  switch (event.type) {
    case 'hears': {
      const [value, ...others] = crew.unheard[at]![event.group]!;
      if (value === undefined) return [crew, []];
      const [heard] = onThreadEvent(thread, { type: 'Decided', group: event.group, value });
      return [{ ...crew, threads: crew.threads.with(at, heard), unheard: crew.unheard.with(at, crew.unheard[at]!.with(event.group, others)) }, []];
    }
    case 'runs': {
      const [next, effects] = onThreadEvent({ ...thread, worker: { ...thread.worker, shared: crew.shared } }, { type: 'Run', budget: 1 });
      const { shared } = next.worker;
      const isCarriedOut = shared.sessions !== crew.shared.sessions; // else it was answered from memory
      const executions = isCarriedOut ? [...crew.executions, ...effects.flatMap((effect) => executionsIn(effect, event.thread))] : crew.executions;
      return [{ ...crew, threads: crew.threads.with(at, next), shared, executions }, effects];
    }
  }
};

const executionsIn = (effect: Effect, thread: number): readonly Replica.Execution[] => {
  if (effect.type !== 'Reply') return [];
  return [...recordsOf(effect.replies)].map((at) => {
    const { session, sequence, attempt, status, payload, position } = replyAt(effect.replies, at);
    return { replica: REPLICA, thread, command: `${session}.${sequence}`, attempt, outcome: `${status} ${payload.join(' ')}`, isEffective: status === 'Executed', round: roundOf(position.slot, 1), ...position };
  });
};

/** Whether all that was decided has been carried out. */
export const isAtRest = ({ threads, unheard }: Crew): boolean => unheard.flat().every((lane) => lane.length === 0) && threads.every(({ worker }) => worker.queue.isEmpty());

/** The entries of the tree, as text. */
export const contentOf = ({ shared }: Crew): string => entriesIn(treeIn(shared).execute(EVERYTHING)[1]);

/** The tree that its engine drives. */
const treeIn = ({ engine }: Shared): Tree => (engine as Stored<Command, Result>).store as Tree;

const EVERYTHING: Command = { type: 'scan', from: 0n, to: 15n };
const entriesIn = (result: Result): string => (result.type === 'entries' ? result.entries.map(([key, value]) => `${key}:${value}`).join(' ') : result.type);

/**
 * A crew and the service of one thread. Refinement is asked of every state: what was carried out so far is a run of the
 * service, and what the tree holds is what the service would hold.
 */
export const refinementOf = (commands: readonly Command[]) => {
  const service = Abstract.service(sequential.initial, (state, name) => {
    const [next, result] = sequential.apply(state, commands[Number(name.slice(`${SESSION}.`.length)) - 1]!);
    return [next, `Executed ${tree.service.codec.encodeResult(result).join(' ')}`];
  });
  const servedBy = ({ executions }: Crew) => Abstract.after(service, executions);
  return {
    'every execution is one of the sequential service': (crew: Crew): boolean => typeof servedBy(crew) !== 'string',
    'what is in the tree is what the sequential service holds': (crew: Crew): boolean => {
      const served = servedBy(crew);
      if (typeof served === 'string') return false;
      return contentOf(crew) === entriesIn(sequential.apply(served.get(REPLICA)?.state ?? sequential.initial, EVERYTHING)[1]);
    },
  };
};

/** What of a crew tells its states apart. Of the session tables, what they say of the commands of this world. */
export const viewOf = ({ threads, shared, unheard, executions }: Crew, sequences: number): unknown => [
  threads.map(({ merge, worker: { queue, generation, phase } }) => [merge.lanes, queue, generation, phase]),
  treeIn(shared).outline(),
  remembered(shared.sessions, sequences),
  wordsOf(shared.board, Math.max(...threads.map(({ worker }) => worker.generation))),
  unheard,
  executions,
];

const remembered = (sessions: Sessions, sequences: number): unknown =>
  Array.from({ length: THREADS + 1 }, (_, table) =>
    identities(sequences).map((record) => {
      const memory = sessions.recall(table, record, 0);
      if (!isAnswered(memory)) return memory;
      const sheet = newSheet(64);
      sessions.repeat(table, record, 0, sheet);
      return sheet.bytes.subarray(0, sheet.length);
    }),
  );

/** Commands of which only the names count. */
const identities = (sequences: number): readonly Uint8Array[] =>
  Array.from({ length: sequences }, (_, i) => encodeCommand({ kind: 0, attempt: 0, session: SESSION, sequence: i + 1, floor: 1, payload: new Uint8Array() }));

const wordsOf = (board: Board, generations: number): readonly number[] => {
  const upTo = (has: (generation: number) => boolean): number => Array.from({ length: generations }, (_, i) => i + 1).filter(has).length;
  return [upTo(board.hasDeparted), ...Array.from({ length: THREADS }, (_, i) => upTo((generation) => board.hasArrived(i + 1, generation)))];
};

/** The one client of these worlds. */
export const SESSION = 1;

/** A batch of one command. */
export const batchOf = (sequence: number, attempt: number, command: Command): Decided => ({
  type: 'Batch',
  commands: encodeCommand({ kind: tree.service.codec.kindOf(command), attempt, session: SESSION, sequence, floor: 1, payload: tree.service.codec.encode(command) }),
});

/** The names of the commands in a batch. */
export const namesOf = (commands: Uint8Array): readonly string[] =>
  [...recordsOf(commands)].map((at) => {
    const { session, sequence, attempt } = commandAt(commands, at);
    return `${session}.${sequence}.${attempt}`;
  });
