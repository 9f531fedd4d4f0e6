/**
 * A worker thread t_i of a replica (P-SMR; opt-PSMR, section V). REP-1 .. REP-6.
 *
 * It takes the batches that its merge delivers, in order. A command of its own group it executes at once, or, under
 * opt-PSMR, checks and then executes or fails. At commands of g_all all threads synchronise: each arrives at the barrier,
 * the executor executes, all depart. The machine is the same over persistent stores, where it is checked, and over shared
 * memory, where it runs; what it shares with the other threads it takes and gives back with every step.
 */
import { List } from 'immutable';
import {
  commandAt,
  DIGEST_KIND,
  encodeReply,
  G_ALL,
  join,
  nextRecord,
  type Command,
  type Group,
  type Position,
  type Status,
} from '../record.js';
import type { Condition, Digest, Footprint, Service, Store } from '../service/service.js';
import { step, type Step } from '../step.js';
import { EXECUTOR, isFull, type Board } from './barrier.js';
import type { Sessions } from './sessions.js';
import { treatmentOf, type Technique } from './techniques.js';

/** What the threads of one replica share. */
export type Shared<C, R> = { readonly store: Store<C, R>; readonly sessions: Sessions; readonly board: Board };

export type Settings<C, R> = {
  readonly service: Service<C, R>;
  readonly technique: Technique;
  readonly threads: number;
  /** How many commands of g_all may be executed under one barrier: 1 as in the paper, or up to the whole batch. */
  readonly commandsPerBarrier: number;
};

/** A batch in its place in the thread's order. `at` and `offset` say how far into it the thread has come: bytes, commands. */
type Delivered = { readonly group: Group; readonly slot: number; readonly commands: Uint8Array; readonly at: number; readonly offset: number };

type Phase =
  | { readonly type: 'Running' }
  /** At the barrier, until it is full (the executor) or over (the others). */
  | { readonly type: 'Arrived' }
  /** The executor alone, while `left` more commands belong to this barrier. */
  | { readonly type: 'Executing'; readonly left: number };

export type Worker<C, R> = {
  readonly settings: Settings<C, R>;
  /** i of t_i, from 1. */
  readonly thread: number;
  readonly shared: Shared<C, R>;
  readonly queue: List<Delivered>;
  /** The barrier that this thread is at, or passed last. */
  readonly generation: number;
  readonly phase: Phase;
};

export type Event =
  | { readonly type: 'Deliver'; readonly group: Group; readonly slot: number; readonly commands: Uint8Array }
  /** Go on, for at most `budget` commands. */
  | { readonly type: 'Run'; readonly budget: number };

export type Effect =
  /** Records of replies, for whoever the sessions belong to. */
  | { readonly type: 'Reply'; readonly replies: Uint8Array }
  /** Nothing to do before another batch is delivered. */
  | { readonly type: 'Rest' }
  /** Nothing to do before the board changes: until everyone has arrived (the executor), or the generation is over. */
  | { readonly type: 'Wait'; readonly generation: number };

export const initial = <C, R>(settings: Settings<C, R>, thread: number, shared: Shared<C, R>): Worker<C, R> => ({
  settings,
  thread,
  shared,
  queue: List(),
  generation: 0,
  phase: { type: 'Running' },
});

export const onEvent = <C, R>(worker: Worker<C, R>, event: Event): Step<Worker<C, R>, Effect> => {
  switch (event.type) {
    case 'Deliver': {
      const { group, slot, commands } = event;
      return step({ ...worker, queue: worker.queue.push({ group, slot, commands, at: 0, offset: 0 }) });
    }
    case 'Run':
      return run(worker, event.budget);
  }
};

const run = <C, R>(worker: Worker<C, R>, budget: number): Step<Worker<C, R>, Effect> => {
  const head = worker.queue.first();
  if (head === undefined) return step(worker, { type: 'Rest' });
  switch (worker.phase.type) {
    case 'Running':
      return head.group === G_ALL && worker.settings.threads > 1 ? arrive(worker) : execute(worker, head, budget);
    case 'Arrived':
      return worker.thread === EXECUTOR ? enter(worker, head, budget) : leave(worker, head);
    case 'Executing':
      return conclude(worker, head, budget, worker.phase.left);
  }
};

// REP-4: everything that comes before the barrier is done.
const arrive = <C, R>(worker: Worker<C, R>): Step<Worker<C, R>, Effect> => {
  const generation = (worker.generation + 1) | 0;
  const board = worker.shared.board.arrive(worker.thread, generation);
  return step({ ...worker, generation, phase: { type: 'Arrived' }, shared: { ...worker.shared, board } });
};

const enter = <C, R>(worker: Worker<C, R>, head: Delivered, budget: number): Step<Worker<C, R>, Effect> =>
  isFull(worker.shared.board, worker.generation)
    ? conclude(worker, head, budget, worker.settings.commandsPerBarrier)
    : step(worker, { type: 'Wait', generation: worker.generation });

// REP-4: nobody goes on before the execution is over.
const leave = <C, R>(worker: Worker<C, R>, head: Delivered): Step<Worker<C, R>, Effect> =>
  worker.shared.board.hasDeparted(worker.generation)
    ? step({ ...advance(worker, skipOver(head, worker.settings.commandsPerBarrier)), phase: { type: 'Running' } })
    : step(worker, { type: 'Wait', generation: worker.generation });

/** Executes up to `budget` commands under the barrier, and departs when the last of it is done. */
const conclude = <C, R>(worker: Worker<C, R>, head: Delivered, budget: number, left: number): Step<Worker<C, R>, Effect> => {
  const [next, effects] = execute(worker, head, Math.min(budget, left));
  const rest = next.queue.first();
  const done = rest === undefined || rest.slot !== head.slot || rest.group !== head.group ? left : rest.offset - head.offset;
  if (done < left) return [{ ...next, phase: { type: 'Executing', left: left - done } }, effects];
  const board = next.shared.board.depart(worker.generation);
  return [{ ...next, phase: { type: 'Running' }, shared: { ...next.shared, board } }, effects];
};

