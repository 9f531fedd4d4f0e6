/** What the threads of one replica share while their lines are played: the tree and the tables that they ran on, anew. */
import type { Access } from '../../spec/safety-check.js';
import { roundOf } from '../multicast/merge.js';
import { replyAt } from '../record.js';
import { boardBytes, sharedBoard, type Board } from '../replica/barrier.js';
import { sessionsBytes, sharedSessions, type Sessions } from '../replica/sessions.js';
import { decodeCondition, type Shared } from '../replica/worker.js';
import { bPlusTree, evenKeys } from '../service/b-plus-tree/index.js';
import { keep, violationsIn, type Violation } from './facts.js';
import type { Stage } from './stage.js';

export type Crew = {
  readonly board: Board;
  /** What thread t_`thread` is given. `touch` is told of every node. */
  readonly sharedFor: (thread: number, touch: (node: number, mode: 'read' | 'write') => void) => Shared;
  /** Notes what a thread touched in an epoch; when all threads have left it, says what was not its own. */
  readonly touched: (thread: number, epoch: number, nodes: readonly string[]) => Violation | undefined;
  /** What was not their own in the epochs that not all threads have left. */
  readonly touchedLast: () => readonly Violation[];
  readonly digest: () => string;
  /**
   * From now on what these threads execute cannot be played: one of them was killed, and the others passed a barrier that its
   * trace ends before.
   */
  readonly abandon: () => void;
  readonly isAbandoned: () => boolean;
};

/** What was touched in an epoch: the first time that each thread touched each node, in either way. */
type Touches = { readonly accesses: Access[]; readonly known: Map<number, Set<string>> };

export const newCrew = (stage: Stage, process: string, life: number): Crew => {
  const { setting, facts } = stage;
  const { threads, technique, m } = setting.cluster;
  const { keySpace, keys, capacity, fill, minimum } = setting.service;
  const tree = bPlusTree({ keySpace, partitions: threads, capacity, fill, minimum });
  const store = tree.create(evenKeys(keys));
  const tables = sharedSessions(setting.limits, new SharedArrayBuffer(sessionsBytes(setting.limits)));
  const board = sharedBoard(threads, new Int32Array(new SharedArrayBuffer(boardBytes(threads))));
  const replica = `${process}, life ${life}`;

  /** Whatever is carried out is remembered, and nothing else is: an answer out of a table is none. */
  const noticed = (thread: number): Sessions => {
    const sessions: Sessions = {
      recall: tables.recall,
      repeat: tables.repeat,
      remember: (table, floor, replies, at) => {
        const { session, sequence, status, position, payload, attempt } = replyAt(replies, at);
        const what = status === 'Failed' ? decodeCondition(payload) : Buffer.from(payload).toString('hex');
        keep(facts, facts.executions, {
          replica,
          thread,
          command: `${session}.${sequence}`,
          attempt,
          outcome: `${status} ${what}`,
          isEffective: status === 'Executed',
          round: roundOf(position.slot, m),
          ...position,
        });
        tables.remember(table, floor, replies, at);
        return sessions;
      },
    };
    return sessions;
  };

  let isAbandoned = false;
  // P-SMR writes entries of a leaf on a boundary from two threads: there the clause is about entries, not nodes.
  const judged = (accesses: readonly Access[]): Violation | undefined => (technique === 'opt-psmr' ? violationsIn(accesses) : undefined);
  const touchesByEpoch = new Map<number, Touches>();
  const epochs = new Map<number, number>(); // by thread
  return {
    board,
    sharedFor: (thread, touch) => ({ engine: tree.attach(store.buffer, touch).engine, sessions: noticed(thread), board }),
    touched: (thread, epoch, nodes) => {
      const { accesses, known } = touchesByEpoch.get(epoch) ?? { accesses: [], known: new Map<number, Set<string>>() };
      const own = known.get(thread) ?? new Set<string>();
      touchesByEpoch.set(epoch, { accesses, known: known.set(thread, own) });
      for (const node of nodes) {
        if (own.has(node)) continue;
        own.add(node);
        accesses.push({ epoch, thread, part: `node ${node.slice(1)} of ${replica}`, mode: node.startsWith('w') ? 'write' : 'read' });
      }
      epochs.set(thread, epoch);
      const common = epochs.size < threads ? -1 : Math.min(...epochs.values());
      for (const [past, { accesses: all }] of touchesByEpoch) {
        if (past >= common) continue;
        touchesByEpoch.delete(past);
        const violation = judged(all);
        if (violation !== undefined) return violation;
      }
      return undefined;
    },
    touchedLast: () => [...touchesByEpoch.values()].flatMap(({ accesses }) => judged(accesses) ?? []),
    abandon: () => void (isAbandoned = true),
    isAbandoned: () => isAbandoned,
    digest: () => {
      const { entries, high, low } = store.digest();
      return `${entries} entries, ${high}:${low}`;
    },
  };
};
