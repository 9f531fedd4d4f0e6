/** The threads of a replica: what they share, and what they make of commands however they interleave. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clauses as safety, type Access } from '../spec/safety-check.js';
import { DIGEST_KIND, encodeCommand, encodeReply, flawInReplies, G_ALL, join, markAgain, newSheet, recordsOf, replyAt, type Command as Named, type Group, type Reply, type Status } from '../src/record.js';
import { boardBytes, persistentBoard, sharedBoard, type Board } from '../src/replica/barrier.js';
import { attemptIn, BEYOND, FORGOTTEN, isAnswered, NEW, persistentSessions, sessionsBytes, sharedSessions, statusIn, type Limits, type Sessions } from '../src/replica/sessions.js';
import { groupFor, TECHNIQUES, treatmentOf, type Technique } from '../src/replica/techniques.js';
import * as Worker from '../src/replica/worker.js';
import { bPlusTree, evenKeys, type Command } from '../src/service/b-plus-tree/index.js';
import { engineOf } from '../src/service/engine.js';
import type { Change, Footprint } from '../src/service/service.js';
import { always, invariantsOf, over, type Clauses, type Walk } from './check.js';

/** Some other reply, so that not every record starts at byte 0. */
const ASIDE = encodeReply({ status: 'Refused', attempt: 0, session: 9, sequence: 9, position: { group: 0, slot: 0, offset: 0 }, payload: new Uint8Array() });

describe('sessions', () => {
  const limits: Limits = { tables: 2, sessions: 3, window: 3, replyBytes: 40 };
  type Use = { readonly table: number; readonly session: number; readonly ahead: number; readonly floor: number; readonly isResubmission: boolean; readonly status: Status; readonly length: number; readonly handle: number };

  /** A client's floor rises with time; `base` brings it to where sequence numbers begin and end. */
  const uses = fc.record({
    base: fc.constantFrom(0, 1, 2 ** 32 - 40),
    uses: fc.array(
      fc.record<Use>({
        table: fc.nat({ max: 1 }),
        session: fc.constantFrom(1, 2, 2 ** 40, 4, 5),
        ahead: fc.nat({ max: limits.window }),
        floor: fc.nat({ max: 8 }),
        isResubmission: fc.boolean(),
        status: fc.constantFrom('Executed', 'Failed'),
        length: fc.nat({ max: 12 }),
        handle: fc.nat({ max: 1 }),
      }),
      { size: '+1', maxLength: 60 },
    ),
  });

  const commandOf = (identity: { readonly session: number; readonly sequence: number; readonly floor: number }): Uint8Array =>
    encodeCommand({ kind: 1, attempt: 0, payload: new Uint8Array(), ...identity });

  /** What a table says of a command, and the reply that it repeats. */
  const said = (sessions: Sessions, table: number, command: Uint8Array) => {
    const memory = sessions.recall(table, command, 0);
    const sheet = newSheet(1);
    if (isAnswered(memory)) sessions.repeat(table, command, 0, sheet);
    return { memory, reply: [...sheet.bytes.subarray(0, sheet.length)] };
  };

  /** What both forms recall, asked in turn; what is new, or may be tried once more, is then remembered by both. */
  const compared = (base: number, all: readonly Use[]): readonly (readonly [meant: ReturnType<typeof said>, shared: ReturnType<typeof said>])[] => {
    const buffer = new SharedArrayBuffer(sessionsBytes(limits));
    const handles = [sharedSessions(limits, buffer), sharedSessions(limits, buffer)];
    let meant: Sessions = persistentSessions(limits);
    return all.map(({ table, session, ahead, floor, isResubmission, status, length, handle }, i) => {
      const identity = { session, sequence: Math.max(1, base + floor + ahead), floor: base + floor };
      const shared = handles[table === 0 ? 0 : handle]!; // table 0 is one thread's own
      const command = commandOf(identity);
      const memories = [said(meant, table, command), said(shared, table, command)] as const;
      const [{ memory }] = memories;
      const mayRemember = memory === NEW || (isAnswered(memory) && statusIn(memory) === 'Failed' && attemptIn(memory) === 0 && isResubmission);
      if (mayRemember) {
        const payload = Uint8Array.from({ length: table === 0 ? length : Math.min(length, 8) }, () => i % 256);
        const position = { group: i % 5, slot: 2 ** 40 + i, offset: 2 ** 32 - 1 - i };
        const reply = join([ASIDE, encodeReply({ status, attempt: memory === NEW ? 0 : 1, session, sequence: identity.sequence, position, payload })]);
        meant = meant.remember(table, identity.floor, reply, ASIDE.length);
        shared.remember(table, identity.floor, reply, ASIDE.length);
      }
      return memories;
    });
  };

  it('in shared memory recall what the persistent ones do', () =>
    fc.assert(
      fc.property(uses, ({ base, uses: all }) => {
        for (const [meant, shared] of compared(base, all)) expect(shared).toEqual(meant);
      }),
      { numRuns: 500 },
    ));

  it.each(Object.entries({ NEW, FORGOTTEN, BEYOND, 'Executed at first': 0, 'Failed at first': 1, 'Executed when sent again': 4 }))('sometimes say %s', (_, memory) => {
    const all = fc.sample(uses, { seed: 1, numRuns: 400 }).flatMap(({ base, uses: some }) => compared(base, some).map(([meant]) => meant.memory));
    expect(all).toContain(memory);
  });

  it('keep a long reply in table 0 only', () => {
    const shared = sharedSessions(limits, new SharedArrayBuffer(sessionsBytes(limits)));
    const reply = encodeReply({ status: 'Executed', attempt: 0, session: 1, sequence: 1, position: { group: 0, slot: 1, offset: 2 }, payload: new Uint8Array(9).fill(9) });
    expect(said(shared.remember(0, 1, reply, 0), 0, commandOf({ session: 1, sequence: 1, floor: 1 }))).toEqual({ memory: 0, reply: [...reply] });
    expect(() => shared.remember(1, 1, reply, 0)).toThrow(/^a reply of 41 bytes is longer than replyBytes, 40$/);
  });

  it('make room for a session by that used least recently', () => {
    const reply = { status: 'Executed', attempt: 0, position: { group: 1, slot: 0, offset: 0 }, payload: new Uint8Array() } as const;
    const used = (sessions: Sessions, session: number, sequence: number): Sessions => sessions.remember(1, 1, encodeReply({ ...reply, session, sequence }), 0);
    for (const form of [persistentSessions(limits), sharedSessions(limits, new SharedArrayBuffer(sessionsBytes(limits)))]) {
      const after = [[1, 1], [2, 1], [3, 1], [1, 2], [4, 1]].reduce((sessions, [session, sequence]) => used(sessions, session!, sequence!), form);
      expect([1, 2, 3, 4].map((session) => isAnswered(after.recall(1, commandOf({ session, sequence: 1, floor: 1 }), 0)))).toEqual([true, false, true, true]);
    }
  });
});

