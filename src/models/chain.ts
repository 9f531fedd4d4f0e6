/**
 * The whole chain, as small as it goes: a client, one acceptor, and a replica of two threads. Commands are named, multicast,
 * ordered, skipped to, merged, checked, executed, answered, and, when they fail, resubmitted.
 */

import * as RR from 'fp-ts/lib/ReadonlyRecord.js';
import * as Spec from '../../spec/replica.js';
import { composed, type Bounds, type Happening, type World } from '../check/explore/composition.js';
import type { System } from '../check/explore/system.js';
import * as Proxy from '../client/proxy.js';
import type { Durable, Message } from '../consensus/messages.js';
import { sayGroup } from '../multicast/groups.js';
import * as Node from '../node.js';
import { encodeCall, encodeReply, recordsOf, replyAt, type Group, type Reply } from '../record.js';
import type { Command } from '../service/b-plus-tree/index.js';
import { asked } from './asked.js';
import { crewEvents, feed, onCrewEvent, refinementOf, SESSION, startCrew, tree, viewOf, type Crew, type CrewEvent } from './crew.js';
import { CLUSTER } from './threads.js';

const ACCEPTOR = 0;
const REPLICA = 1;
const CLIENT = 2;

/** What the client calls: one that fails its check, one that passes, and one for all threads. */
const COMMANDS: readonly Command[] = [
  { type: 'delete', key: 12n },
  { type: 'insert', key: 1n, value: 11n },
  { type: 'scan', from: 0n, to: 15n },
];

type Machine =
  | { readonly type: 'Acceptor'; readonly process: Node.Process; readonly now: number }
  | { readonly type: 'Replica'; readonly process: Node.Process; readonly crew: Crew }
  | { readonly type: 'Client'; readonly proxy: Proxy.Proxy; readonly answers: readonly string[] };

type Packet = { readonly type: string; readonly group: Group; readonly content: Message } | { readonly type: 'Reply'; readonly reply: Reply };

type Event = Node.ProcessEvent | CrewEvent | Extract<Proxy.Event, { type: 'Calls' | 'Replies' }>;

type Effect =
  | Node.ProcessEffect
  | Proxy.Effect
  | { readonly type: 'Answered'; readonly reply: Reply };

export type ChainWorld = World<Machine, Packet, Durable & { readonly group: Group }, null>;

export const chain = (bounds: Bounds): System<ChainWorld, Happening<Event, Packet>> =>
  composed<Machine, Event, Effect, Packet, Durable & { readonly group: Group }, never, null>({
    name: 'chain',
    processes: 3,
    start: (me) => {
      if (me === CLIENT) return { type: 'Client', proxy: Proxy.initial(SESSION, { window: 8, retryAfter: Infinity }), answers: [] };
      const process = Node.startProcess(CLUSTER, me);
      return me === ACCEPTOR ? { type: 'Acceptor', process, now: 1 } : { type: 'Replica', process, crew: startCrew(CLUSTER) };
    },
    onEvent,
    asks: (effect) => {
      switch (effect.type) {
        case 'Send':
          return { type: 'Send', to: effect.to, message: { type: effect.message.type, group: effect.group, content: effect.message } };
        case 'Persist':
          return { type: 'Persist', record: { ...effect.record, group: effect.group } };
        case 'Multicast':
          return { type: 'Send', to: ACCEPTOR, message: { type: 'Submit', group: effect.group, content: { type: 'Submit', commands: effect.records } } };
        case 'Answered':
          return { type: 'Send', to: CLIENT, message: { type: 'Reply', reply: effect.reply } };
        case 'Decided':
        case 'Failed':
        case 'Answers':
          return undefined;
      }
    },
    received: (packet, from) => ('reply' in packet ? { type: 'Replies', replies: encodeReply(packet.reply) } : { type: 'Received', group: packet.group, from, message: packet.content }),
    wakes: ({ type }) => (type === 'Client' ? [] : [{ type: 'Tick', now: 1 }]),
    own: (machine) => (machine.type === 'Replica' ? crewEvents(machine.crew) : []),
    timers: (machine) => (machine.type === 'Acceptor' ? [{ type: 'Tick', now: machine.now + STEP }] : []),
    inputs: (machine, _, count) => {
      const command = COMMANDS[count];
      if (machine.type !== 'Client' || command === undefined) return [];
      const { codec } = tree.service;
      return [{ type: 'Calls', calls: { first: count, commands: encodeCall(codec.kindOf(command), codec.encode(command)), ...Node.routeOf(CLUSTER, tree.service, command) } }];
    },
    bounds,
    isOrdered: true,
    isMuted: ({ type }) => type === 'Alive' || type === 'Here',
    observer: { initial: null, observe: (seen) => seen },
    view: (machine) => (machine.type === 'Replica' ? [machine.process, viewOf(machine.crew, COMMANDS.length)] : machine.type === 'Client' ? viewOfClient(machine) : machine),
    isFree: (_, { what, type }) => what === 'own' && type.startsWith('hears'),
    clauses: {
      always: {
        ...asked(Spec.clauses, (world: ChainWorld) => ({ executions: crewOf(world).executions, standing: [], unanswered: [] })),
        ...RR.map((holds: (crew: Crew) => boolean) => (world: ChainWorld) => holds(crewOf(world)))(refinementOf(COMMANDS)),
        'a client is answered as the replica did': (world) => {
          const outcomes = new Set(crewOf(world).executions.map(({ command, outcome }) => `${command}: ${outcome}`));
          return answersIn(world).every((answer) => outcomes.has(answer));
        },
      },
      sometimes: {
        'all calls are answered': (world) => world.spent.inputs > 0 && answersIn(world).length === world.spent.inputs,
        'a check fails, and the command is executed when it comes again': (world) => crewOf(world).executions.some(({ attempt, isEffective }) => attempt === 1 && isEffective),
      },
    },
    say: (packet) => ('reply' in packet ? `Reply to ${packet.reply.session}.${packet.reply.sequence}.${packet.reply.attempt}: ${packet.reply.status}` : `${packet.content.type} of ${sayGroup(packet.group)}`),
    sayEvent: (event) => {
      switch (event.type) {
        case 'Tick':
          return `looks at the clock: ${event.now} ms`;
        case 'Calls':
          return `calls command ${event.calls.first + 1}`;
        case 'hears':
          return `t${event.thread} hears of ${sayGroup(event.group)}`;
        case 'runs':
          return `t${event.thread} goes on`;
        case 'Received':
          return event.type;
        case 'Replies':
          return 'Reply';
      }
    },
  });

