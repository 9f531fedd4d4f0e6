import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clauses, isLinearizable, precedes } from '../spec/linearizability.js';
import { componentsOf } from '../src/check/components.js';
import { flawInHistory, type Completed } from '../src/check/history.js';
import { interleave, respectsRealTime } from '../src/check/interleave.js';
import { judge, type Verdict } from '../src/check/linearizability.js';
import { replay } from '../src/check/replay.js';
import { promisedOrder } from '../src/check/witness.js';
import type { Command, Result } from '../src/service/b-plus-tree/commands.js';
import {
  answered,
  corrupted,
  linearizable,
  orderedMap,
  plan,
  simulate,
  SLOTS_PER_TURN,
  type MapHistory,
  type MapModel,
  type MapOperation,
  type Plan,
  type Scope,
} from './arbitraries/history.js';
import { isExplained, leavingOutAllBut } from './arbitraries/plain-search.js';

const SMALL = { sessions: 4, keys: 3n, values: 3n, ticks: 3 };
const MEDIUM = { sessions: 5, keys: 4n, values: 4n, ticks: 6 };
const judgeMap = (history: MapHistory): Verdict => judge(orderedMap, history, { slotsPerTurn: SLOTS_PER_TURN });

/** Few keys and long intervals, so that many operations are open at once. */
const DENSE = { sessions: 8, keys: 1n, values: 3n, ticks: 8 };

/** The search alone, over everything at once: no positions, no components. */
const searchMap = (history: MapHistory): Verdict => judge(together(orderedMap), history.map(withoutPosition));

describe('the judge always', () => {
  it('finds a history that was simulated to be linearizable', () =>
    fc.assert(fc.property(linearizable(40, MEDIUM), (history) => judgeMap(history).type === 'ok'), { numRuns: 1000 }));

  it('gives an order that replays', () =>
    fc.assert(
      fc.property(fc.oneof(linearizable(40, MEDIUM), corrupted(12, SMALL)), (history) =>
        [judgeMap(history), searchMap(history)].every(
          (verdict) => verdict.type !== 'ok' || replay(orderedMap, history, verdict.linearization).length === 0,
        ),
      ),
      { numRuns: 2000 },
    ));

  it('agrees with the definition on small histories', () =>
    fc.assert(
      fc.property(corrupted(6, SMALL), (history) => {
        const expected = isLinearizable(orderedMap, history) ? 'ok' : 'illegal';
        return judgeMap(history).type === expected && searchMap(history).type === expected;
      }),
      { numRuns: 6000 },
    ));

  it('agrees with a plain search on longer ones', () =>
    fc.assert(
      fc.property(fc.oneof(corrupted(14, SMALL), corrupted(8, DENSE)), (history) => {
        const expected = isExplained(orderedMap, history) ? 'ok' : 'illegal';
        return judgeMap(history).type === expected && searchMap(history).type === expected;
      }),
      { numRuns: 3000 },
    ));

  it('believes a promise that holds, without a search', () =>
    fc.assert(
      fc.property(answered(60, MEDIUM), (history) => {
        const verdict = judgeMap(history);
        return verdict.type === 'ok' && verdict.procedure === 'witness' && searchMap(history).type === 'ok';
      }),
      { numRuns: 500 },
    ));

  for (const [engine, judges] of Object.entries({ 'of registers': judgeMap, 'of any service': searchMap }))
    it(`names operations that contradict each other, whatever the others did: the judge ${engine}`, () =>
      fc.assert(
        fc.property(corrupted(7, SMALL), (history) => {
          const verdict = judges(history);
          if (verdict.type !== 'illegal') return;
          const { operations, isMinimal } = verdict.certificate;
          expect(isExplained(orderedMap, leavingOutAllBut(operations, history))).toBe(false);
          if (isMinimal) for (const id of operations) expect(isExplained(orderedMap, leavingOutAllBut(operations.filter((other) => other !== id), history))).toBe(true);
        }),
        { numRuns: 2000 },
      ));

  it('answers within its budget, or says that it ran out of it', () =>
    fc.assert(
      fc.property(corrupted(8, SMALL), fc.nat({ max: 4 }), (history, nodes) => {
        const verdict = judge(orderedMap, history, { nodes });
        return verdict.type === 'unknown' ? verdict.budget === nodes : verdict.type === judgeMap(history).type;
      }),
    ));
});

