/** Can the judges of a measured run say no? Sound runs pass; a run that was doctored is found out, and called by its name. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Operation } from '../src/check/history.js';
import { judgeAgreement, judgeHistory, judgeLedger, type Cut } from '../src/measure/judges.js';
import { ledger } from '../src/measure/ledger.js';
import { G_ALL, type Position } from '../src/record.js';
import { bPlusTree, partitionOf, type Command, type Load, type Result } from '../src/service/b-plus-tree/index.js';
import type { Digest } from '../src/service/service.js';

const KEY_SPACE = 24;
const tree = bPlusTree({ keySpace: KEY_SPACE, partitions: 2, capacity: 4 });

/** Every other key, with a value that nobody writes. */
const load: Load = { entries: KEY_SPACE / 2, keyAt: (i) => 2 * i, valueAt: (i) => BigInt(-1 - i) };
const loaded = (key: number): bigint | undefined => (key % 2 === 0 ? load.valueAt(key / 2) : undefined);

/** A command in its place in the replicated order, and how it was answered. */
type Answered = { readonly command: Command; readonly position: Position; readonly result: Result };
/** A run: what was answered, in the order of execution; in which order the client heard of it; how the tree was in the end. */
type Run = { readonly m: number; readonly answered: readonly Answered[]; readonly heard: readonly Answered[]; readonly end: Digest };

const key = fc.integer({ min: 0, max: KEY_SPACE - 1 }).map(BigInt);
const isToAll = fc.boolean();
const slot = fc.integer({ min: 0, max: 9 });

/** Values are the places of their commands in the plan: no two writes have the same. */
const planned = fc.oneof(
  { weight: 3, arbitrary: fc.record({ type: fc.constantFrom('read', 'update', 'insert', 'delete', 'insert', 'delete'), key, isToAll, slot }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('scan'), key, isToAll: fc.constant(true), slot }) },
);

const runs: fc.Arbitrary<Run> = fc
  .record({ m: fc.integer({ min: 1, max: 3 }), plan: fc.array(planned, { maxLength: 60 }) })
  .map(({ m, plan }) => {
    const placed = plan.map(({ type, key: k, isToAll: toAll, slot: s }, i) => ({
      command: { type, key: k, value: BigInt(i), from: k, to: k + 6n },
      position: { group: toAll ? G_ALL : partitionOf(tree.partitions, Number(k)), slot: s, offset: i },
    }));
    const byPlace = (of: Position): readonly number[] => [Math.floor(of.slot / m), of.group, of.slot, of.offset];
    placed.sort((a, b) => compare(byPlace(a.position), byPlace(b.position)));
    let store: ReturnType<typeof tree.persistent> = tree.persistent(load);
    const answered = placed.map(({ command, position }): Answered => {
      const [next, result] = store.execute(command);
      store = next;
      return { command, position, result };
    });
    return { m, answered, end: store.digest() };
  })
  .chain((run) => fc.shuffledSubarray([...run.answered], { minLength: run.answered.length }).map((heard) => ({ ...run, heard })));

describe('a ledger', () => {
  it('always adds up to the tree, in whatever order the answers come', () =>
    fc.assert(
      fc.property(runs, (run) => {
        expect(expectedOf(run)).toEqual(run.end);
        expect(judgeOf(run)).toBe('ok');
      }),
    ));

  it('always misses a write that was acknowledged and is not in the tree, and one that is and was not', () =>
    fc.assert(
      fc.property(runs, fc.nat(), (run, n) => {
        const writes = lastWrites(run);
        fc.pre(writes.length > 0);
        const lost = writes[n % writes.length]!;
        const without = { ...run, heard: run.heard.filter((each) => each !== lost) };
        expect(judgeOf({ ...run, end: expectedOf(without) })).toBe('lost');
        expect(judgeOf(without)).toBe('lost');
      }),
    ));

  it('always misses a write that came later than its position says', () =>
    fc.assert(
      fc.property(runs, fc.nat(), (run, n) => {
        const pairs = overwritten(run);
        fc.pre(pairs.length > 0);
        const [first, last] = pairs[n % pairs.length]!;
        const doctored = run.heard.map((each) => (each === first ? { ...each, position: last.position } : each === last ? { ...each, position: first.position } : each));
        expect(judgeOf({ ...run, heard: doctored })).toBe('lost');
      }),
    ));

  it('sometimes holds a key that was written by its own group and by g_all', () => {
    const crosses = (run: Run): boolean => overwritten(run).some(([{ position: a }, { position: b }]) => a.group !== b.group);
    expect(fc.sample(runs, { seed: 1 }).some(crosses)).toBe(true);
  });

  it('is incomplete while an answer or the digest is missing', () => {
    const [digest, other] = [digestOf(1), digestOf(2)];
    expect(judgeLedger(digest, digest, 3, 0)).toMatchObject({ verdict: 'ok', detail: expect.stringContaining('of 3 keys') });
    expect(judgeLedger(digest, digest, 3, 1)).toMatchObject({ verdict: 'incomplete', detail: '1 commands were never answered' });
    expect(judgeLedger(undefined, digest, 3, 0)).toMatchObject({ verdict: 'incomplete', detail: 'no digest to compare' });
    expect(judgeLedger(digest, other, 3, 0)).toMatchObject({ verdict: 'lost', detail: expect.stringMatching(/the tree: 10 entries.*by the answers: 10 entries/) });
  });
});

