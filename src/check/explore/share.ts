/**
 * One thread's share of a breadth-first search. All threads add to one shared memory, level by level; whoever is the first to
 * come to a state looks beyond it, so that no state is ever handed from one thread to another.
 *
 * The first levels every thread searches by itself, all alike, until there are states enough to go round; then each keeps
 * every so-manieth of them. A thread that is slow finds fewer new states, and so has less to do on the next level.
 */

import { expansion, together, type Manner, type Tally } from './expand.js';
import type { Action, System } from './system.js';
import { capacityOf, givenOut, memoryFor, moved, visited, type Memory } from './visited.js';

/** What all threads have found alike. */
export type Opening = {
  /** How many states of each depth there are. */
  readonly levels: readonly number[];
  /** Whether there is nothing left to do. */
  readonly isOver: boolean;
  readonly isBroken: boolean;
  /** What was seen, in shared memory. */
  readonly memory: Memory;
  /** States in it. */
  readonly count: number;
};

/** Where a share stands: states of this level that are left, for want of room, states of the next, and how many it added. */
export type Standing = { readonly left: number; readonly next: number; readonly count: number; readonly isBroken: boolean };

export type Share = {
  readonly opening: Opening;
  /** On to the next level. */
  readonly turn: () => void;
  /** Looks beyond states of this level until there are none, there is no room, or `isStopped`. */
  readonly work: (memory: Memory, isStopped: () => boolean) => Standing;
  /** What this share counted. The opening is counted by the first one. */
  readonly tally: () => Tally;
};

/** States on a level that are enough to go round. */
const WIDE = 512;

/** States for which there is room at first, alone and together. */
const FIRST_ROOM = 1 << 14;
const ROOM = 1 << 17;

/** How often a share asks whether it is stopped, in states. */
const STRETCH = 1000;

export const share = <S, A extends Action>(system: System<S, A>, manner: Manner, me: number, threads: number): Share => {
  let states: S[] = [];
  let ids: number[] = [];
  let next: S[] = [];
  let nextIds: number[] = [];
  let at = 0;
  const push = (state: S, id: number): void => {
    next.push(state);
    nextIds.push(id);
  };
  const turn = (): void => void ([states, ids, next, nextIds, at] = [next, nextIds, [], [], 0]);

  const seenAlone = visited(memoryFor(FIRST_ROOM, false));
  const alone = expansion(system, manner, seenAlone, { push });
  alone.begin();
  const levels: number[] = [];
  while (next.length > 0 && next.length < WIDE) {
    turn();
    levels.push(states.length);
    for (; at < states.length; at += 1) while (!alone.lookBeyond(states[at]!, ids[at]!, levels.length)) seenAlone.moveTo(moved(seenAlone.memory(), 2 * capacityOf(seenAlone.memory()), false));
  }
  let depth = levels.length;
  const isOver = next.length === 0;
  const memory = moved(seenAlone.memory(), Math.max(ROOM, capacityOf(seenAlone.memory())), true);
  const mine = <T>(all: readonly T[]): T[] => all.filter((_, i) => i % threads === me);
  if (!isOver) levels.push(next.length);
  [next, nextIds] = [mine(next), mine(nextIds)];

  const seen = visited(memory);
  const expanding = expansion(system, manner, seen, { push });
  return {
    opening: { levels, isOver, isBroken: alone.isBroken(), memory, count: seenAlone.count() },
    turn: () => {
      turn();
      depth += 1;
    },
    work: (shared, isStopped) => {
      seen.moveTo(shared);
      for (let done = 1; at < states.length; done += 1) {
        if (!expanding.lookBeyond(states[at]!, ids[at]!, depth)) break;
        at += 1;
        if (done % STRETCH === 0 && isStopped()) break;
      }
      return { left: states.length - at, next: next.length, count: seen.count(), isBroken: expanding.isBroken() };
    },
    tally: () => (me === 0 ? together([alone.tally(), expanding.tally()]) : expanding.tally()),
  };
};

/** Memory that is not full before long: larger, if it is half full. */
export const roomy = (memory: Memory): Memory => (2 * givenOut(memory) > capacityOf(memory) ? moved(memory, 4 * capacityOf(memory), true) : memory);
