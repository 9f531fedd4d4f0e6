/** Traces: what a run leaves behind is judged right, and whatever was changed in it, or done otherwise, is found. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as Scheduler from '../spec/scheduler.js';
import * as Proxy from '../src/client/proxy.js';
import * as Node from '../src/node.js';
import { encodeCommand, encodeReply, join, type Command as RecordedCommand } from '../src/record.js';
import { hearCommand, hearNames, hearReply, nameOf, sayCommandAt, sayNames, sayReplyAt, summaryOf, type Detail } from '../src/trace/batch.js';
import { digestOf, marked, marksIn, standIn } from '../src/trace/digest.js';
import { deal } from '../src/replica/scheduler.js';
import { clausesOver, noFacts } from '../src/trace/facts.js';
import { CLAUSES } from '../src/trace/finding.js';
import { LEVELS, type Level } from '../src/trace/line.js';
import { understand } from '../src/trace/read.js';
import { reportOf } from '../src/trace/report.js';
import type { Machines } from '../src/adapter/simulated/world.js';
import type { Command } from '../src/service/b-plus-tree/index.js';
import { apart, check, checkerOf, checkTexts, corrupted, CORRUPTIONS, linesOf, originIn, settingOf, traceOf, type Care } from './arbitraries/traces.js';
import { LOAD, rough, treeOf, worldOf, type Plan } from './arbitraries/world.js';

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const natural = fc.nat({ max: 2 ** 31 });
const command = fc.record({ kind: fc.nat({ max: 255 }), attempt: fc.nat({ max: 1 }), session: fc.maxSafeNat(), sequence: fc.integer({ min: 1, max: 2 ** 32 - 1 }), floor: natural, payload: bytes(40) });
const reply = fc.record({
  status: fc.constantFrom('Executed' as const, 'Failed' as const, 'Refused' as const),
  attempt: fc.nat({ max: 1 }),
  session: fc.maxSafeNat(),
  sequence: natural,
  position: fc.record({ group: fc.nat({ max: 99 }), slot: natural, offset: natural }),
  payload: bytes(40),
});

describe('a digest', () => {
  it('changes with any one word', () =>
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 64 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (all, where, change) => {
        const at = where % all.length;
        expect(digestOf(all.with(at, all[at]! ^ change))).not.toBe(digestOf(all));
      }),
    ));

  it('is the same wherever the bytes lie, whether they are looked at one by one or as words', () =>
    fc.assert(
      fc.property(fc.nat({ max: 30 }).chain((eights) => fc.uint8Array({ minLength: 8 * eights, maxLength: 8 * eights + 1 })), fc.nat({ max: 7 }), (all, offset) => {
        const moved = new Uint8Array(all.length + offset);
        moved.set(all, offset);
        const aloneAt = (at: number): number => digestOf(all, 4 * at, Math.min(4 * at + 4, all.length));
        const words = Math.ceil(all.length / 4);
        const one = Array.from({ length: words }, (_, at) => at).reduceRight((sum, at) => (Math.imul(sum, 0x9e3779b1) + aloneAt(at)) >>> 0, 0);
        expect([digestOf(all), digestOf(moved, offset)]).toEqual([one, one]);
      }),
    ));

  it('of a batch is the same where those that it was put together of are stood in for, and they are known by their marks', () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.array(command, { minLength: 1, maxLength: 3 }), fc.nat({ max: 2 ** 32 - 1 })), { minLength: 1, maxLength: 5 }), (submitted) => {
        const batches = submitted.map(([commands, mark]) => ({ batch: join(commands.map(encodeCommand)), mark }));
        const stood = join(batches.map(({ batch, mark }) => marked(batch.length, digestOf(batch), mark)));
        expect(summaryOf(stood)).toEqual(summaryOf(join(batches.map(({ batch }) => batch))));
        expect(marksIn(stood)).toEqual(batches.map(({ mark }) => mark));
      }),
    ));

  it('of a batch is the same where payloads are stood in for', () =>
    fc.assert(
      fc.property(fc.array(command, { minLength: 1, maxLength: 5 }), (commands) => {
        const batch = (of: readonly RecordedCommand[]): Uint8Array => Buffer.concat(of.map(encodeCommand));
        const stood = commands.map((one) => ({ ...one, payload: standIn(one.payload.length, digestOf(one.payload)) }));
        expect(summaryOf(batch(stood))).toEqual(summaryOf(batch(commands)));
      }),
    ));
});

it('the names of a batch are heard as they were said, whether they follow each other or not', () =>
  fc.assert(
    fc.property(fc.array(fc.record({ session: fc.constantFrom(1, 22926044279558), sequence: fc.integer({ min: 1, max: 9 }), attempt: fc.nat({ max: 1 }) }), { minLength: 1, maxLength: 30 }), (names) => {
      const batch = join(names.map((name) => encodeCommand({ ...name, kind: 1, floor: 1, payload: new Uint8Array() })));
      expect(hearNames(sayNames(batch), names.length)).toEqual(names.map(nameOf));
      expect(hearNames(sayNames(batch), names.length - 1)).toBeUndefined();
    }),
  ));

it.each(['', '7', '7.1', '7.1.0 ', '7.1-.0', '7.1-2-3.0', '1.1-4000000000.0'])('"%s" are no names, at least not of a thousand commands', (said) => expect(hearNames(said, 1000)).toBeUndefined());

describe.each<Detail>(['values', 'digests'])('with %s', (detail) => {
  it('a command is heard as it was said, or as one that stands in for it', () =>
    fc.assert(
      fc.property(command, (said) => {
        const heard = hearCommand(sayCommandAt(encodeCommand(said), 0, detail))!;
        expect(sayCommandAt(encodeCommand(heard), 0, 'digests')).toBe(sayCommandAt(encodeCommand(said), 0, 'digests'));
        if (detail === 'values') expect(heard).toEqual(said);
      }),
    ));

  it('a reply is', () =>
    fc.assert(
      fc.property(reply, (said) => {
        const heard = hearReply(sayReplyAt(encodeReply(said), 0, detail))!;
        expect(sayReplyAt(encodeReply(heard), 0, 'digests')).toBe(sayReplyAt(encodeReply(said), 0, 'digests'));
        if (detail === 'values') expect(heard).toEqual(said);
      }),
    ));
});

it('whatever is no line says nothing, and nobody throws', () =>
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json(), fc.json().map((json) => `{"trace":${json}}`)), (text) => {
    expect(understand(text).type).toBe('Nothing');
  })));

it('a header of more processes than can be told apart is refused', () => {
  const [header = ''] = traceOf(PLAN, 'protocol');
  const naming = (count: number): string => header.replace(/"names":\[[^\]]*\]/, `"names":${JSON.stringify(Array.from({ length: count }, (_, i) => `p${i}`))}`);
  expect(understand(naming(1021)).type).toBe('Header');
  expect(understand(naming(1022))).toEqual({ type: 'Nothing', field: 'names', reason: 'expected fewer than 1022 processes' });
});

describe.each<Level>(['protocol', 'execution'])('a run of any kind, traced at the level of the %s,', (level) => {
  it('is found to be right, in one file or in one of each process and thread', () =>
    fc.assert(
      fc.property(rough, (plan) => {
        const lines = traceOf(plan, level);
        const [whole, parts] = [check(lines), check(...apart(lines))];
        for (const { found, violations } of [whole, parts]) expect({ found, violations }).toEqual({ found: undefined, violations: [] });
        for (const report of [whole, parts]) expect(report).toMatchObject({ verdict: 'ok', unmatched: 0, dropped: 0 });
        expect(parts.events).toBe(whole.events);
        expect(whole.history).toBe(level === 'execution' ? 'ok' : 'not written down');
      }),
      { numRuns: 10 },
    ));

  it('is found to be right by the facts that it begins with, however few are kept', () =>
    fc.assert(
      fc.property(rough, fc.integer({ min: 1, max: 60 }), (plan, most) => {
        const { verdict, violations } = reportOf(checkerOf([traceOf(plan, level)], most));
        expect({ verdict, violations }).toEqual({ verdict: 'ok', violations: [] });
      }),
      { numRuns: 30 },
    ));

  it('may end anywhere in each of its files, where processes are killed', () => {
    const plan: Plan = { ...PLAN, loss: 0, duplication: 0, crashes: [] };
    const files = apart(traceOf(plan, level)).map((lines) => lines.map((line) => line.replace('"world":"simulated"', '"world":"network"')));
    fc.assert(
      fc.property(fc.array(fc.option(fc.nat()), { minLength: files.length, maxLength: files.length }), (cuts) => {
        const { found, violations } = check(...files.map((lines, i) => lines.slice(0, cuts[i] == null ? lines.length : 1 + (cuts[i] % lines.length))));
        expect({ found, violations }).toEqual({ found: undefined, violations: [] });
      }),
      { numRuns: 60 },
    );
  });

  it('may end anywhere', () =>
    fc.assert(
      fc.property(rough, fc.nat(), (plan, cut) => {
        const lines = traceOf(plan, level);
        const { found, violations } = check(lines.slice(0, 20 + (cut % lines.length)));
        expect({ found, violations }).toEqual({ found: undefined, violations: [] });
      }),
      { numRuns: 6 },
    ));
});

/** Two threads, two crashes, messages lost and doubled; and not long. */
const PLAN: Plan = {
  seed: 7,
  technique: 'opt-psmr',
  threads: 2,
  m: 1,
  commandsPerBarrier: 2,
  form: 'shared',
  loss: 0.05,
  duplication: 0.1,
  delay: 5,
  crashes: [
    { process: 1, at: 60, down: 40 },
    { process: 4, at: 90, down: 30 },
  ],
  clients: [0, 1].map((client) =>
    Array.from({ length: 12 }, (_, i): Command => {
      const key = BigInt((client * 29 + i * 7) % 64);
      return i % 3 === 0 ? { type: 'delete', key } : i % 3 === 1 ? { type: 'insert', key, value: BigInt(100 * client + i) } : { type: 'read', key };
    }),
  ),
};

