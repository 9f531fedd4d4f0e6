/** The merge of many rings into one order, and the levelling that keeps it going. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clauses } from '../spec/multicast.js';
import { groupsOf, sayGroup, subscriptionsOf } from '../src/multicast/groups.js';
import * as Merge from '../src/multicast/merge.js';
import * as Skip from '../src/multicast/skip.js';
import { G_ALL, type Group } from '../src/record.js';
import { decidedBy, deliveries, GROUPS, heard, interleaved, merging, rings, SUBSCRIPTIONS, turns, type Rings } from './arbitraries/merges.js';
import { always, walk } from './check.js';
import * as Node from '../src/node.js';

const deliveredIn = (steps: ReturnType<typeof merging>): readonly Merge.Effect[] => steps.flatMap(({ effects }) => effects);

/** Where each batch of a ring stands. */
const slotsOf = (values: readonly Merge.Decided[]): { readonly slots: readonly number[]; readonly known: number } => {
  let known = 0;
  const slots: number[] = [];
  for (const value of values) {
    if (value.type === 'Batch') slots.push(known);
    known = value.type === 'Skip' ? Math.max(known, value.to) : known + 1;
  }
  return { slots, known };
};

describe('the groups of a cluster', () => {
  const threadsOf = (threads: number): readonly number[] => Array.from({ length: threads }, (_, i) => i + 1);

  it.each([1, 2, 5])('of %d threads: all deliver g_all, and a group of its own belongs to one thread', (threads) => {
    expect(new Set(threadsOf(threads).flatMap((thread) => subscriptionsOf(thread, threads)))).toEqual(new Set(groupsOf(threads)));
    for (const group of groupsOf(threads)) {
      const subscribers = threadsOf(threads).filter((thread) => subscriptionsOf(thread, threads).includes(group));
      expect(subscribers).toEqual(group === G_ALL ? threadsOf(threads) : [group]);
    }
  });

  it('are as many as the threads and g_all, but a single thread has g_all only', () => {
    expect([1, 2, 5].map((threads) => groupsOf(threads).length)).toEqual([1, 3, 6]);
    expect(subscriptionsOf(1, 1)).toEqual([G_ALL]);
  });

  it('have the names of the paper', () => expect([0, 1, 2].map(sayGroup)).toEqual(['g_all', 'g_1', 'g_2']));
});

describe('whatever the rings decide, and in whatever order learners hear of it', () => {
  always(heard, (each) => deliveries(each), clauses, { numRuns: 300 });
});

describe('the merge', () => {
  it('makes one order of all interleavings (MUL-3)', () =>
    fc.assert(
      fc.property(rings, turns, turns, fc.constantFrom(...SUBSCRIPTIONS), (of, a, b, groups) => {
        expect(deliveredIn(merging(of, groups, a))).toEqual(deliveredIn(merging(of, groups, b)));
      }),
    ));

  it('makes the same order, however its groups are listed', () =>
    fc.assert(
      fc.property(rings, turns, fc.shuffledSubarray([...GROUPS], { minLength: 3 }), (of, order, listed) => {
        const events = interleaved(of, GROUPS, order);
        const delivered = [GROUPS, listed].map((groups) => walk(Merge.initial(groups, of.m), Merge.onEvent, events).flatMap(({ effects }) => effects));
        expect(delivered[1]).toEqual(delivered[0]);
      }),
    ));

  it('delivers by round, by group, by slot, and a skip of many slots counts in full', () =>
    fc.assert(
      fc.property(rings, turns, (of, order) => {
        const all = GROUPS.flatMap((group) => slotsOf(of.decided.get(group)!).slots.map((slot) => [Merge.roundOf(slot, of.m), group, slot] as const));
        const inOrder = all.toSorted((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]).map(([, group, slot]) => `g${group}/${slot}`);
        const delivered = deliveredIn(merging(of, GROUPS, order)).map(({ group, slot }) => `g${group}/${slot}`);
        expect(delivered).toEqual(inOrder.slice(0, delivered.length));
      }),
    ));

  it('waits for a ring only as long as that may still decide something that comes before', () =>
    fc.assert(
      fc.property(rings, turns, (of, order) => {
        const { m } = of;
        const steps = merging(of, GROUPS, order);
        const known = new Map(GROUPS.map((group) => [group, slotsOf(of.decided.get(group)!).known]));
        const isDue = (group: Group, slot: number): boolean =>
          GROUPS.every((other) => other === group || known.get(other)! >= (Merge.roundOf(slot, m) + (other < group ? 1 : 0)) * m);
        const due = GROUPS.flatMap((group) => slotsOf(of.decided.get(group)!).slots.filter((slot) => isDue(group, slot)));
        expect(deliveredIn(steps)).toHaveLength(due.length);
        expect(Merge.lagOf(steps.at(-1)?.after ?? Merge.initial(GROUPS, m))).toBe(GROUPS.flatMap((group) => slotsOf(of.decided.get(group)!).slots).length - due.length);
      }),
    ));

  it('gives a ring M slots in a turn, no more', () =>
    fc.assert(
      fc.property(rings, turns, (of, order) => {
        const inTurn = new Map<string, number>();
        for (const { group, slot } of deliveredIn(merging(of, GROUPS, order))) {
          const turn = `g${group} in round ${Merge.roundOf(slot, of.m)}`;
          inTurn.set(turn, (inTurn.get(turn) ?? 0) + 1);
        }
        for (const count of inTurn.values()) expect(count).toBeLessThanOrEqual(of.m);
      }),
    ));

  it('sometimes delivers three rings, and sometimes waits', () => {
    const samples = fc.sample(rings, { seed: 1, numRuns: 100 });
    const groupsIn = (of: Rings) => new Set(deliveredIn(merging(of, GROUPS, [])).map(({ group }) => group)).size;
    expect(samples.some((of) => groupsIn(of) === 3)).toBe(true);
    expect(samples.some((of) => Merge.lagOf(merging(of, GROUPS, []).at(-1)?.after ?? Merge.initial(GROUPS, 1)) > 0)).toBe(true);
  });
});

