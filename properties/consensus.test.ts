/** One ring: each of its machines whatever it is told, and all of them when ballots compete. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as Spec from '../spec/consensus.js';
import * as Acceptor from '../src/consensus/acceptor.js';
import { quorumOf } from '../src/consensus/ballot.js';
import * as Coordinator from '../src/consensus/coordinator.js';
import * as Learner from '../src/consensus/learner.js';
import type { Durable, Effect, Value } from '../src/consensus/messages.js';
import * as Ring from '../src/consensus/ring.js';
import { lastOf, storyOf, type Run } from '../src/check/explore/run.js';
import { factsOf, type RingDeed, type RingWorld } from '../src/models/ring.js';
import { acceptorEvents, coordinatorEvents, duel, hasty, MEMBERSHIP, ringEvents, ringWith, SETTINGS, walks } from './arbitraries/consensus.js';
import { run, type Plan } from './arbitraries/world.js';
import { always, invariantsOf, walk } from './check.js';

const voting = (events: readonly Acceptor.Event[]) => walk(Acceptor.initial(1, MEMBERSHIP), Acceptor.onEvent, events);
const coordinating = (events: readonly Coordinator.Event[]) => walk(Coordinator.initial(0, MEMBERSHIP, SETTINGS), Coordinator.onEvent, events);
const ringing = (events: readonly Ring.Event[]) => walk(Ring.start(0, MEMBERSHIP, SETTINGS), Ring.onEvent, events);

const recordsIn = (effects: readonly Effect[]): readonly Durable[] => effects.flatMap((effect) => (effect.type === 'Persist' ? [effect.record] : []));

describe('an acceptor always', () => {
  always(acceptorEvents, voting, invariantsOf(Acceptor), { numRuns: 500 });

  it('comes back from its records as it was', () =>
    fc.assert(
      fc.property(acceptorEvents, (events) => {
        const steps = voting(events);
        const { promised, log, records } = steps.at(-1)?.after ?? Acceptor.initial(1, MEMBERSHIP);
        const back = Acceptor.recover(1, MEMBERSHIP, recordsIn(steps.flatMap(({ effects }) => effects)));
        expect([back.promised, back.log.toJS(), back.records]).toEqual([promised, log.toJS(), records]);
      }),
    ));

  it('says nothing of a vote or a promise before it is durable', () =>
    fc.assert(
      fc.property(acceptorEvents, (events) => {
        for (const { before, after, effects } of voting(events))
          for (const effect of effects)
            if (effect.type === 'Send' && recordsIn(effects).length > 0) expect([effect.message.type, effect.after]).toEqual([effect.message.type, after.records]);
            else if (effect.type === 'Send') expect(effect.after).toBeLessThanOrEqual(before.records);
      }),
    ));

  it('decides only when a quorum has voted, itself among them', () =>
    fc.assert(
      fc.property(acceptorEvents, (events) =>
        voting(events).forEach(({ before, effects }, i) => {
          const event = events[i]!;
          if (event.type !== 'Phase2' || !effects.some((effect) => effect.type === 'Send' && effect.message.type === 'Decision')) return;
          const isKnown = before.log.get(event.instance)?.type === 'Decided';
          expect(isKnown || new Set([...event.voters, 1]).size >= quorumOf(MEMBERSHIP)).toBe(true);
        }),
      ),
    ));
});

describe('a coordinator always', () => {
  always(coordinatorEvents, coordinating, invariantsOf(Coordinator), { numRuns: 500 });

  it('gives an id to one value, and a ballot and instance to one id', () =>
    fc.assert(
      fc.property(coordinatorEvents, (events) => {
        const ids = new Map<string, string>();
        const values = new Map<string, string>();
        for (const { effects } of coordinating(events))
          for (const effect of effects) {
            if (effect.type !== 'Send') continue;
            const { message } = effect;
            if (message.type === 'Value') expect(values.get(message.id) ?? fc.stringify(message.value)).toBe(fc.stringify(message.value));
            if (message.type === 'Value') values.set(message.id, fc.stringify(message.value));
            if (message.type !== 'Phase2') continue;
            const place = `${message.ballot.round} ${message.instance}`;
            expect(ids.get(place) ?? message.id).toBe(message.id);
            ids.set(place, message.id);
          }
      }),
    ));

  it('leads with a quorum in its ring', () =>
    fc.assert(
      fc.property(coordinatorEvents, (events) => {
        for (const { after } of coordinating(events))
          if (after.role.type === 'Leading') {
            const { ring } = after.role;
            expect(MEMBERSHIP.acceptors.filter((acceptor) => ring.includes(acceptor)).length).toBeGreaterThanOrEqual(quorumOf(MEMBERSHIP));
          }
      }),
    ));
});

describe('a process of a ring always', () => {
  always(ringEvents, ringing, invariantsOf(Ring), { numRuns: 500 });

  it('hands over instance after instance, once each', () =>
    fc.assert(
      fc.property(ringEvents, (events) => {
        const instances = ringing(events).flatMap(({ effects }) => effects.flatMap((effect) => (effect.type === 'Deliver' ? [effect.instance] : [])));
        expect(instances).toEqual(instances.map((_, i) => i));
      }),
    ));
});

describe('sometimes', () => {
  const some = <T>(events: fc.Arbitrary<T>, happens: (sample: T) => boolean): boolean => fc.sample(events, { seed: 1, numRuns: 300 }).some(happens);

  it('an acceptor votes in three ballots', () => {
    const ballots = (events: readonly Acceptor.Event[]) => new Set(recordsIn(voting(events).flatMap(({ effects }) => effects)).flatMap((record) => (record.type === 'Voted' ? [record.ballot.round] : [])));
    expect(some(acceptorEvents, (events) => ballots(events).size === 3)).toBe(true);
  });
  it('an acceptor decides', () =>
    expect(some(acceptorEvents, (events) => voting(events).some(({ effects }) => effects.some((effect) => effect.type === 'Send' && effect.message.type === 'Decision')))).toBe(true));
  it('a coordinator leads, is deposed and leads again', () => {
    const reigns = (events: readonly Coordinator.Event[]) => coordinating(events).filter(({ before, after }) => !Coordinator.isLeading(before) && Coordinator.isLeading(after));
    expect(some(coordinatorEvents, (events) => reigns(events).length > 1)).toBe(true);
  });
  it('a coordinator fills its window', () =>
    expect(some(coordinatorEvents, (events) => coordinating(events).some(({ after: { role } }) => role.type === 'Leading' && role.open.size >= SETTINGS.window))).toBe(true));
  it('a process hands over three instances', () =>
    expect(some(ringEvents, (events) => ringing(events).flatMap(({ effects }) => effects).filter(({ type }) => type === 'Deliver').length >= 3)).toBe(true));
});

describe('a learner', () => {
  const value = (instance: number): Value => ({ type: 'Batch', commands: Uint8Array.of(instance) });
  const ballot = { round: 1, process: 0 };
  /** What five instances decided, told in any order, in pieces, more than once, and in part. */
  const news = fc.array(
    fc.nat({ max: 4 }).chain((instance) =>
      fc.constantFrom<Learner.Event>(
        { type: 'Value', ballot, ring: [0, 1, 2, 3], id: `${instance}`, value: value(instance) },
        { type: 'Decision', ballot, ring: [0, 1, 2, 3], decider: 1, instance, id: `${instance}` },
        { type: 'Chosen', instance, id: `${instance}`, value: value(instance) },
        { type: 'Alive', ballot, decided: instance },
      ),
    ),
    { maxLength: 40 },
  );
  const learning = (events: readonly Learner.Event[]) => walk(Learner.initial(3, MEMBERSHIP, SETTINGS), Learner.onEvent, events);

  it('hands over what was decided, in order and once (CON-5, CON-6)', () =>
    fc.assert(
      fc.property(news, (events) => {
        const handed = learning(events).flatMap(({ effects }) => effects.flatMap((effect) => (effect.type === 'Deliver' ? [effect] : [])));
        expect(handed).toEqual(handed.map((_, instance) => ({ type: 'Deliver', instance, id: `${instance}`, value: value(instance) })));
      }),
    ));

  it('asks for whatever is missing until it has it, one acceptor after the other', () =>
    fc.assert(
      fc.property(news, (events) => {
        const ticks = Array.from({ length: 6 }, (_, i): Learner.Event => ({ type: 'Tick', now: 1000 + i * SETTINGS.askAfter }));
        const steps = learning([...events, ...ticks]);
        const { next, horizon } = steps.at(-1)!.after;
        const asked = steps.slice(events.length).flatMap(({ effects }) => effects.flatMap((effect) => (effect.type === 'Send' && effect.message.type === 'Ask' ? [{ to: effect.to, from: effect.message.from }] : [])));
        expect(asked.every(({ from }) => from === next)).toBe(true);
        expect(new Set(asked.map(({ to }) => to)).size).toBe(next < horizon ? MEMBERSHIP.acceptors.length : 0);
      }),
    ));
});

