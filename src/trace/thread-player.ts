/** Plays the lines of one thread of a replica: it merges again what it merged, and executes again what it executed. */
import { subscriptionsOf } from '../multicast/groups.js';
import * as Merge from '../multicast/merge.js';
import * as Node from '../node.js';
import { G_ALL } from '../record.js';
import { EXECUTOR, isFull } from '../replica/barrier.js';
import type * as Worker from '../replica/worker.js';
import { namesIn, sayReplies, summaryOf } from './batch.js';
import type { Crew } from './crew.js';
import { keep } from './facts.js';
import { broken, CLAUSES, compared, PLAYED, UNCLEAR, WAITING, type Broken, type Glance, type Outcome, type Played } from './finding.js';
import { detailOf, END, NOTHING, sayAll, schedulerIn, type Header, type Line } from './line.js';
import { notAnEvent, type Player } from './process-player.js';
import { sayValue } from './protocol.js';
import { eventIn } from './read.js';
import { hearMergeEvent, hearWorkerEvent, sayMergeEffect, sayWorkerEffect } from './replica.js';
import { sketchOfMerge, sketchOfWorker } from './sketch.js';
import type { Stage } from './stage.js';
import { wayOf } from './under-way.js';

/** Where a reply goes, whoever waits for it. */
export const REPLIES = wayOf(-2, -2, 0);

export type ThreadPlayer = Player & {
  /** Whether all that was delivered is done, and how much that was. */
  readonly standing: () => { readonly delivered: number; readonly isAtRest: boolean };
};

