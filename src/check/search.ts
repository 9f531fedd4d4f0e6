/**
 * Just-in-time search, depth first (Wing and Gong 1993, with the memo of Lowe 2017). Sound and complete: exponential only
 * in the number of operations open at once.
 *
 * Walk through calls and returns in the order of time. At a return of an operation that has taken no effect yet, something
 * must: the operation itself, perhaps after others that are open. That is the only choice there is, a *junction*. What
 * takes effect between two returns may as well do so just before the later one, as nobody was answered in the meantime.
 * Each rule below leaves out ways on, and each has its exchange argument: from any linearization that goes one of
 * these ways, one that goes another way.
 *
 * R1. *A read takes effect as soon as its answer is right.* Moved forward from where some linearization has it, it changes no
 *     state, and so no other answer. This needs read-only to hold in *every* state: an update to the value that is already
 *     there changes nothing now, but might where it was taken from.
 * R2. *At a junction only writes are branched on, and only those near the operation that returns*: of keys that it sees, or
 *     that it is tied to by reads that wait. What is done to other keys commutes with all of these and may wait.
 * R3. *A write that nobody need notice becomes spare.* If a blind write is open when another write of its key takes effect, and
 *     that one does not mind, the blind one may stand right before it; and a write may stand wherever it leaves what is there. From
 *     then on it may be left out, or be used all the same, as long as it is open; so its return is a junction too, if anybody
 *     asks for what it leaves later than that. Having it to spare is never worse. And a write that changes nothing may still be
 *     made, for those that stand hidden before it.
 * R4. *What need not take effect now, and is blind, crashed or spare, does so only for somebody's sake*: for an operation that waits and asks
 *     for the value that it leaves. Else whatever of its key takes effect next, if before the return, is
 *     blind, and the write may be hidden there (R3) or left out; and if nothing does, it may wait. A *conditional* write that is
 *     answered is no such thing: it may have to use the state before that is gone.
 * R5. *Among writes that are alike the one that returns first is taken first.* Alike are those that do the same in every state and were
 *     answered the same. Where a linearization has them the other way round they may change places: both are
 *     called, and the later one may wait longer. But one that is spare stands hidden where the other may not have been called yet, and the
 *     other cannot be left out: there both are ways on. Nobody knows the answer of one that crashed, so it is alike to all that do the same, and last.
 * R6. *Crashed operations are taken by class*: of those that do the same, the one that was called first. One that changes nothing
 *     has not happened yet.
 * R7. *A junction that is no better than an abandoned one is abandoned* (`dead-ends.ts`). So is one that is no better than one on
 *     the way to it: a linearization that goes on from it would be shorter without what came in between.
 * R8. *Of what crashed, only what was missed counts against a junction.* A class is missed if all its members are used up and one
 *     more would have been a way on, would have made another one a way on, or could have been hoped for. Of a way on that uses
 *     one of its own, the junction misses one less than what comes behind it. With as much of that used up, whatever else may be
 *     to spare, there are the same ways on or fewer, and all of them lead nowhere, as they did. (So does a solver of
 *     satisfiability learn its clauses: Marques-Silva and Sakallah 1999.) A way on that came back to an earlier junction (R7) misses
 *     nothing; but until that one is abandoned, only with as much used up as it had.
 *
 * And an operation that asks for a value which neither is there nor is left by anything near it will never be answered; nor will
 * one whose answer tells of all that was done, and does not tell of something that is.
 */

import { rememberDeadEnds, uses, type Junction } from './dead-ends.js';
import type { Machine } from './machines.js';

/** Operations 0..count - 1 in the order of their calls. All arrays are by operation. */
export type Problem = {
  readonly count: number;
  readonly call: Float64Array;
  /** Infinity for those that crashed. */
  readonly end: Float64Array;
  /** 1 for those that, answered so, change nothing in any state. */
  readonly isRead: Uint8Array;
  /** The same for operations that do the same in every state. */
  readonly deeds: Int32Array;
  /** The same for operations that, besides, were answered the same. */
  readonly kinds: Int32Array;
  readonly machine: Machine;
  /** Whether what crashed and was called before everything, at -Infinity, may take effect as often as it likes. */
  readonly isRepeated?: boolean;
};

export type Outcome =
  | { readonly type: 'found'; readonly order: readonly number[] }
  /** No order explains the returns up to that of this operation. */
  | { readonly type: 'illegal'; readonly stuck: number }
  /** The same of the last one that was come to; `from` is the earliest instant that was come back to since. */
  | { readonly type: 'exhausted'; readonly stuck: number; readonly from: number; readonly to: number };

/** The rules that can be done without, so that what each is for can be seen. */
export type Rules = { readonly [rule in 'R2' | 'R3' | 'R4' | 'R5' | 'R7' | 'R8']: boolean };

