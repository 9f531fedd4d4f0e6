/**
 * Commands before the safety check: one by one, and in threads that interleave between barriers. The facts are found by brute
 * force: every key there is is sent down the tree.
 */

import * as fc from 'fast-check';
import type { Access, Facts, Judgement, Outcome } from '../../spec/safety-check.js';
import { bPlusTree, partitionOf, structureOf, type Command, type Tree } from '../../src/service/b-plus-tree/index.js';
import { keyOf } from '../../src/service/b-plus-tree/commands.js';
import { descend } from '../../src/service/b-plus-tree/outline.js';
import { largestKey, type Partitions } from '../../src/service/b-plus-tree/partition.js';
import { safetyCheck, type Place } from '../../src/service/b-plus-tree/safety-check.js';
import type { Condition } from '../../src/service/service.js';
import { textOf } from '../check.js';
import { commandBetween, entriesOf, history, setup, writeBetween, type History, type Setup } from './b-plus-tree.js';

export type BPlusTree = Pick<ReturnType<typeof bPlusTree>, 'shape' | 'partitions'>;
/** A safety check for this tree: the real one, or a broken one. */
export type Check = (of: BPlusTree, tree: Tree, thread: number, command: Command) => Condition | undefined;

// One by one

/** Commands, one after the other, each judged on some thread and then executed. */
export type Judged = { readonly run: History; readonly commands: readonly (readonly [choice: number, command: Command])[] };

export const judged: fc.Arbitrary<Judged> = history.chain((run) =>
  fc.record({
    run: fc.constant(run),
    commands: fc.array(fc.tuple(fc.nat(), writeBetween(0, run.options.keySpace - 1)), { minLength: 1, maxLength: 20 }),
  }),
);

export const threadOf = ({ partitions }: BPlusTree, choice: number): number => 1 + (choice % partitions.lowerBounds.length);

/** The facts about single commands. */
export const judgements = ({ run, commands }: Judged, check: Check): readonly Judgement[] => {
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
      command: textOf(command),
      passed,
      leaf,
      owners: [...new Set(keys.map((key) => partitionOf(of.partitions, key)))],
      written: [...written],
      structureBefore: structureOf(before),
      structureAfter: structureOf(tree.outline()),
    };
  });
};

/** What fails although it concerns one thread only and changes no structure. */
export const needless = (all: readonly Judgement[]): readonly string[] =>
  all
    .filter(({ passed, thread, owners, structureBefore, structureAfter }) => !passed && owners.every((owner) => owner === thread) && structureBefore === structureAfter)
    .map(({ command, thread }) => `${command} failed on t${thread}`);

// In threads

/** What the threads get between two barriers: to each of them, commands on its own keys. */
export type Schedule = Setup & {
  readonly epochs: readonly (readonly (readonly Command[])[])[];
  /** Who goes next, again and again, at two replicas. */
  readonly turns: readonly [readonly number[], readonly number[]];
};

/** Schedules in which one of `among` commands went to a group that it does not belong to, by mistake of a client. */
export const strayingOnceIn = (among: number): fc.Arbitrary<Schedule> =>
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

export const schedule = strayingOnceIn(Infinity);

/** The facts about threads that execute at the same time: two replicas that interleave differently, and one that does not. */
export const concurrently = (each: Schedule, check: Check): Pick<Facts, 'accesses' | 'outcomes'> => {
  const replicas = each.turns.map((turns, i) => replica(each, check, turns, `replica ${i + 1}`));
  const threadByThread = replica(each, check, [], 'thread by thread');
  return { accesses: replicas[0]!.accesses, outcomes: [...replicas, threadByThread].flatMap(({ outcomes }) => outcomes) };
};

/**
 * One replica. In an epoch each thread checks, and then executes, one command after the other; `turns` say whose step is
 * next. Under the barrier, what failed is executed, thread by thread.
 */
const replica = ({ options, keys, epochs }: Schedule, check: Check, turns: readonly number[], name: string) => {
  const of = bPlusTree(options);
  const accesses: Access[] = [];
  const outcomes: Outcome[] = [];
  let running: Pick<Access, 'epoch' | 'thread'> | 'barrier' = 'barrier'; // who is to be blamed for an access
  const tree = of.create(entriesOf(keys), (node, mode) => {
    if (running !== 'barrier') accesses.push({ ...running, part: `node ${node}`, mode });
  });
  const note = (command: string, outcome: string) => outcomes.push({ replica: name, command, outcome });

  for (const [epoch, streams] of epochs.entries()) {
    const failed: (readonly [id: string, command: Command])[] = [];
    const threads = streams.map(function* (stream, i): Generator<void> {
      const thread = i + 1;
      for (const [place, command] of stream.entries()) {
        const id = `epoch ${epoch}, t${thread}, ${place}: ${textOf(command)}`;
        running = { epoch, thread };
        const condition = check(of, tree, thread, command);
        note(`check of ${id}`, condition ?? 'passed');
        if (condition !== undefined) failed.push([id, command]);
        yield;
        running = { epoch, thread };
        if (condition === undefined) note(id, textOf(tree.execute(command)[1]));
        yield;
      }
    });
    interleave(threads, turns);
    running = 'barrier';
    for (const [id, command] of failed.toSorted(([a], [b]) => (a < b ? -1 : 1))) note(id, textOf(tree.execute(command)[1]));
    note(`digest after epoch ${epoch}`, textOf(tree.digest()));
    note(`structure after epoch ${epoch}`, structureOf(tree.outline()));
  }
  return { accesses, outcomes };
};

const interleave = (steps: readonly Generator<void>[], turns: readonly number[]): void => {
  let going = [...steps];
  for (let i = 0; going.length > 0; i++) {
    const next = going[(turns[i % turns.length] ?? 0) % going.length]!;
    if (next.next().done === true) going = going.filter((thread) => thread !== next);
  }
};

// Misled

type Distortion = {
  readonly place?: (place: Place, keysInLeaf: readonly number[]) => Place;
  readonly partitions?: (partitions: Partitions) => Partitions;
};

/** A check that is misled about the place of the command, or about whose keys are whose. */
export const misled =
  ({ place = (real) => real, partitions = (real) => real }: Distortion): Check =>
  (of, tree, thread, command) => {
    const { root } = tree.outline();
    const placeOf = (key: number): Place => {
      const { leaf, beta1, beta2 } = descend(root, key);
      return place({ beta1, beta2, leaf: () => ({ entries: leaf.keys.length, present: leaf.keys.includes(key), isRoot: leaf === root }) }, leaf.keys);
    };
    return safetyCheck(of.shape, partitions(of.partitions), placeOf, thread, command.type, keyOf(command));
  };

/** Overlooks the left neighbour. */
export const noLeft = (place: Place): Place => ({ ...place, beta1: Infinity });

/** Overlooks the right neighbour. */
export const noRight = (place: Place): Place => ({ ...place, beta2: -Infinity });

/** Takes bounds from the keys in the leaf, not from the separators. */
export const boundedByKeys = (place: Place, keys: readonly number[]): Place => ({ ...place, beta1: keys[0] ?? Infinity, beta2: keys.at(-1) ?? -Infinity });

/** Sees so many entries fewer than there are. */
export const emptier =
  (by: number) =>
  (place: Place): Place => ({ ...place, leaf: () => ({ ...place.leaf(), entries: place.leaf().entries - by }) });
