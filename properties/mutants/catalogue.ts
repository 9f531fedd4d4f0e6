/**
 * Every mistake that is tried, by family, and what only looks like one: ids as in the list that these
 * suites are measured by, those with a letter in place of the number being our own.
 */

import { splitter } from '../../src/adapter/frames.js';
import * as Proxy from '../../src/client/proxy.js';
import * as Acceptor from '../../src/consensus/acceptor.js';
import * as Coordinator from '../../src/consensus/coordinator.js';
import * as Merge from '../../src/multicast/merge.js';
import { CODECS, FRAMES, ofStream, ofWire } from './bytes.js';
import { CHECKS } from './checks.js';
import { CLIENTS } from './clients.js';
import { PAXOS, promisingTwice, RING_PAXOS } from './consensus.js';
import { ofMerge } from './merges.js';
import { MULTICAST } from './multicast.js';
import { before, mutant, type Mutant } from './mutant.js';
import { ofProxy } from './proxies.js';
import { ADAPTERS, lastExecutes, OPTIMISM, THREADS } from './replica.js';
import { CHECK_MISTAKES, TREE } from './tree.js';
import { ofTree } from './trees.js';
import { EVERYWHERE, inCrowd, ofAcceptor, ofCoordinator, RINGS, WORLDS } from './worlds.js';

export const FAMILIES: Readonly<Record<string, readonly Mutant[]>> = {
  'Consensus: Paxos': PAXOS,
  'Consensus: the ring': RING_PAXOS,
  Multicast: MULTICAST,
  'Threads and barrier': THREADS,
  Optimism: [...OPTIMISM, ...CHECK_MISTAKES],
  'B+-tree': TREE,
  Clients: CLIENTS,
  Adapter: [...ADAPTERS, ...CODECS, ...FRAMES],
};

export const MUTANTS: readonly Mutant[] = Object.values(FAMILIES).flat();

/** What looks like a mistake and is none, and before every judge the machine as it is. */
export const CONTROLS: readonly Mutant[] = [
  mutant('PX06', 'a promise is repeated for an equal ballot', ...before([...RINGS, ...WORLDS], promisingTwice)),
  mutant('PS09', 'the last thread to arrive executes', ...before([...WORLDS, inCrowd], lastExecutes)),
  mutant(
    'as it is',
    'no mistake at all',
    ...before(EVERYWHERE, (world) => world),
    ofAcceptor(Acceptor.onEvent),
    ofCoordinator(Coordinator.onEvent),
    ofMerge(() => Merge.onEvent),
    ofProxy(Proxy.onEvent),
    ...before(CHECKS, (_, tree, thread, command) => tree.check(thread, command)),
    ofTree({}),
    ofWire({}),
    ofStream((limit) => splitter({ limit })),
  ),
];

/** Where there is no such mechanism here, or another one: what was done in its place. */
export const NOTES: Readonly<Record<string, string>> = {
  PX13: 'an acceptor votes once in a ballot and instance whatever it is told, so the coordinator tells two acceptors two things',
  RP06: 'another ring is another ballot here: the vote comes in an older ballot and is counted in the one promised',
  RP14: 'nothing is trimmed here: an acceptor forgets the beginning of its log, as if it were',
  MR10: 'learners here take turns by no round of their own: a merge that does so is judged alone, over six subscriptions',
  MR11: 'skips are absolute here: one that takes over reckons them from the origin once more, in a cluster that is 20 s old',
  MR12: 'there are no checkpoints here: a replica comes back and takes what its rings decide next for their beginning',
  PS10: 'no word of the barrier is ever reset here: arrivals of the last generation count for the next',
  PS12: 'a command of a group of its own has the same answer a step earlier: the mistake shows in those of g_all, answered on arrival',
  OP08: 'there is no repartitioning here: the check reads a partition map whose boundaries lie eight keys further on',
  CL02: 'there are no checkpoints here: the store outlives a crash, and the session table does not',
  CL03: 'reads are always ordered here: a replica, one for each client, answers them out of what it holds when they are called',
};

/** What each judge tries a mistake on. */
export const JUDGES: Readonly<Record<string, string>> = {
  calm: 'whole clusters, messages late and out of order',
  rough: 'whole clusters, messages lost and doubled as well, and processes that crash and come back',
  crowded: 'whole clusters under opt-PSMR, few keys around the boundaries of partitions, every other message doubled',
  'few keys': 'whole clusters, messages late, whose clients all care for four keys',
  aged: 'as rough, in clusters that have been up for a while',
  duel: 'one ring in virtual time, whose coordinators suspect each other at the slightest delay',
  walk: 'three acceptors without a clock: any order of arrivals, losses, waits and crashes, walked at random',
  twice: 'a plan, run two times',
  acceptor: 'an acceptor alone, any events',
  coordinator: 'a coordinator alone, any events, and clients in a rush',
  proxy: "a client's proxy alone, answered in any order and again and again",
  merge: 'learners with six subscriptions that hear of the same decisions in any order',
  check: 'single commands of any thread, judged by brute force over all keys',
  threads: 'threads that interleave between barriers, at two replicas',
  tree: 'both forms of the tree, beside an ordered map',
  wire: 'frames and records, and bytes of frames cut, prolonged and changed',
  stream: 'frames in chunks of any size',
};
