/**
 * One ring of three acceptors: ballots compete, a command or two is submitted to whoever leads, and messages come in any
 * order. Every silence is too long here: a timer that runs out makes a process lose its patience at once.
 */

import { pipe } from 'fp-ts/lib/function.js';
import * as RR from 'fp-ts/lib/ReadonlyRecord.js';
import { Map } from 'immutable';
import * as Spec from '../../spec/consensus.js';
import * as Abstract from '../../spec/refinement.js';
import { composed, type Bounds, type Happening, type World } from '../check/explore/composition.js';
import type { System } from '../check/explore/system.js';
import * as Acceptor from '../consensus/acceptor.js';
import * as Coordinators from '../consensus/coordinator.js';
import type { Durable, Message, Value } from '../consensus/messages.js';
import * as Rings from '../consensus/ring.js';
import * as Node from '../node.js';
import { G_ALL } from '../record.js';
import { asked } from './asked.js';

export type Machines = { readonly startProcess: typeof Node.startProcess; readonly onProcessEvent: typeof Node.onProcessEvent };

export type RingWorld = World<Node.Process, Message, Durable, Seen>;
export type RingDeed = Happening<Node.ProcessEvent, Message>;
export type RingSystem = System<RingWorld, RingDeed>;

type Seen = {
  /** What each process has learned, in order. */
  readonly learned: readonly (readonly Spec.Learned[])[];
  /** What an abstract machine makes of it, or why it can make nothing of it. */
  readonly abstract: Abstract.Decisions | string;
};

/** Longer than any patience, ms. */
const LONG = 1000;

const SETTINGS: Rings.Settings = {
  batchBytes: 1,
  backlogBytes: 1000,
  window: 4,
  heartbeat: Infinity,
  suspectAfter: 50,
  resendAfter: 30,
  askAfter: 20,
  askFor: 4,
};

const ACCEPTORS = [0, 1, 2];

const CLUSTER: Node.Cluster = {
  membership: { acceptors: ACCEPTORS, learners: [] },
  technique: 'smr',
  threads: 1,
  ring: SETTINGS,
  skip: { lambda: 0, delta: LONG, origin: 0 },
  m: 1,
  commandsPerBarrier: 1,
  homes: [0],
};

export type RingBounds = Bounds & { readonly impatient?: readonly number[]; readonly isTerse?: boolean; readonly slowDisks?: boolean };

export const ring = ({ impatient = ACCEPTORS, isTerse = false, slowDisks = false, ...bounds }: RingBounds, { startProcess, onProcessEvent }: Machines = Node): RingSystem =>
  composed<Node.Process, Node.ProcessEvent, Node.ProcessEffect, Message, Durable, Extract<Node.ProcessEffect, { type: 'Decided' }>, Seen>({
    name: 'ring',
    processes: ACCEPTORS.length,
    start: (me, records) => startProcess(CLUSTER, me, Map([[G_ALL, records]])),
    onEvent: onProcessEvent,
    asks: (effect) => {
      switch (effect.type) {
        case 'Send':
        case 'Persist':
          return effect;
        case 'Decided':
          return { type: 'Show', what: effect };
      }
    },
    received: (message, from) => ({ type: 'Received', group: G_ALL, from, message }),
    wakes: () => [{ type: 'Tick', now: 1 }],
    timers: (process, me) => !impatient.includes(me) ? [] : [{ type: 'Tick', now: nowOf(process) + LONG }],
    inputs: (process, _, count) => (coordinatorOf(process)?.role.type === 'Leading' ? [{ type: 'Received', group: G_ALL, from: CLIENT, message: submission(count) }] : []),
    bounds,
    slowDisks,
    ...(isTerse ? { isMuted: ({ type }: Message) => type === 'Alive' || type === 'Here' } : {}),
    observer: {
      initial: { learned: ACCEPTORS.map(() => []), abstract: Abstract.consensus.initial },
      observe: ({ learned, abstract }, { instance, id, value }, process, life) => {
        const one = { ring: G_ALL, process, life, instance, id, value: textOf(value), commands: namesIn(value) };
        return {
          learned: learned.with(process, [...learned[process]!, one]),
          abstract: typeof abstract === 'string' ? abstract : Abstract.consensus.onSight(abstract, one),
        };
      },
    },
    view: (process) => agelessOf(ringOf(process)),
    clauses: {
      always: {
        ...asked(Spec.clauses, factsOf),
        ...pipe(Rings.stateInvariants, RR.map((holds) => ({ processes }: RingWorld) => processes.every(({ machine }) => holds(ringOf(machine))))),
        'every step is one of the abstract machine, or none': ({ seen }) => typeof seen.abstract !== 'string',
        'what the processes have handed over is what the abstract machine says': (world) => isAbstractedBy(world, world.seen.abstract),
      },
      stepwise: {
        // A crash may take back what lay on no disk yet, and was told to nobody.
        ...pipe(Acceptor.stepInvariants, RR.map((holds) => ofEach(({ acceptor }, { acceptor: after }, isSameLife) => (slowDisks && !isSameLife) || holds(acceptor, after)))),
        ...pipe(Coordinators.stepInvariants, RR.map((holds) => ofEach(({ coordinator }, { coordinator: after }, isSameLife) => !isSameLife || holds(coordinator, after)))),
      },
      sometimes: {
        'all processes learn a command': ({ seen }) => seen.learned.every((learned) => learned.some(({ commands }) => commands.length > 0)),
        ...((bounds.timers ?? 0) > 0 ? { 'a second ballot leads': ({ processes }: RingWorld) => processes.some(({ machine }) => leads(machine) && (coordinatorOf(machine)?.ballot.round ?? 0) > 1) } : {}),
      },
    },
    say: sayMessage,
    sayEvent: (event) => (event.type === 'Tick' ? 'loses its patience' : `is given ${event.message.type === 'Submit' ? `command ${event.message.commands[0] ?? 0}` : event.message.type}`),
  });