describe('the board of a barrier', () => {
  const moves = fc.record({
    threads: fc.integer({ min: 2, max: 4 }),
    /** Generations go past 2^31, where they turn negative. */
    from: fc.constantFrom(0, 2 ** 31 - 3),
    moves: fc.array(fc.nat(), { maxLength: 40 }),
  });

  /** Threads arrive one generation after the other; the executor departs when all have. */
  const played = (threads: number, from: number, choices: readonly number[], compare: (meant: Board, shared: Board, generation: number) => void): void => {
    const words = new Int32Array(new SharedArrayBuffer(boardBytes(threads)));
    const shared = sharedBoard(threads, words);
    let meant = persistentBoard(threads);
    const announce = (act: (board: Board) => Board): void => void ((meant = act(meant)), act(shared));
    for (let thread = 1; thread <= threads; thread += 1) announce((board) => board.arrive(thread, from | 0));
    announce((board) => board.depart(from | 0));
    const arrived = new Map<number, number>();
    let departed = from;
    for (const choice of choices) {
      const thread = (choice % (threads + 1)) + 1;
      const generation = departed + 1;
      if (thread <= threads && arrived.get(thread) !== generation) {
        announce((board) => board.arrive(thread, generation | 0));
        arrived.set(thread, generation);
      } else if (Array.from({ length: threads }, (_, i) => arrived.get(i + 1)).every((one) => one === generation)) {
        announce((board) => board.depart(generation | 0));
        departed = generation;
      }
      for (const asked of [departed - 1, departed, departed + 1]) compare(meant, shared, asked | 0);
      for (let each = 1; each <= threads; each += 1) expect(meant.hasArrived(each, (departed + 1) | 0)).toBe(arrived.get(each) === departed + 1);
      expect(meant.hasDeparted(departed | 0) && !meant.hasDeparted((departed + 1) | 0)).toBe(true);
    }
  };

  it('is the same in shared memory, also past generation 2^31', () =>
    fc.assert(
      fc.property(moves, ({ threads, from, moves: choices }) =>
        played(threads, from, choices, (meant, shared, generation) => {
          expect(shared.hasDeparted(generation)).toBe(meant.hasDeparted(generation));
          for (let thread = 1; thread <= threads; thread += 1) expect(shared.hasArrived(thread, generation)).toBe(meant.hasArrived(thread, generation));
        }),
      ),
    ));
});

