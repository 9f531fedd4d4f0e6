/** Worlds with one deliberate mistake each: what the properties are worth is what they find out of these. */

import type { Map } from 'immutable';
import type { Machines } from '../../src/adapter/simulated/world.js';
import * as Proxy from '../../src/client/proxy.js';
import type { Acceptor } from '../../src/consensus/acceptor.js';
import { isHigher, isLower, isSame, NO_BALLOT } from '../../src/consensus/ballot.js';
import type { Coordinator } from '../../src/consensus/coordinator.js';
import type { Learner } from '../../src/consensus/learner.js';
import { NOOP, type Durable, type Message } from '../../src/consensus/messages.js';
import * as Merge from '../../src/multicast/merge.js';
import * as Node from '../../src/node.js';
import { commandAt, encodeCommand, encodeReply, join, recordsOf, replyAt, type Group } from '../../src/record.js';
import { EXECUTOR, isFull, type Board } from '../../src/replica/barrier.js';
import type { Sessions } from '../../src/replica/sessions.js';
import * as Worker from '../../src/replica/worker.js';
import { descend, type Tree } from '../../src/service/b-plus-tree/outline.js';
import type { Command, Result } from '../../src/service/b-plus-tree/index.js';
import type { Condition, Store } from '../../src/service/service.js';
import type { Change } from './world.js';

type Thread = Node.Thread<Command, Result>;
type Shared = Worker.Shared<Command, Result>;
type Stepped = ReturnType<typeof Node.onThreadEvent<Command, Result>>;

/** Several changes, one after the other. */
const together =
  (...changes: readonly Change[]): Change =>
  (world) =>
    changes.reduce((changed, change) => change(changed), world);

const having =
  (machines: Partial<Machines<Command, Result>>): Change =>
  (world) => ({ ...world, machines: { ...world.machines, ...machines } });

// Mistakes of a process: in what it is told, in what it says, and in what it knows of a ring

/** What a process is told, told otherwise: not at all, or several times. */
const told = (rewrite: (message: Message, process: Node.Process, group: Group) => readonly (Message | readonly [from: number, message: Message])[]): Change =>
  having({
    onProcessEvent: (process, event) => {
      if (event.type === 'Tick') return Node.onProcessEvent(process, event);
      let state = process;
      const effects: Node.ProcessEffect[] = [];
      for (const one of rewrite(event.message, process, event.group)) {
        const [from, message] = 'type' in one ? [event.from, one] : one;
        const [next, more] = Node.onProcessEvent(state, { ...event, from, message });
        state = next;
        effects.push(...more);
      }
      return [state, effects];
    },
  });

/** What a process asks of the world, asked otherwise. */
const asking = (rewrite: (effect: Node.ProcessEffect) => readonly Node.ProcessEffect[]): Change =>
  having({
    onProcessEvent: (process, event) => {
      const [next, effects] = Node.onProcessEvent(process, event);
      return [next, effects.flatMap(rewrite)];
    },
  });

const saying = (rewrite: (message: Message) => Message): Change =>
  asking((effect) => [effect.type === 'Send' ? { ...effect, message: rewrite(effect.message) } : effect]);

type Knowing = { readonly acceptor: Acceptor; readonly coordinator: Coordinator; readonly learner: Learner };
type Mistaken = { readonly [K in keyof Knowing]?: (known: Knowing[K], message: Message) => Knowing[K] };

const mistake = (process: Node.Process, group: Group, message: Message, { acceptor, coordinator, learner }: Mistaken): Node.Process => {
  const part = process.parts.get(group);
  if (part === undefined) return process;
  const { ring } = part;
  const voting = ring.voting && {
    acceptor: acceptor?.(ring.voting.acceptor, message) ?? ring.voting.acceptor,
    coordinator: coordinator?.(ring.voting.coordinator, message) ?? ring.voting.coordinator,
  };
  return { parts: process.parts.set(group, { ...part, ring: { ...ring, voting, learner: learner?.(ring.learner, message) ?? ring.learner } }) };
};