/** Between two looks at the clock, ms: rings are skipped forward far enough for all that is ordered meanwhile. */
const STEP = 10;

const onEvent = (machine: Machine, event: Event): readonly [Machine, readonly Effect[]] => {
  switch (event.type) {
    case 'Received':
    case 'Tick':
      return machine.type === 'Client' ? [machine, []] : onProcessEvent(machine, event);
    case 'hears':
    case 'runs': {
      if (machine.type !== 'Replica') return [machine, []];
      const [crew, effects] = onCrewEvent(machine.crew, event);
      const replies = effects.flatMap((effect) => (effect.type === 'Reply' ? [...recordsOf(effect.replies)].map((at): Effect => ({ type: 'Answered', reply: replyAt(effect.replies, at) })) : []));
      return [{ ...machine, crew }, replies];
    }
    case 'Calls':
    case 'Replies': {
      if (machine.type !== 'Client') return [machine, []];
      const [proxy, effects] = Proxy.onEvent(machine.proxy, event);
      const answered = effects.flatMap((effect) => (effect.type === 'Answers' ? effect.places.map((at) => replyAt(effect.replies, at)) : []));
      const answers = answered.map(({ session, sequence, status, payload }) => `${session}.${sequence}: ${status} ${payload.join(' ')}`);
      return [{ ...machine, proxy, answers: [...machine.answers, ...answers] }, effects];
    }
  }
};

const onProcessEvent = (machine: Extract<Machine, { type: 'Acceptor' | 'Replica' }>, event: Node.ProcessEvent): readonly [Machine, readonly Effect[]] => {
  const [process, effects] = Node.onProcessEvent(machine.process, event);
  if (machine.type === 'Acceptor') return [{ ...machine, process, now: event.type === 'Tick' ? event.now : machine.now }, effects];
  const crew = effects.reduce((known, effect) => (effect.type === 'Decided' ? feed(known, effect.group, effect.value) : known), machine.crew);
  return [{ ...machine, process, crew }, effects];
};

/** A proxy is as it is by what it has asked. */
const viewOfClient = ({ proxy, answers }: Extract<Machine, { type: 'Client' }>): unknown => {
  const { next, floor, outstanding, waiting } = proxy;
  const asked = Array.from({ length: next - floor }, (_, i) => [outstanding.callOf(floor + i), outstanding.attemptOf(floor + i)]);
  return ['Client', next, floor, asked, waiting, answers];
};

const crewOf = ({ processes }: ChainWorld): Crew => {
  const { machine } = processes[REPLICA]!;
  if (machine.type !== 'Replica') throw new TypeError('a replica is what it was when it started');
  return machine.crew;
};

const answersIn = ({ processes }: ChainWorld): readonly string[] => {
  const { machine } = processes[CLIENT]!;
  return machine.type === 'Client' ? machine.answers : [];
};
