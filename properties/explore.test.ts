/** The judge of systems, judged: by systems whose answers are known, and by looking at every path of small ones. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { composed, type Bounds } from '../src/check/explore/composition.js';
import { explore, type Options } from '../src/check/explore/explore.js';
import { together } from '../src/check/explore/expand.js';
import { fingerprinter } from '../src/check/explore/fingerprint.js';
import { judge } from '../src/check/explore/judge.js';
import { reportOf, type Report } from '../src/check/explore/report.js';
import { replayed } from '../src/check/explore/run.js';
import { roomy, share, type Standing } from '../src/check/explore/share.js';
import type { Action, Clauses, System } from '../src/check/explore/system.js';
import { breachIn } from '../src/check/explore/walk.js';
import { MODELS, modelOf } from '../src/models/index.js';
import { MANIFEST } from '../src/models/manifest.js';
import { twoPhaseCommit } from '../src/models/two-phase-commit.js';
import { runsOf } from './arbitraries/runs.js';
import { alike, graphOf, graphs, moves, type Arc } from './arbitraries/systems.js';

const explored = <S, A extends Action>(system: System<S, A>, options: Options = {}): Report => {
  const search = explore(system, options);
  while (search.advance(10_000));
  return reportOf(system, search.outcome(), search, 1);
};

describe('the manifest is exact:', () => {
  for (const { model, size, symmetry = false, reduce = false, ...counts } of MANIFEST)
    it(`${model}, size ${size}${symmetry ? ', up to symmetry' : ''}${reduce ? ', reduced' : ''}: ${counts.distinct} states, and nothing is wrong`, () => {
      const report = explored(modelOf(model)!.of(size), { symmetry, reduce });
      expect(report).toMatchObject({ ...counts, complete: true, violations: [] });
    });

  it('every model is in it', () => {
    expect(MODELS.map(({ name }) => name).filter((name) => !MANIFEST.some(({ model }) => model === name))).toEqual([]);
  });

  it('depth first sees the same states', () => {
    for (const [model, size] of [['two-phase-commit', 5], ['lamport-paxos', 2], ['ring', 1]] as const) {
      const { distinct, generated } = MANIFEST.find((one) => one.model === model && one.size === size)!;
      expect(explored(modelOf(model)!.of(size), { order: 'depth-first' })).toMatchObject({ distinct, generated, complete: true });
    }
  });
});

/** All that can be reached, with the length of the shortest way there, counted in states. */
const reached = ({ initial, arcs }: { readonly initial: readonly number[]; readonly arcs: Readonly<Record<number, readonly Arc[]>> }): ReadonlyMap<number, number> => {
  const depths = new Map(initial.map((node) => [node, 1]));
  for (const [node, depth] of depths) for (const { to } of arcs[node] ?? []) if (!depths.has(to)) depths.set(to, depth + 1);
  return depths;
};