describe('three acceptors, whatever the order in which they are told', () => {
  const { clauses } = ringWith();
  type Walked = Run<RingWorld, RingDeed>;
  const states = ({ first, strides }: Walked): readonly RingWorld[] => [first, ...strides.map(({ after }) => after)];
  const inStates = Object.entries(clauses.always ?? {}).map(([title, holds]) => [
    title,
    (run: Walked) => states(run).flatMap((state, i) => (typeof holds !== 'function' || holds(state) ? [] : [`in state ${i + 1}`])),
  ] as const);
  const inSteps = Object.entries(clauses.stepwise ?? {}).map(([title, holds]) => [
    title,
    ({ strides }: Walked) => strides.flatMap(({ before, after, action }, i) => (holds(before, after, action) ? [] : [`in step ${i + 1}`])),
  ] as const);
  always(walks, (run) => run, Object.fromEntries([...inStates, ...inSteps]), { numRuns: 300, shown: (run) => ['', ...storyOf(ringWith(), run)].join('\n') });

  let ran: readonly Spec.Facts[] | undefined;
  const runs = () => (ran ??= fc.sample(walks, { seed: 1, numRuns: 300 }).map((run) => factsOf(lastOf(run))));
  const ballotsOf = ({ votes }: Spec.Facts) => new Set(votes.map(({ ballot }) => `${ballot.round}.${ballot.process}`)).size;

  it('sometimes learn, after several ballots', () => expect(runs().some((facts) => facts.learned.length > 4 && ballotsOf(facts) > 2)).toBe(true));
  it('sometimes learn a no-op, in a hole', () => expect(runs().some(({ learned }) => learned.some(({ value }) => value === 'no-op'))).toBe(true));
});

describe('a ring whose ballots compete', () => {
  const sights: Record<string, number> = {};
  const dueling = (plan: Plan) => {
    const ran = run(plan, hasty);
    for (const [sight, count] of Object.entries(ran.sights)) sights[sight] = (sights[sight] ?? 0) + count;
    return ran.consensus;
  };
  always(duel, dueling, Spec.clauses, { numRuns: 120 });

  it.each(['a coordinator took over or formed a new ring', 'a crash lost what was not durable'])('sometimes: %s', (sight) =>
    expect(sights[sight] ?? 0).toBeGreaterThan(0));
});
