/** The B+-tree: both forms do what an ordered map does, have the same structure, and are well-formed after every command. */

import * as fc from 'fast-check';
import { is } from 'immutable';
import { describe, expect, it } from 'vitest';
import { newSheet, recordsOf } from '../src/record.js';
import {
  addEntry,
  bPlusTree,
  mixEntry,
  orderedMap,
  outlineInvariants,
  removeEntry,
  sayCommand,
  SCAN_LIMIT,
  structureOf,
  textOf as sayResult,
  type Command,
  type Outline,
  type Result,
  type Tree,
} from '../src/service/b-plus-tree/index.js';
import { childFor, leavesOf, type Node } from '../src/service/b-plus-tree/outline.js';
import { mostNodes } from '../src/service/b-plus-tree/shape.js';
import { batchOf, commandBetween, digestOf, entriesOf, FORMS, history, keysOf, meant, readsOf, recordOf, setup, treeOf, type Form, type History } from './arbitraries/b-plus-tree.js';
import { textOf } from './check.js';

for (const form of FORMS)
  describe(`a B+-tree in its ${form} form always`, () => {
    for (const [clause, holds] of Object.entries(outlineInvariants))
      it(clause, () =>
        fc.assert(
          fc.property(history, (run) => {
            const { shape } = bPlusTree(run.options);
            for (const outline of outlines(run, form)) expect(holds(outline, shape)).toBe(true);
          }),
        ));

    it('answers as an ordered map does', () =>
      fc.assert(
        fc.property(history, (run) => {
          expect(results(run, form)).toEqual(meant(run).results);
        }),
      ));

    it('finds every key that was inserted, and no other', () =>
      fc.assert(
        fc.property(history, (run) => {
          const longer = { ...run, commands: [...run.commands, ...readsOf(run.options)] };
          expect(results(longer, form)).toEqual(meant(longer).results);
        }),
      ));

    it('scans as one walks in order, up to the limit', () => {
      const tree = treeOf({ options: LARGE, keys: Array.from({ length: 400 }, (_, i) => 2 * i) }, form);
      fc.assert(
        fc.property(fc.bigInt({ min: 0n, max: 999n }), fc.bigInt({ min: 0n, max: 999n }), (from, to) => {
          const inside = keysOf(800).filter((key) => key % 2n === 0n && from <= key && key <= to);
          const [, result] = tree.execute({ type: 'scan', from, to });
          expect(result).toEqual({
            type: 'entries',
            entries: inside.slice(0, SCAN_LIMIT).map((key) => [key, key / 3n]),
            complete: inside.length <= SCAN_LIMIT,
          });
        }),
      );
      for (const [to, complete] of [[510n, true], [511n, true], [512n, false]] as const) expect(tree.execute({ type: 'scan', from: 0n, to })[1]).toMatchObject({ entries: { length: SCAN_LIMIT }, complete });
    });

    it('has the digest of its entries, which can be kept by whoever sees the results', () =>
      fc.assert(
        fc.property(history, (run) => {
          const final = after(run, form);
          expect(final.digest()).toEqual(digestOf(meant(run).entries));
          expect(final.digest()).toEqual(followed(run, results(run, form)));
        }),
      ));
  });

