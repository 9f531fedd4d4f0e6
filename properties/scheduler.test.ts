/** The scheduler of a replica: what it deals of one order, and what threads make of it however they interleave. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clauses, isDependent, type Dealing, type Dealt } from '../spec/scheduler.js';
import { namesIn, nameOf } from '../src/trace/batch.js';
import { touchedBy } from '../src/trace/dealing.js';
import { advance } from '../src/multicast/skip.js';
import { commandAt, DIGEST_KIND, encodeCommand, G_ALL, join, newSheet, recordsOf, type Command as Named } from '../src/record.js';
import { deal, type Value } from '../src/replica/scheduler.js';
import { groupFor } from '../src/replica/techniques.js';
import { bPlusTree, evenKeys, type Command } from '../src/service/b-plus-tree/index.js';
import { engineOf, type Engine } from '../src/service/engine.js';
import { always, over, type Clauses } from './check.js';

/** Partitions do not end where leaves do, so that some leaf lies on every boundary. */
const KEYS = 40;
const treeFor = (threads: number) => bPlusTree({ keySpace: KEYS, partitions: threads, capacity: 4, fill: 0.7, minimum: 'half' });

type Plan = {
  readonly threads: number;
  /** What is decided, in this order. */
  readonly order: readonly Value[];
  /** Which of the threads that may go on does, again and again. */
  readonly turns: readonly number[];
};

const key = fc.nat({ max: KEYS - 1 }).map(BigInt);
const value = fc.bigInt({ min: 1n, max: 99n });
const call: fc.Arbitrary<Command> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ type: fc.constant('insert' as const), key, value }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('delete' as const), key }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('update' as const), key, value }) },
  { weight: 5, arbitrary: fc.record({ type: fc.constant('read' as const), key }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('scan' as const), from: key, to: key }) },
);

/** A command may ask for the digest, be none that can be read, be sent as if it had failed, or twice. */
const mishap = fc.oneof({ weight: 12, arbitrary: fc.constant('none' as const) }, { weight: 1, arbitrary: fc.constantFrom('digest', 'spoilt', 'resubmitted', 'twice') });

const { codec } = treeFor(1).service;
const batch: fc.Arbitrary<readonly Named[]> = fc
  .array(fc.record({ call, mishap }), { minLength: 1, maxLength: 12 })
  .map((calls) =>
    calls.flatMap(({ call: each, mishap: what }): readonly Named[] => {
      const named = { kind: codec.kindOf(each), attempt: 0, session: 1, sequence: 1, floor: 1, payload: codec.encode(each) };
      if (what === 'digest') return [{ ...named, kind: DIGEST_KIND, payload: new Uint8Array() }];
      if (what === 'spoilt') return [{ ...named, payload: named.payload.subarray(1) }];
      return what === 'resubmitted' ? [{ ...named, attempt: 1 }] : what === 'twice' ? [named, named] : [named];
    }),
  );

const plan: fc.Arbitrary<Plan> = fc
  .record({
    threads: fc.integer({ min: 1, max: 4 }),
    decided: fc.array(fc.oneof({ weight: 8, arbitrary: batch }, { weight: 1, arbitrary: fc.constantFrom('no-op' as const, 'skip' as const) }), { maxLength: 8 }),
    turns: fc.array(fc.nat(), { maxLength: 60 }),
  })
  .map(({ decided, ...rest }) => ({ ...rest, order: ordered(decided) }));

/** Names count on through the order, so that every command has its own; but for those that were sent twice. */
const ordered = (decided: readonly (readonly Named[] | 'no-op' | 'skip')[]): readonly Value[] => {
  let sequence = 0;
  let slot = 0;
  return decided.map((one) => {
    const decidedValue: Value =
      one === 'no-op' ? { type: 'Noop' } : one === 'skip' ? { type: 'Skip', to: slot + 3 } : { type: 'Batch', commands: join(one.map((named, i) => encodeCommand({ ...named, sequence: named === one[i - 1] ? sequence : (sequence += 1) }))) };
    slot = advance(slot, decidedValue);
    return decidedValue;
  });
};