describe('a search', () => {
  it('sees what can be reached, and nothing else', () =>
    fc.assert(
      fc.property(graphs, fc.constantFrom('breadth-first', 'depth-first'), (graph, order) => {
        const depths = reached(graph);
        const { distinct, generated, depth, complete } = explored(graphOf(graph.initial, graph.arcs), { order });
        const steps = [...depths.keys()].reduce((sum, node) => sum + (graph.arcs[node]?.length ?? 0), graph.initial.length);
        expect([distinct, generated, complete]).toEqual([depths.size, steps, true]);
        if (order === 'breadth-first') expect(depth).toBe(Math.max(...depths.values()));
      }),
    ));

  it('finds the shortest way to what is wrong, and one that can be walked', () =>
    fc.assert(
      fc.property(graphs, fc.nat({ max: 6 }), (graph, bad) => {
        const system = graphOf(graph.initial, graph.arcs, { always: { 'is good': (node) => node !== bad } });
        const [violation] = explored(system).violations;
        const depth = reached(graph).get(bad);
        expect(violation?.depth).toBe(depth);
        if (violation === undefined) return;
        const run = replayed(system, violation.kept!);
        expect(run.strides.at(-1)?.after ?? run.first).toBe(bad);
      }),
    ));

  it('finds a step that is wrong', () =>
    fc.assert(
      fc.property(graphs, (graph) => {
        const isBack = (before: number, after: number): boolean => after < before;
        const depths = reached(graph);
        const back = [...depths].flatMap(([node, depth]) => ((graph.arcs[node] ?? []).some(({ to }) => isBack(node, to)) ? [depth + 1] : []));
        const system = graphOf(graph.initial, graph.arcs, { stepwise: { 'goes on': (before, after) => !isBack(before, after) } });
        const [violation] = explored(system).violations;
        expect(violation?.depth).toBe(back.length === 0 ? undefined : Math.min(...back));
        if (violation === undefined) return;
        const { before, after } = replayed(system, violation.kept!).strides.at(-1)!;
        expect(isBack(before, after)).toBe(true);
      }),
    ));

  it('within a bound on depth sees all that is near enough', () =>
    fc.assert(
      fc.property(graphs, fc.integer({ min: 1, max: 5 }), fc.constantFrom('breadth-first', 'depth-first'), (graph, maxDepth, order) => {
        const depths = reached(graph);
        const { distinct, end } = explored(graphOf(graph.initial, graph.arcs), { order, maxDepth });
        expect(distinct).toBe([...depths.values()].filter((depth) => depth <= maxDepth).length);
        if (end === 'complete') expect(Math.max(...depths.values())).toBeLessThanOrEqual(maxDepth);
      }),
    ));

  it('says what never happens', () => {
    const system = graphOf([0], { 0: [1] }, { sometimes: { 'is two': (node) => node === 2, 'is one': (node) => node === 1 } });
    expect(explored(system).violations.map(({ clause }) => clause)).toEqual(['is two']);
  });

  it('says how often each thing was asked, and how often that meant something', () => {
    const system = graphOf([0], { 0: [1, 2], 1: [2] }, { always: { 'two is even': { when: (node) => node === 2, holds: (node) => node % 2 === 0 } } });
    const { clauses, actions } = explored(system);
    expect(clauses).toEqual({ 'two is even': { kind: 'always', asked: 3, applied: 1, held: 1 } });
    expect(actions).toEqual({ goes: { possible: 2, taken: 3, fresh: 2 } });
  });
});

describe('a composition', () => {
  type Note = { readonly type: 'Noted'; readonly count: number };
  type Writing = { readonly type: 'Send'; readonly to: number; readonly message: Note; readonly after: number } | { readonly type: 'Persist'; readonly record: number };
  /** Process 0 writes what it is given and then tells process 1 how much it has written. */
  const notebook = (after: (written: number) => number, bounds: Bounds, slowDisks: boolean) =>
    composed<{ readonly written: number; readonly heard: number }, { readonly type: 'Write' } | Note, Writing, Note, number, never, null>({
      name: 'notebook',
      processes: 2,
      start: (_, records) => ({ written: records.length, heard: 0 }),
      onEvent: (machine, event) => {
        if (event.type === 'Noted') return [{ ...machine, heard: Math.max(machine.heard, event.count) }, []];
        const written = machine.written + 1;
        return [{ ...machine, written }, [{ type: 'Persist', record: written }, { type: 'Send', to: 1, message: { type: 'Noted', count: written }, after: after(written) }]];
      },
      asks: (effect) => effect,
      received: (message) => message,
      inputs: (_, process) => (process === 0 ? [{ type: 'Write' }] : []),
      bounds: { inputs: 2, ...bounds },
      slowDisks,
      observer: { initial: null, observe: (seen) => seen },
      clauses: {
        always: { 'what was told is not forgotten': ({ processes: [writer, reader] }) => writer!.machine.written >= reader!.machine.heard },
        sometimes: { 'something was told': ({ processes }) => processes[1]!.machine.heard > 0 },
      },
    });
  const violated = (...[after, bounds, slowDisks]: Parameters<typeof notebook>) => explored(notebook(after, bounds, slowDisks)).violations;

  it('holds back what rests on a disk that has not caught up, and loses in a crash what was not durable', () => {
    expect(violated((written) => written, { crashes: 1 }, true)).toEqual([]);
    const [violation] = violated(() => 0, { crashes: 1 }, true);
    expect(violation?.story.slice(1)).toEqual(['0       Write', '0 -> 1  Noted', '0       crashes, and comes back with 0 records']);
  });

  it('loses nothing where disks are quick', () => expect(violated(() => 0, { crashes: 1 }, false)).toEqual([]));

  it('loses and doubles messages as often as it may, and no more', () => {
    const actions = (bounds: Bounds): Readonly<Record<string, unknown>> => explored(notebook((written) => written, bounds, false)).actions;
    expect(Object.keys(actions({})).sort()).toEqual(['Noted arrives', 'Write input']);
    expect(Object.keys(actions({ losses: 1, duplications: 1 })).sort()).toEqual(['Noted arrives', 'Noted arrives and stays', 'Noted is lost', 'Write input']);
    expect(explored(notebook((written) => written, { losses: 1 }, false)).distinct).toBeGreaterThan(explored(notebook((written) => written, {}, false)).distinct);
  });

  it('of the ring keeps its word with slow disks as well, wherever a walk leads', () =>
    fc.assert(
      fc.property(runsOf(modelOf('ring')!.of(4), 120), (run) => breachIn(judge(modelOf('ring')!.of(4).clauses), run) === undefined),
      { numRuns: 100 },
    ));
});