describe('the two forms of a B+-tree always', () => {
  it('have the same structure after the same commands, and the same outcome of every safety check', () =>
    fc.assert(
      fc.property(history, (run) => {
        const threads = bPlusTree(run.options).partitions.lowerBounds.map((_, i) => i + 1);
        const [persistent, shared] = FORMS.map((form) => treeOf(run, form)) as [Tree, Tree];
        run.commands.reduce<Tree>((tree, command) => {
          for (const thread of threads) expect(shared.check(thread, command)).toBe(tree.check(thread, command));
          const [next] = tree.execute(command);
          shared.execute(command);
          expect(anonymous(shared.outline())).toBe(anonymous(next.outline()));
          return next;
        }, persistent);
      }),
    ));

  it('are drawn alike without their entries if and only if nothing else is different', () => {
    const bare = (outline: Outline): string => JSON.stringify(outline, (name, each: unknown) => (name === 'keys' || name === 'values' ? undefined : each));
    fc.assert(
      fc.property(history, (run) => {
        const all = outlines(run, 'shared');
        for (const [i, outline] of all.slice(1).entries()) expect(structureOf(outline) === structureOf(all[i]!)).toBe(bare(outline) === bare(all[i]!));
      }),
    );
  });

  it('have room for every entry of the key space', () =>
    fc.assert(
      fc.property(inAnyOrder, ([each, order]) => {
        const { shape } = bPlusTree(each.options);
        const others = keysOf(each.options.keySpace).filter((_, i) => i % 3 > 0);
        const commands = [
          ...order.map((key): Command => ({ type: 'insert', key, value: key })),
          ...others.map((key): Command => ({ type: 'delete', key })),
          ...order.map((key): Command => ({ type: 'insert', key, value: key })),
        ];
        const most = Math.max(...outlines({ ...each, commands }, 'shared').map(({ root }) => nodeCount(root)));
        expect(most).toBeLessThanOrEqual(mostNodes(shape, each.options.keySpace));
        expect(mostNodes(shape, each.options.keySpace)).toBeLessThanOrEqual(each.options.keySpace);
      }),
      { numRuns: 25 },
    ));
});

describe('a persistent B+-tree always', () => {
  it('leaves every earlier tree as it was', () =>
    fc.assert(
      fc.property(history, (run) => {
        const states = trees(run, 'persistent').map((tree) => [tree, textOf(tree.outline()), tree.digest()] as const);
        for (const [tree, outline, digest] of states) expect([textOf(tree.outline()), tree.digest()]).toEqual([outline, digest]);
      }),
      { numRuns: 50 },
    ));

  it('leaves the tree before a command as it was while the one after it is made', () =>
    fc.assert(
      fc.property(history, (run) => {
        run.commands.reduce<Tree>((tree, command) => {
          const before = textOf(tree.outline());
          const [next] = tree.execute(command);
          expect(textOf(tree.outline())).toBe(before);
          return next;
        }, treeOf(run, 'persistent'));
      }),
    ));
});

describe('a shared B+-tree always', () => {
  it('is the same through every handle', () =>
    fc.assert(
      fc.property(history, (run) => {
        const { create, attach } = bPlusTree(run.options);
        const handles = [create(entriesOf(run.keys))];
        handles.push(attach(handles[0]!.buffer), attach(handles[0]!.buffer));
        const given = run.commands.map((command, i) => handles[i % 3]!.execute(command)[1]);
        expect(given).toEqual(meant(run).results);
        for (const handle of handles) expect(textOf(handle.outline())).toBe(textOf(handles[0]!.outline()));
      }),
    ));

  for (const ahead of [false, true])
    it(`tells of every node that it looks into, and of every node that it changes${ahead ? ', though it has looked ahead' : ''}`, () =>
      fc.assert(
        fc.property(history, (run) => {
          const touched = { read: new Set<number>(), write: new Set<number>() };
          const { service, create } = bPlusTree(run.options);
          const tree = create(entriesOf(run.keys), (node, mode) => touched[mode].add(node));
          const batch = batchOf(run.commands.map((command) => recordOf(service.codec, command)));
          if (ahead) tree.engine.expect(batch, 0, batch.length);
          for (const [i, at] of [...recordsOf(batch)].entries()) {
            const command = run.commands[i]!;
            const before = tree.outline();
            const nodes = new Map(nodesOf(before.root).map((node) => [node.id, shallow(node)]));
            touched.read.clear();
            touched.write.clear();
            tree.engine.checkAt(1, batch, at);
            expect(touched.write.size).toBe(0);
            tree.engine.executeAt(batch, at, newSheet(16));
            const [from, to] = command.type === 'scan' ? [command.from, command.to] : [command.key, command.key];
            for (const id of wayTo(before.root, Number(from))) expect(touched.read).toContain(id);
            if (from <= to) for (const { keys, id } of leavesOf(before.root)) if (keys.some((key) => from <= key && key <= to)) expect(touched.read).toContain(id);
            const changed = nodesOf(tree.outline().root).filter((node) => nodes.get(node.id) !== shallow(node));
            for (const { id } of changed) expect(touched.write).toContain(id);
          }
        }),
      ));

  it('writes nothing to find out that it has nothing to write', () =>
    fc.assert(
      fc.property(history, (run) => {
        let isWritten = false;
        const tree = bPlusTree(run.options).create(entriesOf(run.keys), (_, mode) => (isWritten ||= mode === 'write'));
        for (const command of run.commands) {
          isWritten = false;
          const [, { type }] = tree.execute(command);
          expect(isWritten).toBe(['inserted', 'updated', 'removed'].includes(type));
        }
      }),
    ));

  it('is not taken for one with other options', () => {
    const { buffer } = bPlusTree(LARGE).create();
    expect(() => bPlusTree({ ...LARGE, capacity: 5 }).attach(buffer)).toThrow(/^buffer: /);
  });
});