/** A process that is mistaken about its state when it takes what it is told. */
const mistaken = (about: Mistaken): Change =>
  having({
    onProcessEvent: (process, event) => {
      const before = event.type === 'Tick' ? process : mistake(process, event.group, event.message, about);
      return Node.onProcessEvent(before, event);
    },
  });

/** A disk that gives back something else than was written. */
const reading = (rewrite: (record: Durable) => Durable): Change =>
  having({
    startProcess: (cluster, me, records: Map<Group, readonly Durable[]> | undefined) =>
      Node.startProcess(cluster, me, records?.map((kept) => kept.map(rewrite))),
  });

/** A record that says nothing. */
const BLANK: Durable = { type: 'Decided', instance: -1, id: '' };

// Mistakes of a thread: in its merge, and in what it shares with the others

const merging = (onEvent: typeof Merge.onEvent): Change =>
  having({
    onThreadEvent: (thread, event) => {
      if (event.type === 'Run') return Node.onThreadEvent(thread, event);
      const [merge, delivered] = onEvent(thread.merge, event);
      return [{ merge, worker: delivered.reduce((next, delivery) => Worker.onEvent(next, delivery)[0], thread.worker) }, []];
    },
  });

/** The learners of every second replica that starts. */
const everySecond =
  (change: (thread: Thread) => Thread): Change =>
  (world) => {
    const crews: unknown[] = [];
    return having({
      startThread: (cluster, service, number, shared) => {
        if (!crews.includes(shared)) crews.push(shared);
        const thread = Node.startThread(cluster, service, number, shared);
        return crews.indexOf(shared) % 2 === 1 ? change(thread) : thread;
      },
    })(world);
  };

const running = (run: (thread: Thread, event: Extract<Node.ThreadEvent, { type: 'Run' }>) => Stepped): Change =>
  having({ onThreadEvent: (thread, event) => (event.type === 'Run' ? run(thread, event) : Node.onThreadEvent(thread, event)) });

/** A step of a thread that sees what it shares otherwise than it is. What it leaves as it was, stays as it is. */
const seen = (thread: Thread, event: Node.ThreadEvent, view: Partial<Shared>): Stepped => {
  const real = thread.worker.shared;
  const viewed = { ...real, ...view };
  const [next, effects] = Node.onThreadEvent({ ...thread, worker: { ...thread.worker, shared: viewed } }, event);
  const { store, sessions: remembered, board: announced } = next.worker.shared;
  const shared = {
    store,
    sessions: remembered === viewed.sessions ? real.sessions : remembered,
    board: announced === viewed.board ? real.board : announced,
  };
  return [{ ...next, worker: { ...next.worker, shared } }, effects];
};

const board = (view: (real: Board) => Partial<Board>): Change =>
  running((thread, event) => seen(thread, event, { board: { ...thread.worker.shared.board, ...view(thread.worker.shared.board) } }));

const sessions = (view: (real: Sessions) => Partial<Sessions>): Change =>
  running((thread, event) => seen(thread, event, { sessions: { ...thread.worker.shared.sessions, ...view(thread.worker.shared.sessions) } }));

const NEW = { type: 'New' } as const;

/** A store with a wrong method, whatever becomes of it. */
const storing = (wrong: (store: Tree) => Partial<Pick<Tree, 'check' | 'execute'>>): Change => {
  const wrap = (store: Store<Command, Result>): Store<Command, Result> => {
    const { check = store.check, execute = store.execute } = wrong(store as Tree);
    return {
      check,
      digest: store.digest,
      execute: (command) => {
        const [next, result] = execute(command);
        return [wrap(next), result];
      },
    };
  };
  return (world) => ({ ...world, newStore: (observe) => wrap(world.newStore(observe)) });
};

const overlooking = (condition: Condition): Change =>
  storing((store) => ({
    check: (thread, command) => {
      const failed = store.check(thread, command);
      return failed === condition ? undefined : failed;
    },
  }));

