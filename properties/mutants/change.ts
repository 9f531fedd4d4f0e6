/** How a mistake gets into a world: by what machines are told, by what they say, and by what they make of what they know. */

import type { Map } from 'immutable';
import type { Machines } from '../../src/adapter/simulated/world.js';
import type { Acceptor } from '../../src/consensus/acceptor.js';
import type { ProcessId } from '../../src/consensus/ballot.js';
import type { Coordinator } from '../../src/consensus/coordinator.js';
import type { Learner } from '../../src/consensus/learner.js';
import type { Durable, Message } from '../../src/consensus/messages.js';
import * as Merge from '../../src/multicast/merge.js';
import * as Node from '../../src/node.js';
import type { Group } from '../../src/record.js';
import type { Board } from '../../src/replica/barrier.js';
import type { Sessions } from '../../src/replica/sessions.js';
import * as Worker from '../../src/replica/worker.js';
import type { Command, Result } from '../../src/service/b-plus-tree/index.js';
import type { Tree } from '../../src/service/b-plus-tree/outline.js';
import type { Store } from '../../src/service/service.js';
import type { Change } from '../arbitraries/world.js';

export type Thread = Node.Thread;
export type Shared = Worker.Shared;
export type Stepped = ReturnType<typeof Node.onThreadEvent>;

/** Several changes, one after the other. */
export const together =
  (...changes: readonly Change[]): Change =>
  (world) =>
    changes.reduce((changed, change) => change(changed), world);

export const having =
  (machines: Partial<Machines>): Change =>
  (world) => ({ ...world, machines: { ...world.machines, ...machines } });

// Mistakes of a process: in what it is told, in what it says, and in what it knows of a ring

type Told = Message | readonly [from: ProcessId, message: Message];

/** What a process is told, told otherwise: not at all, or several times. */
export const told = (rewrite: (message: Message, process: Node.Process, group: Group, from: ProcessId) => readonly Told[]): Change =>
  having({
    onProcessEvent: (process, event) => {
      if (event.type === 'Tick') return Node.onProcessEvent(process, event);
      let state = process;
      const effects: Node.ProcessEffect[] = [];
      for (const one of rewrite(event.message, process, event.group, event.from)) {
        const [from, message] = 'type' in one ? [event.from, one] : one;
        const [next, more] = Node.onProcessEvent(state, { ...event, from, message });
        state = next;
        effects.push(...more);
      }
      return [state, effects];
    },
  });

/** What a process asks of the world, asked otherwise. */
export const asking = (rewrite: (effect: Node.ProcessEffect) => readonly Node.ProcessEffect[]): Change =>
  having({
    onProcessEvent: (process, event) => {
      const [next, effects] = Node.onProcessEvent(process, event);
      return [next, effects.flatMap(rewrite)];
    },
  });

export const saying = (rewrite: (message: Message) => Message): Change =>
  asking((effect) => [effect.type === 'Send' ? { ...effect, message: rewrite(effect.message) } : effect]);

export type Knowing = { readonly acceptor: Acceptor; readonly coordinator: Coordinator; readonly learner: Learner };
type Mistaken = { readonly [K in keyof Knowing]?: (known: Knowing[K], message: Message) => Knowing[K] };

/** What a process knows of a ring as an acceptor or coordinator; nothing, if it is neither. */
export const votingOf = (process: Node.Process, group: Group) => process.parts[group]?.ring.voting ?? undefined;

export const mistake = (process: Node.Process, group: Group, message: Message, { acceptor, coordinator, learner }: Mistaken): Node.Process => {
  const part = process.parts[group];
  if (part === undefined) return process;
  const { ring } = part;
  const voting = ring.voting && {
    acceptor: acceptor?.(ring.voting.acceptor, message) ?? ring.voting.acceptor,
    coordinator: coordinator?.(ring.voting.coordinator, message) ?? ring.voting.coordinator,
  };
  return { ...process, parts: process.parts.with(group, { ...part, ring: { ...ring, voting, learner: learner?.(ring.learner, message) ?? ring.learner } }) };
};

/** A process that is mistaken about its state when it takes what it is told. */
export const mistaken = (about: Mistaken): Change =>
  having({
    onProcessEvent: (process, event) => {
      const before = event.type === 'Tick' ? process : mistake(process, event.group, event.message, about);
      return Node.onProcessEvent(before, event);
    },
  });

