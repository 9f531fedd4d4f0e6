/** The safety check: what passes concerns no other thread, and threads that heed it cannot get in each other's way. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clauses, type Access, type Facts, type Judgement, type Outcome } from '../spec/safety-check.js';
import { bPlusTree, partitionOf, structureOf, type Command, type Tree } from '../src/service/b-plus-tree/index.js';
import { descend } from '../src/service/b-plus-tree/outline.js';
import { largestKey } from '../src/service/b-plus-tree/partition.js';
import { safetyCheck, type Place } from '../src/service/b-plus-tree/safety-check.js';
import type { Condition } from '../src/service/service.js';
import { commandBetween, entriesOf, history, setup, writeBetween, type History, type Setup } from './arbitraries/b-plus-tree.js';

type Clause = keyof typeof clauses;
type BPlusTree = ReturnType<typeof bPlusTree>;
/** A safety check for this tree: the real one, or a broken one. */
type Check = (of: BPlusTree, tree: Tree, thread: number, command: Command) => Condition | undefined;

const real: Check = (_, tree, thread, command) => tree.check(thread, command);

/** Commands, one after the other, each judged on some thread and then executed. */
type Judged = { readonly run: History; readonly commands: readonly (readonly [choice: number, command: Command])[] };

const judged: fc.Arbitrary<Judged> = history.chain((run) =>
  fc.record({
    run: fc.constant(run),
    commands: fc.array(fc.tuple(fc.nat(), writeBetween(0, run.options.keySpace - 1)), { minLength: 1, maxLength: 20 }),
  }),
);

/** What the threads get between two barriers: to each of them, commands on its own keys. */
type Epoch = readonly (readonly Command[])[];
type Schedule = Setup & {
  readonly epochs: readonly Epoch[];
  /** Who goes next, again and again, at two replicas. */
  readonly turns: readonly [readonly number[], readonly number[]];
};

/** Schedules in which one of `among` commands went to a group that it does not belong to, by mistake of a client. */
const strayingOnceIn = (among: number): fc.Arbitrary<Schedule> =>
  setup.chain(({ options, keys }) => {
    const { partitions } = bPlusTree(options);
    const stray = { weight: 1, arbitrary: commandBetween(0, options.keySpace - 1) };
    const streams = partitions.lowerBounds.map((smallest, i) => {
      const own = commandBetween(smallest, largestKey(partitions, i + 1)).filter(({ type }) => type !== 'scan');
      return fc.array(among === Infinity ? own : fc.oneof({ weight: among - 1, arbitrary: own }, stray), { maxLength: 12 });
    });
    const turns = fc.array(fc.nat({ max: 7 }), { minLength: 8, maxLength: 64 });
    return fc.record({
      options: fc.constant(options),
      keys: fc.constant(keys),
      epochs: fc.array(fc.tuple(...streams), { minLength: 1, maxLength: 4 }),
      turns: fc.tuple(turns, turns),
    });
  });

const schedule = strayingOnceIn(Infinity);

describe('a command that passes the safety check', () => {
  for (const clause of ['SAF-1', 'SAF-2'].map(named))
    it(clause, () => fc.assert(fc.property(judged, (each) => expectNone(clause, { judgements: judgements(each, real) }))));
});

describe('threads between barriers', () => {
  for (const clause of ['SAF-3', 'SAF-4'].map(named))
    it(clause, () => fc.assert(fc.property(schedule, (each) => expectNone(clause, concurrently(each, real)))));

  for (const clause of ['SAF-3', 'SAF-4'].map(named))
    it(`also when some commands are sent to a wrong group: ${clause}`, () =>
      fc.assert(fc.property(strayingOnceIn(4), (each) => expectNone(clause, concurrently(each, real)))));

  it('under P-SMR, where updates go unchecked to their own group, satisfy SAF-4 as well', () =>
    fc.assert(fc.property(schedule, (each) => expectNone(named('SAF-4'), concurrently(each, unchecked)))));

  it('under P-SMR sometimes write in the same leaf, so that SAF-3 is about entries there', () => {
    const schedules = fc.sample(schedule, { seed: 1, numRuns: 100 });
    const shared = schedules.flatMap((each) => violations(named('SAF-3'), concurrently(each, unchecked)));
    expect(shared).not.toEqual([]);
  });
});

