/**
 * The threads of a replica in simulated time: the machine of `node.ts` over the tree in shared memory, driven as
 * `adapter/tcp/thread.ts` drives it. A burst is one step of the machine; what it costs follows from the commands that the
 * step has got through. Where the technique has a scheduler, it stands before them in a thread of its own.
 */
import type { ProcessId } from '../../consensus/ballot.js';
import type { Value } from '../../consensus/messages.js';
import { subscriptionsOf } from '../../multicast/groups.js';
import type { Decided } from '../../multicast/merge.js';
import * as Node from '../../node.js';
import { G_ALL, kindAt, nextRecord, type Group } from '../../record.js';
import { EXECUTOR, type Board } from '../../replica/barrier.js';
import { deal, type Scheduler } from '../../replica/scheduler.js';
import { isScheduled } from '../../replica/techniques.js';
import type { Shared, Worker } from '../../replica/worker.js';
import type { Burst, Machine, Thread } from './cores.js';
import { costAt, total } from './costs.js';
import { countOf, type World } from './process.js';

/** Commands between two looks at the logs: that of `adapter/tcp/thread.ts`. */
const BUDGET = 512;

export type Crew = {
  /** Takes a decided value of a group for the threads that subscribe to it; they hear of it on `release`. */
  readonly feed: (group: Group, value: Value) => void;
  readonly release: () => void;
  /** Replies that no one has taken yet. */
  readonly replies: () => readonly Uint8Array[];
  readonly hasReplies: () => boolean;
  readonly threads: readonly Thread[];
};

/** What a step has got through: commands that look, commands that change, those of them that were checked first, and commands that others execute. */
type Progress = { readonly reads: number; readonly writes: number; readonly checked: number; readonly passed: number };

export type Kinds = {
  readonly isRead: (kind: number) => boolean;
  readonly keys: number;
  /** Whether threads spin at the barrier: where there is a core for each. */
  readonly spins: boolean;
};

/** `shared` has no board: who arrives and departs is seen at the end of a burst, not at its start, so each thread gets its own. */
export const startCrew = (world: World, me: ProcessId, shared: Omit<Shared, 'board'>, { isRead, keys, spins }: Kinds, on: Machine, wake: () => void): Crew => {
  const { costs, cluster } = world;
  const { threads } = cluster;
  const words = new Float64Array(threads + 1);
  let fed: { readonly group: Group; readonly value: Value }[] = [];
  let replies: Uint8Array[] = [];
  const wakeUp = costs.barrier[spins ? 'spinning' : 'sleeping'];

  const members = Array.from({ length: threads }, (_, index) => {
    const number = index + 1;
    const board = seenLate(threads, words);
    let state = Node.startThread(cluster, me, number, { ...shared, board: board.board });
    let heard: { readonly group: Group; readonly value: Decided }[] = [];
    let isWaiting = false;

    const costOf = ({ reads, writes, checked, passed }: Progress): { readonly takes: number; readonly memory: number } => {
      const executed = reads * costAt(costs.thread.read, keys) + writes * costAt(costs.thread.write, keys) + checked * costs.thread.check;
      const takes = executed + (reads + writes) * costs.thread.answer + passed * costs.thread.pass;
      return { takes, memory: takes === 0 ? 0 : executed / takes };
    };

    const work = (): Burst | undefined => {
      let takes = 0;
      for (const { group, value } of heard) {
        takes += total(costs.thread.merge, value.type === 'Batch' ? countOf(value.commands) : 0);
        [state] = Node.onThreadEvent(state, { type: 'Decided', group, value });
      }
      const hasHeard = heard.length > 0;
      heard = [];
      const before = state.worker;
      const [next, effects] = Node.onThreadEvent(state, { type: 'Run', budget: BUDGET });
      state = next;
      const portions: Uint8Array[] = [];
      let isIdle = false;
      for (const effect of effects)
        switch (effect.type) {
          case 'Reply':
            portions.push(effect.replies);
            break;
          case 'Rest':
            isIdle = !hasHeard;
            break;
          case 'Wait':
            isIdle = !hasHeard;
            isWaiting = true;
            break;
        }
      if (isIdle) return undefined;
      const { takes: executing, memory } = costOf(progress(before, next.worker, isRead, cluster.technique === 'opt-psmr'));
      if (number === EXECUTOR && before.phase.type === 'Arrived') takes += costs.barrier.look * threads;
      takes += executing;
      return {
        takes,
        memory: takes === 0 ? 0 : (memory * executing) / takes,
        then: () => {
          if (board.publish()) members.forEach(({ rouse }) => rouse());
          if (portions.length === 0) return;
          replies.push(...portions);
          wake();
        },
      };
    };
    const thread = on.thread(work);
    return {
      groups: subscriptionsOf(number, threads),
      thread,
      hear: (group: Group, value: Decided): void => {
        heard.push({ group, value });
        isWaiting = false;
        thread.wake(costs.system.wake);
      },
      /** The board has changed: whoever waits for it looks again. */
      rouse: (): void => {
        if (!isWaiting) return;
        isWaiting = false;
        thread.wake(wakeUp);
      },
    };
  });

  const hand = (group: Group, value: Value): void => {
    for (const { groups, hear } of members) if (groups.includes(group)) hear(group, value);
  };
  const scheduler = isScheduled(cluster.technique) ? startScheduler(world, { threads, footprintAt: shared.engine.footprintAt }, on, hand) : undefined;

  return {
    feed: (group, value) => void fed.push({ group, value }),
    release: () => {
      for (const { group, value } of fed) (scheduler?.hear ?? hand)(group, value);
      fed = [];
    },
    replies: () => {
      const taken = replies;
      replies = [];
      return taken;
    },
    hasReplies: () => replies.length > 0,
    threads: [...members, ...(scheduler === undefined ? [] : [scheduler])].map(({ thread }) => thread),
  };
};