it('where a client was killed, what the others saw is not judged', () => {
  const whole = traceOf({ ...PLAN, loss: 0, duplication: 0, crashes: [] }, 'execution');
  expect(check(whole)).toMatchObject({ verdict: 'ok', history: 'ok' });
  const cut = apart(whole).map((lines) => (lines[0]!.includes('"process":"c1"') ? lines.slice(0, 1) : lines));
  expect(cut.filter(({ length }) => length === 1)).toHaveLength(1);
  const killed = cut.map((lines) => lines.map((line) => line.replace('"world":"simulated"', '"world":"network"')));
  expect(check(...killed)).toMatchObject({ verdict: 'ok', history: 'not whole', notAsked: expect.arrayContaining([expect.stringContaining('LIN-1')]) });
});

it('where no client has a trace, it is known of each batch what was submitted for it', () => {
  const files = apart(traceOf({ ...PLAN, crashes: [] }, 'protocol')).filter(([header = '']) => !header.includes('"proxy"'));
  const checker = checkerOf(files);
  const { submitted, learned } = checker.stage.facts;
  const namesIn = (commands: readonly string[]): readonly string[] => commands.flatMap((said) => hearNames(said, 1000) ?? ['no name']);
  expect(reportOf(checker)).toMatchObject({ verdict: 'ok', unmatched: 0 });
  const bad = files.map((lines) => lines.map((line) => line.replace('"names":"', '"names":"nobody.')));
  expect(check(...bad).found).toMatchObject({ clause: CLAUSES.whole, field: 'event.message.commands.names' });
  for (const process of [0, 3]) {
    const known = learned.filter((one) => one.process === process).flatMap(({ commands }) => namesIn(commands));
    expect(known.length).toBeGreaterThan(24);
    expect(new Set(known)).toEqual(new Set(namesIn(submitted.flatMap(([, names]) => names))));
  }
});