describe('chains that respect real time', () => {
  it('interleave to an order that does, unless none does', () =>
    fc.assert(
      fc.property(linearizable(30, MEDIUM), (history) => {
        const byCall = history.toSorted((a, b) => a.call - b.call);
        const order = interleave([0, 1, 2].map((residue) => byCall.filter(({ id }) => id % 3 === residue)));
        return order.length === history.length && respectsRealTime(order);
      }),
    ));

  it('respect it if no operation stands behind one that it precedes', () =>
    fc.assert(
      fc.property(corrupted(6, SMALL), (order) => {
        const isInverted = order.some((later, i) => order.slice(0, i).some((earlier) => precedes(later, earlier)));
        return respectsRealTime(order) === !isInverted;
      }),
    ));
});

describe('sometimes', () => {
  const sample = fc.sample(corrupted(8, SMALL), { seed: 1, numRuns: 3000 }).map((history) => ({ history, verdict: judgeMap(history) }));
  const sometimes = (what: string, occurs: (one: (typeof sample)[number]) => boolean): void =>
    it(what, () => expect(sample.filter(occurs).length).toBeGreaterThan(10));

  sometimes('a history is linearizable', ({ verdict }) => verdict.type === 'ok');
  sometimes('a history is not', ({ verdict }) => verdict.type === 'illegal');
  sometimes('the promise holds', ({ verdict }) => verdict.type === 'ok' && verdict.procedure === 'witness');
  sometimes('the promise is broken, and the history linearizable all the same', ({ history, verdict }) =>
    promisedOrder(history, SLOTS_PER_TURN) !== undefined && verdict.type === 'ok' && verdict.procedure !== 'witness');
  sometimes('a pending operation took effect', ({ history, verdict }) =>
    verdict.type === 'ok' && history.some(({ id, type }) => type === 'pending' && verdict.linearization.includes(id)));
  sometimes('a pending operation must have taken effect', ({ history, verdict }) =>
    verdict.type === 'ok' && judgeMap(history.filter(({ type }) => type === 'completed')).type === 'illegal');
  sometimes('a scan sees several keys', ({ history, verdict }) =>
    verdict.type === 'ok' &&
    history.some((each) => each.type === 'completed' && each.result.type === 'entries' && each.result.entries.length > 1));
  sometimes('a history splits', ({ history }) => judgeMap(history).type === 'ok' && touches(history) > 1);
  it('a small budget runs out', () => expect(fc.sample(corrupted(16, DENSE), { seed: 1, numRuns: 1000 }).filter((history) => judge(orderedMap, history, { nodes: 0 }).type === 'unknown').length).toBeGreaterThan(10));
});

