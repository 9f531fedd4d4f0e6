/** Short runs worth reading, each of which shows one thing. They are what `traces/scenarios` holds. */

import { simulate, type Crash, type World } from '../../src/adapter/simulated/world.js';
import { bPlusTree, evenKeys, type Command, type Result } from '../../src/service/b-plus-tree/index.js';
import type { Setting, Tree } from '../../src/trace/line.js';

export type Scenario = {
  /** Of the file. */
  readonly name: string;
  readonly shows: string;
  /** Of the run: of the first sixty, the one that shows it soonest. */
  readonly seed: number;
  readonly given: Given;
  /** What must stand in some line each, in this order: else the run does not show it. */
  readonly signs: readonly RegExp[];
};

/** What differs from the world that all have in common: two threads, one replica, one client, and nothing that fails. */
type Given = {
  readonly commands: readonly Command[];
  readonly outstanding?: number;
  readonly loss?: number;
  readonly duplication?: number;
  readonly crashes?: readonly Crash[];
  readonly commandsPerBarrier?: number;
  /** How long it goes on, ms of virtual time. */
  readonly until: number;
};

/** Even keys from 0 to 70 in full leaves of four; t1's are those below 36, t2's the others, and one leaf holds 32, 34, 36 and 38. */
const TREE: Tree = { name: 'b-plus-tree', keySpace: 72, keys: 36, capacity: 4, fill: 1, minimum: 'half' };

const [A1, R1] = [0, 3];
const read = (key: number): Command => ({ type: 'read', key: BigInt(key) });
const insert = (key: number): Command => ({ type: 'insert', key: BigInt(key), value: BigInt(1000 + key) });
const remove = (key: number): Command => ({ type: 'delete', key: BigInt(key) });
const update = (key: number): Command => ({ type: 'update', key: BigInt(key), value: BigInt(1000 + key) });
const scan = (from: number, to: number): Command => ({ type: 'scan', from: BigInt(from), to: BigInt(to) });