type Deal = typeof deal;

const schedulerFor = (threads: number) => {
  const tree = treeFor(threads);
  return { threads, footprintAt: engineOf(tree.service, tree.persistent()).footprintAt };
};

type Told = { readonly of: Plan; readonly lanesBySlot: readonly (readonly Value[])[]; readonly dealings: readonly Dealing[]; readonly meant: Outcome; readonly found: Outcome };

/** Two replicas deal the same order, each by a scheduler of its own. */
const told =
  (deals: Deal) =>
  (of: Plan): Told => {
    const { threads, order, turns } = of;
    const lanesBySlot = order.map((one) => deals(schedulerFor(threads), one));
    const again = order.map((one) => deals(schedulerFor(threads), one));
    const dealings = [lanesBySlot, again].flatMap((all, i) => dealingsIn(threads, order, all, `replica ${i + 1}`));
    return { of, lanesBySlot, dealings, meant: execute(threads, lanesBySlot, []), found: execute(threads, lanesBySlot, turns) };
  };

const dealingsIn = (threads: number, order: readonly Value[], lanesBySlot: readonly (readonly Value[])[], replica: string): readonly Dealing[] => {
  let slot = 0;
  return order.flatMap((one, i) => {
    const at = slot;
    slot = advance(slot, one);
    if (one.type !== 'Batch') return [];
    return [{ replica, slot: at, decided: touchedBy(treeFor(threads).service, threads, one.commands), lanes: lanesBySlot[i]!.map((lane) => (lane.type === 'Batch' ? namesIn(lane.commands) : [])) }];
  });
};

type Outcome = { readonly results: ReadonlyMap<string, string>; readonly digest: string };

/**
 * What comes of it when threads execute their lanes command by command, in any order that lanes and barriers allow: the part of
 * all threads when everyone is done with what comes before it, the part of a thread after it. Without turns, t_1 does all that
 * it can, then t_2 and so on: all of a slot before the next one, as one thread would.
 */
const execute = (threads: number, lanesBySlot: readonly (readonly Value[])[], turns: readonly number[]): Outcome => {
  let engine: Engine = engineOf(treeFor(threads).service, treeFor(threads).persistent(evenKeys(KEYS / 2)));
  const results = new Map<string, string>();
  const carryOut = (commands: Uint8Array, at: number): void => {
    const name = nameOf(commandAt(commands, at));
    if (commandAt(commands, at).kind === DIGEST_KIND) return void results.set(name, sayDigest(engine));
    if (engine.flawAt(commands, at) !== '') return;
    const sheet = newSheet(64);
    engine = engine.executeAt(commands, at, sheet);
    results.set(name, (results.get(name) ?? '') + sheet.bytes.subarray(0, sheet.length).join(' '));
  };
  const partOf = (slot: number, lane: number): readonly (readonly [Uint8Array, number])[] => {
    const part = lanesBySlot[slot]?.[lane];
    return part?.type === 'Batch' ? [...recordsOf(part.commands)].map((at) => [part.commands, at] as const) : [];
  };

  /** How many slots each thread has left behind, and how many commands of the next one. */
  const slots = Array.from({ length: threads }, () => 0);
  const places = Array.from({ length: threads }, () => 0);
  let cleared = 0; // slots whose part of all threads is done
  const clear = (): void => {
    for (; cleared < lanesBySlot.length && slots.every((slot) => slot >= cleared); cleared += 1) partOf(cleared, G_ALL).forEach(([commands, at]) => carryOut(commands, at));
  };
  /** Whether the thread could go on. */
  const turn = (index: number): boolean => {
    clear();
    const slot = slots[index]!;
    if (slot >= cleared) return false;
    const next = partOf(slot, index + 1)[places[index]!];
    if (next === undefined) {
      slots[index] = slot + 1;
      places[index] = 0;
    } else {
      carryOut(...next);
      places[index] = places[index]! + 1;
    }
    return true;
  };
  for (const choice of turns) turn(choice % threads);
  while (slots.some((_, index) => turn(index)));
  return { results, digest: sayDigest(engine) };
};