const CHANGES: readonly Change[] = ['nothing', 'entry', 'structure'];
const THREADS = 3;
const FOOTPRINTS: readonly Footprint[] = CHANGES.flatMap((change) => [
  { type: 'Everything', change } as const,
  ...Array.from({ length: THREADS }, (_, i): Footprint => ({ type: 'Partition', partition: i + 1, change })),
]);

describe('REP-1: command-to-groups', () => {
  /** One changes what the other touches. A change of structure may touch every partition, unless it is checked. */
  const isDependent = (a: Footprint, b: Footprint, isChecked: boolean): boolean => {
    const reaches = (one: Footprint, other: Footprint): boolean =>
      one.change !== 'nothing' &&
      (one.type === 'Everything' || other.type === 'Everything' || one.partition === other.partition || (one.change === 'structure' && !isChecked));
    return reaches(a, b) || reaches(b, a);
  };
  const meet = (a: Group, b: Group): boolean => a === b || a === G_ALL || b === G_ALL;
  const pairs = FOOTPRINTS.flatMap((a) => FOOTPRINTS.map((b) => [a, b] as const));

  it.each(TECHNIQUES)('lets any two dependent commands share a group under %s', (technique) => {
    for (const [a, b] of pairs) if (isDependent(a, b, technique === 'opt-psmr')) expect(meet(groupFor(technique, a), groupFor(technique, b))).toBe(true);
  });

  it('has whatever opt-psmr sends apart, and P-SMR does not, checked', () => {
    const isCheckedIfSentApart = (footprint: Footprint): boolean =>
      groupFor('p-smr', footprint) === groupFor('opt-psmr', footprint) || treatmentOf('opt-psmr', footprint, groupFor('opt-psmr', footprint)) === 'check';
    expect(FOOTPRINTS.every(isCheckedIfSentApart)).toBe(true);
  });

  it.each(TECHNIQUES)('is what a worker expects under %s: it refuses what comes by another group, and nothing that comes by g_all', (technique) => {
    for (const footprint of FOOTPRINTS) {
      expect(treatmentOf(technique, footprint, groupFor(technique, footprint))).not.toBe('refuse');
      expect(treatmentOf(technique, footprint, G_ALL)).toBe('execute');
      for (let group = 1; group <= THREADS; group += 1) if (group !== groupFor(technique, footprint) && groupFor(technique, footprint) !== G_ALL) expect(treatmentOf(technique, footprint, group)).toBe('refuse');
    }
  });

  it('has executed what comes by a group of its own, checked or refused, by what it may change', () => {
    const treatments = (technique: Technique) => CHANGES.map((change) => treatmentOf(technique, { type: 'Partition', partition: 2, change }, 2));
    expect(treatments('p-smr')).toEqual(['execute', 'execute', 'refuse']);
    expect(treatments('opt-psmr')).toEqual(['execute', 'check', 'check']);
    expect(treatments('smr').slice(1)).toEqual(['refuse', 'refuse']);
  });

  it('sends what depends on nothing else to groups of their own, under P-SMR and opt-PSMR', () => {
    for (const [a, b] of pairs)
      if (a.type === 'Partition' && b.type === 'Partition' && a.partition !== b.partition && a.change !== 'structure' && b.change !== 'structure')
        for (const technique of ['p-smr', 'opt-psmr'] as const) expect(meet(groupFor(technique, a), groupFor(technique, b))).toBe(false);
  });
});

// Workers

/** Partitions do not end where leaves do, so that some leaf lies on every boundary. */
const KEYS = 50;
const LIMITS: Limits = { tables: 5, sessions: 4, window: 8, replyBytes: 64 };

/** A command as it stands in the log: as its client named it, in the group to which it was sent. */
type Logged = { readonly group: Group; readonly command: Named };
type Plan = {
  readonly technique: Technique;
  readonly threads: number;
  readonly commandsPerBarrier: number;
  /** One order of batches, of which each thread delivers those of its groups. */
  readonly batches: readonly (readonly Logged[])[];
  /** Of two replicas: who goes next and for how many commands, again and again. */
  readonly turns: readonly [readonly Turn[], readonly Turn[]];
};
type Turn = readonly [thread: number, budget: number];

const treeFor = (threads: number) => bPlusTree({ keySpace: KEYS, partitions: threads, capacity: 4, fill: 0.7, minimum: 'half' });

