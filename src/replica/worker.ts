/**
 * A worker thread t_i of a replica (P-SMR; opt-PSMR, section V). REP-1 .. REP-6, REP-8.
 *
 * It takes the batches that its merge delivers, in order. A command of its own group it executes at once, or, under
 * opt-PSMR, checks and then executes or fails. At commands of g_all all threads synchronise: each arrives at the barrier,
 * the executor executes, all depart. The machine is the same over persistent stores, where it is checked, and over shared
 * memory, where it runs; what it shares with the other threads it takes and gives back with every step.
 */
import { List } from 'immutable';
import {
  attemptAt,
  DIGEST_KIND,
  extend,
  floorAt,
  G_ALL,
  isAgainAt,
  kindAt,
  newSheet,
  nextRecord,
  padded,
  putReply,
  REPLY_HEADER,
  retract,
  sequenceAt,
  sessionAt,
  type Group,
  type Sheet,
  type Status,
} from '../record.js';
import { partitionIn, REFUSED, unpacked, type Engine } from '../service/engine.js';
import type { Condition, Digest } from '../service/service.js';
import { changing, step, type Step } from '../step.js';
import { EXECUTOR, isFull, type Board } from './barrier.js';
import { attemptIn, BEYOND, FORGOTTEN, isAnswered, statusIn, type Sessions } from './sessions.js';
import { treatmentOf, type Technique, type Treatment } from './techniques.js';

/** What the threads of one replica share. */
export type Shared = { readonly engine: Engine; readonly sessions: Sessions; readonly board: Board };

export type Settings = {
  readonly technique: Technique;
  readonly threads: number;
  /** How many commands of g_all may be executed under one barrier: 1 as in the paper, or up to the whole batch. */
  readonly commandsPerBarrier: number;
  /** Which of the `replicas` this one is, from 0 on: what is sent for the first time is answered by one of them. */
  readonly replica: number;
  readonly replicas: number;
};

/** What a thread does with a command, by the group that it came from and its packed footprint. */
type Treatments = readonly (readonly Treatment[])[];

/** A batch in its place in the thread's order. `at` and `offset` say how far into it the thread has come: bytes, commands. */
type Delivered = { readonly group: Group; readonly slot: number; readonly commands: Uint8Array; readonly at: number; readonly offset: number };

type Phase =
  | { readonly type: 'Running' }
  /** At the barrier, until it is full (the executor) or over (the others). */
  | { readonly type: 'Arrived' }
  /** The executor alone, while `left` more commands belong to this barrier. */
  | { readonly type: 'Executing'; readonly left: number };