/** What the payloads of failed replies say, in base64. */
const failed = (condition: string): RegExp => new RegExp(`"machine":"worker".*\\.0/Failed/[12]/\\d+/\\d+/=${Buffer.from(condition).toString('base64')}`);
const RESUBMITTED = /"machine":"worker".*\.1\/Executed\/0\//;

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'a-command-that-passes',
    seed: 54,
    shows: 'A delete that leaves enough in its leaf, and an insert that finds room there: both pass their checks, and no other thread hears of them.',
    given: { commands: [remove(2), insert(3)], until: 200 },
    signs: [/"machine":"worker".*\.1\.0\/Executed\/1\//, /"machine":"worker".*\.2\.0\/Executed\/1\//],
  },
  {
    name: 'fails-structure-and-splits-under-a-barrier',
    seed: 34,
    shows: 'An insert finds its leaf full and fails condition 1 (structure); resubmitted to g_all, it splits the leaf while the other thread waits.',
    given: { commands: [insert(5)], until: 200 },
    signs: [failed('structure'), RESUBMITTED],
  },
  {
    name: 'fails-left-and-is-resubmitted',
    seed: 17,
    shows: 'An update by t2 in a leaf that t1 owns keys of, too: it fails condition 2 (left), and is executed under the barrier.',
    given: { commands: [update(36)], until: 200 },
    signs: [failed('left'), RESUBMITTED],
  },
  {
    name: 'fails-right-and-is-resubmitted',
    seed: 34,
    shows: 'An update by t1 in a leaf that t2 owns keys of, too: it fails condition 3 (right), and is executed under the barrier.',
    given: { commands: [update(34)], until: 200 },
    signs: [failed('right'), RESUBMITTED],
  },
  {
    name: 'a-late-duplicate-after-a-resubmission',
    seed: 32,
    shows: 'The network doubles messages: a failed attempt is delivered once more after its resubmission was executed, and executes nothing.',
    given: { commands: [insert(5), update(36), update(34), remove(10)], outstanding: 2, duplication: 0.5, until: 220 },
    signs: [failed('structure'), RESUBMITTED, /"machine":"worker".*"Run".*"effects":\[\],"nodes":\[\]/],
  },
  {
    name: 'a-takeover-with-a-vote-outstanding',
    seed: 56,
    shows: 'The coordinator of g_all crashes when votes for a batch are cast and not decided; whoever takes over finds one in a promise, and proposes the same value again.',
    given: { commands: Array.from({ length: 12 }, (_, i) => scan(4 * i, 4 * i + 3)), outstanding: 4, crashes: [{ process: A1, at: 42, down: 800 }], until: 520 },
    signs: [/"event":\{"type":"Received".*"message":\{"type":"Promise".*"type":"Voted".*"type":"Batch"/, /"machine":"worker".*\/Executed\/0\//],
  },
  {
    name: 'a-skip',
    seed: 48,
    shows: 'Nobody writes to g_2, and g_all is idle: skips let the threads deliver what g_1 decided.',
    given: { commands: [read(4), read(6)], until: 120 },
    signs: [/"machine":"merge".*"type":"Skip".*"type":"Deliver","group":1/],
  },
  {
    name: 'a-merge-that-waits-for-a-slow-ring',
    seed: 51,
    shows: 'A batch of g_2 is decided and has to wait: nothing is known yet of g_all, which comes before it in the round.',
    given: { commands: [read(40), read(42)], until: 120 },
    signs: [/"thread":2,.*"machine":"merge".*"group":2,"value":\{"type":"Batch".*"effects":\[\]/, /"thread":2,.*"machine":"merge".*"group":0.*"type":"Deliver","group":2/],
  },
  {
    name: 'two-barriers-in-a-row',
    seed: 48,
    shows: 'Two scans in one batch of g_all, one command a barrier as in the paper: all threads arrive, t1 executes, all depart, and again.',
    given: { commands: [scan(0, 9), scan(30, 39)], outstanding: 2, commandsPerBarrier: 1, until: 120 },
    signs: [/"thread":1,.*\/Executed\/0\/(\d+)\/0\//, /"thread":1,.*\/Executed\/0\/(\d+)\/1\//],
  },
  {
    name: 'a-batch-under-one-barrier',
    seed: 4,
    shows: 'Three scans in one batch of g_all under a single barrier: the threads wait for each other once.',
    given: { commands: [scan(0, 9), scan(30, 39), scan(50, 59)], outstanding: 3, until: 120 },
    signs: [/"thread":1,.*\/Executed\/0\/\d+\/0\//, /"thread":1,.*\/Executed\/0\/\d+\/2\//],
  },
  {
    name: 'a-learner-that-asks',
    seed: 40,
    shows: 'Messages are lost: a replica that misses an instance asks an acceptor, and is told.',
    given: { commands: [read(4), update(6), read(40)], loss: 0.12, until: 420 },
    signs: [/"process":"r1".*"effects":\[\{"type":"Send".*"type":"Ask"/, /"process":"r1".*"event":\{"type":"Received".*"type":"Chosen"/, /"machine":"worker".*\/Executed\//],
  },
  {
    name: 'an-acceptor-that-comes-back',
    seed: 31,
    shows: 'An acceptor crashes and returns with what its disk had made durable: promises and votes that it is bound by, and nothing else.',
    given: { commands: Array.from({ length: 6 }, (_, i) => update(2 * i)), outstanding: 2, crashes: [{ process: 1, at: 60, down: 40 }], until: 220 },
    signs: [/"process":"a2","life":1.*"type":"Kept".*"type":"Promised"/, /"process":"a2","life":1.*"type":"Kept".*"type":"Voted"/, /"process":"a2","life":1.*"type":"Received"/],
  },
  {
    name: 'a-replica-that-starts-anew',
    seed: 2,
    shows: 'A replica crashes with all that it held in memory; it learns everything again, executes it again, and comes to the same answers.',
    given: { commands: [update(4), remove(8), scan(0, 20)], crashes: [{ process: R1, at: 130, down: 30 }], until: 460 },
    signs: [/"process":"r1","life":0.*\/Executed\//, /"process":"r1","life":1.*\/Executed\//],
  },
];

/** The lines of a scenario, up to where it has shown all. */
export const linesOf = ({ name, seed, given, signs }: Scenario): readonly string[] => {
  const lines = run(given, seed);
  const end = endOf(lines, signs);
  if (end === undefined) throw new Error(`${name}: seed ${seed} does not show it`);
  return lines.slice(0, end);
};

/** Where a line for every sign has been found, each behind that for the one before, and the client has heard of the last. */
export const endOf = (lines: readonly string[], signs: readonly RegExp[]): number | undefined => {
  let at = -1;
  for (const sign of [...signs, /"type":"Answers"|"event":\{"type":"Replies"/]) {
    at = lines.findIndex((line, i) => i > at && sign.test(line));
    if (at < 0) return undefined;
  }
  return at + 1;
};

const run = (given: Given, seed: number): readonly string[] => {
  const { commands, outstanding = 1, loss = 0, duplication = 0, crashes = [], commandsPerBarrier = Infinity, until } = given;
  const tree = bPlusTree({ ...TREE, partitions: 2 });
  const lines: string[] = [];
  const cluster: World<Command, Result>['cluster'] = {
    membership: { acceptors: [0, 1, 2], learners: [R1] },
    technique: 'opt-psmr',
    threads: 2,
    m: 1,
    commandsPerBarrier,
    homes: [0, 1, 2],
    ring: { batchBytes: 160, backlogBytes: 65_536, window: 4, heartbeat: 60, suspectAfter: 150, resendAfter: 60, askAfter: 40, askFor: 8 },
    skip: { lambda: 250, delta: 20, origin: 0 },
  };
  const limits = { tables: 3, sessions: 8, window: 8, replyBytes: 64 };
  const setting: Setting = { level: 'execution', cluster, names: ['a1', 'a2', 'a3', 'r1'], service: TREE, limits, storage: 'disk', world: 'simulated' };
  simulate({
    seed,
    cluster,
    service: tree.service,
    newStore: (observe) => tree.create(evenKeys(TREE.keys), observe),
    limits,
    proxy: { window: 8, retryAfter: 60 },
    faults: { loss, duplication, delay: 5, crashes, until },
    clients: [{ session: 1, commands, outstanding }],
    limit: until,
    trace: { setting, write: (line) => lines.push(line) },
  });
  return lines;
};