const sayDigest = (engine: Engine): string => JSON.stringify(engine.digest());

/** The slots that a lane has taken. */
const slotsOf = (lanesBySlot: readonly (readonly Value[])[], lane: number): number => lanesBySlot.reduce((slot, lanes) => advance(slot, lanes[lane]!), 0);

const ONE_THREAD = 'REP-10: however threads interleave, all comes to what a single thread makes of it';

const clausesOfDealing: Clauses<Told> = {
  ...over(clauses, ({ dealings }: Told) => ({ dealings })),
  'REP-9: every lane takes the slots that the order takes': ({ of, lanesBySlot }) =>
    (of.threads === 1 ? [G_ALL] : Array.from({ length: of.threads + 1 }, (_, lane) => lane)).flatMap((lane) => {
      const [taken, meant] = [slotsOf(lanesBySlot, lane), of.order.reduce(advance, 0)];
      return taken === meant ? [] : [`lane ${lane}: ${taken} of ${meant}`];
    }),
  [ONE_THREAD]: ({ meant, found }) => [
    ...(meant.digest === found.digest ? [] : [`${found.digest}, not ${meant.digest}`]),
    ...[...meant.results].flatMap(([command, result]) => (found.results.get(command) === result ? [] : [`${command}: ${found.results.get(command)}, not ${result}`])),
  ],
};

const shown = ({ threads, order, turns }: Plan): string =>
  `${threads} threads, ${order.map((one) => (one.type === 'Batch' ? `[${[...recordsOf(one.commands)].map((at) => `${nameOf(commandAt(one.commands, at))}:${commandAt(one.commands, at).kind}`).join(' ')}]` : one.type)).join(' ')}, turns ${turns.join(' ')}`;

describe('a scheduler', () => always(plan, told(deal), clausesOfDealing, { numRuns: 600, shown }));

describe('a scheduler sometimes', () => {
  const dealings = fc.sample(plan, { seed: 1, numRuns: 60 }).flatMap((of) => (of.threads === 1 ? [] : told(deal)(of).dealings));
  const happens = (holds: (dealing: Dealing) => boolean): void => expect(dealings.some(holds)).toBe(true);

  it('has work for several threads at once', () => happens(({ lanes }) => lanes.slice(1).filter((lane) => lane.length > 0).length > 1));
  it('has something for all threads and something for one', () => happens(({ lanes }) => lanes[0]!.length > 0 && lanes.slice(1).some((lane) => lane.length > 0)));
  it('has nothing for a thread', () => happens(({ lanes }) => lanes.slice(1).some((lane) => lane.length === 0)));
  it('has several commands in a lane that depend on each other', () =>
    happens(({ decided, lanes }) => lanes.slice(1).some((lane) => {
      const own = decided.filter(({ command }) => lane.includes(command));
      return own.some((a, i) => own.slice(0, i).some((b) => isDependent(a, b)));
    })));
});