describe('traps', () => {
  it('the empty history is linearizable', () => {
    expect(judgeMap([])).toEqual({ type: 'ok', procedure: 'witness', linearization: [] });
  });

  it('equal times are concurrent', () => {
    const read = completed(0, { type: 'read', key: 1n }, 0, 5, { type: 'found', value: 7n });
    const insert = (call: number): MapOperation => completed(1, { type: 'insert', key: 1n, value: 7n }, call, 9, { type: 'inserted' });
    expect(judgeMap([read, insert(5)])).toMatchObject({ type: 'ok', linearization: [1, 0] });
    expect(judgeMap([read, insert(6)])).toMatchObject({ type: 'illegal', certificate: { operations: [0, 1] } });
  });

  it('a pending operation is open to the end, and only from its call', () => {
    const insert: MapOperation = { type: 'pending', id: 0, session: 0, command: { type: 'insert', key: 1n, value: 7n }, call: 100 };
    const read = (id: number, at: number, result: Result): MapOperation => completed(id, { type: 'read', key: 1n }, at, at + 1, result);
    expect(judgeMap([insert, read(1, 1000, { type: 'absent' }), read(2, 2000, { type: 'found', value: 7n })]).type).toBe('ok');
    expect(judgeMap([insert, read(1, 1000, { type: 'found', value: 7n }), read(2, 2000, { type: 'absent' })]).type).toBe('illegal');
    expect(judgeMap([insert, read(1, 50, { type: 'found', value: 7n })]).type).toBe('illegal');
  });

  it('more than 32 operations may be open at once, completed or pending', () => {
    const inserted = completed(0, { type: 'insert', key: 1n, value: 0n }, 0, 1, { type: 'inserted' });
    const updates = upTo(70).map((i) => completed(i, { type: 'update', key: 1n, value: BigInt(i) }, 10, 1000, { type: 'updated', previous: BigInt(i - 1) }));
    const lost = upTo(70).map((i) => pendingOf(completed(100 + i, { type: 'update', key: 1n, value: BigInt(100 + i) }, 5, 6, { type: 'absent' })));
    const readLast = (value: bigint): MapOperation => completed(999, { type: 'read', key: 1n }, 2000, 2001, { type: 'found', value });
    const history = [inserted, ...updates.toReversed(), ...lost];
    for (const value of [70n, 133n, 170n]) expect(judgeMap([...history, readLast(value)]).type).toBe('ok');
    expect(judgeMap([inserted, ...updates, readLast(69n)]).type).toBe('illegal');
    expect(judge(orderedMap, [...history, readLast(69n)], { nodes: 100 }).type).not.toBe('ok');
  });

  it('the same value may be written twice', () => {
    const update = (id: number, at: number): MapOperation => completed(id, { type: 'update', key: 1n, value: 7n }, at, at + 1, { type: 'updated', previous: 7n });
    const insert = completed(0, { type: 'insert', key: 1n, value: 7n }, 0, 1, { type: 'inserted' });
    expect(judgeMap([insert, update(1, 2), update(2, 2), update(3, 4)]).type).toBe('ok');
  });

  it('a scan sees its keys at one instant, and the keys that are not there', () => {
    const insert = (id: number, key: bigint, at: number): MapOperation => completed(id, { type: 'insert', key, value: 7n }, at, at + 1, { type: 'inserted' });
    const scan = (...keys: readonly bigint[]): MapOperation =>
      completed(9, { type: 'scan', from: 0n, to: 9n }, 0, 9, { type: 'entries', entries: keys.map((key) => [key, 7n]), complete: true });
    const history = [insert(1, 3n, 1), insert(2, 6n, 4)];
    for (const seen of [[], [3n], [3n, 6n]]) expect(judgeMap([...history, scan(...seen)]).type).toBe('ok');
    expect(judgeMap([...history, scan(6n)]).type).toBe('illegal');
  });

  it('a position is a hint, never evidence', () =>
    fc.assert(
      fc.property(corrupted(6, SMALL), fc.nat({ max: 5 }), (history, by) => {
        const misled = history.map((each, i): MapOperation => {
          const position = history[(i + by) % history.length]?.position;
          return position === undefined ? each : { ...each, position };
        });
        return judgeMap(misled).type === judgeMap(history).type;
      }),
    ));

  it('what is no history is refused by name', () => {
    const read = completed(0, { type: 'read', key: 1n }, 0, 1, { type: 'absent' });
    expect(flawInHistory([read])).toBeUndefined();
    expect(flawInHistory([read, read])).toMatch('its id is taken');
    expect(flawInHistory([{ ...read, call: 2 }])).toMatch('returns before it is called');
    expect(flawInHistory([{ ...read, call: NaN }])).toMatch('its call has no time');
    expect(flawInHistory([{ ...read, return: Infinity }])).toMatch('its return has no time');
  });
});