const key = fc.nat({ max: KEYS - 1 }).map(BigInt);
const call: fc.Arbitrary<Command> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ type: fc.constant('insert' as const), key, value: fc.bigInt({ min: 1n, max: 99n }) }) },
  { weight: 4, arbitrary: fc.record({ type: fc.constant('delete' as const), key }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('update' as const), key, value: fc.bigInt({ min: 1n, max: 99n }) }) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant('read' as const), key }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('scan' as const), from: key, to: key }) },
);

/** What happens to a command on its way: it is sent again, too early or too late, resubmitted though nobody knows why, or sent astray. */
type Mishap = 'none' | 'again' | 'resubmitted' | 'late' | 'old' | 'astray' | 'spoilt' | 'beyond' | 'digest';
const mishap = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Mishap>('none') },
  { weight: 6, arbitrary: fc.constantFrom<Mishap>('again', 'resubmitted', 'late', 'old') },
  { weight: 1, arbitrary: fc.constantFrom<Mishap>('astray', 'spoilt', 'beyond', 'digest') },
);

const turns = fc.array(fc.tuple(fc.nat(), fc.constantFrom(1, 1, 2, Infinity)), { size: '+1', maxLength: 120 });

const plan: fc.Arbitrary<Plan> = fc
  .record({
    technique: fc.constantFrom<Technique>('smr', 'p-smr', 'opt-psmr', 'opt-psmr'),
    threads: fc.integer({ min: 1, max: 4 }),
    commandsPerBarrier: fc.constantFrom(1, 2, Infinity),
    calls: fc.array(fc.record({ session: fc.constantFrom(1, 2), call, mishap, at: fc.nat() }), { size: '+1', maxLength: 40 }),
    cuts: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 12 }),
    turns: fc.tuple(turns, turns),
  })
  .map(({ calls, cuts, technique, threads, ...rest }) => {
    const crew = technique === 'smr' ? 1 : threads;
    return { ...rest, technique, threads: crew, batches: batched(logged(technique, crew, calls), cuts) };
  });

const logged = (
  technique: Technique,
  threads: number,
  calls: readonly { readonly session: number; readonly call: Command; readonly mishap: Mishap; readonly at: number }[],
): readonly Logged[] => {
  const { service } = treeFor(threads);
  const next = new Map<number, number>();
  const log: Logged[] = [];
  for (const { session, call: each, mishap: what, at } of calls) {
    const sequence = next.get(session) ?? 1;
    next.set(session, sequence + 1);
    const command = { kind: service.codec.kindOf(each), attempt: 0, session, sequence, floor: Math.max(1, sequence - 5), payload: service.codec.encode(each) };
    const group = threads === 1 ? G_ALL : groupFor(technique, service.footprint(each));
    const first: Logged = { group, command };
    const second: Logged = { group: G_ALL, command: { ...command, attempt: 1 } };
    const earlier = log.filter((one) => one.command.session === session);
    const sent: Readonly<Record<Mishap, readonly Logged[]>> = {
      none: [first],
      again: [first, first],
      resubmitted: [first, second, second],
      late: [first, second, first, first, second],
      old: [first, ...earlier.slice(at % Math.max(1, earlier.length)).slice(0, 1)],
      astray: [{ group: threads === 1 ? G_ALL : 1 + (at % threads), command: { ...command, attempt: at % 2 } }],
      spoilt: [{ group, command: { ...command, payload: command.payload.subarray(1) } }],
      beyond: [{ group, command: { ...command, sequence: sequence + 40, floor: 1 } }],
      digest: [{ group: G_ALL, command: { ...command, kind: DIGEST_KIND, payload: new Uint8Array() } }],
    };
    log.push(...sent[what]);
  }
  return log;
};

/** Runs of one group, cut into batches. */
const batched = (log: readonly Logged[], cuts: readonly number[]): Plan['batches'] => {
  const batches: Logged[][] = [];
  for (const one of log) {
    const last = batches.at(-1);
    const size = cuts[(batches.length - 1) % cuts.length] ?? 1;
    if (last !== undefined && last[0]!.group === one.group && last.length < size) last.push(one);
    else batches.push([one]);
  }
  return batches;
};

/** Threads that are still busy after so many turns each will be so for ever. */
const MOST_ROUNDS = 2000;

type Crew = {
  readonly repliesByThread: readonly (readonly Reply[])[];
  readonly accesses: readonly Access[];
  readonly digest: string;
  readonly isAtRest: boolean;
  readonly steps: Walk<Worker.Worker, Worker.Effect>;
};