type Voting = NonNullable<Rings.Ring['voting']>;

/** What holds of each process from one state to the next, whether it crashed in between or not. */
const ofEach =
  (holds: (before: Voting, after: Voting, isSameLife: boolean) => boolean) =>
  (before: RingWorld, after: RingWorld): boolean =>
    after.processes.every(({ machine, life }, me) => {
      const was = before.processes[me]!;
      if (was.machine === machine) return true;
      const [a, b] = [ringOf(was.machine).voting, ringOf(machine).voting];
      return a === null || b === null || holds(a, b, life === was.life);
    });

const CLIENT = -1;

/** Consensus does not look into its values: a command is a byte here. */
const submission = (count: number): Message => ({ type: 'Submit', commands: Uint8Array.of(count + 1) });

const ringOf = (process: Node.Process): Rings.Ring => process.parts[G_ALL]!.ring;
const coordinatorOf = (process: Node.Process): Coordinators.Coordinator | undefined => ringOf(process).voting?.coordinator;
const leads = (process: Node.Process): boolean => coordinatorOf(process)?.role.type === 'Leading';
const nowOf = (process: Node.Process): number => coordinatorOf(process)?.now ?? 0;

const textOf = (value: Value): string => (value.type === 'Batch' ? `batch ${value.commands.join(' ')}` : value.type === 'Skip' ? `skip to ${value.to}` : 'no-op');
const namesIn = (value: Value): readonly string[] => (value.type === 'Batch' ? Array.from(value.commands, String) : []);

/** What the clauses of the spec are asked of. Votes are what is durable, whatever became of it. */
export const factsOf = ({ processes, spent, seen }: RingWorld): Spec.Facts => ({
  acceptors: ACCEPTORS.length,
  submitted: Spec.byRing([[G_ALL, Array.from({ length: spent.inputs }, (_, count) => String(count + 1))]]),
  votes: processes.flatMap(({ records, durable }, process) => records.slice(0, durable).flatMap((record) => (record.type === 'Voted' ? [{ ring: G_ALL, process, ...record }] : []))),
  learned: seen.learned.flat(),
});

/**
 * The refinement mapping: what the abstract machine reads next for each process, and what it holds decided, seen from the
 * concrete state alone.
 */
const isAbstractedBy = ({ processes }: RingWorld, abstract: Abstract.Decisions | string): boolean =>
  typeof abstract !== 'string' &&
  processes.every(({ machine, life }, process) => {
    const { learner, voting } = ringOf(machine);
    const next = abstract.next.get(`${process}/${life}`);
    if (next !== undefined && next !== learner.next) return false;
    return abstract.decided.take(learner.next).every((value, instance) => {
      const entry = voting?.acceptor.log.get(instance);
      return entry?.type === 'Decided' && textOf(entry.value) === value;
    });
  });

/**
 * A ring without its clocks. All that a machine asks of a time is whether it was longer ago than some patience: as time goes
 * by in leaps that are longer than any, it is either now or long ago.
 */
const agelessOf = ({ voting, learner }: Rings.Ring): unknown => {
  const now = voting?.coordinator.now ?? 0;
  const isNow = (time: number): boolean => time === now;
  const { settings: _, membership: __, ...rest } = learner;
  return {
    learner: { ...rest, waiting: { ...rest.waiting, since: isNow(rest.waiting.since) } },
    ...(voting === null ? {} : { acceptor: { ...voting.acceptor, membership: null }, coordinator: agelessCoordinator(voting.coordinator, isNow) }),
  };
};

const agelessCoordinator = ({ role, heard, ...rest }: Coordinators.Coordinator, isNow: (time: number) => boolean): unknown => ({
  ...rest,
  settings: null,
  membership: null,
  now: rest.now > 0,
  heard: heard.map(({ first, last }) => ({ first: isNow(first), last: isNow(last) })),
  role: agelessRole(role, isNow),
});

const agelessRole = (role: Coordinators.Coordinator['role'], isNow: (time: number) => boolean): unknown => {
  switch (role.type) {
    case 'Following':
      return { ...role, since: isNow(role.since) };
    case 'Preparing':
      return { ...role, since: isNow(role.since), sent: isNow(role.sent) };
    case 'Leading':
      return { ...role, beat: isNow(role.beat), open: role.open.map((open) => ({ ...open, sent: isNow(open.sent) })) };
  }
};

const sayMessage = (message: Message): string => {
  switch (message.type) {
    case 'Prepare':
      return `Prepare ballot ${message.ballot.round} of ${message.ballot.process}, from instance ${message.from}`;
    case 'Promise':
      return `Promise for ballot ${message.ballot.round} of ${message.ballot.process}${message.entries.map(([instance, entry]) => `, ${instance}: ${entry.id}${entry.type === 'Voted' ? ` in ${entry.ballot.round}` : ' decided'}`).join('')}`;
    case 'Refuse':
      return `Refuse, ballot ${message.promised.round} of ${message.promised.process} is promised`;
    case 'Value':
      return `Value ${message.id} (${textOf(message.value)})`;
    case 'Phase2':
      return `Phase2 instance ${message.instance}: ${message.id}, voted by ${message.voters.join(' ')}`;
    case 'Decision':
      return `Decision instance ${message.instance}: ${message.id}`;
    case 'Ask':
      return `Ask for instances ${message.from} to ${message.to - 1}`;
    case 'Chosen':
      return `Chosen instance ${message.instance}: ${message.id}`;
    case 'Alive':
    case 'Here':
    case 'Submit':
      return message.type;
  }
};