describe('replicas', () => {
  const cuts: readonly Cut[] = ['r1', 'r2', 'r3'].map((replica) => ({ replica, digest: digestOf(7), place: 'slot 5 of g_all' }));

  it('agree in the same state at the same place', () => expect(judgeAgreement(cuts, 3)).toMatchObject({ verdict: 'ok' }));

  for (const [flaw, doctored] of [
    ['has one entry more', { digest: { ...digestOf(7), entries: 11 } }],
    ['has another value somewhere', { digest: digestOf(8) }],
    ['executed the digest in another place', { place: 'slot 6 of g_all' }],
  ] as const)
    it.each([2, 3])(`diverge if r%i ${flaw}, and it is named`, (i) =>
      expect(judgeAgreement(cuts.map((cut) => (cut.replica === `r${i}` ? { ...cut, ...doctored } : cut)), 3)).toMatchObject({ verdict: 'diverged', detail: expect.stringContaining(`r${i}: `) }));

  it('are incomplete if one is missing, or all', () => {
    expect(judgeAgreement(cuts.slice(1), 3)).toMatchObject({ verdict: 'incomplete', detail: '2 of 3 replicas gave a digest' });
    expect(judgeAgreement([], 3)).toMatchObject({ verdict: 'incomplete' });
  });
});

describe('a history', () => {
  /** Each operation is over before the next is called, or takes place beside its neighbours. */
  const historyOf = ({ answered }: Pick<Run, 'answered'>, overlap: number): Operation<Command, Result>[] =>
    answered.map(({ command, result, position }, id) => ({ type: 'completed', id, session: id, command, call: 10 * id - overlap, return: 10 * id + 5 + overlap, result, position }));
  const verdictOn = (history: readonly Operation<Command, Result>[], m: number) => judgeHistory(history, KEY_SPACE, loaded, m).verdict;

  it('of what the tree did is linearizable, one by one or side by side', () =>
    fc.assert(
      fc.property(runs, fc.constantFrom(0, 20), (run, overlap) => {
        expect(verdictOn(historyOf(run, overlap), run.m)).toBe('ok');
      }),
    ));

  it('with a stale read is not, and the judge shows it', () =>
    fc.assert(
      fc.property(runs, fc.nat(), (run, n) => {
        const history = historyOf(run, 0);
        const reads = history.filter(({ command }) => command.type === 'read');
        fc.pre(reads.length > 0);
        const read = reads[n % reads.length]!;
        const stale = history.map((each) => (each === read ? { ...each, result: { type: 'found', value: 999n } as const } : each));
        const judgement = judgeHistory(stale, KEY_SPACE, loaded, run.m);
        expect(judgement.verdict).toBe('not-linearizable');
        expect(judgement.detail).toContain(`read ${keyOf(read)} -> found 999`);
      }),
    ));

  const write = { command: { type: 'insert', key: 1n, value: 5n }, result: { type: 'inserted' }, position: { group: 1, slot: 1, offset: 0 } } as const;
  const read = (result: Result) => ({ command: { type: 'read', key: 1n }, result, position: { group: 1, slot: 2, offset: 0 } }) as const;

  it('whose read misses a write that was over is not linearizable; a read beside the write may miss it', () => {
    const missed = [write, read({ type: 'absent' })];
    expect(verdictOn(historyOf({ answered: [write, read({ type: 'found', value: 5n })] }, 0), 1)).toBe('ok');
    expect(verdictOn(historyOf({ answered: missed }, 0), 1)).toBe('not-linearizable');
    expect(verdictOn(historyOf({ answered: missed }, 10), 1)).toBe('ok');
  });

  it('may owe what it shows to a command that was never answered', () => {
    const [, seen] = historyOf({ answered: [write, read({ type: 'found', value: 5n })] }, 0);
    const pending = { type: 'pending', id: 0, session: 0, command: write.command, call: 0 } as const;
    expect(verdictOn([pending, seen!], 1)).toBe('ok');
    expect(verdictOn([{ ...pending, call: 99 }, seen!], 1)).toBe('not-linearizable');
  });
});

function digestOf(low: number): Digest {
  return { entries: 10, high: 0, low };
}

function compare(a: readonly number[], b: readonly number[]): number {
  const i = a.findIndex((n, at) => n !== b[at]);
  return i < 0 ? 0 : a[i]! - b[i]!;
}

function expectedOf({ m, heard }: Run): Digest {
  const answers = ledger(m);
  for (const each of heard.filter(isWrite)) {
    const { command, result, position: { group, slot, offset } } = each;
    const value = 'value' in command ? command.value : 0n;
    answers.note(Number(keyOf(each)), result.type === 'removed', Number(BigInt.asIntN(32, value)), Number(value >> 32n), group, slot, offset);
  }
  return answers.expected(tree.persistent(load).digest(), loaded);
}

function judgeOf(run: Run): string {
  return judgeLedger(run.end, expectedOf(run), 0, 0).verdict;
}

function isWrite({ result }: Answered): boolean {
  return ['inserted', 'updated', 'removed'].includes(result.type);
}

function keyOf({ command }: { readonly command: Command }): bigint {
  return command.type === 'scan' ? command.from : command.key;
}

/** The last write of each key. */
function lastWrites({ answered }: Run): readonly Answered[] {
  return [...new Map(answered.filter(isWrite).map((each) => [keyOf(each), each])).values()];
}

/** Writes of a key that were overwritten, each with the last: two that do not leave the same. */
function overwritten(run: Run): readonly (readonly [Answered, Answered])[] {
  return lastWrites(run).flatMap((last) =>
    run.answered
      .filter((each) => isWrite(each) && each !== last && keyOf(each) === keyOf(last) && (each.result.type !== 'removed' || last.result.type !== 'removed'))
      .map((first) => [first, last] as const),
  );
}
