/** What a trace says of a run, as facts for the clauses of the spec; and what the clauses make of them. */
import * as Consensus from '../../spec/consensus.js';
import * as Multicast from '../../spec/multicast.js';
import * as Abstract from '../../spec/refinement.js';
import * as Replica from '../../spec/replica.js';
import * as Scheduler from '../../spec/scheduler.js';
import * as Safety from '../../spec/safety-check.js';
import { judge, type Verdict } from '../check/linearizability.js';
import type { Operation } from '../check/history.js';
import { isScheduled } from '../replica/techniques.js';
import { orderedMap, type Command, type Result } from '../service/b-plus-tree/index.js';
import { valueAt } from '../service/b-plus-tree/load.js';
import type { Setting } from './line.js';

/** A fact and the line that it was read from: `file:line`. */
type Learned = Consensus.Learned;

export type Facts = {
  readonly submitted: (readonly [ring: number, commands: readonly string[]])[];
  readonly votes: Consensus.Vote[];
  readonly learned: Learned[];
  readonly deliveries: Multicast.Delivery[];
  readonly executions: Replica.Execution[];
  readonly dealings: Scheduler.Dealing[];
  /** Of one epoch of a replica at a time. */
  readonly accesses: Safety.Access[];
  readonly standing: (Replica.Standing & Multicast.Facts['standing'][number])[];
  readonly history: Operation<Command, Result>[];
  /** How many facts were left out, for there were too many to be judged together: from some line on, all of them. */
  dropped: number;
  isFull: boolean;
  /** Of a kind, at most. */
  readonly most: number;
};

/** A clause that does not hold, and what violates it. */
export type Violation = { readonly clause: string; readonly violations: readonly string[] };

/** Facts of a kind that are kept: a clause looks at all of them together. */
const MOST_FACTS = 1_000_000;

export const noFacts = (most = MOST_FACTS): Facts => ({ submitted: [], votes: [], learned: [], deliveries: [], executions: [], dealings: [], accesses: [], standing: [], history: [], dropped: 0, isFull: false, most });

/** Keeps a fact, unless there are too many already. What is kept is all that happened up to some line of each file. */
export const keep = <T>(facts: Facts, kind: T[], fact: T): void => {
  if (kind.length >= facts.most) facts.isFull = true;
  if (facts.isFull) facts.dropped += 1;
  else kind.push(fact);
};

const SHARED = 'SAF-3: between two barriers no thread touches what another one writes';
const SAME = 'SAF-4: the outcome of a command is the same at every replica, however their threads interleave';

/** The part of SAF-3 that is about nodes: of one epoch, so that a run of any length can be judged. */
export const violationsIn = (accesses: readonly Safety.Access[]): Violation | undefined => {
  const violations = Safety.clauses[SHARED]({ accesses });
  return violations.length === 0 ? undefined : { clause: SHARED, violations };
};

/** Clauses that miss what they ask for where somebody was killed, and what it did last was not written down. */
export const WHOLE: readonly string[] = [
  'CON-4: what is decided has the votes of a quorum in one ballot',
  'CON-10: what is decided was submitted, or is a skip or a no-op',
  'MUL-1 integrity: a learner delivers a slot once, and only what was multicast to its group',
  'refinement: a ring is a list that grows, and every process reads it in order',
];

/** Every clause of the spec that speaks of a whole run, by name; but for some unless the trace `isWhole`. */
export const clausesOver = (setting: Setting, facts: Facts, isWhole: boolean): Readonly<Record<string, () => readonly string[]>> =>
  Object.fromEntries(Object.entries(allClausesOver(setting, facts)).filter(([clause]) => (isWhole || !WHOLE.includes(clause)) && !TIMELY.test(clause)));

/** Processes share no clock, and a trace may end while somebody waits: these would hold whatever happened. */
const TIMELY = /^(?:MUL-6|REP-7)/;

const allClausesOver = ({ cluster, level }: Setting, facts: Facts): Readonly<Record<string, () => readonly string[]>> => {
  const submitted = Consensus.byRing(facts.submitted);
  const consensus: Consensus.Facts = { acceptors: cluster.membership.acceptors.length, submitted, votes: facts.votes, learned: facts.learned };
  // Where facts were left out, it is not known of anyone how much it has delivered in all.
  const multicast: Multicast.Facts = { submitted, deliveries: facts.deliveries, lag: null, standing: facts.isFull ? [] : facts.standing };
  const replica: Replica.Facts = { executions: facts.executions, standing: facts.standing, unanswered: [] };
  const outcomes = facts.executions.map(({ replica: where, command, attempt, outcome }) => ({ replica: where, command: `${command}, attempt ${attempt}`, outcome }));
  return {
    ...over(Consensus.clauses, consensus),
    ...over(Multicast.clauses, multicast),
    'refinement: a ring is a list that grows, and every process reads it in order': () => flawsOfRings(facts.learned),
    'refinement: learners with equal subscriptions read one list in order': () =>
      flawIn(Abstract.multicast, facts.deliveries.map(({ learner, subscription, group, slot, commands }) => ({ learner, subscription, group, slot, content: commands.join(' ') }))),
    ...(level === 'execution' ? { ...over(Replica.clauses, replica), ...(isScheduled(cluster.technique) ? over(Scheduler.clauses, { dealings: facts.dealings }) : {}), [SAME]: () => Safety.clauses[SAME]({ outcomes }) } : {}),
  };
};

/** Whether what clients saw is linearizable, where values were written down. */
export const judgeHistory = ({ service, cluster }: Setting, facts: Facts, nodes: number): Verdict => {
  const { keySpace, keys } = service;
  const model = orderedMap(keySpace, (key) => (key % 2 === 0 && key / 2 < keys ? valueAt(key / 2) : undefined));
  return judge(model, facts.history, { nodes, slotsPerTurn: cluster.m });
};

const over = <F>(clauses: Readonly<Record<string, (facts: F) => readonly string[]>>, facts: F): Readonly<Record<string, () => readonly string[]>> =>
  Object.fromEntries(Object.entries(clauses).map(([clause, violationsOf]) => [clause, () => violationsOf(facts)]));

const flawsOfRings = (learned: readonly Learned[]): readonly string[] => {
  const rings = new Map<number, Learned[]>();
  for (const one of learned) {
    const ring = rings.get(one.ring);
    if (ring === undefined) rings.set(one.ring, [one]);
    else ring.push(one);
  }
  return [...rings.values()].flatMap((ring) => flawIn(Abstract.consensus, ring));
};

const flawIn = <S, Sight>(machine: Abstract.Machine<S, Sight>, sights: readonly Sight[]): readonly string[] => {
  const outcome = Abstract.after(machine, sights);
  return typeof outcome === 'string' ? [outcome] : [];
};
