/** Mistakes of a replica: PS of its threads, OP of their optimism, AD of the world below. */

import * as Proxy from '../../src/client/proxy.js';
import * as Node from '../../src/node.js';
import { attemptAt, commandAt, encodeCommand, encodeReply, join, newSheet, recordsOf, replyAt, statusAt } from '../../src/record.js';
import { EXECUTOR, isFull } from '../../src/replica/barrier.js';
import { deal, type Value } from '../../src/replica/scheduler.js';
import { attemptIn, isAnswered, NEW } from '../../src/replica/sessions.js';
import * as Worker from '../../src/replica/worker.js';
import type { Condition } from '../../src/service/service.js';
import { misled, noLeft, noRight } from '../arbitraries/checks.js';
import { LOAD, treeOf, type Change } from '../arbitraries/world.js';
import { asking, board, having, inRoleOf, running, sessions, storing, type Stepped, type Thread } from './change.js';
import { CHECKS } from './checks.js';
import { failedToOwnGroup } from './clients.js';
import { before, mutant, type Mutant } from './mutant.js';
import { ofProxy } from './proxies.js';
import { inCalm, inCrowd, inRough, twice, WORLDS } from './worlds.js';

/** What a scheduler deals, dealt otherwise. */
const dealing = (rewrite: (lanes: readonly Value[]) => readonly Value[]): Change => having({ deal: (scheduler, value) => rewrite(deal(scheduler, value)) });

const isAtFullBarrier = ({ worker }: Thread): boolean => worker.phase.type !== 'Running' && isFull(worker.shared.board, worker.generation);

export const THREADS: readonly Mutant[] = [
  mutant('PS01', 'the barrier waits for one thread too few', ...before(WORLDS, board((real) => ({
    hasArrived: (thread, generation) => thread === real.threads || real.hasArrived(thread, generation),
  })))),
  mutant('PS02', 'the executor does not wait for the others', ...before(WORLDS, board(() => ({ hasArrived: () => true })))),
  mutant('PS04', 'the barrier opens when execution starts', ...before(WORLDS, board((real) => ({ hasDeparted: (generation) => isFull(real, generation) })))),
  mutant('PS05', 'every thread executes the commands of g_all', ...before(WORLDS, running((thread, event) =>
    thread.worker.thread !== EXECUTOR && isAtFullBarrier(thread)
      ? inRoleOf(EXECUTOR, thread, event, { sessions: { ...thread.worker.shared.sessions, recall: () => NEW } })
      : Node.onThreadEvent(thread, event),
  ))),
  mutant('PS07', 'commands that conflict go to different groups', ...before([inRough, inCalm], (world) => ({
    ...world,
    service: {
      ...world.service,
      footprint: (command) => {
        const footprint = world.service.footprint(command);
        return command.type === 'read' && footprint.type === 'Partition' ? { ...footprint, partition: (footprint.partition % world.cluster.threads) + 1 } : footprint;
      },
    },
  }))),
  mutant('PS10', 'who arrived at the last barrier counts as arrived at the next', ...before(WORLDS, board((real) => ({
    hasArrived: (thread, generation) => real.hasArrived(thread, (generation - 1) | 0) && (generation > 1 || real.hasArrived(thread, generation)),
  })))),
  mutant('PS12', 'the executor answers when it arrives, and executes when all have', ...before(WORLDS, answeringOnArrival())),
  mutant('PSa', 'a thread that waits at a barrier arrives at the next one', ...before(WORLDS, running((thread, event) => {
    const [next, effects] = Node.onThreadEvent(thread, event);
    const { worker } = next;
    const isAhead = !worker.shared.board.hasDeparted((worker.generation - 1) | 0);
    if (worker.thread === EXECUTOR || isAhead || !effects.some(({ type }) => type === 'Wait')) return [next, effects];
    const generation = (worker.generation + 1) | 0;
    return [{ ...next, worker: { ...worker, generation, shared: { ...worker.shared, board: worker.shared.board.arrive(worker.thread, generation) } } }, effects];
  }))),
  mutant('PSb', 'a scheduler loses what it is to deal to the first thread', ...before(WORLDS, dealing((lanes) => lanes.map((lane, i) => (i === 1 && lane.type === 'Batch' ? { type: 'Noop' } : lane))))),
  mutant('PSc', 'a scheduler deals to one thread what concerns all', ...before(WORLDS, dealing((lanes) => (lanes[0]?.type === 'Batch' && lanes[1]?.type === 'Noop' ? [lanes[1], lanes[0], ...lanes.slice(2)] : lanes)))),
];