/** A replica that is given the batches at once, and takes its turns until nobody has anything to do. */
const replica = ({ technique, threads, commandsPerBarrier, batches }: Plan, order: readonly Turn[], form: 'persistent' | 'shared', place = 0, replicas = 1): Crew => {
  const tree = treeFor(threads);
  const load = evenKeys(KEYS / 2);
  const accesses: Access[] = [];
  let observed: { readonly epoch: number; readonly thread: number } | undefined;
  const engine =
    form === 'persistent'
      ? engineOf(tree.service, tree.persistent(load))
      : tree.create(load, (node, mode) => {
          if (observed !== undefined) accesses.push({ ...observed, part: `node ${node}`, mode });
        }).engine;
  const sessions = form === 'persistent' ? persistentSessions(LIMITS) : watched(sharedSessions(LIMITS, new SharedArrayBuffer(sessionsBytes(LIMITS))), (table, mode) => {
    if (observed !== undefined) accesses.push({ ...observed, part: `table ${table}`, mode });
  });
  const board = form === 'persistent' ? persistentBoard(threads) : sharedBoard(threads, new Int32Array(new SharedArrayBuffer(boardBytes(threads))));
  let shared: Worker.Shared = { engine, sessions, board };
  const settings = { technique, threads, commandsPerBarrier, replica: place, replicas };

  const slots = new Map<Group, number>();
  const deliveries = batches.map((batch): Worker.Event => {
    const { group } = batch[0]!;
    const slot = slots.get(group) ?? 0;
    slots.set(group, slot + 1);
    return { type: 'Deliver', group, slot, commands: join(batch.map(({ command }) => recordOf(command, replicas > 1 && isAskedAgain(command)))) };
  });
  const workers = Array.from({ length: threads }, (_, i) =>
    deliveries
      .filter((delivery) => delivery.type === 'Deliver' && [G_ALL, i + 1].includes(delivery.group))
      .reduce((worker, delivery) => Worker.onEvent(worker, delivery)[0], Worker.initial(settings, i + 1, shared)),
  );

  const repliesByThread: Reply[][] = workers.map(() => []);
  const steps: Crew['steps'][number][] = [];
  /** Whether the thread had something to do. */
  const turn = (index: number, budget: number): boolean => {
    const before = { ...workers[index]!, shared };
    observed = before.queue.first()?.group === G_ALL ? undefined : { epoch: before.generation, thread: index + 1 };
    const [after, effects] = Worker.onEvent(before, { type: 'Run', budget });
    observed = undefined;
    steps.push({ before, after, effects });
    workers[index] = after;
    shared = after.shared;
    for (const effect of effects) if (effect.type === 'Reply') repliesByThread[index]!.push(...[...recordsOf(effect.replies)].map((at) => replyAt(effect.replies, at)));
    return !effects.some(({ type }) => type === 'Rest' || type === 'Wait');
  };
  for (const [thread, budget] of order) turn(thread % threads, budget);
  for (let round = 0; round < MOST_ROUNDS && workers.map((_, index) => turn(index, 3)).includes(true); round += 1);

  const { entries, high, low } = shared.engine.digest();
  const isAtRest = workers.every(({ queue, phase }) => queue.isEmpty() && phase.type === 'Running');
  return { repliesByThread, accesses, digest: `${entries} ${high}:${low}`, isAtRest, steps };
};

/** Sessions that tell which of their tables is looked into. */
const watched = (sessions: Sessions, touch: (table: number, mode: Access['mode']) => void): Sessions => ({
  recall: (table, batch, at) => (touch(table, 'read'), sessions.recall(table, batch, at)),
  repeat: (table, batch, at, sheet) => (touch(table, 'read'), sessions.repeat(table, batch, at, sheet)),
  remember: (table, floor, replies, at) => (touch(table, 'write'), watched(sessions.remember(table, floor, replies, at), touch)),
});

const told = (of: Plan) => ({ of, one: replica(of, of.turns[0], 'persistent'), other: replica(of, of.turns[1], 'shared') });
type Told = ReturnType<typeof told>;

const nameOf = ({ session, sequence, attempt }: { readonly session: number; readonly sequence: number; readonly attempt: number }): string => `${session}.${sequence}.${attempt}`;
const reasonOf = ({ payload }: Reply): string => new TextDecoder().decode(payload);
const SHARED = 'SAF-3: between two barriers no thread touches what another one writes';