describe('shares of a search', () => {
  /** Several shares, one after the other on every level, in place of threads. */
  const inShares = (system: System<unknown, Action>, threads: number) => {
    const shares = Array.from({ length: threads }, (_, me) => share(system, {}, me, threads));
    let { memory } = shares[0]!.opening;
    const { levels, count, isOver } = shares[0]!.opening;
    const standings = (): readonly Standing[] => {
      memory = roomy(memory);
      return shares.map((one) => one.work(memory, () => false));
    };
    let depth = levels.length;
    let added = 0;
    for (let next = isOver ? 0 : 1; next > 0; ) {
      shares.forEach((one) => one.turn());
      let standing = standings();
      while (standing.some(({ left }) => left > 0)) standing = standings();
      next = standing.reduce((sum, one) => sum + one.next, 0);
      added = standing.reduce((sum, one) => sum + one.count, 0);
      if (next > 0) depth += 1;
    }
    const { generated, clauses, actions } = together(shares.map((one) => one.tally()));
    return { distinct: count + added, depth, generated, clauses: new Map(clauses), actions: new Map(actions.map(([type, { possible, taken }]) => [type, { possible, taken }])) };
  };

  it.each([
    [6, 2],
    [6, 3],
    [2, 2],
  ])('see what one search does, and what is wrong with it: two-phase commit of %d, %d shares', (size, threads) => {
    const { name, initial, actions, step, encode } = twoPhaseCommit(size);
    const clauses: Clauses<{ readonly managers: readonly number[] }> = { always: { 'the first two do not commit': ({ managers }) => managers[0] !== 2 || managers[1] !== 2 } };
    const system = { name, initial, actions, step, ...(encode === undefined ? {} : { encode }), clauses } as unknown as System<unknown, Action>;
    const search = explore(system, { keepGoing: true });
    while (search.advance(10_000));
    const { distinct, depth, generated, breaches, clauses: counts, actions: taken } = search.outcome();
    expect(breaches).toHaveLength(1);
    expect(inShares(system, threads)).toEqual({ distinct, depth, generated, clauses: counts, actions: new Map([...taken].map(([type, { possible, taken: times }]) => [type, { possible, taken: times }])) });
  });
});

