/** The engine of the shared tree: record for record what the objects over a persistent tree mean, whatever it has looked ahead for. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { newSheet, nextRecord, recordsOf, type Sheet } from '../src/record.js';
import { bPlusTree, outlineInvariants, structureOf } from '../src/service/b-plus-tree/index.js';
import { epochOf, memoryOver } from '../src/service/b-plus-tree/memory.js';
import { engineOf, REFUSED, type Engine } from '../src/service/engine.js';
import { batchOf, entriesOf, records, type Records } from './arbitraries/b-plus-tree.js';

/** Everything that can be seen of an engine that is given these records, line by line. */
const seen = ({ runs }: Records, engines: readonly [Engine, Engine], threads: readonly number[]): readonly string[] => {
  let [first, second] = engines;
  const isOne = first === second;
  return runs.flatMap(({ batch, handle, expects }, i) => {
    let engine = handle === 0 ? first : second;
    if (expects === 'itself') engine.expect(batch, 0, batch.length);
    if (expects === 'its end' && batch.length > 0) engine.expect(batch, nextRecord(batch, 0), batch.length);
    if (expects === 'the last one' && i > 0) engine.expect(runs[i - 1]!.batch, 0, runs[i - 1]!.batch.length);
    const lines = [...recordsOf(batch)].map((at) => {
      const footprint = engine.footprintAt(batch, at);
      if (footprint === REFUSED) return `refused: ${engine.flawAt(batch, at)}`;
      const checks = threads.map((thread) => engine.checkAt(thread, batch, at) ?? 'passed');
      const sheet: Sheet = newSheet(at % 3 === 0 ? 0 : 24); // What was there before stays.
      sheet.length = sheet.bytes.length >> 2;
      const from = sheet.length;
      engine = engine.executeAt(batch, at, sheet);
      return `${footprint} ${engine.flawAt(batch, at)} ${checks.join()} ${sheet.bytes.slice(from, sheet.length).join()}`;
    });
    if (isOne) first = second = engine;
    return [...lines, JSON.stringify(engine.digest())];
  });
};

/** What is meant, and what the engines of two handles on one shared tree make of it. */
const both = (each: Records) => {
  const { service, persistent, create, attach, partitions } = bPlusTree(each.options);
  const threads = partitions.lowerBounds.map((_, i) => i + 1);
  const meant = engineOf(service, persistent(entriesOf(each.keys)));
  const tree = create(entriesOf(each.keys));
  return { meant: seen(each, [meant, meant], threads), given: seen(each, [tree.engine, attach(tree.buffer).engine], threads), tree };
};

describe('the engine of a shared B+-tree always', () => {
  it('does with every record what is meant, and leaves a tree', () =>
    fc.assert(
      fc.property(records, (each) => {
        const { meant, given, tree } = both(each);
        expect(given).toEqual(meant);
        const { shape } = bPlusTree(each.options);
        for (const [clause, holds] of Object.entries(outlineInvariants)) expect(holds(tree.outline(), shape), clause).toBe(true);
      }),
      { numRuns: 300 },
    ));

  it('changes nothing when it looks ahead', () =>
    fc.assert(
      fc.property(records, (each) => {
        const tree = bPlusTree(each.options).create(entriesOf(each.keys));
        const before = [structureOf(tree.outline()), tree.digest()];
        for (const { batch } of each.runs) {
          tree.engine.expect(batch, 0, batch.length);
          for (const at of recordsOf(batch)) if (tree.engine.footprintAt(batch, at) !== REFUSED) tree.engine.checkAt(1, batch, at);
        }
        expect([structureOf(tree.outline()), tree.digest()]).toEqual(before);
      }),
    ));
});

it('the engine of a shared B+-tree throws at a command that is none', () => {
  const { engine } = bPlusTree({ keySpace: 8, partitions: 1 }).create();
  const nothing = batchOf([Uint8Array.from({ length: 32 }, (_, i) => (i === 0 ? 32 : i === 4 ? 9 : 0))]);
  expect(() => engine.executeAt(nothing, 0, newSheet(0))).toThrow(/^kind: 9 is none/);
  expect(() => engine.checkAt(1, nothing, 0)).toThrow(/^kind: 9 is none/);
});

describe('records sometimes', () => {
  const runs = fc.sample(records, { seed: 1, numRuns: 200 });
  const lines = runs.flatMap((each) => both(each).given);
  for (const flaw of ['kind', 'payload', 'key', 'from', 'to']) it(`are refused for their ${flaw}`, () => expect(lines.some((line) => line.startsWith(`refused: ${flaw}: `))).toBe(true));
  for (const outcome of ['passed', 'structure', 'left', 'right']) it(`are checked with the outcome ${outcome}`, () => expect(lines.some((line) => line.includes(outcome))).toBe(true));
  it('change structure in a batch that was expected, more than once', () =>
    expect(
      runs.some((each) => {
        const expected = { ...each, runs: each.runs.filter(({ expects }) => expects === 'itself') };
        return epochOf(memoryOver(bPlusTree(each.options).shape, both(expected).tree.buffer)) > expected.runs.length;
      }),
    ).toBe(true));
});