export type Worker = {
  readonly settings: Settings;
  readonly treatments: Treatments;
  /** i of t_i, from 1. */
  readonly thread: number;
  readonly shared: Shared;
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

export const initial = (settings: Settings, thread: number, shared: Shared): Worker => ({
  settings,
  treatments: treatmentsUnder(settings),
  thread,
  shared,
  queue: List(),
  generation: 0,
  phase: { type: 'Running' },
});

const treatmentsUnder = ({ technique, threads }: Settings): Treatments =>
  Array.from({ length: threads + 1 }, (_, group) =>
    Array.from({ length: 4 * (threads + 1) }, (_, footprint) => treatmentOf(technique, unpacked(footprint), group)),
  );

const changed = changing<Worker>(({ settings, treatments, thread, shared, queue, generation, phase }) => ({ settings, treatments, thread, shared, queue, generation, phase }));

export const onEvent = (worker: Worker, event: Event): Step<Worker, Effect> => {
  switch (event.type) {
    case 'Deliver': {
      const { group, slot, commands } = event;
      return step(changed(worker, { queue: worker.queue.push({ group, slot, commands, at: 0, offset: 0 }) }));
    }
    case 'Run':
      return run(worker, event.budget);
  }
};

const run = (worker: Worker, budget: number): Step<Worker, Effect> => {
  const head = worker.queue.first();
  if (head === undefined) return step(worker, { type: 'Rest' });
  switch (worker.phase.type) {
    case 'Running':
      return synchronises(worker, head) ? arrive(worker) : execute(worker, head, budget);
    case 'Arrived':
      return worker.thread === EXECUTOR ? enter(worker, head, budget) : leave(worker, head);
    case 'Executing':
      return conclude(worker, head, budget, worker.phase.left);
  }
};

const synchronises = ({ settings }: Worker, { group }: Delivered): boolean => group === G_ALL && settings.threads > 1;

// REP-4: everything that comes before the barrier is done.
const arrive = (worker: Worker): Step<Worker, Effect> => {
  const generation = (worker.generation + 1) | 0;
  const { engine, sessions, board } = worker.shared;
  return step(changed(worker, { generation, phase: { type: 'Arrived' }, shared: { engine, sessions, board: board.arrive(worker.thread, generation) } }));
};

const enter = (worker: Worker, head: Delivered, budget: number): Step<Worker, Effect> =>
  isFull(worker.shared.board, worker.generation)
    ? conclude(worker, head, budget, worker.settings.commandsPerBarrier)
    : step(worker, { type: 'Wait', generation: worker.generation });

// REP-4: nobody goes on before the execution is over.
const leave = (worker: Worker, head: Delivered): Step<Worker, Effect> =>
  worker.shared.board.hasDeparted(worker.generation)
    ? step(changed(advance(worker, skipOver(head, worker.settings.commandsPerBarrier)), { phase: { type: 'Running' } }))
    : step(worker, { type: 'Wait', generation: worker.generation });

/** Executes up to `budget` commands under the barrier, and departs when the last of it is done. */
const conclude = (worker: Worker, head: Delivered, budget: number, left: number): Step<Worker, Effect> => {
  const sheet = newSheet(roomFor(worker, head, Math.min(budget, left)));
  const [shared, reached] = carryOut(worker, worker.shared, head, Math.min(budget, left), sheet);
  const next = advance(changed(worker, { shared }), reached);
  const done = reached.offset - head.offset;
  if (done < left && !isOver(reached)) return [changed(next, { phase: { type: 'Executing', left: left - done } }), said(sheet)];
  const { engine, sessions, board } = shared;
  return [changed(next, { phase: { type: 'Running' }, shared: { engine, sessions, board: board.depart(worker.generation) } }), said(sheet)];
};

/** Executes up to `budget` commands, of as many batches as they take. */
const execute = (worker: Worker, first: Delivered, budget: number): Step<Worker, Effect> => {
  const sheet = newSheet(roomFor(worker, first, budget));
  let next = worker;
  let left = budget;
  for (let head: Delivered | undefined = first; head !== undefined && left > 0 && !synchronises(worker, head); head = next.queue.first()) {
    const [shared, reached] = carryOut(worker, next.shared, head, left, sheet);
    left -= reached.offset - head.offset;
    next = advance(changed(next, { shared }), reached);
  }
  return [next, said(sheet)];
};

const said = ({ bytes, length }: Sheet): readonly Effect[] => (length === 0 ? [] : [{ type: 'Reply', replies: bytes.subarray(0, length) }]);

/** Bytes that the replies are likely to take: about as many again as the commands. */
const roomFor = ({ settings }: Worker, { group, slot, commands, at }: Delivered, budget: number): number =>
  isDesignated(settings, group, slot) ? Math.min(2 * (commands.length - at), 64 * budget) : 64;

/** The commands of one barrier, passed over by a thread that does not execute them. */
const skipOver = (head: Delivered, commands: number): Delivered => {
  let { at, offset } = head;
  for (let left = commands; left > 0 && at < head.commands.length; left -= 1) {
    at = nextRecord(head.commands, at);
    offset += 1;
  }
  return placed(head, at, offset);
};

/** A batch, as far as this place in it. */
const placed = ({ group, slot, commands }: Delivered, at: number, offset: number): Delivered => ({ group, slot, commands, at, offset });

const isOver = ({ commands, at }: Delivered): boolean => at >= commands.length;

const advance = (worker: Worker, head: Delivered): Worker => changed(worker, { queue: isOver(head) ? worker.queue.shift() : worker.queue.set(0, head) });

/** Commands that the engine is told of at once. */
const PORTION = 16;

/** Up to `budget` commands of a batch, and the replies to them: what is shared then, and how far into the batch that is. */
const carryOut = (worker: Worker, before: Shared, head: Delivered, budget: number, sheet: Sheet): readonly [Shared, Delivered] => {
  const { commands, group, slot } = head;
  const isOurs = isDesignated(worker.settings, group, slot);
  let shared = before;
  let { at, offset } = head;
  for (let left = budget; left > 0 && at < commands.length; left -= 1) {
    if (offset % PORTION === 0) shared.engine.expect(commands, at, skipOver(placed(head, at, offset), PORTION).at);
    shared = answer(worker, shared, head, at, offset, isOurs, sheet);
    at = nextRecord(commands, at);
    offset += 1;
  }
  return [shared, placed(head, at, offset)];
};

/**
 * Whether this replica answers what is delivered there for the first time. Slots that carry commands may all be even, as
 * skips lie between them: so places are scattered before they are dealt out.
 */
export const isDesignated = ({ replica, replicas }: Settings, group: Group, slot: number): boolean =>
  replicas <= 1 || (Math.imul(slot + group, 0x9e3779b1) >>> 16) % replicas === replica;

/** One command: what is shared after it. Its reply goes to the end of `sheet`, if this replica is to give one. REP-8. */
const answer = (worker: Worker, shared: Shared, batch: Delivered, at: number, offset: number, isOurs: boolean, sheet: Sheet): Shared => {
  const { commands, group } = batch;
  const { engine, sessions } = shared;
  const isDigest = kindAt(commands, at) === DIGEST_KIND;
  const isToSay = isOurs || isDigest || isAgainAt(commands, at);
  const footprint = isDigest ? 0 : engine.footprintAt(commands, at);
  if (footprint === REFUSED) return refuse(shared, batch, at, offset, isToSay, sheet, engine.flawAt(commands, at));
  const treatment = worker.treatments[group]?.[footprint] ?? treatmentOf(worker.settings.technique, unpacked(footprint), group);
  if (treatment === 'refuse') return refuse(shared, batch, at, offset, isToSay, sheet, `not a command for group ${group}`);
  const attempt = attemptAt(commands, at);
  if (attempt > 0 && group !== G_ALL) return refuse(shared, batch, at, offset, isToSay, sheet, 'a resubmission goes to g_all');

  const table = partitionIn(footprint);
  const memory = sessions.recall(table, commands, at);
  if (memory === FORGOTTEN) return shared;
  if (memory === BEYOND) return refuse(shared, batch, at, offset, isToSay, sheet, 'more commands outstanding than the window of a session allows');
  // REP-3: what has failed may be tried once more; everything else is answered as before, if anyone still asks.
  if (isAnswered(memory) && !(statusIn(memory) === 'Failed' && attempt > attemptIn(memory))) {
    if (attempt === attemptIn(memory)) sessions.repeat(table, commands, at, sheet);
    return shared;
  }

  const start = sheet.length;
  const condition = treatment === 'check' ? engine.checkAt(worker.thread, commands, at) : undefined;
  let after = engine;
  if (condition !== undefined) putText(sheet, batch, at, offset, 'Failed', condition); // SAF-1: what fails has no effect.
  else {
    extend(sheet, REPLY_HEADER);
    if (isDigest) putDigest(sheet, engine.digest());
    else after = engine.executeAt(commands, at, sheet);
    finish(sheet, start, batch, at, offset, 'Executed');
  }
  const remembered = sessions.remember(table, floorAt(commands, at), sheet.bytes, start);
  if (!isToSay) retract(sheet, start);
  return after === engine && remembered === sessions ? shared : { engine: after, sessions: remembered, board: shared.board };
};

const refuse = (shared: Shared, batch: Delivered, at: number, offset: number, isToSay: boolean, sheet: Sheet, reason: string): Shared => {
  if (isToSay) putText(sheet, batch, at, offset, 'Refused', reason);
  return shared;
};

/** Writes a reply that says why. */
const putText = (sheet: Sheet, batch: Delivered, at: number, offset: number, status: Status, text: string): void => {
  const payload = ENCODER.encode(text);
  const start = extend(sheet, REPLY_HEADER + payload.length);
  sheet.bytes.set(payload, start + REPLY_HEADER);
  finish(sheet, start, batch, at, offset, status);
};

const ENCODER = new TextEncoder();

/** Writes the header of the reply that starts at byte `start`, now that its payload is there, and pads it. */
const finish = (sheet: Sheet, start: number, { commands, group, slot }: Delivered, at: number, offset: number, status: Status): void => {
  const length = sheet.length - start;
  extend(sheet, padded(length) - length);
  putReply(sheet.bytes, start, status, attemptAt(commands, at), sessionAt(commands, at), sequenceAt(commands, at), group, slot, offset, length - REPLY_HEADER);
};

/** The condition named in the payload of a `Failed` reply. */
export const decodeCondition = (payload: Uint8Array): Condition => new TextDecoder().decode(payload);

const putDigest = (sheet: Sheet, { entries, high, low }: Digest): void => {
  const at = extend(sheet, 16);
  const view = new DataView(sheet.bytes.buffer, sheet.bytes.byteOffset);
  view.setFloat64(at, entries, true);
  view.setUint32(at + 8, high, true);
  view.setUint32(at + 12, low, true);
};

/** The digest in the payload of the reply to a digest command. */
export const decodeDigest = (payload: Uint8Array): Digest => {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  return { entries: view.getFloat64(0, true), high: view.getUint32(8, true), low: view.getUint32(12, true) };
};

/** What every single step of a worker satisfies. */
export const stepInvariants: Readonly<Record<string, (before: Worker, after: Worker) => boolean>> = {
  'REP-4: a thread executes a command of g_all only when everyone has arrived': (before, after) =>
    before.phase.type !== 'Arrived' || after.phase.type === 'Arrived' || isFull(after.shared.board, after.generation),
  'REP-5: a thread passes one barrier at a time': (before, after) => after.generation === before.generation || before.phase.type === 'Running',
};