describe('a scheduler is found out', () => {
  /** Every lane's commands as this says. */
  const but = (change: (lanes: readonly (readonly Uint8Array[])[], scheduler: Parameters<Deal>[0]) => readonly (readonly Uint8Array[])[]): Deal => (scheduler, one) => {
    const lanes = deal(scheduler, one);
    if (one.type !== 'Batch' || scheduler.threads === 1) return lanes;
    const records = lanes.map((lane) => (lane.type === 'Batch' ? [...recordsOf(lane.commands)].map((at) => encodeCommand(commandAt(lane.commands, at))) : []));
    return change(records, scheduler).map((some): Value => (some.length === 0 ? { type: 'Noop' } : { type: 'Batch', commands: join(some) }));
  };
  const isFoundOut = (deals: Deal, clause: string): void => {
    const caught = fc.sample(plan, { seed: 1, numRuns: 150 }).some((of) => clausesOfDealing[clause]!(told(deals)(of)).length > 0);
    expect(caught).toBe(true);
  };
  const [LOST, ORDER, ALIKE] = Object.keys(clauses) as [string, string, string];

  /** What all threads are to wait for goes to the thread of its partition, or to t_1. */
  const neverAll = but(([all = [], ...lanes], { footprintAt }) => [[], ...lanes.map((lane, i) => [...lane, ...all.filter((record) => Math.max(1, footprintAt(record, 0) >> 2) === i + 1)])]);

  it('that loses a command', () => isFoundOut(but((lanes) => lanes.map((lane) => lane.slice(0, 3))), LOST));
  it('that deals a command twice', () => isFoundOut(but(([all = [], ...lanes]) => [all, ...lanes.map((lane) => [...lane, ...all])]), LOST));
  it('that lets nobody wait', () => {
    isFoundOut(neverAll, ORDER);
    isFoundOut(neverAll, ONE_THREAD);
  });
  it('that turns a lane round', () => isFoundOut(but((lanes) => lanes.map((lane) => [...lane].reverse())), ORDER));
  it('that deals in turn, whatever a command touches', () => {
    const inTurn = but(([all = [], ...lanes]) => [all, ...lanes.map((_, i) => lanes.flat().filter((_record, at) => at % lanes.length === i))]);
    isFoundOut(inTurn, ORDER);
    isFoundOut(inTurn, ONE_THREAD);
  });
  it('that goes by what it did before', () => {
    let count = 0;
    isFoundOut(but(([all = [], ...lanes]) => ((count += 1) % 2 === 0 ? [[...all, ...lanes.flat()], ...lanes.map(() => [])] : [all, ...lanes])), ALIKE);
  });
  it('that has no slot for who has nothing to do', () => {
    const hasty: Deal = (scheduler, one) => deal(scheduler, one).map((lane) => (one.type === 'Batch' && lane.type === 'Noop' ? { type: 'Skip', to: 0 } : lane));
    isFoundOut(hasty, 'REP-9: every lane takes the slots that the order takes');
  });
});

it('a scheduler deals a batch alike, wherever in a frame it starts', () =>
  fc.assert(
    fc.property(plan, fc.nat({ max: 7 }), ({ threads, order }, offset) => {
      for (const one of order) {
        if (one.type !== 'Batch') continue;
        const commands = new Uint8Array(offset + one.commands.length).subarray(offset);
        commands.set(one.commands);
        expect(deal(schedulerFor(threads), { type: 'Batch', commands })).toEqual(deal(schedulerFor(threads), one));
      }
    }),
  ));

it('a scheduler deals a command to the group that P-SMR would send it to', () => {
  const threads = 3;
  const { service } = treeFor(threads);
  const scheduler = schedulerFor(threads);
  fc.assert(
    fc.property(call, (each) => {
      const commands = encodeCommand({ kind: codec.kindOf(each), attempt: 0, session: 1, sequence: 1, floor: 1, payload: codec.encode(each) });
      const lanes = deal(scheduler, { type: 'Batch', commands });
      expect(lanes.map(({ type }) => type === 'Batch').indexOf(true)).toBe(groupFor('p-smr', service.footprint(each)));
    }),
  );
});

it('what depends on each other is as spec/scheduler.ts says: what changes an entry, on its partition; what changes a structure, on all', () => {
  const one = (change: Dealt['change'], ...touches: readonly number[]): Dealt => ({ command: '', touches, change });
  expect(isDependent(one('nothing', 1), one('nothing', 1))).toBe(false);
  expect(isDependent(one('entry', 1), one('nothing', 1))).toBe(true);
  expect(isDependent(one('entry', 1), one('entry', 2))).toBe(false);
  expect(isDependent(one('nothing', 1, 2), one('entry', 2))).toBe(true);
  expect(isDependent(one('structure', 1), one('nothing', 2))).toBe(true);
  expect(isDependent(one('structure', 1), one('nothing'))).toBe(false);
});