const overlooking = (condition: Condition): Change =>
  storing((store) => ({
    check: (thread, command) => {
      const failed = store.check(thread, command);
      return failed === condition ? undefined : failed;
    },
  }));

export const OPTIMISM: readonly Mutant[] = [
  mutant('OP01', 'a command that failed its check is executed all the same', inCrowd(storing(() => ({ check: () => undefined })))),
  mutant('OP02', 'the left neighbour is overlooked', ...before(CHECKS, misled({ place: noLeft })), inCrowd(overlooking('left'))),
  mutant('OP03', 'the right neighbour is overlooked', ...before(CHECKS, misled({ place: noRight })), inCrowd(overlooking('right'))),
  mutant('OP05', 'a late duplicate of a failed attempt passes after its resubmission', inCrowd(sessions((real) => ({
    recall: (table, batch, at) => {
      const memory = real.recall(table, batch, at);
      return isAnswered(memory) && attemptIn(memory) > attemptAt(batch, at) ? NEW : memory;
    },
  })))),
  mutant('OP06', 'a failure is not remembered', inCrowd(sessions((real) => ({
    remember: (table, floor, replies, at) => (statusAt(replies, at) === 'Failed' ? real : real.remember(table, floor, replies, at)),
  })))),
  mutant('OP07', 'a resubmission goes under a fresh name', inCrowd(renamed)),
  mutant('OPc', 'what was executed under the barrier is remembered where no other thread looks', inCrowd(sessions((real) => ({
    remember: (table, floor, replies, at) => real.remember(attemptAt(replies, at) > 0 ? 0 : table, floor, replies, at),
  })))),
  mutant('OPd', 'a thread checks in the name of its neighbour', ...before(CHECKS, (of, tree, thread, command) => tree.check((thread % of.partitions.lowerBounds.length) + 1, command))),
  mutant('OPe', 'a failed command goes to its own group again', ofProxy(failedToOwnGroup), inCrowd(having({ onProxyEvent: failedToOwnGroup }))),
  mutant('OPa', 'a failed attempt leaves its trace', inCrowd(leavingTraces())),
];

export const ADAPTERS: readonly Mutant[] = [
  mutant('AD05', 'a message leaves before what it rests on is durable', ...before(WORLDS, asking((effect) => [effect.type === 'Send' ? { ...effect, after: 0 } : effect]))),
  mutant('AD07', 'a machine reads the clock', twice(having({
    onProcessEvent: (process, event) => Node.onProcessEvent(process, event.type === 'Tick' ? { ...event, now: event.now + (performance.now() % 30) } : event),
  }))),
];

/** Among the settings, as all that a machine is not told to change it hands on as it is. */
type Marked = Worker.Settings & { readonly isLast?: true };

export const lastExecutes: Change = running((thread, event) => {
    const { isLast, ...settings } = thread.worker.settings as Marked;
    if (thread.worker.phase.type !== 'Running') return inRoleOf(isLast === true ? EXECUTOR : EXECUTOR + 1, thread, event);
    const [next, effects] = Node.onThreadEvent({ ...thread, worker: { ...thread.worker, settings } }, event);
    const marked: Marked = { ...settings, isLast: true };
    return [isAtFullBarrier(next) ? { ...next, worker: { ...next.worker, settings: marked } } : next, effects];
});