describe('long histories are decided', () => {
  const FEW_DEAD_ENDS = 10_000;
  const long = (length: number, scope: Scope): MapHistory =>
    fc.sample(fc.array(plan(scope).map(answeredOnOneKey), { minLength: length, maxLength: length, size: 'max' }), { seed: 1, numRuns: 1 }).flatMap(simulate);

  for (const [length, sessions, keys] of [[30_000, 8, 1n], [20_000, 64, 200n]] as const)
    it(`${length} operations of ${sessions} clients on ${keys} keys`, () => {
      const history = long(length, { sessions, keys, values: 2n ** 62n, ticks: 100 }).map(withoutPosition);
      const verdict = judge(orderedMap, history, { nodes: FEW_DEAD_ENDS });
      expect(verdict.type).toBe('ok');
      expect(verdict.type === 'ok' && replay(orderedMap, history, verdict.linearization)).toEqual([]);
    });
});

describe('where updates do not tell what they replaced', () => {
  const differsWith = (mistake: Partial<MapModel>) =>
    fc.check(
      fc.property(corrupted(9, DENSE), (history) => (judge(together({ ...blindMap, ...mistake }), history.map(withoutPosition)).type === 'ok') === isExplained(blindMap, history)),
      { seed: 1, numRuns: 4000, endOnFailure: true },
    ).failed;

  it('the search agrees with a plain one', () => expect(differsWith({})).toBe(false));
  it('so does the judge of registers, some of which ask for any value but one', () =>
    fc.assert(
      fc.property(corrupted(9, DENSE), (history) => {
        expect(judge(blindMap, history.map(withoutPosition)).type).toBe(isExplained(blindMap, history) ? 'ok' : 'illegal');
      }),
      { numRuns: 3000 },
    ));
  it('a plain search catches a judge that forgets the state in its memo', () => expect(differsWith({ stateKey: () => 0 })).toBe(true));
  it('a plain search catches a judge that takes an update for read-only if it once replaced its own value', () => {
    expect(differsWith({ isReadOnly: (c, r) => orderedMap.isReadOnly?.(c, r) === true || (c.type === 'update' && r.type === 'updated' && r.previous === c.value) })).toBe(true);
  });
});

describe('the replayer', () => {
  const history = [
    completed(0, { type: 'insert', key: 1n, value: 7n }, 0, 1, { type: 'inserted' }),
    completed(1, { type: 'read', key: 1n }, 2, 3, { type: 'found', value: 7n }),
    pendingOf(completed(2, { type: 'delete', key: 1n }, 2, 3, { type: 'absent' })),
  ];
  for (const order of [[0, 1], [0, 1, 2]]) it(`accepts ${order.join()}`, () => expect(replay(orderedMap, history, order)).toEqual([]));
  for (const [order, flaw] of [
    [[0], '1 completed, and is not placed'],
    [[0, 1, 1], '1 is placed twice, or was never called'],
    [[0, 1, 2, 2], '2 is placed twice, or was never called'],
    [[0, 1, 3], '3 is placed twice, or was never called'],
    [[0, 2, 1], '1 would be answered otherwise'],
    [[1, 0], '0 returned before an operation placed ahead of it was called'],
  ] as const)
    it(`refuses ${order.join()}: ${flaw}`, () => expect(replay(orderedMap, history, order)).toContain(flaw));
});