describe('eventually', () => {
  const odd = { eventually: { 'is odd': (node: number) => node % 2 === 1 } };

  /** The states of a counterexample, and where it goes back to. */
  const misses = (system: System<number, Arc>) =>
    explored(system).violations.map(({ kept, backTo }) => {
      const { first, strides } = replayed(system, kept!);
      return { states: [first, ...strides.map(({ after }) => after)], backTo };
    });

  it('sees a cycle that closes where the search had been before', () =>
    expect(misses(graphOf([0], { 0: [2], 2: [4], 4: [2] }, odd))).toEqual([{ states: [0, 2, 4, 2], backTo: 1 }]));

  it('sees a run that joins one which had reached the goal', () =>
    expect(misses(graphOf([0, 1], { 0: [2], 1: [4], 2: [4], 4: [6] }, odd))).toEqual([{ states: [0, 2, 4, 6], backTo: null }]));

  it('and so without the last step of the join', () => expect(misses(graphOf([0, 1], { 0: [2], 1: [4], 2: [4] }, odd))).toEqual([{ states: [0, 2, 4], backTo: null }]));

  it('asks no more of a run than fairness does', () => {
    const arcs = { 0: [{ type: 'goes', to: 0 }, { type: 'jumps', to: 1 }] };
    expect(misses(graphOf([0], arcs, odd))).toEqual([{ states: [0, 0], backTo: 0 }]);
    expect(misses(graphOf([0], arcs, odd, ['jumps']))).toEqual([]);
  });

  it('is missed exactly where some path ends, or goes round fairly, without it', () =>
    fc.assert(
      fc.property(graphs, fc.nat({ max: 6 }), fc.subarray(['goes', 'jumps']), ({ initial, arcs }, goal, fair) => {
        const found = misses(graphOf(initial, arcs, { eventually: { 'is there': (node) => node === goal } }, fair));
        expect(found.length > 0).toBe(isMissed(initial, arcs, goal, fair));
        for (const { states, backTo } of found) {
          expect(states).not.toContain(goal);
          if (backTo === null) expect(arcs[states.at(-1)!] ?? []).toEqual([]);
          else expect(states[backTo]).toBe(states.at(-1));
        }
      }),
      { numRuns: 1000 },
    ));

  /** By force: every set of nodes without the goal is asked whether a fair run may stay in it for ever. */
  const isMissed = (initial: readonly number[], arcs: Readonly<Record<number, readonly Arc[]>>, goal: number, fair: readonly string[]): boolean => {
    const away = new Set(initial.filter((node) => node !== goal));
    for (const node of away) for (const { to } of arcs[node] ?? []) if (to !== goal) away.add(to);
    if ([...away].some((node) => (arcs[node] ?? []).length === 0)) return true;
    const reaches = (from: number, to: number, within: readonly number[]): boolean => {
      const seen = new Set((arcs[from] ?? []).map((arc) => arc.to).filter((node) => within.includes(node)));
      for (const node of seen) for (const arc of arcs[node] ?? []) if (within.includes(arc.to)) seen.add(arc.to);
      return seen.has(to);
    };
    const subsets = [...away].reduce<readonly (readonly number[])[]>((all, node) => [...all, ...all.map((set) => [...set, node])], [[]]);
    return subsets.some(
      (set) =>
        set.length > 0 &&
        set.every((from) => set.every((to) => reaches(from, to, set))) &&
        fair.every((type) => set.some((node) => !(arcs[node] ?? []).some((arc) => arc.type === type) || (arcs[node] ?? []).some((arc) => arc.type === type && set.includes(arc.to)))),
    );
  };
});