describe('a B+-tree sometimes', () => {
  const runs = fc.sample(history, { seed: 1, numRuns: 200 });
  /** Whether the counts of nodes and the height ever went this way in one command. */
  const happens = (change: (before: Outline, after: Outline) => boolean): boolean =>
    runs.some((run) => outlines(run, 'shared').some((outline, i, all) => i > 0 && change(all[i - 1]!, outline)));

  it('splits a leaf', () => expect(happens((a, b) => b.chain.length > a.chain.length)).toBe(true));
  it('merges two leaves', () => expect(happens((a, b) => b.chain.length < a.chain.length)).toBe(true));
  it('shares entries between two leaves', () =>
    expect(happens((a, b) => b.chain.length === a.chain.length && structureOf(a) !== structureOf(b))).toBe(true));
  it('shares children between two inner nodes', () =>
    expect(happens((a, b) => b.chain.length < a.chain.length && shares(a.root, b.root))).toBe(true));
  it('splits an inner node', () =>
    expect(happens((a, b) => heightOf(a.root) === heightOf(b.root) && innerCount(b.root) > innerCount(a.root))).toBe(true));
  it('merges two inner nodes', () =>
    expect(happens((a, b) => heightOf(a.root) === heightOf(b.root) && innerCount(b.root) < innerCount(a.root))).toBe(true));
  it('grows', () => expect(happens((a, b) => heightOf(b.root) > heightOf(a.root))).toBe(true));
  it('shrinks', () => expect(happens((a, b) => heightOf(b.root) < heightOf(a.root))).toBe(true));
});

describe('a command of the B+-tree', () => {
  const { codec, footprint } = bPlusTree(LARGE).service;

  it('is decoded as it was encoded', () =>
    fc.assert(
      fc.property(commandBetween(0, 999), (command) => {
        expect(codec.decode(codec.kindOf(command), codec.encode(command))).toEqual(command);
      }),
    ));

  it('has a result that is decoded as it was encoded', () =>
    fc.assert(
      fc.property(history, (run) => {
        for (const [i, result] of results(run, 'persistent').entries())
          expect(codec.decodeResult(codec.kindOf(run.commands[i]!), codec.encodeResult(result))).toEqual(result);
      }),
    ));

  it('has a result that says whether there is more', () => {
    for (const complete of [true, false]) {
      const result: Result = { type: 'entries', entries: [[1n, -2n]], complete };
      expect(codec.decodeResult(5, codec.encodeResult(result))).toEqual(result);
    }
  });

  it('is decoded from any bytes, or refused with a reason', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ maxLength: 20 }), (kind, payload) => {
        const command = codec.decode(kind, payload);
        if (typeof command === 'string') expect(command).toMatch(/^(kind|payload|key|from|to): /);
        else expect([codec.kindOf(command), codec.encode(command)]).toEqual([kind, payload]);
      }),
    ));

  it('is refused by the name of the field that is wrong', () => {
    const decoded = (command: Command) => codec.decode(codec.kindOf(command), codec.encode(command));
    expect(decoded({ type: 'read', key: 1000n })).toBe('key: 1000 is outside 0..999');
    expect(decoded({ type: 'insert', key: -1n, value: 0n })).toBe('key: -1 is outside 0..999');
    expect(decoded({ type: 'scan', from: 0n, to: 2n ** 63n - 1n })).toBe('to: 9223372036854775807 is outside 0..999');
    expect(codec.decode(3, new Uint8Array(8))).toBe('payload: insert takes 16 bytes, not 8');
    expect(codec.decode(6, new Uint8Array(8))).toMatch(/^kind: 6 is none of/);
    expect(() => codec.decodeResult(1, Uint8Array.of(7))).toThrow('byte 0: 7 is no outcome of the B+-tree');
    expect(() => codec.encode({ type: 'update', key: 1n, value: 2n ** 63n })).toThrow('9223372036854775808 does not fit in 64 bits');
  });

  it('belongs to the partition that holds its key, and a scan to all', () => {
    const vast = bPlusTree({ keySpace: 2 ** 53 - 1, partitions: 8 }).service;
    expect(footprint({ type: 'read', key: 0n })).toEqual({ type: 'Partition', partition: 1, change: 'nothing' });
    expect(footprint({ type: 'update', key: 499n, value: 0n })).toEqual({ type: 'Partition', partition: 2, change: 'entry' });
    expect(footprint({ type: 'insert', key: 500n, value: 0n })).toEqual({ type: 'Partition', partition: 3, change: 'structure' });
    expect(vast.footprint({ type: 'delete', key: 2n ** 53n - 2n })).toEqual({ type: 'Partition', partition: 8, change: 'structure' });
    expect(footprint({ type: 'scan', from: 1n, to: 1n })).toEqual({ type: 'Everything', change: 'nothing' });
  });
});