/** An acceptor that remembers something else of a step than what it did. */
export const misremembering = (recall: (after: Acceptor, before: Acceptor, message: Message) => Acceptor): Change =>
  having({
    onProcessEvent: (process, event) => {
      const [next, effects] = Node.onProcessEvent(process, event);
      if (event.type === 'Tick') return [next, effects];
      const before = votingOf(process, event.group)?.acceptor;
      const about: Mistaken = before === undefined ? {} : { acceptor: (after) => recall(after, before, event.message) };
      return [mistake(next, event.group, event.message, about), effects];
    },
  });

/** A disk that gives back something else than was written. */
export const reading = (rewrite: (record: Durable) => Durable): Change =>
  having({
    startProcess: (cluster, me, records: Map<Group, readonly Durable[]> | undefined) =>
      Node.startProcess(cluster, me, records?.map((kept) => kept.map(rewrite))),
  });

/** What a process is when it comes back after a crash. */
export const comingBack =
  (change: (process: Node.Process) => Node.Process): Change =>
  (world) => {
    const known = new Set<ProcessId>();
    return having({
      startProcess: (cluster, me, records) => {
        const process = Node.startProcess(cluster, me, records);
        if (known.has(me)) return change(process);
        known.add(me);
        return process;
      },
    })(world);
  };

// Mistakes of a thread: in its merge, and in what it shares with the others

export const merging = (onEvent: typeof Merge.onEvent): Change =>
  having({
    onThreadEvent: (thread, event) => {
      if (event.type === 'Run') return Node.onThreadEvent(thread, event);
      const [merge, delivered] = onEvent(thread.merge, event);
      return [{ merge, worker: delivered.reduce((next, delivery) => Worker.onEvent(next, delivery)[0], thread.worker) }, []];
    },
  });

/** The learners of every second replica that starts. */
export const everySecond =
  (change: (thread: Thread) => Thread): Change =>
  (world) => {
    const crews: unknown[] = [];
    return having({
      startThread: (cluster, me, number, shared) => {
        if (!crews.includes(shared)) crews.push(shared);
        const thread = Node.startThread(cluster, me, number, shared);
        return crews.indexOf(shared) % 2 === 1 ? change(thread) : thread;
      },
    })(world);
  };

export const running = (run: (thread: Thread, event: Extract<Node.ThreadEvent, { type: 'Run' }>) => Stepped): Change =>
  having({ onThreadEvent: (thread, event) => (event.type === 'Run' ? run(thread, event) : Node.onThreadEvent(thread, event)) });

/** A step of a thread that sees what it shares otherwise than it is. What it leaves as it was, stays as it is. */
export const seen = (thread: Thread, event: Node.ThreadEvent, view: Partial<Shared>): Stepped => {
  const real = thread.worker.shared;
  const viewed = { ...real, ...view };
  const [next, effects] = Node.onThreadEvent({ ...thread, worker: { ...thread.worker, shared: viewed } }, event);
  const { engine, sessions: remembered, board: announced } = next.worker.shared;
  const shared = {
    engine,
    sessions: remembered === viewed.sessions ? real.sessions : remembered,
    board: announced === viewed.board ? real.board : announced,
  };
  return [{ ...next, worker: { ...next.worker, shared } }, effects];
};

export const board = (view: (real: Board) => Partial<Board>): Change =>
  running((thread, event) => seen(thread, event, { board: { ...thread.worker.shared.board, ...view(thread.worker.shared.board) } }));

export const sessions = (view: (real: Sessions) => Partial<Sessions>): Change =>
  running((thread, event) => seen(thread, event, { sessions: { ...thread.worker.shared.sessions, ...view(thread.worker.shared.sessions) } }));

/** A store with a wrong method, whatever becomes of it. */
export const storing = (wrong: (store: Tree, threads: number) => Partial<Pick<Tree, 'check' | 'execute'>>): Change => {
  const wrap = (store: Tree, threads: number): Tree => {
    const { check = store.check, execute = store.execute } = wrong(store, threads);
    return {
      ...store,
      check,
      execute: (command) => {
        const [next, result] = execute(command);
        return [wrap(next, threads), result];
      },
    };
  };
  return (world) => ({ ...world, newStore: (observe): Store<Command, Result> => wrap(world.newStore(observe) as Tree, world.cluster.threads) });
};

/** A step of a thread in the role of another. */
export const inRoleOf = (role: number, thread: Thread, event: Node.ThreadEvent, view: Partial<Shared> = {}): Stepped => {
  const [next, effects] = seen({ ...thread, worker: { ...thread.worker, thread: role } }, event, view);
  return [{ ...next, worker: { ...next.worker, thread: thread.worker.thread } }, effects];
};