describe('what is free', () => {
  const reducible = MODELS.flatMap(({ name, of }) => (of(1).isFree === undefined ? [] : [{ name, system: of(1) }]));

  it.each(reducible)('in $name commutes with all else, is prevented by nothing, and comes to an end', ({ system }) => {
    const of = fingerprinter(system.encode);
    const nameOf = (state: unknown): string => of(state).join();
    const isSame = (a: Action, b: Action): boolean => fc.stringify(a) === fc.stringify(b);
    const seen = new Set<string>();
    const open = [...system.initial];
    let diamonds = 0;
    for (const state of open) {
      if (seen.has(nameOf(state))) continue;
      seen.add(nameOf(state));
      const possible = system.actions(state);
      open.push(...possible.map((action) => system.step(state, action)));
      for (const free of possible.filter((action) => system.isFree!(state, action)))
        for (const other of possible) {
          if (other === free) continue;
          const [first, second] = [system.step(state, free), system.step(state, other)];
          const otherThen = system.actions(first).find((action) => isSame(action, other));
          const freeThen = system.actions(second).find((action) => isSame(action, free));
          expect(otherThen && freeThen).toBeDefined();
          expect(system.isFree!(second, freeThen!)).toBe(true);
          expect(nameOf(system.step(first, otherThen!))).toBe(nameOf(system.step(second, freeThen!)));
          diamonds += 1;
        }
    }
    expect(diamonds).toBeGreaterThan(0);
    expect(longestFree(system)).toBeLessThan(100);
  });

  /** How long nothing but free actions can happen. */
  const longestFree = (system: System<unknown, Action>): number => {
    let [state] = system.initial;
    for (let length = 0; length < 100; length += 1) {
      const free = system.actions(state).find((action) => system.isFree!(state, action));
      if (free === undefined) return length;
      state = system.step(state, free);
    }
    return Infinity;
  };

  it.each(reducible)('in $name hides no end from a search, and nothing that clauses see', ({ system }) => {
    const full = explored(system);
    const reduced = explored(system, { reduce: true });
    expect(reduced.distinct).toBeLessThan(full.distinct);
    for (const [clause, { kind, applied, held }] of Object.entries(full.clauses)) {
      const less = reduced.clauses[clause]!;
      expect([kind, less.held > 0, less.applied > 0, less.held === less.applied]).toEqual([kind, held > 0, applied > 0, held === applied]);
    }
  });

  it('hides nothing that is wrong: a search that is reduced finds what the full one does', () =>
    fc.assert(
      fc.property(fc.array(fc.constantFrom('none', 'a', 'b'), { minLength: 1, maxLength: 4 }), fc.nat({ max: 3 }), fc.nat({ max: 3 }), (own, other, bad) => {
        // A counter that only it sees, one step at a time, beside one that clauses see.
        const system: System<readonly [number, number], Action> = {
          name: 'two counters',
          initial: [[0, 0]],
          actions: ([mine, seen]) => [...(mine < own.length ? [{ type: 'mine' }] : []), ...(seen < other ? [{ type: 'seen' }] : [])],
          step: ([mine, seen], { type }) => (type === 'mine' ? [mine + 1, seen] : [mine, seen + 1]),
          isFree: (_, { type }) => type === 'mine',
          clauses: { always: { 'is not bad': ([, seen]) => seen !== bad } },
        };
        expect(explored(system, { reduce: true }).violations.map(({ clause }) => clause)).toEqual(explored(system).violations.map(({ clause }) => clause));
      }),
    ));
});