it('a leaf keeps half of its capacity or one entry, as is asked, and one if nothing is', () => {
  const { keySpace, partitions, capacity } = LARGE;
  const fewest = (['half', 'one', undefined] as const).map((minimum) => bPlusTree({ keySpace, partitions, capacity, ...(minimum && { minimum }) }).shape.leafMinimum);
  expect(fewest).toEqual([4, 1, 1]);
});

describe('the ordered map that judges compare with', () => {
  const evens = () => orderedMap(1000, (key) => (key % 2 === 0 ? BigInt(key) : undefined));
  const value = fc.bigInt({ min: 0n, max: 2n });
  const entries = fc.array(fc.tuple(fc.bigInt({ min: 0n, max: 2n }), value), { maxLength: 2 });
  const result: fc.Arbitrary<Result> = fc.oneof(
    fc.constantFrom<Result>({ type: 'absent' }, { type: 'inserted' }),
    fc.record({ type: fc.constantFrom('found', 'exists', 'removed'), value }),
    fc.record({ type: fc.constant('updated'), previous: value }),
    fc.record({ type: fc.constant('entries'), entries, complete: fc.boolean() }),
  );
  const commands = fc.array(commandBetween(0, 5), { maxLength: 8 });
  const stateAfter = (all: readonly Command[]) => all.reduce((state, command) => evens().apply(state, command)[0], evens().initial);

  it('tells results apart that differ, and no others', () =>
    fc.assert(fc.property(result, result, (a, b) => evens().sameResult(a, b) === (textOf(a) === textOf(b)))));

  it('knows a state by what it holds, in whatever order that was written', () => {
    const { stateKey } = evens();
    const holding = (...pairs: readonly (readonly [bigint, bigint])[]) => stateKey(stateAfter(pairs.map(([key, of]) => ({ type: 'insert', key, value: of }))));
    expect(holding([1n, 2n], [13n, 4n])).not.toBe(holding([1n, 21n], [3n, 4n]));
    const writes = fc.uniqueArray(commandBetween(0, 3).filter(({ type }) => type === 'insert' || type === 'delete'), { selector: (each) => (each.type === 'scan' ? -1n : each.key) });
    fc.assert(fc.property(writes, (all) => stateKey(stateAfter(all.toReversed())) === stateKey(stateAfter(all))));
    fc.assert(fc.property(commands, commands, (some, others) => (stateKey(stateAfter(some)) === stateKey(stateAfter(others))) === is(stateAfter(some), stateAfter(others))));
  });

  it('takes for a read whatever leaves the state as it is, but for an update by what was there', () =>
    fc.assert(
      fc.property(commands, commandBetween(0, 5), (before, command) => {
        const { apply, isReadOnly } = evens();
        const state = stateAfter(before);
        const [next, given] = apply(state, command);
        if (given.type === 'updated') expect(isReadOnly(command, given)).toBe(false);
        else expect(isReadOnly(command, given)).toBe(is(next, state));
      }),
    ));

  it('knows which keys a command is about', () => {
    const { spansOf } = evens();
    expect(spansOf({ type: 'delete', key: 4n })).toEqual([{ from: 4n, to: 4n }]);
    expect(spansOf({ type: 'scan', from: 2n, to: 7n })).toEqual([{ from: 2n, to: 7n }]);
  });

  it('scans the keys that there are, up to the limit', () => {
    const { initial, apply } = evens();
    const scan = (from: bigint, to: bigint) => apply(initial, { type: 'scan', from, to })[1];
    expect(scan(-5n, 4n)).toEqual({ type: 'entries', entries: [[0n, 0n], [2n, 2n], [4n, 4n]], complete: true });
    expect(scan(995n, 2000n)).toEqual({ type: 'entries', entries: [[996n, 996n], [998n, 998n]], complete: true });
    for (const [to, length, complete] of [[508n, 255, true], [510n, 256, true], [511n, 256, true], [512n, 256, false]] as const)
      expect(scan(0n, to)).toMatchObject({ type: 'entries', entries: { length }, complete });
  });

  it('says commands and results in words', () => {
    const said = [{ type: 'read', key: 1n }, { type: 'delete', key: 1n }, { type: 'update', key: 1n, value: 2n }, { type: 'insert', key: 1n, value: 2n }, { type: 'scan', from: 1n, to: 2n }] as const;
    expect(said.map(sayCommand)).toEqual(['read 1', 'delete 1', 'update 1 2', 'insert 1 2', 'scan 1 2']);
    const inWords: readonly (readonly [string, Result])[] = [
      ['absent', { type: 'absent' }],
      ['inserted', { type: 'inserted' }],
      ['found 1', { type: 'found', value: 1n }],
      ['exists 1', { type: 'exists', value: 1n }],
      ['removed 1', { type: 'removed', value: 1n }],
      ['updated from 1', { type: 'updated', previous: 1n }],
      ['no entries', { type: 'entries', entries: [], complete: true }],
      ['entries 1: 2, 3: 4', { type: 'entries', entries: [[1n, 2n], [3n, 4n]], complete: true }],
      ['entries 1: 2, …', { type: 'entries', entries: [[1n, 2n]], complete: false }],
    ];
    for (const [words, each] of inWords) expect(sayResult(each)).toBe(words);
  });
});

