/** The models that can be explored, by name. */

import type { Action, System } from '../check/explore/system.js';
import { chain } from './chain.js';
import { lamportPaxos } from './lamport-paxos.js';
import { ring } from './ring.js';
import { rings } from './rings.js';
import { threads, THREADS_SIZES } from './threads.js';
import { twoPhaseCommit } from './two-phase-commit.js';

/** A system of whatever states and actions: whoever explores one asks nothing of them. */
export type AnySystem = System<unknown, Action>;

export type Model = {
  readonly name: string;
  readonly about: string;
  /** What the size counts, the largest that is of use, and the one that is taken unless another is asked for. */
  readonly size: { readonly what: string; readonly most: number; readonly usual: number };
  readonly of: (size: number) => AnySystem;
};

const anySystem = <S, A extends Action>(system: System<S, A>): AnySystem => system as unknown as AnySystem;

/** What the ring is exposed to, more with every size. */
export const RING_SIZES = [
  { inputs: 1, isTerse: true },
  { inputs: 1, timers: 1, impatient: [1], isTerse: true },
  { inputs: 1, timers: 1, impatient: [1], crashes: 1, isTerse: true },
  { inputs: 2, timers: 2, losses: 1, duplications: 1, crashes: 1, slowDisks: true },
] as const;

export const MODELS: readonly Model[] = [
  {
    name: 'two-phase-commit',
    about: 'two-phase commit, whose counts are known from other checkers',
    size: { what: 'resource managers', most: 12, usual: 5 },
    of: (size) => anySystem(twoPhaseCommit(size)),
  },
  {
    name: 'lamport-paxos',
    about: 'single-decree Paxos as Lamport specified it: three acceptors, two values',
    size: { what: 'ballots', most: 5, usual: 2 },
    of: (size) => anySystem(lamportPaxos(size)),
  },
  {
    name: 'ring',
    about: 'one ring of Ring Paxos, as it runs: a command, a takeover (2), a crash (3), and all of them with slow disks (4)',
    size: { what: 'how much befalls it', most: RING_SIZES.length, usual: 2 },
    of: (size) => anySystem(ring(RING_SIZES[size - 1] ?? RING_SIZES[0])),
  },
  {
    name: 'rings',
    about: 'three rings and the merges of two learners, each of two threads',
    size: { what: 'commands that are multicast, to g_1, g_all, g_2 and g_1', most: 4, usual: 2 },
    of: (size) => anySystem(rings({ inputs: size, timers: 2 })),
  },
  {
    name: 'threads',
    about: 'two threads of a replica, a barrier, and commands that pass or fail their safety check',
    size: { what: 'how many come again', most: THREADS_SIZES, usual: 1 },
    of: (size) => anySystem(threads(size)),
  },
  {
    name: 'chain',
    about: 'the whole chain: a client, an acceptor, and a replica of two threads',
    size: { what: 'commands that the client calls', most: 3, usual: 1 },
    of: (size) => anySystem(chain({ inputs: size, timers: size + 1 })),
  },
];

/** The model of a name. */
export const modelOf = (name: string): Model | undefined => MODELS.find((model) => model.name === name);