/** Executes up to `budget` commands of the batch at the head of the queue. */
const execute = <C, R>(worker: Worker<C, R>, head: Delivered, budget: number): Step<Worker<C, R>, Effect> => {
  const replies: Uint8Array[] = [];
  let { shared } = worker;
  let { at, offset } = head;
  for (let left = budget; left > 0 && at < head.commands.length; left -= 1) {
    const [after, reply] = answer(worker, shared, commandAt(head.commands, at), { group: head.group, slot: head.slot, offset });
    shared = after;
    if (reply !== undefined) replies.push(reply);
    at = nextRecord(head.commands, at);
    offset += 1;
  }
  const next = advance({ ...worker, shared }, { ...head, at, offset });
  return replies.length === 0 ? step(next) : step(next, { type: 'Reply', replies: join(replies) });
};

/** The commands of one barrier, passed over by a thread that does not execute them. */
const skipOver = (head: Delivered, commands: number): Delivered => {
  let { at, offset } = head;
  for (let left = commands; left > 0 && at < head.commands.length; left -= 1) {
    at = nextRecord(head.commands, at);
    offset += 1;
  }
  return { ...head, at, offset };
};

const advance = <C, R>(worker: Worker<C, R>, head: Delivered): Worker<C, R> => ({
  ...worker,
  queue: head.at < head.commands.length ? worker.queue.set(0, head) : worker.queue.shift(),
});

/** One command: what it does to the shared state, and the record of its reply, if there is to be one. */
const answer = <C, R>(
  { settings, thread }: Worker<C, R>,
  shared: Shared<C, R>,
  command: Command,
  position: Position,
): readonly [Shared<C, R>, Uint8Array | undefined] => {
  const { service, technique } = settings;
  const replyWith = (status: Status, payload: Uint8Array): Uint8Array =>
    encodeReply({ status, attempt: command.attempt, session: command.session, sequence: command.sequence, position, payload });
  const refuse = (reason: string): readonly [Shared<C, R>, Uint8Array] => [shared, replyWith('Refused', new TextEncoder().encode(reason))];

  const decoded = command.kind === DIGEST_KIND ? 'digest' : service.codec.decode(command.kind, command.payload);
  if (typeof decoded === 'string' && command.kind !== DIGEST_KIND) return refuse(decoded);
  const footprint: Footprint = typeof decoded === 'string' ? { type: 'Everything', change: 'nothing' } : service.footprint(decoded);
  const treatment = treatmentOf(technique, footprint, position.group);
  if (treatment === 'refuse') return refuse(`not a command for group ${position.group}`);
  if (command.attempt > 0 && position.group !== G_ALL) return refuse('a resubmission goes to g_all');

  const table = footprint.type === 'Partition' ? footprint.partition : 0;
  const memory = shared.sessions.recall(table, command);
  switch (memory.type) {
    case 'Forgotten':
      return [shared, undefined];
    case 'Beyond':
      return refuse('more commands outstanding than the window of a session allows');
    case 'Answered': {
      // REP-3: what has failed may be tried once more; everything else is answered as before, if anyone still asks.
      const isResubmission = memory.status === 'Failed' && command.attempt > memory.attempt;
      if (!isResubmission) return [shared, command.attempt === memory.attempt ? memory.reply : undefined];
      break;
    }
    case 'New':
      break;
  }

  const [store, status, payload] = carryOut(shared.store, service, thread, treatment, decoded);
  const reply = replyWith(status, payload);
  const sessions = shared.sessions.remember(table, command, { type: 'Answered', attempt: command.attempt, status, reply });
  return [{ ...shared, store, sessions }, reply];
};

const carryOut = <C, R>(
  store: Store<C, R>,
  service: Service<C, R>,
  thread: number,
  treatment: 'execute' | 'check',
  command: C | string,
): readonly [Store<C, R>, Status, Uint8Array] => {
  if (typeof command === 'string') return [store, 'Executed', encodeDigest(store.digest())];
  const condition = treatment === 'check' ? store.check(thread, command) : undefined;
  if (condition !== undefined) return [store, 'Failed', encodeCondition(condition)]; // SAF-1: what fails has no effect.
  const [next, result] = store.execute(command);
  return [next, 'Executed', service.codec.encodeResult(result)];
};

const encodeCondition = (condition: Condition): Uint8Array => new TextEncoder().encode(condition);

/** The condition named in the payload of a `Failed` reply. */
export const decodeCondition = (payload: Uint8Array): Condition => new TextDecoder().decode(payload);

const encodeDigest = ({ entries, high, low }: Digest): Uint8Array => {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setFloat64(0, entries, true);
  view.setUint32(8, high, true);
  view.setUint32(12, low, true);
  return bytes;
};

/** The digest in the payload of the reply to a digest command. */
export const decodeDigest = (payload: Uint8Array): Digest => {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  return { entries: view.getFloat64(0, true), high: view.getUint32(8, true), low: view.getUint32(12, true) };
};

/** What every single step of a worker satisfies. */
export const stepInvariants: Readonly<Record<string, <C, R>(before: Worker<C, R>, after: Worker<C, R>) => boolean>> = {
  'REP-4: a thread executes a command of g_all only when everyone has arrived': (before, after) =>
    before.phase.type !== 'Arrived' || after.phase.type === 'Arrived' || isFull(after.shared.board, after.generation),
  'REP-5: a thread passes one barrier at a time': (before, after) => after.generation === before.generation || before.phase.type === 'Running',
};