/** Over persistent stores, as an answer that is not yet carried out must leave no trace. */
function answeringOnArrival(): Change {
  type Early = Thread & { readonly isAnswered?: true };
  const answered = (thread: Thread): Thread & { readonly isAnswered: true } => ({ ...thread, isAnswered: true });
  const isReply = ({ type }: Worker.Effect): boolean => type === 'Reply';
  const run = (thread: Early, event: Extract<Node.ThreadEvent, { type: 'Run' }>): Stepped => {
    const { worker } = thread;
    const [next, effects] = Node.onThreadEvent({ merge: thread.merge, worker }, event);
    if (worker.thread !== EXECUTOR) return [next, effects];
    if (next.worker.phase.type === 'Arrived') {
      if (worker.phase.type === 'Arrived') return [answered(next), effects];
      const early = Worker.onEvent({ ...worker, phase: { type: 'Executing', left: worker.settings.commandsPerBarrier } }, { type: 'Run', budget: worker.settings.commandsPerBarrier });
      return [answered(next), [...effects, ...early[1].filter(isReply)]];
    }
    if (thread.isAnswered !== true) return [next, effects];
    return [next.worker.phase.type === 'Executing' ? answered(next) : next, effects.filter((effect) => !isReply(effect))];
  };
  return (world) => ({
    ...having({
      onThreadEvent: (thread: Early, event) => {
        if (event.type === 'Run') return run(thread, event);
        const [next, effects] = Node.onThreadEvent(thread, event);
        return [thread.isAnswered === true ? answered(next) : next, effects];
      },
    })(world),
    newStore: () => treeOf(world.cluster).persistent(LOAD),
  });
}

/** What fails is carried out all the same, once it has been answered that it failed. */
function leavingTraces(): Change {
  return running((thread, event) => {
    const head = thread.worker.queue.first();
    const [next, effects] = Node.onThreadEvent(thread, event);
    const hasFailed = effects.some((effect) => effect.type === 'Reply' && replyAt(effect.replies, 0).status === 'Failed');
    if (head === undefined || !hasFailed) return [next, effects];
    const engine = next.worker.shared.engine.executeAt(head.commands, head.at, newSheet(64));
    return [{ ...next, worker: { ...next.worker, shared: { ...next.worker.shared, engine } } }, effects];
  });
}

const FRESH = 1_000_000;

/** Every sending of a resubmission under another session, and answers under the first one. */
function renamed(world: Parameters<Change>[0]): ReturnType<Change> {
  let sendings = 0;
  return {
    ...world,
    limits: { ...world.limits, sessions: 1000 },
    machines: {
      ...world.machines,
      onProxyEvent: (proxy, event) => {
        const [next, effects] = Proxy.onEvent(proxy, event);
        return [
          next,
          effects.map((effect) => {
            if (effect.type !== 'Multicast') return effect;
            const renames = (at: number): Uint8Array => {
              const command = commandAt(effect.records, at);
              if (command.attempt > 0) sendings += 1;
              return encodeCommand(command.attempt === 0 ? command : { ...command, session: command.session + FRESH * sendings });
            };
            return { ...effect, records: join([...recordsOf(effect.records)].map(renames)) };
          }),
        ];
      },
      onThreadEvent: (thread, event) => {
        const [next, effects] = Node.onThreadEvent(thread, event);
        return [next, effects.map((effect) => (effect.type === 'Reply' ? { ...effect, replies: join([...recordsOf(effect.replies)].map((at) => firstNamed(effect.replies, at))) } : effect))];
      },
    },
  };
}

const firstNamed = (replies: Uint8Array, at: number): Uint8Array => {
  const reply = replyAt(replies, at);
  return encodeReply({ ...reply, session: reply.session % FRESH });
};
