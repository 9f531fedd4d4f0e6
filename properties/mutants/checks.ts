/**
 * Judges of the safety check alone: of single commands, and of threads that interleave between barriers. The facts are those
 * of safety-check.test.ts: every key there is is sent down the tree.
 */

import * as fc from 'fast-check';
import { clauses, type Access, type Facts, type Judgement, type Outcome } from '../../spec/safety-check.js';
import { bPlusTree, partitionOf, structureOf, type Command, type Tree } from '../../src/service/b-plus-tree/index.js';
import { descend } from '../../src/service/b-plus-tree/outline.js';
import { largestKey, type Partitions } from '../../src/service/b-plus-tree/partition.js';
import { safetyCheck, type Place } from '../../src/service/b-plus-tree/safety-check.js';
import type { Condition } from '../../src/service/service.js';
import { commandBetween, entriesOf, history, setup, writeBetween, type History, type Setup } from '../arbitraries/b-plus-tree.js';
import { judgeOf, byLeavingOut, type Judge } from './mutant.js';

export type BPlusTree = Pick<ReturnType<typeof bPlusTree>, 'shape' | 'partitions'>;
/** A safety check for this tree: the real one, or a mistaken one. */
export type Check = (of: BPlusTree, tree: Tree, thread: number, command: Command) => Condition | undefined;

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
    return safetyCheck(of.shape, partitions(of.partitions), placeOf, thread, command);
  };

type Choice = readonly [choice: number, command: Command];
type Judged = { readonly run: History; readonly commands: readonly Choice[] };

const judged: fc.Arbitrary<Judged> = history.chain((run) =>
  fc.record({
    run: fc.constant(run),
    commands: fc.array(fc.tuple(fc.nat(), writeBetween(0, run.options.keySpace - 1)), { minLength: 1, maxLength: 20 }),
  }),
);

const threadOf = ({ partitions }: BPlusTree, choice: number): number => 1 + (choice % partitions.lowerBounds.length);

const judgements = (check: Check, { run, commands }: Judged): readonly Judgement[] => {
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
    const owners = [...new Set(keys.map((key) => partitionOf(of.partitions, key)))];
    return { thread, command: shown(command), passed, leaf, owners, written: [...written], structureBefore: structureOf(before), structureAfter: structureOf(tree.outline()) };
  });
};

const ofCommands: Judge<Check> = judgeOf({
  judge: 'check',
  samples: judged,
  numRuns: 1000,
  clauses: {
    ...pick('SAF-1', 'SAF-2'),
    'what concerns one thread only and changes no structure passes the check': (facts: Facts) =>
      facts.judgements
        .filter(({ passed, thread, owners, structureBefore, structureAfter }) => !passed && owners.every((owner) => owner === thread) && structureBefore === structureAfter)
        .map(({ command, thread }) => `${command} failed on t${thread}`),
  },
  factsOf: (check: Check, each: Judged): Facts => ({ judgements: judgements(check, each), accesses: [], outcomes: [] }),
  lengthOf: ({ run, commands }) => run.commands.length + commands.length,
  unit: 'commands',
  shorten: [
    byLeavingOut(({ commands }: Judged) => commands, ({ run }, commands) => ({ run, commands })),
    byLeavingOut(({ run }: Judged) => run.commands, ({ run, commands }, fewer) => ({ run: { ...run, commands: fewer }, commands })),
  ],
});

// Threads

/** What the threads get between two barriers: to each of them, commands on its own keys. */
type Schedule = Setup & {
  readonly epochs: readonly (readonly (readonly Command[])[])[];
  /** Who goes next, again and again, at two replicas. */
  readonly turns: readonly (readonly number[])[];
};

const schedule: fc.Arbitrary<Schedule> = setup.chain(({ options, keys }) => {
  const { partitions } = bPlusTree(options);
  const streams = partitions.lowerBounds.map((smallest, i) =>
    fc.array(commandBetween(smallest, largestKey(partitions, i + 1)).filter(({ type }) => type !== 'scan'), { maxLength: 12 }));
  const turns = fc.array(fc.nat({ max: 7 }), { minLength: 8, maxLength: 64 });
  return fc.record({
    options: fc.constant(options),
    keys: fc.constant(keys),
    epochs: fc.array(fc.tuple(...streams), { minLength: 1, maxLength: 4 }),
    turns: fc.tuple(turns, turns),
  });
});

/** One replica: in an epoch each thread checks, and then executes, one command after the other. What failed is executed under the barrier. */
const replica = (check: Check, { options, keys, epochs }: Schedule, turns: readonly number[], name: string) => {
  const of = bPlusTree(options);
  const accesses: Access[] = [];
  const outcomes: Outcome[] = [];
  let running: Pick<Access, 'epoch' | 'thread'> | undefined; // nobody is to be blamed for what is done under the barrier
  const tree = of.create(entriesOf(keys), (node, mode) => {
    if (running !== undefined) accesses.push({ ...running, part: `node ${node}`, mode });
  });
  const note = (command: string, outcome: string) => outcomes.push({ replica: name, command, outcome });

  for (const [epoch, streams] of epochs.entries()) {
    const failed: (readonly [id: string, command: Command])[] = [];
    const threads = streams.map(function* (stream, i): Generator<void> {
      const thread = i + 1;
      for (const [place, command] of stream.entries()) {
        const id = `epoch ${epoch}, t${thread}, ${place}: ${shown(command)}`;
        running = { epoch, thread };
        const condition = check(of, tree, thread, command);
        note(`check of ${id}`, condition ?? 'passed');
        if (condition !== undefined) failed.push([id, command]);
        yield;
        running = { epoch, thread };
        if (condition === undefined) note(id, shown(tree.execute(command)[1]));
        yield;
      }
    });
    interleave(threads, turns);
    running = undefined;
    for (const [id, command] of failed.toSorted(([a], [b]) => (a < b ? -1 : 1))) note(id, shown(tree.execute(command)[1]));
    note(`digest after epoch ${epoch}`, shown(tree.digest()));
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

const ofThreads: Judge<Check> = judgeOf({
  judge: 'threads',
  samples: schedule,
  numRuns: 1000,
  clauses: pick('SAF-3', 'SAF-4'),
  factsOf: (check: Check, each: Schedule): Facts => {
    const replicas = [...each.turns, []].map((turns, i) => replica(check, each, turns, `replica ${i + 1}`));
    return { judgements: [], accesses: replicas[0]!.accesses, outcomes: replicas.flatMap(({ outcomes }) => outcomes) };
  },
  lengthOf: ({ epochs }) => epochs.flat(2).length,
  unit: 'commands',
});

export const CHECKS = [ofCommands, ofThreads];

function pick(...numbers: readonly string[]) {
  return Object.fromEntries(Object.entries(clauses).filter(([title]) => numbers.some((number) => title.startsWith(`${number}:`))));
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? `${each}` : each));
}