export const ALL_RULES: Rules = { R2: true, R3: true, R4: true, R5: true, R7: true, R8: true };

/** Whether a class of which so many are used, and none is left, may be missed: tests try what comes of it where none is. */
type Missing = (count: number) => boolean;

const isUsed: Missing = (count) => count > 0;

/** The way on where what returns is spare. */
const LEFT_OUT = -1;

/** On no place of the path. */
const NOWHERE = -1;

/** The ways on from a junction, and, as `uses` numbers it, of which classes more might have made more of them: asked for only where none leads on, and there. */
type Ways = { readonly ways: readonly number[]; readonly missed: () => number };

/** Why a junction leads nowhere: what was missed there, and which earlier one, by its place on the path, it came back to, with what was used up then. */
type Blame = { readonly missed: number; readonly earliest: number; readonly usedThere: number };

const BLAMELESS: Blame = { missed: 0, earliest: Infinity, usedThere: 0 };

/** A junction and its state, how much was placed before it, the ways on, of which some are still to be tried, and what became of the others. */
type Fork = Ways & { readonly at: Junction; readonly state: number; readonly placed: number; readonly depth: number; next: number; blame: Blame };

/** A linearization of the operations, or why there is none, unless `budget` junctions are abandoned before that is known. */
export const search = (problem: Problem, budget: number, rules: Rules = ALL_RULES, isMissing: Missing = isUsed): Outcome => {
  const { call, end, isRead, deeds, kinds, machine, isRepeated = false } = problem;
  const events = eventsOf(problem);
  const { slotOf, slots } = slotsOf(problem, events);
  const crashed = classesOf(problem, events);
  const crashedUses = uses();
  const deadEnds = rememberDeadEnds(slotOf, slots, crashedUses.isWithin);
  const isDeadEndNear = new Uint8Array(events.length);

  /** All that is placed, first to last: an operation, or the complement of one that could stand here unnoticed. */
  const placed: number[] = [];
  let depth = 0;
  const path: Fork[] = [];
  let { event, reads, required, spare, used }: Walking = { event: 0, reads: [], required: [], spare: [], used: 0 };

  /** Walks on until something must take effect. False at the end of all events. */
  const walk = (): boolean => {
    for (; event < events.length; event += 1) {
      const op = events[event]!;
      if (op < 0) {
        if (required.includes(~op) || reads.includes(~op)) return true;
        if (spare.includes(~op)) {
          if (machine.isAskedLater(~op)) return true;
          spare = without(spare, ~op);
        }
      } else if (end[op] === Infinity) continue;
      else if (isRead[op] === 1) {
        if (machine.admits(op)) placed.push(op);
        else reads.push(op);
      } else if (rules.R3 && machine.isUnnoticed(op)) {
        placed.push(~op);
        spare.push(op);
      } else required.push(op);
    }
    return false;
  };

  /** An operation takes effect, and with it whatever need not wait any longer. */
  const place = (op: number): void => {
    required = without(required, op);
    spare = without(spare, op);
    if (rules.R3) required = required.filter((write) => !machine.isHiddenBefore(write, op) || becomesSpare(write));
    machine.enter(op);
    depth += 1;
    placed.push(op);
    reads = reads.filter((read) => !machine.admits(read) || placed.push(read) === 0);
    if (rules.R3) required = required.filter((write) => !machine.isUnnoticed(write) || becomesSpare(write));
  };

  const becomesSpare = (write: number): boolean => {
    placed.push(~write);
    spare.push(write);
    return false;
  };

  /** Every way on from here: first what returns, then what else waits, by return, then what may never have happened. */
  const waysOn = (): Ways => {
    const returning = ~events[event]!;
    const waiting = [...required, ...spare].sort((a, b) => end[a]! - end[b]! || a - b);
    const free: number[] = [];
    const gone: number[] = [];
    const counts = crashedUses.countsOf(used);
    for (const { members, calls, kind } of crashed) {
      const next = counts.get(kind) ?? 0;
      if (next < members.length && calls[next]! < event) free.push(members[next]!);
      else if (isMissing(next)) gone.push(members[0]!);
    }
    const missing = (some: readonly number[]): number => crashedUses.only(used, some.map((op) => deeds[op]!));
    if (machine.isLost(returning, reads, [...required, ...spare])) return { ways: [], missed: () => 0 };
    const all = free.length === 0 ? waiting : [...waiting, ...free];
    const near = rules.R2 ? machine.near(returning, all, reads) : all;
    const missable = (): readonly number[] => (gone.length === 0 || !rules.R2 ? gone : machine.near(returning, gone, reads));
    const isSpare = spare.includes(returning);
    const isRight = machine.admits(returning);
    if (!isRight && !isSpare && machine.isHopeless(returning, near))
      return { ways: [], missed: () => missing(missable().filter((op) => !machine.isHopeless(returning, [...near, op]))) };

    const isOptional = (op: number): boolean => end[op] === Infinity || spare.includes(op);
    const hides = (op: number): boolean => rules.R3 && required.some((write) => write !== op && machine.isHiddenBefore(write, op));
    const isForSomebody = machine.wantedBy([...reads, ...near]);
    const isWay = (op: number, isWanted: (op: number) => boolean): boolean => {
      if (!machine.admits(op)) return false;
      if (isOptional(op) && !machine.changes(op)) return hides(op) && isWanted(op);
      return !rules.R4 || !(isOptional(op) || machine.isBlind(op)) || isWanted(op);
    };
    const ways: number[] = isRight && (!isSpare || machine.changes(returning) || hides(returning)) ? [returning] : [];
    const isTaken = (op: number): boolean =>
      rules.R5 && ways.some((way) => (end[op] === Infinity ? deeds[way] === deeds[op] : kinds[way] === kinds[op] && (spare.includes(op) || !spare.includes(way))));
    const unwanted: number[] = [];
    for (const op of near) {
      if (op === returning || isTaken(op)) continue;
      if (isWay(op, isForSomebody)) ways.push(op);
      else unwanted.push(op);
    }
    if (isSpare) ways.unshift(LEFT_OUT);
    const missed = (): number => {
      const some = missable();
      if (some.length === 0) return 0;
      const mightBeForSomebody = machine.wantedBy([...reads, ...near, ...some]);
      const isMissed = (op: number): boolean => {
        if (isWay(op, mightBeForSomebody)) return true;
        const isForIt = machine.wantedBy([op]);
        return unwanted.some((other) => isWay(other, isForIt));
      };
      return missing(some.filter(isMissed));
    };
    return { ways, missed };
  };

  /** Where crashed operations repeat themselves, a way may lead back: then what is being tried already counts as abandoned. */
  const remember = (at: Junction): void => {
    deadEnds.add(at, machine.state(~events[at.event]!));
    isDeadEndNear[at.event] = 1;
  };

  const takesOneMore = (way: number): boolean => way !== LEFT_OUT && end[way] === Infinity && !(isRepeated && call[way] === -Infinity);

  /** The way that was tried last leads nowhere. */
  const miss = ({ missed, earliest, usedThere }: Blame): void => {
    const fork = path.at(-1);
    if (fork === undefined) return;
    const way = fork.ways[fork.next - 1]!;
    const lessOne = (some: number): number => (takesOneMore(way) ? crashedUses.without(some, deeds[way]!) : some);
    const { blame } = fork;
    fork.blame = {
      missed: crashedUses.joined(blame.missed, lessOne(missed)),
      earliest: Math.min(blame.earliest, earliest),
      usedThere: crashedUses.joined(blame.usedThere, lessOne(usedThere)),
    };
  };

  /** Where on the path there is a junction that is at least as good. Of what crashed no more is used there than here. */
  const placeOnPath = (at: Junction, state: number): number => {
    for (let place = path.length - 1; place >= 0 && path[place]!.at.event === at.event; place -= 1)
      if (path[place]!.state === state && isNoBetter(at, path[place]!.at)) return place;
    return NOWHERE;
  };

  /** Why a junction need not be looked at, if it need not. */
  const blameOf = (at: Junction, state: number): Blame | undefined => {
    if (!rules.R7) return undefined;
    const missed = isDeadEndNear[event] === 1 ? deadEnds.find(at, state) : undefined;
    if (missed !== undefined || isRepeated) return missed === undefined ? undefined : { ...BLAMELESS, missed };
    const place = placeOnPath(at, state);
    return place === NOWHERE ? undefined : { missed: 0, earliest: place, usedThere: path[place]!.at.used };
  };

  /** Why the last junction of the path leads nowhere, now that it is come back to. What it says of itself alone is true once all of it is tried. */
  const settled = ({ at, blame, missed: missedHere }: Fork): Blame => {
    ({ event, reads, required, spare, used } = { ...at, reads: [...at.reads], required: [...at.required], spare: [...at.spare] });
    const missed = rules.R8 ? crashedUses.joined(blame.missed, missedHere()) : used;
    return blame.earliest >= path.length - 1 ? { ...BLAMELESS, missed } : { ...blame, missed };
  };

  let [deepest, lowest] = [0, 0];
  let abandoned = 0;
  while (walk()) {
    if (event > deepest) [deepest, lowest] = [event, event];
    const at: Junction = { event, reads, required, spare, used };
    const state = machine.state(~events[event]!);
    const known = blameOf(at, state);
    if (known === undefined) {
      path.push({ at, state, placed: placed.length, depth, ...waysOn(), next: 0, blame: BLAMELESS });
      if (isRepeated) remember(at);
    } else miss(known);

    for (let isMoved = false; !isMoved; ) {
      const fork = path.at(-1);
      if (fork === undefined) return { type: 'illegal', stuck: operationOf(events[deepest] ?? 0) };
      for (; depth > fork.depth; depth -= 1) machine.leave();
      placed.length = fork.placed;
      const way = fork.ways[fork.next];
      if (way === undefined) {
        if (abandoned === budget) return { type: 'exhausted', stuck: operationOf(events[deepest]!), from: instantOf(problem, events[lowest]!), to: instantOf(problem, events[deepest]!) };
        abandoned += 1;
        lowest = Math.min(lowest, fork.at.event);
        const blame = isRepeated ? BLAMELESS : settled(fork);
        if (rules.R7 && !isRepeated) remember({ ...fork.at, used: crashedUses.joined(blame.missed, blame.usedThere) });
        path.pop();
        miss(blame);
        continue;
      }
      fork.next += 1;
      ({ event, used } = fork.at);
      [reads, required, spare] = [[...fork.at.reads], [...fork.at.required], [...fork.at.spare]];
      if (way === LEFT_OUT) spare = without(spare, ~events[event]!);
      else {
        if (takesOneMore(way)) used = crashedUses.with(used, deeds[way]!);
        place(way);
      }
      isMoved = true;
    }
  }
  return { type: 'found', order: orderOf(placed) };
};