/** `crew` where what threads execute was written down. */
export const threadPlayer = (stage: Stage, { process, life, thread: number }: Header, crew: Crew | undefined): ThreadPlayer => {
  const { setting, facts } = stage;
  const { cluster } = setting;
  const detail = detailOf(setting);
  const subscription = subscriptionsOf(number, cluster.threads);
  const scheduler = schedulerIn(cluster);
  const learner = `t${number} of ${process}, life ${life}`;
  const heard = new Map<number, number>(); // entries, by group
  let merge = Merge.initial(subscription, cluster.m);
  let touched = new Set<string>();
  const shared = crew?.sharedFor(number, (node, mode) => touched.add(`${mode.charAt(0)}${node}`));
  let thread = crew === undefined || shared === undefined ? undefined : Node.startThread(cluster, setting.names.indexOf(process), number, shared);
  let delivered = 0;
  let firstExecuted = 0; // of its last step, among the facts
  let lastExecuted = 0;

  /** What was handed over is mostly heard in just the same words: nothing needs to be read then. */
  const glance = (line: Line): Glance => {
    const [head, of] = DECIDED.exec(line.given) ?? [];
    const group = Number(of);
    if (head === undefined || line.machine !== 'merge' || detail !== 'digests' || !subscription.includes(group)) return UNCLEAR;
    const place = heard.get(group) ?? 0;
    const learned = stage.logOf(process, life, group).at(place);
    if (learned === undefined) return stage.present.has(process) ? WAITING : UNCLEAR;
    return line.given === `${head}${learned.words}}` ? mergeAgain(line, { type: 'Decided', group, value: learned.value }, place) : UNCLEAR;
  };

  const playMerge = (line: Line, isForced: boolean): Outcome => {
    const event = hearMergeEvent(eventIn(line), detail);
    if (typeof event === 'string') return notAnEvent(event);
    if (!subscription.includes(event.group)) return broken(CLAUSES.decided, 'event.group', `one of ${subscription.join(', ')}`, String(event.group));
    const place = heard.get(event.group) ?? 0;
    const value = sayValue(event.value);
    const learned = stage.logOf(process, life, event.group).at(place);
    if (learned === undefined && !isForced && stage.present.has(process)) return { type: 'Blocked', on: [scheduler === undefined ? process : `${process} t${scheduler}`], clause: CLAUSES.decided, what: `entry ${place} of group ${event.group}`, needles: [`"type":"${scheduler === undefined ? 'Decided' : 'Deal'}"`, event.value.type === 'Batch' ? summaryOf(event.value.commands).digest : event.value.type] };
    if (learned === undefined) stage.unmatched += 1;
    else if (learned.words !== value) return broken(CLAUSES.decided, 'event.value', learned.words, value);
    return mergeAgain(line, event, place);
  };

  const mergeAgain = (line: Line, event: Merge.Event, place: number): Played | Broken => {
    const [next, effects] = Merge.onEvent(merge, event);
    const breach = compared(line, { effects: sayAll(effects, sayMergeEffect), sketch: sketchOfMerge(next) });
    if (breach !== undefined) return breach;
    merge = next;
    if (thread !== undefined) [thread] = Node.onThreadEvent(thread, event);
    heard.set(event.group, place + 1);
    stage.logOf(process, life, event.group).read(number, place + 1);
    delivered += effects.length;
    if (event.value.type === 'Batch' && detail === 'values') {
      const { commands } = event.value;
      stage.hold(summaryOf(commands), () => namesIn(commands));
    }
    if (scheduler !== undefined) return PLAYED; // it was the scheduler that delivered
    for (const { group, slot, commands } of effects) {
      keep(facts, facts.deliveries, { learner, subscription: subscription.join(), group, slot, commands: stage.batchOf(summaryOf(commands)), known: 0, delivered: 0 });
    }
    return PLAYED;
  };

  /** A run that cannot be played: what it answered is believed. */
  const believe = (line: Line): Outcome => {
    stage.unmatched += 1;
    for (const reply of repliesIn(line)) stage.underWay.send(REPLIES, reply, { life, after: 0 });
    return PLAYED;
  };

  const playRun = (line: Line, isForced: boolean): Outcome => {
    if (thread === undefined || crew === undefined) return broken(CLAUSES.whole, 'machine', 'merge, in a trace of the protocol', 'worker');
    const event = hearWorkerEvent(eventIn(line));
    if (typeof event === 'string') return notAnEvent(event);
    if (crew.isAbandoned()) return believe(line);
    const { worker } = thread;
    const late = isWaiting(worker) ? lateFor(worker) : undefined;
    if (late !== undefined && isForced) {
      crew.abandon();
      stage.abandoned.add(`${process}, life ${life}`);
      return believe(line);
    }
    if (late !== undefined) {
      const others = late.map((other) => `t${other}`);
      return { type: 'Blocked', on: others.map((other) => `${process} ${other}`), clause: CLAUSES.barrier, what: `${others.join(', ')} at barrier ${worker.generation}`, needles: ['"machine":"worker"'] };
    }

    touched = new Set();
    const isAlone = worker.queue.first()?.group === G_ALL;
    firstExecuted = facts.executions.length;
    const [next, effects] = Node.onThreadEvent(thread, event);
    lastExecuted = facts.executions.length;
    const nodes = [...touched];
    const breach = compared(line, { effects: sayAll(effects, sayWorkerEffect), nodes, sketch: sketchOfWorker(next.worker) });
    if (breach !== undefined) return breach;
    thread = next;
    for (const effect of effects)
      if (effect.type === 'Reply') for (const reply of sayReplies(effect.replies, 'values')) stage.underWay.send(REPLIES, reply, { life, after: 0 });
    const violation = crew.touched(number, next.worker.generation, isAlone ? [] : nodes);
    return violation === undefined ? PLAYED : broken(violation.clause, 'nodes', 'nodes that no other thread touches in this epoch', violation.violations.join('; '));
  };

  return {
    glance,
    play: (line, isForced) => (line.given === END ? (compared(line, NOTHING) ?? PLAYED) : line.machine === 'worker' ? playRun(line, isForced) : playMerge(line, isForced)),
    executed: () => facts.executions.slice(firstExecuted, lastExecuted),
    barrier: () => thread && { generation: thread.worker.generation, phase: thread.worker.phase.type },
    standing: () => ({ delivered, isAtRest: crew?.isAbandoned() !== true && (thread === undefined || (thread.worker.queue.isEmpty() && thread.worker.phase.type === 'Running')) }),
  };
};

const DECIDED = /^\{"type":"Decided","group":(0|[1-9]\d{0,4}),"value":/;

const isWaiting = ({ phase }: Worker.Worker): boolean => phase.type === 'Arrived';

/** The threads without which a thread cannot pass the barrier that it is at; `undefined` if it can. */
const lateFor = ({ thread, generation, shared: { board } }: Worker.Worker): readonly number[] | undefined => {
  if (thread !== EXECUTOR) return board.hasDeparted(generation) ? undefined : [EXECUTOR];
  if (isFull(board, generation)) return undefined;
  return Array.from({ length: board.threads }, (_, index) => index + 1).filter((other) => !board.hasArrived(other, generation));
};

/** The replies that a line tells of, whatever else it says. */
const repliesIn = ({ tail }: Line): readonly string[] => {
  const { effects } = JSON.parse(`{${tail.slice(1)}`) as { readonly effects: readonly { readonly replies?: readonly string[] }[] };
  return effects.flatMap(({ replies = [] }) => replies);
};