describe('the clauses', () => {
  const facts = {
    service: orderedMap,
    history: [
      completed(0, { type: 'insert', key: 1n, value: 7n }, 0, 1, { type: 'inserted' }),
      completed(1, { type: 'read', key: 1n }, 2, 3, { type: 'found', value: 7n }),
      completed(2, { type: 'read', key: 2n }, 4, 5, { type: 'absent' }),
    ],
    attempts: [
      { id: 0, status: 'Failed', before: 'empty', after: 'empty' },
      { id: 0, status: 'Executed', before: 'empty', after: '1 -> 7' },
    ],
    executions: [[0, 1, 2], [2, 0, 1], [0]],
    conflict: (a: Command, b: Command) => a.type !== 'scan' && b.type !== 'scan' && a.key === b.key,
  } as const;

  for (const [clause, violations] of Object.entries(clauses)) it(clause, () => expect(violations(facts)).toEqual([]));

  it('LIN-1 catches a read that was answered without being ordered', () => {
    const stale = completed(1, { type: 'read', key: 1n }, 2, 3, { type: 'absent' });
    expect(clauses[LIN_1]({ ...facts, history: facts.history.with(1, stale) })).toEqual(['no order explains the 3 operations']);
  });

  it('LIN-1 takes another judge for longer histories', () =>
    fc.assert(
      fc.property(linearizable(30, MEDIUM), (history) => {
        const byJudge: typeof isLinearizable = () => judgeMap(history).type === 'ok';
        return clauses[LIN_1]({ service: orderedMap, history }, byJudge).length === 0;
      }),
    ));

  it('LIN-2 catches a failed attempt that is executed all the same', () => {
    const attempts = [{ id: 0, status: 'Failed', before: 'empty', after: '1 -> 7' }] as const;
    expect(clauses[LIN_2]({ attempts })).toEqual(['operation 0 failed, and yet turned empty into 1 -> 7']);
  });

  it('LIN-3 catches a replica that lost what was acknowledged', () => {
    for (const execution of [[1, 2], [1, 0, 2]])
      expect(clauses[LIN_3]({ ...facts, executions: [execution] })).toEqual(['replica 0 executed 1 without 0, answered before it was called']);
  });
});

/** Judges with one deliberate mistake, made by misleading the one we have. */
const mutants: Record<string, (history: MapHistory) => Verdict> = {
  'ignores real time': (history) => judgeMap(history.map((each) => (each.type === 'completed' ? { ...each, call: 0, return: 0 } : { ...each, call: 0 }))),
  'takes equal times as ordered': (history) =>
    judgeMap(history.map((each) => (each.type === 'completed' ? { ...each, call: 2 * each.call + 1, return: Math.max(2 * each.return, 2 * each.call + 1) } : { ...each, call: 2 * each.call + 1 }))),
  'drops what is pending': (history) => judgeMap(history.filter(({ type }) => type === 'completed')),
  'lets a completed operation go missing': (history) => judgeMap(history.map((each, i) => (i === 0 && each.type === 'completed' ? pendingOf(each) : each))),
  'splits a scan by key': (history) => judgeMap(history.flatMap(readsOf)),
  'ties a scan to its first key only': (history) => searchWith({ spansOf: (c) => (c.type === 'scan' ? [{ from: c.from, to: c.from }] : pointOf(c)) }, history),
  'takes a scan for what it saw of the keys that are there': (history) =>
    judge({ ...orderedMap, registers: { ...orderedMap.registers!, answered: (c, r) => { const seen = orderedMap.registers!.answered(c, r); return seen?.type === 'view' ? { ...seen, span: { from: 0n, to: -1n } } : seen; } } }, history.map(withoutPosition)),
  'believes every promise': (history) => (promisedOrder(history, SLOTS_PER_TURN) === undefined ? judgeMap(history) : OK),
  'takes a broken promise for a violation': (history) => {
    const verdict = judgeMap(history);
    const isPromised = promisedOrder(history, SLOTS_PER_TURN) !== undefined;
    return isPromised && verdict.type === 'ok' && verdict.procedure !== 'witness' ? NOT_OK : verdict;
  },
  'takes every operation for read-only': (history) => searchWith({ isReadOnly: () => true }, history),
  'compares the kind of a result only': (history) => searchWith({ sameResult: (a, b) => a.type === b.type }, history),
};

/** The same judge, asked in another way: each must survive. */
const controls: Record<string, (history: MapHistory) => Verdict> = {
  'is told the operations in another order': (history) => judgeMap(history.toReversed()),
  'has another clock': (history) => judgeMap(history.map((each) => (each.type === 'completed' ? { ...each, call: each.call * 7 - 100, return: each.return * 7 - 100 } : { ...each, call: each.call * 7 - 100 }))),
  'reckons turns with another M': (history) => judge(orderedMap, history, { slotsPerTurn: 1 }),
  'takes an update that says it replaced its own value for read-only': (history) =>
    searchWith({ isReadOnly: (c, r) => (c.type === 'update' && r.type === 'updated' ? c.value === r.previous : (orderedMap.isReadOnly?.(c, r) ?? false)) }, history),
  'knows nothing to be read-only': (history) => searchWith({ isReadOnly: () => false }, history),
};

