/**
 * Two threads of one replica, a barrier, and commands that came optimistically: one that passes its safety check, one that
 * fails and comes again for all threads, and, late, once more as it was.
 */

import * as Spec from '../../spec/replica.js';
import type { Clauses, System } from '../check/explore/system.js';
import type { Cluster } from '../node.js';
import { sayGroup } from '../multicast/groups.js';
import type { Decided } from '../multicast/merge.js';
import { G_ALL, type Group } from '../record.js';
import type { Command } from '../service/b-plus-tree/index.js';
import { asked } from './asked.js';
import { batchOf, contentOf, crewEvents, feed, isAtRest, onCrewEvent, refinementOf, REPLICA, startCrew, THREADS, viewOf, type Crew, type CrewEvent } from './crew.js';

export const CLUSTER: Cluster = {
  membership: { acceptors: [0], learners: [1] },
  technique: 'opt-psmr',
  threads: THREADS,
  ring: { batchBytes: 1, backlogBytes: 1000, window: 4, heartbeat: Infinity, suspectAfter: Infinity, resendAfter: Infinity, askAfter: Infinity, askFor: 4 },
  skip: { lambda: 1000, delta: 1, origin: 0 },
  m: 1,
  commandsPerBarrier: 1,
  homes: [0, 0, 0],
};

/** What a client asked, by sequence number from 1. */
const COMMANDS: readonly Command[] = [
  { type: 'insert', key: 1n, value: 11n }, // passes
  { type: 'delete', key: 12n }, // leaves its leaf too empty: fails at t_2
  { type: 'scan', from: 0n, to: 15n },
  { type: 'insert', key: 5n, value: 55n }, // in the leaf that both threads share: fails at t_1
];

const END: Decided = { type: 'Skip', to: 100 };
const skip = (to: number): Decided => ({ type: 'Skip', to });
const sent = (sequence: number, attempt = 0): Decided => batchOf(sequence, attempt, COMMANDS[sequence - 1]!);

/** What the rings decide, by group, in worlds of growing size. */
const FEEDS: readonly (readonly (readonly Decided[])[])[] = [
  [[skip(1), sent(3), END], [sent(1), END], [sent(2), END]],
  [[skip(1), sent(2, 1), sent(3), END], [sent(1), END], [sent(2), skip(4), sent(2), END]],
  [[skip(1), sent(2, 1), sent(4, 1), END], [sent(1), sent(4), END], [sent(2), skip(4), sent(2), END]],
];

export const THREADS_SIZES = FEEDS.length;

export const threads = (size: number): System<Crew, CrewEvent> => {
  const fed = FEEDS[size - 1]!.reduce((crew, values, group) => feed(crew, group, ...values), startCrew(CLUSTER));
  const expected = contentOf(outcomeOf(FEEDS[size - 1]!));
  return {
    name: 'threads',
    initial: [fed],
    actions: crewEvents,
    step: (crew, event) => onCrewEvent(crew, event)[0],
    encode: (crew, { value }) => value(viewOf(crew, COMMANDS.length)),
    // To hear something only adds to what is to be done, at the end of it: whatever else happens may as well happen later.
    isFree: (_, { type }) => type === 'hears',
    say: (event, before, after) => say(event, before, after),
    clauses: clauses(expected, size),
  };
};

/** What comes of it when one thread after the other does all that it can. */
const outcomeOf = (values: readonly (readonly Decided[])[]): Crew => {
  let crew = values.reduce((known, some, group) => feed(known, group, ...some), startCrew(CLUSTER));
  for (let [event] = crewEvents(crew); event !== undefined; [event] = crewEvents(crew)) [crew] = onCrewEvent(crew, event);
  return crew;
};

const factsOf = (crew: Crew): Spec.Facts => ({
  executions: crew.executions,
  standing: isAtRest(crew) ? [{ replica: REPLICA, digest: contentOf(crew), isAtRest: true }] : [],
  unanswered: [],
});

const clauses = (expected: string, size: number): Clauses<Crew, CrewEvent> => ({
  always: {
    ...asked(Spec.clauses, factsOf),
    ...refinementOf(COMMANDS),
    'whichever thread is ahead, all comes to the same': { when: isAtRest, holds: (crew) => contentOf(crew) === expected },
    'no thread waits for ever': { when: (crew) => crewEvents(crew).length === 0, holds: isAtRest },
  },
  sometimes: {
    'a check fails: structure': ({ executions }) => executions.some(({ outcome }) => outcome.startsWith('Failed')),
    'a command of a group of its own is executed': ({ executions }) => executions.some(({ group, isEffective }) => group !== G_ALL && isEffective),
    'a thread waits while the other one works': ({ threads: [one, two] }) => one?.worker.phase.type === 'Arrived' && two?.worker.phase.type === 'Running' && !two.worker.queue.isEmpty(),
    ...(size > 1 ? { 'what failed is executed when it comes again': ({ executions }: Crew) => executions.some(({ attempt, isEffective }) => attempt === 1 && isEffective) } : {}),
  },
  eventually: { 'all is done': isAtRest },
});

const say = (event: CrewEvent, before: Crew, after: Crew): string => {
  const who = `t${event.thread}`;
  if (event.type === 'hears') return `${who} hears of ${sayGroup(event.group)}: ${sayDecided(before, event.thread, event.group)}`;
  const done = after.executions.slice(before.executions.length).map(({ command, attempt, outcome }) => `${command}.${attempt}: ${outcome}`);
  if (done.length > 0) return `${who} carries out ${done.join(', ')}`;
  const [was, is] = [before, after].map((crew) => crew.threads[event.thread - 1]!.worker.phase.type);
  if (was === 'Running' && is === 'Arrived') return `${who} arrives at the barrier`;
  return was === 'Arrived' ? `${who} leaves the barrier` : `${who} answers from memory`;
};

const sayDecided = ({ unheard }: Crew, thread: number, group: Group): string => {
  const value = unheard[thread - 1]![group]![0];
  return value === undefined ? 'nothing' : value.type === 'Skip' ? `skip to ${value.to}` : value.type === 'Noop' ? 'no-op' : 'a batch';
};