it('an option out of its range is refused by its name', () => {
  expect(() => bPlusTree({ ...LARGE, capacity: 3 })).toThrow(/^capacity: /);
  expect(() => bPlusTree({ ...LARGE, fill: 0.4 })).toThrow(/^fill: /);
  expect(() => bPlusTree({ ...LARGE, keySpace: 0 })).toThrow(/^keySpace: /);
  expect(() => bPlusTree({ ...LARGE, partitions: 0 })).toThrow(/^partitions: /);
  expect(() => bPlusTree({ ...LARGE, partitions: [0, 5, 5] })).toThrow(/^partitions: /);
  expect(() => bPlusTree({ keySpace: 2 ** 50, partitions: 1 }).create()).toThrow(/^keySpace: a tree over it may take \d+ bytes/);
  expect(() => bPlusTree({ ...LARGE, keySpace: 2 ** 53 })).toThrow(/^keySpace: /);
  expect(() => bPlusTree({ ...LARGE, capacity: 4.5 })).toThrow(/^capacity: /);
  expect(() => bPlusTree({ ...LARGE, fill: 1.1 })).toThrow(/^fill: /);
  for (const partitions of [[1, 5], [0, 1000], [0, 5, 1000], [0, 2.5], [], [0, 7, 6]])
    expect(() => bPlusTree({ ...LARGE, partitions })).toThrow(`partitions: smallest keys ${partitions.join(', ')} do not rise from 0 and stay below 1000`);
  expect(bPlusTree({ keySpace: 1, partitions: 1 }).persistent().execute({ type: 'insert', key: 0n, value: 1n })[1]).toEqual({ type: 'inserted' });
});