/** The thread of `adapter/tcp/scheduling.ts`: a burst is one value of the order, after which those who have a part in it are woken. */
const startScheduler = ({ costs }: World, scheduler: Scheduler, on: Machine, hand: (group: Group, value: Value) => void) => {
  const order: Value[] = [];
  const thread = on.thread(() => {
    const value = order.shift();
    if (value === undefined) return undefined;
    const lanes = deal(scheduler, value);
    return {
      takes: total(costs.scheduler, value.type === 'Batch' ? countOf(value.commands) : 0),
      then: () => lanes.forEach((part, lane) => hand(lane, part)),
    };
  });
  return {
    thread,
    hear: (_: Group, value: Value): void => {
      order.push(value);
      thread.wake(costs.system.wake);
    },
  };
};

/** How far a step has come: through as many batches as it takes. */
const progress = (before: Worker, after: Worker, isRead: (kind: number) => boolean, checks: boolean): Progress => {
  const rest = after.queue.first();
  const isPassing = before.phase.type === 'Arrived' && before.thread !== EXECUTOR;
  let [reads, writes, checked] = [0, 0, 0];
  for (const { group, slot, commands, at: from } of before.queue) {
    const isLast = rest !== undefined && rest.slot === slot && rest.group === group;
    const end = isLast ? rest.at : commands.length;
    for (let at = from; at < end; at = nextRecord(commands, at))
      if (isRead(kindAt(commands, at))) reads += 1;
      else {
        writes += 1;
        if (checks && group !== G_ALL) checked += 1;
      }
    if (isLast) break;
  }
  return isPassing ? { reads: 0, writes: 0, checked: 0, passed: reads + writes } : { reads, writes, checked, passed: 0 };
};

/** A board on which a thread sees what it announces at once, and others only when it is published. */
const seenLate = (threads: number, words: Float64Array): { readonly board: Board; readonly publish: () => boolean } => {
  const own = new Map<number, number>();
  const isAtLeast = (word: number, generation: number): boolean => (own.get(word) ?? words[word] ?? 0) >= generation;
  const board: Board = {
    threads,
    arrive: (thread, generation) => (own.set(thread, generation), board),
    depart: (generation) => (own.set(0, generation), board),
    hasArrived: isAtLeast,
    hasDeparted: (generation) => isAtLeast(0, generation),
  };
  return {
    board,
    publish: () => {
      const isNews = own.size > 0;
      own.forEach((generation, word) => (words[word] = generation));
      own.clear();
      return isNews;
    },
  };
};