describe('the safety check', () => {
  it('fails no command that concerns its own thread only and changes no structure', () =>
    fc.assert(
      fc.property(judged, (each) => {
        const needless = judgements(each, real).filter(
          ({ passed, thread, owners, structureBefore, structureAfter }) =>
            !passed && owners.every((owner) => owner === thread) && structureBefore === structureAfter,
        );
        expect(needless).toEqual([]);
      }),
    ));

  it('looks into no leaf that other threads may touch', () =>
    fc.assert(
      fc.property(judged, ({ run, commands }) => {
        const touched: number[] = [];
        const of = bPlusTree(run.options);
        const tree = of.create(entriesOf(run.keys), (node) => touched.push(node));
        for (const [choice, command] of commands) {
          touched.length = 0;
          const condition = tree.check(threadOf(of, choice), command);
          const leaves = touched.filter((node) => tree.outline().chain.includes(node));
          if (condition === 'left' || condition === 'right') expect(leaves).toEqual([]);
        }
      }),
    ));

  it('passes every read of a key of its own, and no scan but of all there is by the only thread', () =>
    fc.assert(
      fc.property(setup, fc.nat(), (each, choice) => {
        const of = bPlusTree(each.options);
        const tree = of.persistent(entriesOf(each.keys));
        const key = BigInt(choice % each.options.keySpace);
        expect(tree.check(partitionOf(of.partitions, Number(key)), { type: 'read', key })).toBeUndefined();
        expect(tree.check(1, { type: 'scan', from: key, to: key }) === undefined).toBe(of.partitions.lowerBounds.length === 1);
      }),
    ));

  it('passes whatever the only thread does to a root with room', () => {
    const { persistent, create } = bPlusTree({ keySpace: 8, partitions: 1 });
    for (const tree of [persistent(entriesOf([4])), create(entriesOf([4]))]) {
      expect(tree.check(1, { type: 'delete', key: 4n })).toBeUndefined();
      expect(tree.check(1, { type: 'insert', key: 5n, value: 0n })).toBeUndefined();
    }
  });

  for (const condition of [undefined, 'structure', 'left', 'right'] as const)
    for (const type of ['insert', 'delete'] as const)
      it(`sometimes ${condition === undefined ? 'passes' : `fails on condition '${condition}' for`} ${type}`, () => {
        const seen = fc.sample(judged, { seed: 1, numRuns: 100 }).flatMap(({ run, commands }) => {
          const of = bPlusTree(run.options);
          const tree = of.persistent(entriesOf(run.keys));
          return commands
            .filter(([, command]) => command.type === type)
            .map(([choice, command]) => tree.check(threadOf(of, choice), command));
        });
        expect(seen).toContain(condition);
      });

  it('sometimes passes and fails between barriers, on every condition', () => {
    const runs = fc.sample(schedule, { seed: 1, numRuns: 50 }).map((each) => concurrently(each, real));
    const outcomes = runs.flatMap((run) => run.outcomes.map(({ outcome }) => outcome));
    for (const outcome of ['passed', 'structure', 'left', 'right']) expect(outcomes).toContain(outcome);
  });
});