/** As if the descent to a key that is its leaf's first went to the leaf on the left, where it is not. */
const lostAtSeparators = storing((store) => ({
  execute: (command) => {
    const isLost = command.type !== 'scan' && command.type !== 'insert' && descend(store.outline().root, Number(command.key)).beta1 === Number(command.key);
    return isLost ? [store, { type: 'absent' }] : store.execute(command);
  },
}));

/** A step of a thread in the role of another. */
const inRoleOf = (role: number, thread: Thread, event: Node.ThreadEvent, view: Partial<Shared> = {}): Stepped => {
  const [next, effects] = seen({ ...thread, worker: { ...thread.worker, thread: role } }, event, view);
  return [{ ...next, worker: { ...next.worker, thread: thread.worker.thread } }, effects];
};

const isAtFullBarrier = ({ worker }: Thread): boolean => worker.phase.type !== 'Running' && isFull(worker.shared.board, worker.generation);

// Mistakes of a client

const FRESH = 1_000_000;

/** Every sending of a resubmission under another session, and answers under the first one. */
const renamed: Change = (world) => {
  let sendings = 0;
  return {
    ...world,
    limits: { ...world.limits, sessions: 1000 },
    machines: {
      ...world.machines,
      onProxyEvent: (proxy, event) => {
        const [next, effects] = Proxy.onEvent(proxy, event);
        return [
          next,
          effects.map((effect) => {
            if (effect.type !== 'Multicast') return effect;
            const command = commandAt(effect.record, 0);
            if (command.attempt === 0) return effect;
            sendings += 1;
            return { ...effect, record: encodeCommand({ ...command, session: command.session + FRESH * sendings }) };
          }),
        ];
      },
      onThreadEvent: (thread, event) => {
        const [next, effects] = Node.onThreadEvent(thread, event);
        return [next, effects.map((effect) => (effect.type === 'Reply' ? { ...effect, replies: join([...recordsOf(effect.replies)].map((at) => firstNamed(effect.replies, at))) } : effect))];
      },
    },
  };
};

const firstNamed = (replies: Uint8Array, at: number): Uint8Array => {
  const reply = replyAt(replies, at);
  return encodeReply({ ...reply, session: reply.session % FRESH });
};

