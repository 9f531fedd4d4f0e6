/** What a service of one's own must show before it runs replicated: two equal forms, and a safety check that is sound. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as Consensus from '../../spec/consensus.js';
import * as Multicast from '../../spec/multicast.js';
import * as Replica from '../../spec/replica.js';
import * as Safety from '../../spec/safety-check.js';
import { simulate, type World } from '../../src/adapter/simulated/world.js';
import type { Store } from '../../src/service/service.js';
import * as Accounts from './accounts.js';
import type { Command, Result } from './accounts.js';

const ACCOUNTS = 60;
const THREADS = 3;

const account = fc.nat({ max: ACCOUNTS - 1 });
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 1, arbitrary: fc.record({ type: fc.constant('balance' as const), account }) },
  { weight: 6, arbitrary: fc.record({ type: fc.constant('deposit' as const), account, amount: fc.nat({ max: 1000 }) }) },
  { weight: 1, arbitrary: fc.constant({ type: 'total' as const }) },
);
const commands = fc.array(command, { minLength: 1, maxLength: 40 });

const service = Accounts.service(ACCOUNTS, THREADS);

it('both forms give the same results, the same outcome of every check, and the same digest', () =>
  fc.assert(
    fc.property(commands, (all) => {
      let meant = Accounts.persistent(ACCOUNTS, THREADS);
      let fast = Accounts.shared(ACCOUNTS, THREADS, Accounts.memoryFor(ACCOUNTS, THREADS));
      for (const each of all) {
        for (let thread = 1; thread <= THREADS; thread += 1) expect(fast.check(thread, each)).toBe(meant.check(thread, each));
        const [nextMeant, expected] = meant.execute(each);
        const [nextFast, result] = fast.execute(each);
        [meant, fast] = [nextMeant, nextFast];
        expect(result).toBe(expected);
        expect(fast.digest()).toEqual(meant.digest());
      }
    }),
  ));

it('a command is decoded as it was encoded, and so is its result', () =>
  fc.assert(
    fc.property(command, fc.nat(), ({ ...each }, result) => {
      const { codec } = service;
      expect(codec.decode(codec.kindOf(each), codec.encode(each))).toEqual(each);
      expect(codec.decodeResult(codec.kindOf(each), codec.encodeResult(result))).toBe(result);
    }),
  ));

type Form = (observe: Accounts.Observe) => Store<Command, Result>;

const fast: Form = (observe) => Accounts.shared(ACCOUNTS, THREADS, Accounts.memoryFor(ACCOUNTS, THREADS), observe);

/** A cluster of three acceptors and two replicas, in which messages are lost, doubled and late, and two processes crash. */
const world = (seed: number, all: readonly Command[], newStore: Form): World<Command, Result> => ({
  seed,
  cluster: {
    membership: { acceptors: [0, 1, 2], learners: [3, 4] },
    technique: 'opt-psmr',
    threads: THREADS,
    m: 1,
    commandsPerBarrier: Infinity,
    homes: [0, 1, 2, 0],
    ring: { batchBytes: 160, backlogBytes: 65_536, window: 4, heartbeat: 20, suspectAfter: 150, resendAfter: 60, askAfter: 40, askFor: 8 },
    skip: { lambda: 500, delta: 20, origin: 0 },
  },
  service,
  newStore,
  limits: { tables: THREADS + 1, sessions: 8, window: 8, replyBytes: 64 },
  proxy: { window: 8, retryAfter: 150 },
  faults: { loss: 0.05, duplication: 0.1, delay: 10, crashes: [{ process: 1, at: 60, down: 200 }, { process: 4, at: 100, down: 200 }], until: 900 },
  clients: [{ session: 1, commands: all, outstanding: 8 }],
  limit: 30_000,
});

/** All that is wrong with a run: of the order, of the replicas, and of two threads that touched one block. */
const flawsIn = (ran: ReturnType<typeof simulate>): readonly string[] => [
  ...Object.values(Consensus.clauses).flatMap((violations) => violations(ran.consensus)),
  ...Object.values(Multicast.clauses).flatMap((violations) => violations(ran.multicast)),
  ...Object.values(Replica.clauses).flatMap((violations) => violations(ran.replica)),
  ...Safety.clauses['SAF-3: between two barriers no thread touches what another one writes'](ran),
];

describe('replicated under faults', () => {
  it('the accounts satisfy every clause', () =>
    fc.assert(
      fc.property(fc.nat(), commands, (seed, all) => {
        expect(flawsIn(simulate(world(seed, all, fast)))).toEqual([]);
      }),
      { numRuns: 30 },
    ));

  it('a deposit sometimes fails its check, and is executed when it was resubmitted', () => {
    const [all] = fc.sample(commands, { seed: 1, numRuns: 10 }).sort((a, b) => b.length - a.length);
    expect(simulate(world(1, all!, fast)).sights).toMatchObject({ 'a check failed: structure': expect.any(Number), 'a resubmission was executed': expect.any(Number) });
  });

  it('a check that passes everything is caught', () => {
    const isSound = (seed: number, all: readonly Command[]): boolean => flawsIn(simulate(world(seed, all, (observe) => reckless(fast(observe))))).length === 0;
    expect(fc.check(fc.property(fc.nat(), commands, isSound), { seed: 1, endOnFailure: true }).failed).toBe(true);
  });
});

const reckless = (store: Store<Command, Result>): Store<Command, Result> => ({
  ...store,
  check: () => undefined,
  execute: (each) => {
    const [next, result] = store.execute(each);
    return [reckless(next), result];
  },
});