it('of a history that is left out behind some line, what comes before is judged as it was', () => {
  const contended = (seed: number): Plan => ({
    ...PLAN,
    seed,
    loss: 0,
    duplication: 0,
    crashes: [],
    clients: [0, 1, 2, 3].map((client) => Array.from({ length: 8 }, (_, i): Command => (i % 2 === client % 2 ? { type: 'update', key: 4n, value: BigInt(100 * client + i) } : { type: 'read', key: 4n }))),
  });
  const reports = [0, 1].flatMap((seed) => {
    const lines = traceOf(contended(seed), 'execution');
    return Array.from({ length: 24 }, (_, i) => reportOf(checkerOf([lines], 20 + 3 * i)));
  });
  expect(reports.filter(({ dropped, operations }) => dropped > 0 && operations > 4).length).toBeGreaterThan(10);
  expect(reports.flatMap(({ violations }) => violations)).toEqual([]);
});

it.each([false, true])('whether replicas at rest have delivered as much is asked, unless facts were left out (%s)', (isFull) => {
  const facts = noFacts();
  const delivery = { subscription: '0,1', group: 1, slot: 0, commands: [], known: 0, delivered: 0 };
  facts.deliveries.push({ ...delivery, learner: 't1 of r1' }, { ...delivery, learner: 't1 of r2' }, { ...delivery, learner: 't1 of r1', slot: 1 });
  for (const replica of ['r1', 'r2']) facts.standing.push({ replica, digest: '', isAtRest: true, learners: [`t1 of ${replica}`] });
  facts.isFull = isFull;
  const [validity] = Object.entries(clausesOver(settingOf(worldOf(PLAN), 'protocol'), facts, true)).filter(([clause]) => clause.startsWith('MUL-5'));
  expect(validity![1]()).toEqual(isFull ? [] : ['t1 of r2 delivered 1 batches, t1 of r1 2']);
});