const workerClauses: Clauses<Told> = {
  'REP-3: two replicas answer alike, thread by thread, however their threads interleave': ({ one, other }) =>
    one.repliesByThread.flatMap((replies, i) => {
      const [a, b] = [replies, other.repliesByThread[i]!].map((some) => some.map((reply) => fc.stringify(reply)));
      const parting = Array.from({ length: Math.max(a!.length, b!.length) }, (_, at) => at).find((at) => a![at] !== b![at]);
      return parting === undefined ? [] : [`t${i + 1} answers ${a![parting]}, and ${b![parting]} at the other`];
    }),
  'REP-6: two replicas end in the same state': ({ one, other }) => (one.digest === other.digest ? [] : [`${one.digest} and ${other.digest}`]),
  'REP-7: no thread waits for ever': ({ one, other }) => [one, other].flatMap(({ isAtRest }, i) => (isAtRest ? [] : [`a thread of replica ${i + 1} is stuck`])),
  'REP-3: an attempt has one answer, the refusals of what is sent astray apart': ({ one, other }) =>
    [one, other].flatMap(({ repliesByThread }) => {
      const answers = new Map<string, string>();
      return repliesByThread.flat().flatMap((reply) => {
        if (reply.status === 'Refused') return [];
        const answer = fc.stringify(reply);
        const known = answers.get(nameOf(reply)) ?? answer;
        answers.set(nameOf(reply), known);
        return known === answer ? [] : [`${nameOf(reply)}: ${known} and ${answer}`];
      });
    }),
  'REP-2: of the attempts of a command one is executed at most': ({ one, other }) =>
    [one, other].flatMap(({ repliesByThread }) => {
      const executed = repliesByThread.flat().filter(({ status }) => status === 'Executed');
      const attempts = new Map<string, Set<number>>();
      for (const { session, sequence, attempt } of executed) attempts.set(`${session}.${sequence}`, (attempts.get(`${session}.${sequence}`) ?? new Set()).add(attempt));
      return [...attempts].filter(([, several]) => several.size > 1).map(([name]) => `${name} is executed twice`);
    }),
  'REP-4: what is delivered is answered by one thread, and once': ({ of, one, other }) =>
    [one, other].flatMap(({ repliesByThread }) => {
      const left = new Map<string, number>();
      for (const { command } of of.batches.flat()) left.set(nameOf(command), (left.get(nameOf(command)) ?? 0) + 1);
      return repliesByThread.flat().flatMap((reply) => {
        left.set(nameOf(reply), (left.get(nameOf(reply)) ?? 0) - 1);
        return left.get(nameOf(reply))! >= 0 ? [] : [`${nameOf(reply)} is answered more often than it was delivered`];
      });
    }),
  'REP-3: what comes by g_all does not fail, nor does anything under SMR and P-SMR': ({ of, one, other }) =>
    [one, other].flatMap(({ repliesByThread }) =>
      repliesByThread.flat().flatMap((reply) => (reply.status === 'Failed' && (reply.position.group === G_ALL || of.technique !== 'opt-psmr') ? [`${nameOf(reply)} failed in g${reply.position.group}`] : [])),
    ),
  'REP-3: a command is one too many only beyond the window, and not when it is forgotten': ({ of, one, other }) =>
    [one, other].flatMap(({ repliesByThread }) => {
      const beyond = new Set(of.batches.flat().flatMap(({ command }) => (command.sequence >= command.floor + LIMITS.window ? [nameOf(command)] : [])));
      return repliesByThread.flat().flatMap((reply) => (reply.status === 'Refused' && reasonOf(reply).startsWith('more commands') && !beyond.has(nameOf(reply)) ? [`${nameOf(reply)} is refused: ${reasonOf(reply)}`] : []));
    }),
  'a thread says nothing but well-formed replies': ({ one }) =>
    one.steps.flatMap(({ effects }) => effects.flatMap((effect) => (effect.type !== 'Reply' ? [] : effect.replies.length === 0 ? ['no reply'] : [flawInReplies(effect.replies) ?? []].flat()))),
  'a thread knows how many commands of a batch it has passed': ({ one }) =>
    one.steps.flatMap(({ after }) => {
      const head = after.queue.first();
      return head === undefined || [...recordsOf(head.commands.subarray(0, head.at))].length === head.offset ? [] : [`byte ${head.at}, command ${head.offset}`];
    }),
  'a thread that cannot go on says what it waits for': ({ one }) =>
    one.steps.flatMap(({ before, after, effects }) => {
      const awaited = before.queue.isEmpty() ? { type: 'Rest' } : before.phase.type === 'Arrived' && after.phase.type === 'Arrived' ? { type: 'Wait', generation: after.generation } : undefined;
      return awaited === undefined || fc.stringify(effects) === fc.stringify([awaited]) ? [] : [`${fc.stringify(effects)} for ${fc.stringify(awaited)}`];
    }),
  'only commands of g_all are executed under a barrier, and a single thread needs none': ({ of, one }) =>
    one.steps.flatMap(({ after: { phase, queue, generation } }) =>
      (phase.type === 'Executing' && queue.first()?.group !== G_ALL) || (of.threads === 1 && generation > 0) ? [`${phase.type} in generation ${generation}`] : [],
    ),
  [SHARED]: ({ of, other }) => (of.technique === 'opt-psmr' ? safety[SHARED]({ accesses: other.accesses }) : []),
  // A shared board shows what is so now, not what was so at a step: the persistent one does.
  ...over(invariantsOf<Worker.Worker>({ stepInvariants: Worker.stepInvariants }), ({ one }: Told) => one.steps),
};