describe('a leveller', () => {
  const settings: Skip.Settings = { lambda: 500, delta: 20, origin: 1000 };
  const times = fc.array(fc.integer({ min: 900, max: 4000 }), { size: '+1', maxLength: 30 });
  const values = decidedBy(1);
  const levelling = (history: readonly Merge.Decided[], clock: readonly number[]) =>
    walk(Skip.initial(settings), Skip.onEvent, [
      ...history.map((value): Skip.Event => ({ type: 'Decided', value })),
      ...clock.map((now): Skip.Event => ({ type: 'Tick', now })),
    ]).flatMap(({ effects }) => effects);
  const targetAt = (now: number): number => Math.floor(((now - settings.origin) * settings.lambda) / 1000);

  it('asks for what is due at that time, whoever asks and however often (MUL-6)', () =>
    fc.assert(fc.property(values, times, (history, clock) => levelling(history, clock).every(({ to }) => clock.some((now) => targetAt(now) === to)))));

  it('asks once in delta, and as soon as that has passed', () =>
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 2 * settings.delta }), { maxLength: 30 }), (steps) => {
        const clock = steps.reduce<readonly number[]>((all, ms) => [...all, all.at(-1)! + ms], [settings.origin + settings.delta]);
        const asked = walk(Skip.initial(settings), Skip.onEvent, clock.map((now) => ({ type: 'Tick', now }))).map(({ effects }) => effects.length > 0);
        clock.forEach((now, i) => {
          const last = clock.findLast((_, before) => before < i && asked[before]);
          expect(asked[i]).toBe(last === undefined || now - last >= settings.delta);
        });
      }),
    ));

  it('never takes a ring back, not even by a clock that is behind', () =>
    fc.assert(
      fc.property(values, times, (history, clock) => {
        const { known } = slotsOf(history);
        expect(levelling(history, clock).every(({ to }) => to > known && Skip.advance(known, { type: 'Skip', to }) === to)).toBe(true);
      }),
    ));

  it('that takes over repeats nothing: what was skipped is not skipped again', () =>
    fc.assert(
      fc.property(values, times, (history, clock) => {
        const skips = levelling(history, clock);
        const reached = slotsOf([...history, ...skips]).known;
        expect(levelling([...history, ...skips], clock).every(({ to }) => to > reached)).toBe(true);
        expect(levelling([...history, ...skips], clock.filter((now) => targetAt(now) <= reached))).toEqual([]);
      }),
    ));

  it('lets a ring that proposes at its rate alone', () =>
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 4000 }), (now) => {
        const busy = Array.from({ length: targetAt(now) }, (): Merge.Decided => ({ type: 'Batch', commands: new Uint8Array() }));
        expect(levelling(busy, [now])).toEqual([]);
      }),
    ));

  it('sometimes skips', () => expect(levelling([], [3000])).toEqual([{ type: 'Skip', to: 1000 }]));
});