describe('symmetry', () => {
  it('leaves one state of each orbit, whatever the order of the parts', () =>
    fc.assert(
      fc.property(moves, fc.integer({ min: 2, max: 4 }), (table, size) => {
        const system = alike(size, table);
        const states = new Set<string>();
        const open = [...system.initial];
        for (const state of open) {
          if (states.has(state.join())) continue;
          states.add(state.join());
          open.push(...system.actions(state).map((action) => system.step(state, action)));
        }
        const orbits = new Set([...states].map((state) => state.split(',').sort().join()));
        expect(explored(system).distinct).toBe(states.size);
        expect(explored(system, { symmetry: true }).distinct).toBe(orbits.size);
      }),
    ));

  it('shows a run that can be walked without renaming anything', () => {
    const system = { ...alike(3, [{ from: 0, to: 1, others: 0, at: 0 }, { from: 1, to: 2, others: 2, at: 1 }]), clauses: { always: { 'none is at two': (tokens: readonly number[]) => !tokens.includes(2) } } };
    const [violation] = explored(system, { symmetry: true }).violations;
    expect(violation?.depth).toBe(5);
    expect(replayed(system, violation!.kept!).strides.at(-1)?.after.toSorted()).toEqual([1, 1, 2]);
  });

  it('shows a step that is wrong where it ends, whatever the parts are called there', () => {
    const atTwo = (tokens: readonly number[]): number => tokens.filter((place) => place === 2).length;
    const moving = alike(4, [{ from: 0, to: 1, others: 0, at: 0 }, { from: 1, to: 2, others: 1, at: 1 }, { from: 1, to: 2, others: 1, at: 2 }]);
    const system = { ...moving, clauses: { stepwise: { 'no second one comes to two': (before: readonly number[], after: readonly number[]) => atTwo(after) < 2 || atTwo(before) >= 2 } } };
    for (const symmetry of [false, true]) {
      const [violation] = explored(system, { symmetry }).violations;
      const { before, after } = replayed(system, violation!.kept!).strides.at(-1)!;
      expect([violation?.depth, atTwo(before), atTwo(after)]).toEqual([5, 1, 2]);
    }
  });

  it('goes round a cycle of orbits until it is back where it was', () => {
    const turns = { ...alike(3, [{ from: 0, to: 1, others: 2, at: 0 }, { from: 1, to: 0, others: 0, at: 0 }]), clauses: { eventually: { 'all are at one': (tokens: readonly number[]) => tokens.every((place) => place === 1) } } };
    const [violation] = explored(turns, { symmetry: true }).violations;
    const { first, strides } = replayed(turns, violation!.kept!);
    const states = [first, ...strides.map(({ after }) => after)];
    expect(states[violation!.backTo!]).toEqual(states.at(-1));
  });
});

describe('a fingerprint', () => {
  const differs = (a: unknown, b: unknown): boolean => {
    const of = fingerprinter<unknown>();
    const [high, low] = of(a);
    return of(b)[0] !== high || of(b)[1] !== low;
  };

  it('is the same for the same value, however it was made', () => {
    expect(differs({ a: 1, b: [2] }, { b: [2], a: 1 })).toBe(false);
    expect(differs(new Map([[1, 'a'], [2, 'b']]), new Map([[2, 'b'], [1, 'a']]))).toBe(false);
    expect(differs(new Set([1, 2]), new Set([2, 1]))).toBe(false);
  });

  it('tells different values apart', () => {
    const values = [0, 1, -1, 0.5, '', '0', 'ab', 'ba', null, undefined, true, false, [], [[]], [0], ['a', 'b'], ['ab'], {}, { a: undefined }, { a: 1 }, { b: 1 }, 1n, new Set(), new Map(), new Set([1]), Uint8Array.of(1), new Map([[1, 1]])];
    const same = values.flatMap((a, i) => values.slice(i + 1).filter((b) => !differs(a, b)).map((b) => [a, b]));
    expect(same).toEqual([]);
  });

  it('refuses what is no value, and says what to do', () => {
    expect(() => fingerprinter<unknown>()({ f: () => 0 })).toThrow(/holds a function.*encode/);
    expect(() => fingerprinter<unknown>()([new Date(0)])).toThrow(/holds a Date.*encode/);
  });

  it('collides as often as chance would have it, whichever half of it one looks at', () => {
    const of = fingerprinter<readonly number[]>();
    const count = 1 << 17;
    const halves = [new Set<number>(), new Set<number>(), new Set<number>()];
    for (let i = 0; i < count; i += 1) {
      const [high, low] = of([i & 7, (i >> 3) & 7, (i >> 6) & 7, i >> 9]) as unknown as readonly [number, number];
      halves[0]!.add(high);
      halves[1]!.add(low);
      halves[2]!.add((high << 16) | (low >>> 16));
    }
    // Of n values of 32 bits, n^2 / 2^33 collide, with as much a deviation as its root.
    const expected = count ** 2 / 2 ** 33;
    for (const half of halves) expect(Math.abs(count - half.size - expected)).toBeLessThan(5 * Math.sqrt(expected) + 1);
  });
});
