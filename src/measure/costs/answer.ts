/** What a worker thread spends on a command beside its execution, and on a batch beside its commands. */
import * as Node from '../../node.js';
import { clusterOf, limitsOf, local, serviceOf } from '../../adapter/config.js';
import { encodeCommand, G_ALL, join, nextRecord } from '../../record.js';
import { persistentBoard } from '../../replica/barrier.js';
import { sessionsBytes, sharedSessions } from '../../replica/sessions.js';
import { costAt, type Costs } from '../simulated/costs.js';
import { draws } from './keys.js';
import { costOf } from './processor.js';

const KEYS = 100_000;
const COMMANDS = 400;
const BATCHES = 60;

/** Reads of one session, named and numbered, in batches of `COMMANDS`. */
const batches = (count: number): readonly Uint8Array[] => {
  const draw = draws(1);
  let sequence = 0;
  return Array.from({ length: count }, () =>
    join(
      Array.from({ length: COMMANDS }, () => {
        sequence += 1;
        const payload = new Uint8Array(8);
        new DataView(payload.buffer).setBigInt64(0, BigInt(draw(2 * KEYS)), true);
        return encodeCommand({ kind: 1, attempt: 0, session: 1, sequence, floor: sequence, payload });
      }),
    ),
  );
};

/** `read` is what a read costs by itself: the rest is what is asked for here. */
export const measureAnswers = ({ read }: Pick<Costs['thread'], 'read'>): Pick<Costs['thread'], 'merge' | 'answer' | 'pass'> => {
  const config = local({ technique: 'smr', threads: 1, acceptors: 1, replicas: 1, ports: [1, 2], service: { keySpace: 2 * KEYS, keys: KEYS } });
  const cluster = clusterOf(config);
  const { create, load } = serviceOf(config);
  const limits = limitsOf(config);
  const shared = { engine: create(load).engine, sessions: sharedSessions(limits, new SharedArrayBuffer(sessionsBytes(limits))), board: persistentBoard(1) };
  let thread = Node.startThread(cluster, 1, 1, shared);
  const take = (event: Node.ThreadEvent): void => void ([thread] = Node.onThreadEvent(thread, event));

  const all = batches(7 * BATCHES);
  const whole = costOf(BATCHES, (turn) => {
    take({ type: 'Decided', group: G_ALL, value: { type: 'Batch', commands: all[turn]! } });
    take({ type: 'Run', budget: COMMANDS });
  });
  const merge = costOf(2000, () => take({ type: 'Decided', group: G_ALL, value: { type: 'Noop' } }));
  let end = 0;
  const pass = costOf(BATCHES, (turn) => {
    for (let at = 0; at < all[turn]!.length; at = nextRecord(all[turn]!, at)) end = at;
  });
  if (end === 0) throw new Error('nothing was passed over');
  return {
    merge: { each: merge, command: 0 },
    answer: Math.max(0, (whole - merge) / COMMANDS - costAt(read, KEYS)),
    pass: pass / COMMANDS,
  };
};