describe('a broken safety check is caught', () => {
  const broken: readonly (readonly [mistake: string, check: Check, clause: readonly string[]])[] = [
    ['that is not heeded', () => undefined, ['SAF-1', 'SAF-2', 'SAF-3', 'SAF-4']],
    ['without condition 2', distorted((place) => ({ ...place, beta1: Infinity })), ['SAF-1', 'SAF-3']],
    ['without condition 3', distorted((place) => ({ ...place, beta2: -Infinity })), ['SAF-1', 'SAF-3']],
    ['with bounds from the keys in the leaf', distorted(boundedByKeys), ['SAF-1', 'SAF-3', 'SAF-4']],
    ['that sees room for one entry more', distorted((place) => emptier(place, 1)), ['SAF-2']],
    ['that sees one entry more to delete', distorted((place) => emptier(place, -1)), ['SAF-2']],
    ['without condition 1', distorted(withRoom), ['SAF-1', 'SAF-2']],
  ];

  for (const [mistake, check, caught] of broken)
    for (const clause of caught.map(named))
      it(`${mistake}: ${clause}`, () => {
        const holds = (each: { readonly facts: () => Partial<Facts> }) => violations(clause, each.facts()).length === 0;
        const facts = clause.startsWith('SAF-1') || clause.startsWith('SAF-2')
          ? judged.map((each) => ({ facts: (): Partial<Facts> => ({ judgements: judgements(each, check) }) }))
          : schedule.map((each) => ({ facts: (): Partial<Facts> => concurrently(each, check) }));
        expect(fc.check(fc.property(facts, holds), { seed: 1, numRuns: 1000, endOnFailure: true }).failed).toBe(true);
      });
});

function named(number: string): Clause {
  return Object.keys(clauses).find((title) => title.startsWith(`${number}:`)) as Clause;
}

const violations = (clause: Clause, facts: Partial<Facts>): readonly string[] =>
  clauses[clause]({ judgements: [], accesses: [], outcomes: [], ...facts });

const expectNone = (clause: Clause, facts: Partial<Facts>): void => {
  expect(violations(clause, facts), clause).toEqual([]);
};

const threadOf = ({ partitions }: BPlusTree, choice: number): number => 1 + (choice % partitions.lowerBounds.length);

/** The facts about single commands, found by brute force: every key there is is sent down the tree. */
const judgements = ({ run, commands }: Judged, check: Check): readonly Judgement[] => {
  const of = bPlusTree(run.options);
  const written = new Set<number>();
  const tree = of.create(entriesOf(run.keys), (node, mode) => mode === 'write' && written.add(node));
  for (const command of run.commands) tree.execute(command);

  return commands.flatMap(([choice, command]) => {
    if (command.type === 'scan') return [];
    const thread = choice % 2 === 0 ? threadOf(of, choice) : partitionOf(of.partitions, Number(command.key));
    const before = tree.outline();
    const leaf = descend(before.root, Number(command.key)).leaf.id;
    const keys = Array.from({ length: run.options.keySpace }, (_, key) => key).filter((key) => descend(before.root, key).leaf.id === leaf);
    const passed = check(of, tree, thread, command) === undefined;
    written.clear();
    tree.execute(command);
    return {
      thread,
      command: shown(command),
      passed,
      leaf,
      owners: [...new Set(keys.map((key) => partitionOf(of.partitions, key)))],
      written: [...written],
      structureBefore: structureOf(before),
      structureAfter: structureOf(tree.outline()),
    };
  });
};

/** The facts about threads that execute at the same time: two replicas that interleave differently, and one that does not. */
const concurrently = (each: Schedule, check: Check): Pick<Facts, 'accesses' | 'outcomes'> => {
  const of = bPlusTree(each.options);
  const replicas = each.turns.map((turns, i) => replica(of, each, check, turns, `replica ${i + 1}`));
  const threadByThread = replica(of, each, check, [], 'thread by thread');
  return { accesses: replicas[0]!.accesses, outcomes: [...replicas, threadByThread].flatMap(({ outcomes }) => outcomes) };
};

/**
 * One replica. In an epoch each thread checks, and then executes, one command after the other; `turns` say whose step is
 * next. Under the barrier, what failed is executed, thread by thread.
 */