describe('levelling on demand', () => {
  const threads = 2;
  const start = (m: number, window: number): Node.Process => {
    const never = { heartbeat: Infinity, suspectAfter: Infinity, resendAfter: Infinity, askAfter: Infinity, askFor: 4 };
    const ring = { batchBytes: 1, backlogBytes: 1000, window, ...never };
    const membership = { acceptors: [0], learners: [1] };
    const skip = { lambda: 1, delta: 1000, origin: 0 };
    return Node.startProcess({ membership, technique: 'opt-psmr', threads, ring, skip, m, commandsPerBarrier: 1, homes: [0, 0, 0] }, 0);
  };
  const submitted = (group: Group): Node.ProcessEvent => ({ type: 'Received', group, from: -1, message: { type: 'Submit', commands: Uint8Array.of(1) } });

  /** What a lone acceptor decides of what is submitted to it; it hears itself in turns with its clients, in any mixture. */
  const deciding = ({ m, window, groups, mixture }: { m: number; window: number; groups: readonly Group[]; mixture: readonly boolean[] }) => {
    const toSelf: Node.ProcessEvent[] = [];
    const submissions = groups.map(submitted);
    const values: Merge.Event[] = [];
    let process = start(m, window);
    let isKept = true;
    const take = (event: Node.ProcessEvent | undefined): void => {
      if (event === undefined) return;
      const [next, effects] = Node.onProcessEvent(process, event);
      process = next;
      isKept &&= Object.values(Node.stateInvariants).every((holds) => holds(process));
      for (const effect of effects)
        if (effect.type === 'Decided') values.push(effect);
        else if (effect.type === 'Send' && effect.to === 0) toSelf.push({ type: 'Received', group: effect.group, from: 0, message: effect.message });
    };
    take({ type: 'Tick', now: 1 });
    while (toSelf.length > 0) take(toSelf.shift());
    for (const isOwn of mixture) take(isOwn ? toSelf.shift() : submissions.shift());
    while (toSelf.length + submissions.length > 0) take(toSelf.shift() ?? submissions.shift());
    return { process, values, isKept };
  };
  const works = fc.record({
    m: fc.integer({ min: 1, max: 3 }),
    window: fc.integer({ min: 1, max: 3 }),
    groups: fc.array(fc.constantFrom(0, 1, 2), { size: '+1', maxLength: 12 }),
    mixture: fc.array(fc.boolean(), { size: '+1', maxLength: 60 }),
  });

  it('lets nothing wait for an idle ring that the same process coordinates (MUL-7)', () => fc.assert(fc.property(works, (work) => deciding(work).isKept)));

  it('lets every batch be delivered, without a clock (MUL-7)', () =>
    fc.assert(
      fc.property(works, (work) => {
        const { values } = deciding(work);
        for (const thread of [1, 2]) {
          const groups = subscriptionsOf(thread, threads);
          const steps = walk(Merge.initial(groups, work.m), Merge.onEvent, values.filter(({ group }) => groups.includes(group)));
          expect(deliveredIn(steps).length).toBe(work.groups.filter((group) => groups.includes(group)).length);
        }
      }),
    ));

  it('takes a ring no farther than the merge needs, and asks once', () => {
    const skips = ({ values }: ReturnType<typeof deciding>) => values.flatMap(({ group, value }) => (value.type === 'Skip' ? [`${sayGroup(group)} to ${value.to}`] : []));
    const work = { m: 1, window: 2, mixture: [] };
    expect(skips(deciding({ ...work, groups: [0] }))).toEqual([]);
    expect(skips(deciding({ ...work, groups: [1] }))).toEqual(['g_all to 1']);
    expect(skips(deciding({ ...work, groups: [1, 1] }))).toEqual(['g_all to 1', 'g_all to 2']);
    expect(skips(deciding({ ...work, groups: [1, 0] }))).toEqual(['g_all to 1', 'g_2 to 1']);
    expect(skips(deciding({ ...work, m: 3, groups: [1, 1] }))).toEqual(['g_all to 3']);
  });

  it('catches a process that leaves a ring behind (MUL-7)', () => {
    const holds = Node.stateInvariants['MUL-7: nothing waits for a ring that is idle, where one process coordinates both']!;
    const { process } = deciding({ m: 1, window: 1, groups: [1], mixture: [] });
    expect(holds(process)).toBe(true);
    expect(holds({ ...process, parts: process.parts.map((part, group) => (group === 1 ? { ...part, leveller: part.leveller && { ...part.leveller, last: 5 } } : part)) })).toBe(false);
  });
});
