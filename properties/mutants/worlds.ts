/** Judges of whole worlds, and of rings alone: the clauses of the spec, and what the machines say of themselves at each step. */

import * as fc from 'fast-check';
import { clauses as linearizability, type Operation } from '../../spec/linearizability.js';
import { simulate } from '../../src/adapter/simulated/world.js';
import * as Acceptor from '../../src/consensus/acceptor.js';
import * as Coordinator from '../../src/consensus/coordinator.js';
import type { Command, Result } from '../../src/service/b-plus-tree/index.js';
import { clausesOfRuns } from '../arbitraries/clauses.js';
import { acceptorEvents, coordinatorEvents, duel, hasty, MEMBERSHIP, SETTINGS } from '../arbitraries/consensus.js';
import { historyOf } from '../arbitraries/linearized.js';
import { calm, crowded, rough, worldOf, type Change, type Plan, type Told } from '../arbitraries/world.js';
import { invariantsOf, textOf, walk, type Clauses } from '../check.js';
import { judgeOf, leavingOut, type Judge } from './mutant.js';
import { byWalking } from './rings.js';
import { clausesOfRing, clausesOfSteps, watched, type Broken } from './watch.js';

type Watched = Told & { readonly broken: Broken };

const LIN_3 = 'LIN-3: nothing acknowledged is missing: what was answered is in every later state that it matters to' satisfies keyof typeof linearizability;

/** Whether the order of two commands matters. */
const conflict = (a: Command, b: Command): boolean => (writes(a) || writes(b)) && (isWithin(a, b) || isWithin(b, a));
const writes = ({ type }: Command): boolean => type !== 'read' && type !== 'scan';
const isWithin = (a: Command, b: Command): boolean => a.type !== 'scan' && (b.type === 'scan' ? b.from <= a.key && a.key <= b.to : a.key === b.key);

/** LIN-3 of a run: the operations by what clients saw, and in the order in which each replica executed them. */
const acknowledged = ({ plan, ran }: Told) => {
  const history: readonly Operation<Command, Result>[] = historyOf({ plan, ran });
  const idByCommand = new Map<string, number>(ran.history.flatMap(({ session, answer }, id) => (answer === null ? [] : [[`${session}.${answer.reply.sequence}`, id] as const])));
  const effective = ran.replica.executions.filter(({ isEffective }) => isEffective);
  const replicas = [...new Set(effective.map(({ replica }) => replica))];
  const executedBy = (one: string): readonly number[] => effective.flatMap(({ replica, command }) => (replica === one ? (idByCommand.get(command) ?? []) : []));
  return { history, conflict, executions: replicas.map(executedBy) };
};

const clausesOfWorlds: Clauses<Watched> = {
  ...clausesOfRuns,
  ...clausesOfSteps,
  [LIN_3]: (told) => linearizability[LIN_3](acknowledged(told)),
};

const aboutRings: Clauses<Watched> = {
  ...Object.fromEntries(Object.entries(clausesOfRuns).filter(([clause]) => clause.startsWith('CON'))),
  ...clausesOfRing,
};

const lengthOf = ({ clients, crashes }: Plan): number => clients.flat().length + crashes.length;

const worldly = (judge: string, samples: fc.Arbitrary<Plan>, numRuns: number, setting: Change, clauses: Clauses<Watched> = clausesOfWorlds): Judge<Change> =>
  judgeOf({
    judge,
    samples,
    numRuns,
    clauses,
    factsOf: (change: Change, plan) => {
      const { world, broken } = watched(change(setting(worldOf(plan))));
      return { plan, ran: simulate(world), broken };
    },
    lengthOf,
    unit: 'commands and crashes',
  });

const brief: Change = (world) => ({ ...world, limit: 6000 });

/** A cluster that has been up for so long before anybody crashes or calls, ms. */
const AGE = 20_000;
const aged: Change = (world) => ({ ...brief(world), cluster: { ...world.cluster, skip: { ...world.cluster.skip, origin: -AGE } } });

/** Everybody writes, and reads at once, one of four keys. */
const few: fc.Arbitrary<Plan> = calm.map((plan) => ({
  ...plan,
  delay: 20,
  clients: plan.clients.map((commands) => commands.map((each) => (each.type === 'scan' ? { type: 'read', key: 20n } : { ...each, key: 20n + (each.key % 4n) }))),
}));

export const inCalm = worldly('calm', calm, 120, brief);
export const inRough = worldly('rough', rough, 200, brief);
export const inCrowd = worldly('crowded', crowded, 300, brief);
export const onFewKeys = worldly('few keys', few, 120, brief);
export const inAge = worldly('aged', rough, 200, aged);
export const inDuel = worldly('duel', duel, 2000, hasty, aboutRings);

/** A machine alone, whatever it is told. */
export const ofAcceptor: Judge<typeof Acceptor.onEvent> = judgeOf({
  judge: 'acceptor',
  samples: acceptorEvents,
  numRuns: 1000,
  clauses: invariantsOf(Acceptor),
  factsOf: (onEvent: typeof Acceptor.onEvent, events: readonly Acceptor.Event[]) => walk(Acceptor.initial(1, MEMBERSHIP), onEvent, events),
  lengthOf: (events) => events.length,
  unit: 'events',
  shorten: [leavingOut],
});

/** Clients may all call at once. */
const rush: fc.Arbitrary<readonly Coordinator.Event[]> = fc.nat({ max: 8 }).map((calls) => Array.from({ length: calls }, () => ({ type: 'Submit', commands: new Uint8Array(12) })));

export const ofCoordinator: Judge<typeof Coordinator.onEvent> = judgeOf({
  judge: 'coordinator',
  samples: fc.tuple(coordinatorEvents, rush, fc.nat({ max: 60 })).map(([events, calls, at]): readonly Coordinator.Event[] => [...events.slice(0, at), ...calls, ...events.slice(at)]),
  numRuns: 1000,
  clauses: invariantsOf(Coordinator),
  factsOf: (onEvent: typeof Coordinator.onEvent, events: readonly Coordinator.Event[]) => walk(Coordinator.initial(0, MEMBERSHIP, SETTINGS), onEvent, events),
  lengthOf: (events) => events.length,
  unit: 'events',
  shorten: [leavingOut],
});

/** The same plan, run twice. */
export const twice: Judge<Change> = judgeOf({
  judge: 'twice',
  samples: calm,
  numRuns: 10,
  clauses: {
    'the same seed gives the same run': ([first, second]: readonly [string, string]) => (first === second ? [] : ['two runs of one plan differ']),
  },
  factsOf: (change: Change, plan: Plan): readonly [string, string] => {
    const story = (): string => textOf(simulate(change(brief(worldOf(plan)))));
    return [story(), story()];
  },
  lengthOf,
  unit: 'commands and crashes',
});

// Where mistakes of a kind are looked for, the quickest judge first
export const RINGS = [byWalking, inDuel];
export const WORLDS = [inCalm, inRough];
/** All judges of a change. */
export const EVERYWHERE = [...RINGS, ...WORLDS, inCrowd, onFewKeys, inAge, twice];