const replica = (of: BPlusTree, { keys, epochs }: Schedule, check: Check, turns: readonly number[], name: string) => {
  const accesses: Access[] = [];
  const outcomes: Outcome[] = [];
  let running: Pick<Access, 'epoch' | 'thread'> | 'barrier' = 'barrier'; // who is to be blamed for an access
  const tree = of.create(entriesOf(keys), (node, mode) => {
    if (running !== 'barrier') accesses.push({ ...running, part: `node ${node}`, mode });
  });
  const note = (command: string, outcome: string) => outcomes.push({ replica: name, command, outcome });

  for (const [epoch, streams] of epochs.entries()) {
    const failed: (readonly [id: string, command: Command])[] = [];
    const threads = streams.map((stream, i) => {
      const thread = i + 1;
      const id = (command: Command, place: number) => `epoch ${epoch}, t${thread}, ${place}: ${shown(command)}`;
      return stepsOf(stream, {
        check: (command, place) => {
          running = { epoch, thread };
          const condition = check(of, tree, thread, command);
          note(`check of ${id(command, place)}`, condition ?? 'passed');
          if (condition !== undefined) failed.push([id(command, place), command]);
          return condition === undefined;
        },
        execute: (command, place) => {
          running = { epoch, thread };
          note(id(command, place), shown(tree.execute(command)[1]));
        },
      });
    });
    interleave(threads, turns);
    running = 'barrier';
    for (const [id, command] of failed.toSorted(([a], [b]) => (a < b ? -1 : 1))) note(id, shown(tree.execute(command)[1]));
    note(`digest after epoch ${epoch}`, shown(tree.digest()));
    note(`structure after epoch ${epoch}`, structureOf(tree.outline()));
  }
  return { accesses, outcomes };
};

/** What one thread does, to be taken a step at a time: it checks a command, executes it if it passed, and goes on. */
function* stepsOf(
  stream: readonly Command[],
  take: { readonly check: (command: Command, place: number) => boolean; readonly execute: (command: Command, place: number) => void },
): Generator<void> {
  for (const [place, command] of stream.entries()) {
    const passed = take.check(command, place);
    yield;
    if (passed) take.execute(command, place);
    yield;
  }
}

const interleave = (steps: readonly Generator<void>[], turns: readonly number[]): void => {
  let going = [...steps];
  for (let i = 0; going.length > 0; i++) {
    const next = going[(turns[i % turns.length] ?? 0) % going.length]!;
    if (next.next().done === true) going = going.filter((thread) => thread !== next);
  }
};

/** P-SMR: what changes structure goes to all, and the rest is executed as it comes. */
function unchecked(_: BPlusTree, __: Tree, ___: number, command: Command): Condition | undefined {
  return command.type === 'read' || command.type === 'update' ? undefined : 'structure';
}

/** A check that is misled about the place of the command. */
function distorted(mislead: (place: Place, keysInLeaf: readonly number[]) => Place): Check {
  return (of, tree, thread, command) => {
    const { root } = tree.outline();
    const placeOf = (key: number): Place => {
      const { leaf, beta1, beta2 } = descend(root, key);
      const place = { beta1, beta2, leaf: () => ({ entries: leaf.keys.length, present: leaf.keys.includes(key), isRoot: leaf === root }) };
      return mislead(place, leaf.keys);
    };
    return safetyCheck(of.shape, of.partitions, placeOf, thread, command);
  };
}

function boundedByKeys(place: Place, keys: readonly number[]): Place {
  return { ...place, beta1: keys[0] ?? Infinity, beta2: keys.at(-1) ?? -Infinity };
}

function withRoom(place: Place): Place {
  return { ...place, leaf: () => ({ ...place.leaf(), entries: 1, isRoot: true }) };
}

function emptier(place: Place, by: number): Place {
  return { ...place, leaf: () => ({ ...place.leaf(), entries: place.leaf().entries - by }) };
}

const shown = (value: unknown): string => JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? `${each}` : each));