/** The mistakes, by the ids under which they are listed. */
export const MISTAKES = {
  'PX01: an acceptor votes whatever it has promised': mistaken({
    acceptor: (known, message) =>
      (message.type === 'Value' || message.type === 'Phase2') && isLower(message.ballot, known.promised) ? { ...known, promised: message.ballot } : known,
  }),
  'PX02: a promise is not recorded': having({
    onProcessEvent: (process, event) => {
      const [next, effects] = Node.onProcessEvent(process, event);
      if (event.type === 'Tick' || event.message.type !== 'Prepare') return [next, effects];
      const before = process.parts.get(event.group)?.ring.voting?.acceptor;
      return [mistake(next, event.group, event.message, { acceptor: (known) => ({ ...known, promised: before?.promised ?? NO_BALLOT }) }), effects];
    },
  }),
  'PX03: an acceptor promises a lower ballot': mistaken({
    acceptor: (known, message) => (message.type === 'Prepare' && isLower(message.ballot, known.promised) ? { ...known, promised: NO_BALLOT } : known),
  }),
  'PX05: a vote needs a ballot higher than the promise': told((message, process, group) => {
    const promised = process.parts.get(group)?.ring.voting?.acceptor.promised;
    return message.type === 'Phase2' && promised !== undefined && !isHigher(message.ballot, promised) ? [] : [message];
  }),
  'PX07: a coordinator ignores the votes reported in phase 1': saying((message) => (message.type === 'Promise' ? { ...message, entries: [] } : message)),
  'PX08: a coordinator adopts the value of the lowest ballot reported': saying((message) =>
    message.type === 'Promise'
      ? {
          ...message,
          entries: message.entries.map(([instance, entry]) =>
            entry.type === 'Voted' ? ([instance, { ...entry, ballot: { round: 1e6 - entry.ballot.round, process: -entry.ballot.process } }] as const) : ([instance, entry] as const),
          ),
        }
      : message,
  ),
  'PX10: one promise is a quorum': told((message) =>
    message.type === 'Promise' ? [message, ...[0, 1, 2].map((acceptor) => [acceptor, { ...message, entries: [] }] as const)] : [message],
  ),
  'PX11: one vote is a decision': asking((effect) => {
    if (effect.type !== 'Send' || effect.message.type !== 'Phase2' || effect.message.voters.length !== 1) return [effect];
    const [decider = 0] = effect.message.voters;
    const { ballot, ring, instance, id } = effect.message;
    return [effect, { ...effect, to: decider, message: { type: 'Decision', ballot, ring, decider, instance, id } }];
  }),
  'PX12: promises of an older ballot are counted': told((message, process, group) => {
    const ballot = process.parts.get(group)?.ring.voting?.coordinator.ballot;
    return message.type === 'Promise' && ballot !== undefined && !isSame(message.ballot, ballot) ? [{ ...message, ballot }] : [message];
  }),
  'PX15: an acceptor forgets its votes when it promises': mistaken({
    acceptor: (known, message) =>
      message.type === 'Prepare' && !isLower(message.ballot, known.promised) ? { ...known, log: known.log.filter((entry) => entry.type === 'Decided') } : known,
  }),
  'PX18: a crash loses the promise': reading((record) => (record.type === 'Promised' ? BLANK : record)),
  'PX19: a crash loses the vote': reading((record) => (record.type === 'Voted' ? { type: 'Promised', ballot: record.ballot } : record)),
  'RP01: an acceptor forwards a vote for a value that it does not hold': mistaken({
    acceptor: (known, message) =>
      message.type === 'Phase2' && !known.held.has(message.id) && known.log.get(message.instance)?.id !== message.id
        ? { ...known, held: known.held.set(message.id, NOOP) }
        : known,
  }),
  'RP07: an id is used again for another value': having({
    startProcess: (cluster, me, records) => {
      const process = Node.startProcess(cluster, me, records);
      const forget = (coordinator: Coordinator): Coordinator => ({ ...coordinator, ballot: { ...coordinator.ballot, round: Math.max(0, coordinator.ballot.round - 1) } });
      return [...process.parts.keys()].reduce((known, group) => mistake(known, group, { type: 'Here' }, { coordinator: forget }), process);
    },
  }),
  'RP09: a hole that was voted on is filled with a no-op': saying((message) => (message.type === 'Promise' ? { ...message, entries: message.entries.slice(-1) } : message)),
  'RP11: a learner hands over instance i + 1 before i': mistaken({
    learner: (known, message) =>
      message.type === 'Decision' && message.instance > known.next && known.values.has(message.id) ? { ...known, next: message.instance } : known,
  }),
  'RP12: an instance that is told again is handed over again': mistaken({
    learner: (known, message) => (message.type === 'Chosen' && message.instance < known.next ? { ...known, next: message.instance } : known),
  }),
  'AD05: a message leaves before what it rests on is durable': asking((effect) => [effect.type === 'Send' ? { ...effect, after: 0 } : effect]),

  'MR01: the merge passes over a ring that has nothing yet': merging((merge, event) => {
    const lanes = merge.lanes.map((lane) => (lane.group === event.group || !lane.waiting.isEmpty() ? lane : { ...lane, known: Infinity }));
    const [next, delivered] = Merge.onEvent({ ...merge, lanes }, event);
    return [{ ...next, lanes: next.lanes.map((lane, i) => (lane.known === Infinity ? { ...lane, known: merge.lanes[i]!.known } : lane)) }, delivered];
  }),
  'MR02: M differs between learners': everySecond((thread) => ({ ...thread, merge: { ...thread.merge, m: thread.merge.m + 1 } })),
  'MR04: one learner counts a skip of many slots as one': together(
    everySecond((thread) => ({ ...thread, merge: { ...thread.merge, isOdd: true } as Merge.Merge })),
    merging((merge, event) => Merge.onEvent(merge, 'isOdd' in merge && event.value.type === 'Skip' ? { ...event, value: NOOP } : event)),
  ),
  'MR06: rings are taken in the order of their first arrival': merging((merge, event) => {
    const isFirst = merge.lanes.every(({ known }) => known === 0);
    const swapped = isFirst && event.group !== 0 ? { ...merge, isSwapped: true } : merge;
    if (!('isSwapped' in swapped)) return Merge.onEvent(merge, event);
    const groups = merge.lanes.map(({ group }) => group);
    const other = (group: Group): Group => groups[groups.length - 1 - groups.indexOf(group)]!;
    const [next, delivered] = Merge.onEvent(swapped, { ...event, group: other(event.group) });
    return [next, delivered.map((delivery) => ({ ...delivery, group: other(delivery.group) }))];
  }),
  'MR09: everyone counts a skip of many slots as one': merging((merge, event) => Merge.onEvent(merge, event.value.type === 'Skip' ? { ...event, value: NOOP } : event)),

  'PS01: the barrier waits for one thread too few': board((real) => ({ hasArrived: (thread, generation) => thread === real.threads || real.hasArrived(thread, generation) })),
  'PS02: the executor does not wait for the others': board(() => ({ hasArrived: () => true })),
  'PS04: the barrier opens when execution starts': board((real) => ({ hasDeparted: (generation) => isFull(real, generation) })),
  'PS05: every thread executes the commands of g_all': running((thread, event) =>
    thread.worker.thread !== EXECUTOR && isAtFullBarrier(thread)
      ? inRoleOf(EXECUTOR, thread, event, { sessions: { ...thread.worker.shared.sessions, recall: () => NEW } })
      : Node.onThreadEvent(thread, event),
  ),
  'PS07: commands that conflict go to different groups': (world) => ({
    ...world,
    service: {
      ...world.service,
      footprint: (command) => {
        const footprint = world.service.footprint(command);
        return command.type === 'read' && footprint.type === 'Partition' ? { ...footprint, partition: (footprint.partition % world.cluster.threads) + 1 } : footprint;
      },
    },
  }),

  'OP01: a command that failed its check is executed all the same': storing(() => ({ check: () => undefined })),
  'OP02: the left neighbour is overlooked': overlooking('left'),
  'OP03: the right neighbour is overlooked': overlooking('right'),
  'OP05: a late duplicate of a failed attempt passes after its resubmission': sessions((real) => ({
    recall: (table, command) => {
      const memory = real.recall(table, command);
      return memory.type === 'Answered' && memory.attempt > (command as { readonly attempt?: number }).attempt! ? NEW : memory;
    },
  })),
  'OP06: a failure is not remembered': sessions((real) => ({
    remember: (table, command, answered) => (answered.status === 'Failed' ? real : real.remember(table, command, answered)),
  })),
  'OP07: a resubmission goes under a fresh name': renamed,
  'CL01: there is no session table': sessions(() => ({ recall: () => NEW })),
  'BT04: the descent goes the wrong way at a separator': lostAtSeparators,
} as const satisfies Readonly<Record<string, Change>>;

/** What looks like a mistake and is none. */
export const CONTROLS = {
  'PX06: a promise is repeated for an equal ballot': asking((effect) => (effect.type === 'Send' && effect.message.type === 'Promise' ? [effect, effect] : [effect])),
  'PS09: the last thread to arrive executes': running((thread, event) => {
    if (thread.worker.phase.type !== 'Running') return inRoleOf('isLast' in thread.worker ? EXECUTOR : EXECUTOR + 1, thread, event);
    const { isLast: _, ...worker } = thread.worker as Thread['worker'] & { readonly isLast?: true };
    const [next, effects] = Node.onThreadEvent({ ...thread, worker }, event);
    return [isAtFullBarrier(next) ? { ...next, worker: { ...next.worker, isLast: true } as Thread['worker'] } : next, effects];
  }),
} as const satisfies Readonly<Record<string, Change>>;