describe('a plain search', () => {
  const differsFrom = (judges: (history: MapHistory) => Verdict) =>
    fc.check(
      fc.property(fc.oneof({ arbitrary: corrupted(6, SMALL), weight: 3 }, { arbitrary: corrupted(8, DENSE), weight: 1 }), (history) => (judges(history).type === 'ok') === isExplained(orderedMap, history)),
      { seed: 1, numRuns: 6000, endOnFailure: true },
    ).failed;

  for (const [mistake, mutant] of Object.entries(mutants)) it(`catches a judge that ${mistake}`, () => expect(differsFrom(mutant)).toBe(true));
  for (const [difference, control] of Object.entries(controls)) it(`lets a judge pass that ${difference}`, () => expect(differsFrom(control)).toBe(false));
});

const LIN_1 = 'LIN-1: every client history is linearizable with respect to the sequential service';
const LIN_2 = 'LIN-2: a failed attempt has no effect';
const LIN_3 = 'LIN-3: nothing acknowledged is missing: what was answered is in every later state that it matters to';

const OK: Verdict = { type: 'ok', procedure: 'witness', linearization: [] };
const NOT_OK: Verdict = { type: 'illegal', procedure: 'search', certificate: { operations: [], argument: [], isMinimal: false, atLeast: 0 } };

/** An ordered map whose updates only say that they were carried out. */
const blindMap: MapModel = {
  ...orderedMap,
  sameResult: (a, b) => (a.type === 'updated' ? b.type === 'updated' : orderedMap.sameResult(a, b)),
  registers: {
    ...orderedMap.registers!,
    answered: (command, result) =>
      command.type === 'update' && result.type === 'updated' ? { type: 'access', key: command.key, misses: null, leaves: command.value } : orderedMap.registers!.answered(command, result),
  },
};

/** The search over everything at once, with a model that is wrong somewhere. */
function searchWith(mistake: Partial<MapModel>, history: MapHistory): Verdict {
  return judge({ ...together(orderedMap), ...mistake }, history.map(withoutPosition));
}

/** The model without its keys: nothing is judged apart, and the model is asked for every step. */
function together({ spansOf: _, registers: __, ...model }: MapModel): MapModel {
  return model;
}

function completed(id: number, command: Command, call: number, end: number, result: Result): Completed<Command, Result> {
  return { type: 'completed', id, session: id, command, call, return: end, result };
}

function pendingOf({ id, session, command, call }: MapOperation): MapOperation {
  return { type: 'pending', id, session, command, call };
}

function withoutPosition({ position: _, ...operation }: MapOperation): MapOperation {
  return operation;
}

/** A scan as one read for each key of its range. */
function readsOf(operation: MapOperation): readonly MapOperation[] {
  const { command } = operation;
  if (operation.type === 'pending' || command.type !== 'scan' || operation.result.type !== 'entries') return [operation];
  const valueByKey = new Map(operation.result.entries);
  return upTo(Number(command.to - command.from) + 1).map((i) => {
    const key = command.from + BigInt(i - 1);
    const value = valueByKey.get(key);
    const result: Result = value === undefined ? { type: 'absent' } : { type: 'found', value };
    return completed(1000 * (operation.id + 1) + i, { type: 'read', key }, operation.call, operation.return, result);
  });
}

function answeredOnOneKey(plan: Plan): Plan {
  const { command } = plan;
  return { ...plan, fate: 'answered', command: command.type === 'scan' ? { type: 'read', key: command.from } : command };
}

function pointOf(command: Command): readonly { readonly from: bigint; readonly to: bigint }[] {
  return command.type === 'scan' ? [command] : [{ from: command.key, to: command.key }];
}

/** How many parts the keys of a history fall into. */
function touches(history: MapHistory): number {
  return componentsOf(history, orderedMap.spansOf).length;
}

function upTo(n: number): readonly number[] {
  return Array.from({ length: n }, (_, i) => i + 1);
}