describe.each<readonly [Care, Level]>([['careless', 'protocol'], ['careless', 'execution'], ['careful', 'protocol'], ['careful', 'execution']])('whoever is %s, at the level of the %s,', (care, level) => {
  const lines = traceOf(PLAN, level).slice(0, 1500);
  it('begins with a trace that is right', () => expect(check(lines).verdict).toBe('ok'));

  it.each(CORRUPTIONS)('and sees to it that %s is found out', (corruption) => {
    const seeds = Array.from({ length: 400 }, (_, seed) => seed);
    const tried = seeds.flatMap((seed) => corrupted(lines, corruption, care, seed) ?? []).slice(0, 40);
    expect(tried.length).toBeGreaterThanOrEqual(25);
    expect(tried.filter((bad) => check(bad.lines).verdict !== 'broken').map(({ what }) => what)).toEqual([]);
  });
});

describe('a finding', () => {
  const lines = traceOf(PLAN, 'execution');
  const at = (part: RegExp): number => lines.findIndex((line) => part.test(line));
  const changed = (part: RegExp, from: string | RegExp, to: string) => check(lines.with(at(part), lines[at(part)]!.replace(from, to)));

  it('names the line, the field, what was expected, and the lines before it', () => {
    const where = at(/"machine":"worker".*"replies":\["\d+\.\d+\.0\/Executed/);
    const { found } = changed(/"machine":"worker".*"replies":\["\d+\.\d+\.0\/Executed/, '/Executed/', '/Refused/');
    expect(found).toMatchObject({ clause: CLAUSES.step, file: 'file 1', line: where + 1, field: 'effects[0].replies[0]', expected: expect.stringContaining('/Executed/'), found: expect.stringContaining('/Refused/') });
    expect(found!.context.length).toBe(4);
    expect(found!.context.every((line, _, all) => originIn(line.replace(/^\d+: /, '')) === originIn(all[0]!.replace(/^\d+: /, '')))).toBe(true);
  });

  it('tells what was received and never sent', () => {
    const { found } = changed(/"event":\{"type":"Received","group":\d,"from":\d,"message":\{"type":"Phase2"/, /"instance":\d+/, '"instance":77');
    expect(found).toMatchObject({ clause: CLAUSES.sent, expected: expect.stringContaining('Phase2') });
  });

  it.each([5, Infinity])('names whoever received what was not sent, and nobody who waits for him, by reading %s lines at a time', (stretch) => {
    const files = apart(lines.slice(0, 1500));
    const received = files.flatMap((file, i) => file.flatMap((line, number) => (/"event":\{"type":"Received","group":\d,"from":\d,"message":\{"type":"Decision"/.test(line) ? [[i, number] as const] : [])));
    const some = received.filter((_, n) => n % Math.ceil(received.length / 30) === 0);
    expect(some.length).toBeGreaterThan(20);
    for (const [i, number] of some) {
      const bad = files.with(i, files[i]!.with(number, files[i]![number]!.replace(/"instance":\d+/, '"instance":77')));
      const { found } = checkTexts(bad.map((file) => `${file.join('\n')}\n`), stretch);
      expect(found).toMatchObject({ clause: CLAUSES.sent, file: `file ${i + 1}`, line: number + 1 });
    }
  });

  it('tells a vote that was forgotten in a crash', () => {
    const kept = lines.map((line, i) => [i, line] as const).filter(([, line]) => line.includes('"type":"Kept"') && line.includes('"type":"Voted"'));
    expect(kept.length).toBeGreaterThan(0);
    const [where, line] = kept[0]!;
    expect(check(lines.with(where, line.replace(/"round":(\d+)/, '"round":9'))).found).toMatchObject({ clause: CLAUSES.durable });
  });

  it('tells a thread that heard something else than its process learned', () => {
    const { found } = changed(/"machine":"merge".*"type":"Skip"/, /"to":\d+/, '"to":3');
    expect(found).toMatchObject({ clause: CLAUSES.decided });
  });

  it.each([
    ['half a line in the middle', (all: readonly string[]) => all.with(100, all[100]!.slice(0, 40)), CLAUSES.whole],
    ['a line without its last letters', (all: readonly string[]) => all.with(100, all[100]!.slice(0, -6)), CLAUSES.whole],
    ['what is no JSON', (all: readonly string[]) => all.with(100, 'hello'), CLAUSES.whole],
    ['another cluster', (all: readonly string[]) => all.with(1, all[1]!.replace('"m":1', '"m":2')), CLAUSES.whole],
    ['a line of nobody', (all: readonly string[]) => all.with(100, all[100]!.replace(/"process":"\w+"/, '"process":"a7"')), CLAUSES.whole],
  ])('tells %s', (_, change, clause) => expect(check(change(lines)).found).toMatchObject({ clause }));
});

/** Machines that do something else than they should, and write down faithfully what they do. */
const broken: Readonly<Record<string, Partial<Machines>>> = {
  'an acceptor that keeps nothing': {
    onProcessEvent: (process, event) => {
      const [next, effects] = Node.onProcessEvent(process, event);
      return [next, effects.filter(({ type }) => type !== 'Persist')];
    },
  },
  'an acceptor that says what is not durable yet': {
    onProcessEvent: (process, event) => {
      const [next, effects] = Node.onProcessEvent(process, event);
      return [next, effects.map((effect) => (effect.type === 'Send' ? { ...effect, after: 0 } : effect))];
    },
  },
  'a thread that waits for nobody': {
    onThreadEvent: (thread, event) => {
      const { worker } = thread;
      const everyone = { ...worker.shared.board, hasArrived: () => true, hasDeparted: () => true };
      return Node.onThreadEvent(event.type === 'Run' ? { ...thread, worker: { ...worker, shared: { ...worker.shared, board: everyone } } } : thread, event);
    },
  },
  'a thread that checks nothing': {
    onThreadEvent: (thread, event) => {
      const { worker } = thread;
      const { engine } = worker.shared;
      const careless = { ...engine, checkAt: () => undefined };
      return Node.onThreadEvent(event.type === 'Run' ? { ...thread, worker: { ...worker, shared: { ...worker.shared, engine: careless } } } : thread, event);
    },
  },
  'a client that names two commands alike': {
    onProxyEvent: (proxy, event) => Proxy.onEvent(event.type === 'Calls' && proxy.next > 3 ? { ...proxy, next: 3 } : proxy, event),
  },
};

it.each(Object.entries(broken))('%s is found out by the trace of its run', (_, machines) => {
  const world = worldOf(PLAN);
  const tree = treeOf(PLAN);
  const lines = linesOf({ ...world, limit: 1500, machines, newStore: (observe) => tree.create(LOAD, observe) }, settingOf(world, 'execution'));
  expect(check(lines).verdict).toBe('broken');
});

describe('a scheduler', () => {
  const PLANNED: Plan = { ...PLAN, technique: 'sp-smr' };
  const recorded = (level: Level, machines: Partial<Machines> = {}): readonly string[] => {
    const world = worldOf(PLANNED);
    const tree = treeOf(PLANNED);
    return linesOf({ ...world, limit: 1500, machines, newStore: (observe) => tree.create(LOAD, observe) }, settingOf(world, level));
  };
  /** The next lane is given what was meant for this one. */
  const astray: Machines['deal'] = (scheduler, value) => {
    const lanes = deal(scheduler, value);
    return [...lanes.slice(1), ...lanes.slice(0, 1)];
  };

  it('leaves a trace that is right', () => {
    for (const level of LEVELS) {
      const lines = recorded(level);
      expect(lines.filter((line) => line.includes('"type":"Deal","lane":2,"value":{"type":"Batch"')).length).toBeGreaterThan(5);
      expect(check(lines)).toMatchObject({ verdict: 'ok', unmatched: 0 });
    }
  });

  it('is held against the clauses of its spec, by what its trace says that it dealt', () => {
    const facts = noFacts();
    const setting = settingOf(worldOf(PLANNED), 'execution');
    const clauses = Object.keys(clausesOver(setting, facts, true)).filter((clause) => /^REP-(9|10)/.test(clause));
    expect(clauses).toEqual(Object.keys(Scheduler.clauses));
    expect(check(recorded('execution')).clauses).toEqual(expect.arrayContaining(clauses));
    facts.dealings.push({ replica: 'r1', slot: 0, decided: [{ command: '1.1.0', touches: [1], change: 'entry' }], lanes: [[], []] });
    expect(clausesOver(setting, facts, true)[clauses[0]!]!()).toEqual(['slot 0 at r1:  of 1.1.0']);
  });

  it('that deals astray is found out by the trace of its run', () =>
    expect(check(recorded('execution', { deal: astray })).found).toMatchObject({ clause: CLAUSES.step, field: expect.stringMatching(/^effects\[\d\]\.value/) }));

  it('that loses something is found out, though nobody wrote down what', () => {
    const loses: Machines['deal'] = (scheduler, value) => deal(scheduler, value).map((lane, i) => (i === 1 && lane.type === 'Batch' ? { type: 'Noop' } : lane));
    expect(check(recorded('protocol', { deal: loses })).found).toMatchObject({ field: 'effects' });
  });

  it.each(LEVELS)('whose thread hears something else is told, at the level of %s', (level) => {
    const lines = recorded(level);
    const where = lines.findIndex((line) => /"machine":"merge".*"group":2,"value":\{"type":"Noop"/.test(line));
    expect(check(lines.with(where, lines[where]!.replace('{"type":"Noop"}', '{"type":"Skip","to":9}'))).found).toMatchObject({ clause: CLAUSES.decided });
  });

  it('that heard something else than its process learned is told', () => {
    const lines = recorded('protocol');
    const where = lines.findIndex((line) => line.includes('"machine":"scheduler"'));
    expect(check(lines.with(where, lines[where]!.replace(/"digest":"[0-9a-f]{8}"/, '"digest":"00000000"'))).found).toMatchObject({ clause: CLAUSES.decided });
  });
});