it('the digest of an entry depends on each half of its key and of its value', () => {
  const digests = [0n, 1n, 2n ** 32n].flatMap((key) => [0n, 1n, -1n, 2n ** 32n].map((value) => mixEntry(key, value)));
  expect(new Set(digests.map(({ high }) => high)).size).toBe(12);
  expect(new Set(digests.map(({ low }) => low)).size).toBe(12);
});

/** A tree, and keys to insert. */
const inAnyOrder = setup.chain((each) => fc.tuple(fc.constant(each), fc.shuffledSubarray([...keysOf(each.options.keySpace)])));

const LARGE = { keySpace: 1000, partitions: 4, capacity: 8, fill: 0.7, minimum: 'half' } as const;

/** What one sees of the tree before the commands, between them, and after them. A shared tree must be seen at once: it has no past. */
const visit = <T>(run: History, form: Form, see: (tree: Tree, result?: Result) => T): readonly T[] => {
  let tree = treeOf(run, form);
  const first = see(tree);
  return [
    first,
    ...run.commands.map((command) => {
      const [next, result] = tree.execute(command);
      tree = next;
      return see(tree, result);
    }),
  ];
};

const trees = (run: History, form: Form): readonly Tree[] => visit(run, form, (tree) => tree);
const after = (run: History, form: Form): Tree => trees(run, form).at(-1)!;
const outlines = (run: History, form: Form): readonly Outline[] => visit(run, form, (tree) => tree.outline());
const results = (run: History, form: Form): readonly Result[] => visit(run, form, (_, result) => result!).slice(1);

/** Ids left out: the shared form gives those of freed nodes to new ones, the persistent form does not. */
const anonymous = ({ root }: Outline): string =>
  JSON.stringify(root, (name, each: unknown) => (name === 'id' ? undefined : typeof each === 'bigint' ? `${each}` : each));

const nodesOf = (node: Node): readonly Node[] => (node.type === 'Leaf' ? [node] : [node, ...node.children.flatMap(nodesOf)]);
/** What stands in a node itself. */
const shallow = (node: Node): string => (node.type === 'Leaf' ? `${node.keys.join()}: ${node.values.join()}` : `${node.separators.join()}: ${node.children.map(({ id }) => id).join()}`);
/** The nodes on the way to a key. */
const wayTo = (node: Node, key: number): readonly number[] => (node.type === 'Leaf' ? [node.id] : [node.id, ...wayTo(node.children[childFor(node, key)]!, key)]);

const heightOf = (node: Node): number => (node.type === 'Leaf' ? 0 : 1 + heightOf(node.children[0]!));
const nodeCount = (node: Node): number => (node.type === 'Leaf' ? 1 : node.children.reduce((sum, child) => sum + nodeCount(child), 1));
const innerCount = (node: Node): number => (node.type === 'Leaf' ? 0 : node.children.reduce((sum, child) => sum + innerCount(child), 1));
/** Whether there are as many inner nodes right under the root as before, with another separator between two of them. */
const shares = (before: Node, now: Node): boolean =>
  before.type === 'Inner' &&
  now.type === 'Inner' &&
  before.children[0]?.type === 'Inner' &&
  before.separators.length === now.separators.length &&
  before.separators.join() !== now.separators.join();

/** The digest that a bystander has who knows the first entries and sees every command with its result. */
const followed = (run: History, given: readonly Result[]) =>
  given.reduce(
    (digest, result, i) => {
      const command = run.commands[i]!;
      if (command.type === 'insert' && result.type === 'inserted') return addEntry(digest, command.key, command.value);
      if (command.type === 'delete' && result.type === 'removed') return removeEntry(digest, command.key, result.value);
      if (command.type === 'update' && result.type === 'updated')
        return addEntry(removeEntry(digest, command.key, result.previous), command.key, command.value);
      return digest;
    },
    digestOf(meant({ ...run, commands: [] }).entries),
  );
