/** The safety check: what passes concerns no other thread, and threads that heed it cannot get in each other's way. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clauses, type Facts } from '../spec/safety-check.js';
import { bPlusTree, partitionOf, type Command, type Tree } from '../src/service/b-plus-tree/index.js';
import type { Place } from '../src/service/b-plus-tree/safety-check.js';
import type { Condition } from '../src/service/service.js';
import { entriesOf, setup } from './arbitraries/b-plus-tree.js';
import { boundedByKeys, concurrently, emptier, judged, judgements, misled, needless, noLeft, noRight, schedule, strayingOnceIn, threadOf, type BPlusTree, type Check } from './arbitraries/checks.js';

type Clause = keyof typeof clauses;

const real: Check = (_, tree, thread, command) => tree.check(thread, command);

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
        expect(needless(judgements(each, real))).toEqual([]);
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
    ['without condition 2', misled({ place: noLeft }), ['SAF-1', 'SAF-3']],
    ['without condition 3', misled({ place: noRight }), ['SAF-1', 'SAF-3']],
    ['with bounds from the keys in the leaf', misled({ place: boundedByKeys }), ['SAF-1', 'SAF-3', 'SAF-4']],
    ['that sees room for one entry more', misled({ place: emptier(1) }), ['SAF-2']],
    ['that sees one entry more to delete', misled({ place: emptier(-1) }), ['SAF-2']],
    ['without condition 1', misled({ place: withRoom }), ['SAF-1', 'SAF-2']],
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

/** P-SMR: what changes structure goes to all, and the rest is executed as it comes. */
function unchecked(_: BPlusTree, __: Tree, ___: number, command: Command): Condition | undefined {
  return command.type === 'read' || command.type === 'update' ? undefined : 'structure';
}

function withRoom(place: Place): Place {
  return { ...place, leaf: () => ({ ...place.leaf(), entries: 1, isRoot: true }) };
}