describe('threads that deliver the same commands', () => {
  const shown = ({ batches, ...rest }: Plan): string => `${fc.stringify(rest)} of ${batches.map((batch) => `g${batch[0]!.group}[${batch.map(({ command }) => `${nameOf(command)}:${command.kind}`).join(' ')}]`).join(' ')}`;
  always(plan, told, workerClauses, { numRuns: 1500, shown });
});

/** Some commands say that they are sent once more. */
const isAskedAgain = ({ sequence }: Named): boolean => sequence % 3 === 0;

const recordOf = (command: Named, isAgain: boolean): Uint8Array => {
  const record = encodeCommand(command);
  if (isAgain) markAgain(record, 0);
  return record;
};

describe('REP-8: of three replicas', () => {
  const REPLICAS = 3;
  const numberOf = (crew: Crew): ReadonlyMap<string, number> => {
    const counts = new Map<string, number>();
    for (const reply of crew.repliesByThread.flat().map((one) => fc.stringify(one))) counts.set(reply, (counts.get(reply) ?? 0) + 1);
    return counts;
  };
  const three = (of: Plan): readonly Crew[] => Array.from({ length: REPLICAS }, (_, place) => replica(of, of.turns[place % 2]!, place === 1 ? 'shared' : 'persistent', place, REPLICAS));

  it('one answers what is sent for the first time, and all answer what is asked again, and digests, as one alone would', () =>
    fc.assert(
      fc.property(plan, (of) => {
        const toAll = new Set(of.batches.flat().flatMap(({ command }) => (isAskedAgain(command) || command.kind === DIGEST_KIND ? [nameOf(command)] : [])));
        const alone = replica(of, of.turns[0], 'persistent');
        const counts = three(of).map(numberOf);
        const expected = numberOf(alone);
        expect(new Set(counts.flatMap((count) => [...count.keys()]))).toEqual(new Set(expected.keys()));
        for (const reply of alone.repliesByThread.flat()) {
          const each = counts.map((count) => count.get(fc.stringify(reply)) ?? 0).sort((a, b) => a - b);
          const all = expected.get(fc.stringify(reply))!;
          const first = toAll.has(nameOf(reply)) ? all : all - 1; // what is answered once more is a duplicate
          expect(each).toEqual([first, first, all]);
        }
      }),
      { numRuns: 300 },
    ));

  it('each sometimes is the one', () => {
    const crews = fc.sample(plan, { seed: 1, numRuns: 20 }).map(three);
    for (let place = 0; place < REPLICAS; place += 1) {
      const isAlone = (reply: string, others: readonly Crew[]): boolean => others.every((other) => !numberOf(other).has(reply));
      expect(crews.some((some) => [...numberOf(some[place]!).keys()].some((reply) => isAlone(reply, some.filter((_, other) => other !== place))))).toBe(true);
    }
  });
});

describe('threads sometimes', () => {
  type Seen = { readonly reply: Reply; readonly reason: string };
  let all: readonly Seen[] | undefined;
  const seen = (): readonly Seen[] =>
    (all ??= fc
      .sample(plan, { seed: 1, numRuns: 150 })
      .flatMap((of) => replica(of, of.turns[0], 'persistent').repliesByThread.flat())
      .map((reply) => ({ reply, reason: reasonOf(reply) })));
  const happens = (holds: (one: Seen) => boolean): void => expect(seen().some(holds)).toBe(true);

  it.each(['structure', 'left', 'right'])('fail a command by its condition %s', (condition) => happens(({ reply }) => reply.status === 'Failed' && Worker.decodeCondition(reply.payload) === condition));
  it('execute a resubmission', () => happens(({ reply }) => reply.status === 'Executed' && reply.attempt === 1));
  it('tell the digest', () => happens(({ reply }) => reply.status === 'Executed' && reply.payload.length === 16));
  it.each(['not a command for group', 'a resubmission goes to g_all', 'more commands outstanding', 'payload:'])('refuse: %s', (reason) => happens(({ reply, reason: given }) => reply.status === 'Refused' && given.startsWith(reason)));
});