/** A junction in the making. Its lists are its own until it becomes the junction of a fork. */
type Walking = { event: number; reads: number[]; required: number[]; spare: number[]; used: number };

/** Whether a junction, used operations apart, is no better than another one at the same event and in the same state. */
const isNoBetter = (one: Junction, other: Junction): boolean =>
  one.required.length === other.required.length &&
  one.required.every((op) => other.required.includes(op)) &&
  other.reads.every((op) => one.reads.includes(op)) &&
  one.spare.every((op) => other.spare.includes(op));

const without = (operations: readonly number[], op: number): number[] => operations.filter((other) => other !== op);

/** Calls, as the operation, and returns, as its complement, in the order of time. At equal times calls come first, for equal times are concurrent. */
const eventsOf = ({ count, call, end }: Problem): Int32Array => {
  const answered = Int32Array.from({ length: count }, (_, op) => op).filter((op) => end[op] !== Infinity);
  answered.sort((a, b) => end[a]! - end[b]! || a - b);
  const events = new Int32Array(count + answered.length);
  let [called, returned] = [0, 0];
  for (let at = 0; at < events.length; at += 1)
    if (called < count && (returned === answered.length || call[called]! <= end[answered[returned]!]!)) {
      events[at] = called;
      called += 1;
    } else {
      events[at] = ~answered[returned]!;
      returned += 1;
    }
  return events;
};

const operationOf = (event: number): number => (event < 0 ? ~event : event);

const instantOf = ({ call, end }: Problem, event: number): number => (event < 0 ? end[~event]! : call[event]!);

/** A slot for every operation that was answered, such that no two that are open at once have the same. */
const slotsOf = ({ count, end }: Problem, events: Int32Array): { readonly slotOf: Int32Array; readonly slots: number } => {
  const slotOf = new Int32Array(count);
  const free: number[] = [];
  let slots = 0;
  for (const event of events)
    if (event < 0) free.push(slotOf[~event]!);
    else if (end[event] !== Infinity) slotOf[event] = free.pop() ?? slots++;
  return { slotOf, slots };
};

/** Crashed operations that do the same, by call, and at which events they were called. */
type Class = { readonly kind: number; readonly members: number[]; readonly calls: number[] };

const classesOf = ({ end, deeds, isRead }: Problem, events: Int32Array): readonly Class[] => {
  const classes = new Map<number, Class>();
  events.forEach((op, event) => {
    if (op < 0 || end[op] !== Infinity || isRead[op] === 1) return;
    const kind = deeds[op]!;
    const known = classes.get(kind) ?? { kind, members: [], calls: [] };
    classes.set(kind, known);
    known.members.push(op);
    known.calls.push(event);
  });
  return [...classes.values()];
};

/** What was placed, in order. What could stand somewhere unnoticed stands there, unless it was used after all. */
const orderOf = (placed: readonly number[]): readonly number[] => {
  const noticed = new Set(placed.filter((op) => op >= 0));
  return placed.flatMap((op) => (op >= 0 ? [op] : noticed.has(~op) ? [] : [~op]));
};