describe('a worker refuses', () => {
  const { service } = treeFor(2);
  const answerTo = (technique: Technique, group: Group, each: Command, change: Partial<Named> = {}): string => {
    const command = { kind: service.codec.kindOf(each), attempt: 0, session: 1, sequence: 1, floor: 1, payload: service.codec.encode(each), ...change };
    const { repliesByThread } = replica({ technique, threads: 2, commandsPerBarrier: 1, batches: [[{ group, command }]], turns: [[], []] }, [], 'persistent');
    const [reply] = repliesByThread.flat();
    return reply?.status === 'Refused' ? reasonOf(reply) : (reply?.status ?? 'nothing');
  };
  const insert: Command = { type: 'insert', key: 3n, value: 1n };

  it('what belongs to the partition of another thread', () => expect(answerTo('opt-psmr', 2, insert)).toBe('not a command for group 2'));
  it('under P-SMR, an insert that comes by a group of its own', () => expect(answerTo('p-smr', 1, insert)).toBe('not a command for group 1'));
  it('a scan that comes by a group of its own', () => expect(answerTo('opt-psmr', 1, { type: 'scan', from: 0n, to: 9n })).toBe('not a command for group 1'));
  it('a digest that comes by a group of its own', () => expect(answerTo('opt-psmr', 1, insert, { kind: DIGEST_KIND, payload: new Uint8Array() })).toBe('not a command for group 1'));
  it('a resubmission that comes by a group of its own', () => expect(answerTo('opt-psmr', 1, insert, { attempt: 1 })).toBe('a resubmission goes to g_all'));
  it('what it cannot read', () => expect(answerTo('opt-psmr', 1, insert, { payload: new Uint8Array(3) })).toMatch(/^payload: insert takes 16 bytes/));
  it('a kind that there is not', () => expect(answerTo('opt-psmr', 1, insert, { kind: 99 })).toMatch(/^kind: 99/));
  it('a sequence number beyond the window', () => expect(answerTo('opt-psmr', 1, insert, { sequence: 1 + LIMITS.window })).toMatch(/^more commands outstanding/));
  it('and nothing else', () => expect(answerTo('opt-psmr', G_ALL, insert)).toBe('Executed'));
});

it('a client that asks for the digest is told that of the whole state', () => {
  const digest: Logged = { group: G_ALL, command: { kind: DIGEST_KIND, attempt: 0, session: 1, sequence: 1, floor: 1, payload: new Uint8Array() } };
  const { repliesByThread, digest: meant } = replica({ technique: 'p-smr', threads: 2, commandsPerBarrier: 1, batches: [[digest]], turns: [[], []] }, [], 'shared');
  const { entries, high, low } = Worker.decodeDigest(repliesByThread.flat()[0]!.payload);
  expect(`${entries} ${high}:${low}`).toBe(meant);
});

describe('exactly once with resubmission', () => {
  const { service } = treeFor(2);
  const each = fc.record({ call, fillers: fc.array(call, { maxLength: 12 }) });

  it('OP05, OP06: a late duplicate of a failed attempt is answered as before, or not at all, and never executed', () =>
    fc.assert(
      fc.property(each, ({ call: one, fillers }) => {
        const group = groupFor('opt-psmr', service.footprint(one));
        fc.pre(group !== G_ALL);
        const name = { kind: service.codec.kindOf(one), session: 1, sequence: 1, floor: 1, payload: service.codec.encode(one) };
        const filling = fillers.slice(0, 7).map((filler, i): Logged => ({
          group: G_ALL,
          command: { kind: service.codec.kindOf(filler), attempt: 0, session: 2, sequence: i + 1, floor: 1, payload: service.codec.encode(filler) },
        }));
        const first: Logged = { group, command: { ...name, attempt: 0 } };
        const second: Logged = { group: G_ALL, command: { ...name, attempt: 1 } };
        const batches = [[first], ...filling.map((filler) => [filler]), [first], [second], [first], [second]];
        const { repliesByThread } = replica({ technique: 'opt-psmr', threads: 2, commandsPerBarrier: 1, batches, turns: [[], []] }, [], 'shared');
        const replies = repliesByThread.flat().filter(({ session }) => session === 1);
        const firsts = replies.filter(({ attempt }) => attempt === 0).map((reply) => fc.stringify(reply));
        const seconds = replies.filter(({ attempt }) => attempt === 1).map((reply) => fc.stringify(reply));
        expect(new Set(firsts).size).toBe(1);
        if (replies.some(({ attempt, status }) => attempt === 0 && status === 'Executed')) expect([firsts.length, seconds.length]).toEqual([3, 0]);
        else expect([firsts.length, seconds.length, new Set(seconds).size]).toEqual([2, 2, 1]);
      }),
    ));
});
