/**
 * One process of one ring: the acceptor, coordinator and learner that live in it, and what it passes on to its successor.
 *
 * It forwards first and decides second, and it talks to its own parts by the messages it would send to others, so that the
 * same rules of durability hold for both.
 */
import { changing, step, type Step } from '../step.js';
import * as Acceptor from './acceptor.js';
import { successor, type Membership, type ProcessId } from './ballot.js';
import * as Coordinator from './coordinator.js';
import * as Learner from './learner.js';
import { send, NOOP, type Durable, type Effect, type Message, type Value } from './messages.js';

export type Settings = Coordinator.Settings & Learner.Settings;

/** The part that only acceptors have. */
type Voting = { readonly acceptor: Acceptor.Acceptor; readonly coordinator: Coordinator.Coordinator };

export type Ring = {
  readonly me: ProcessId;
  readonly membership: Membership;
  readonly voting: Voting | null;
  readonly learner: Learner.Learner;
};

export type Event =
  | { readonly type: 'Received'; readonly from: ProcessId; readonly message: Message }
  | { readonly type: 'Skip'; readonly to: number }
  | { readonly type: 'Tick'; readonly now: number };

/** A process as it starts: new, or with the `records` that it had persisted before a crash. */
export const start = (me: ProcessId, membership: Membership, settings: Settings, records: readonly Durable[] = []): Ring => {
  if (!membership.acceptors.includes(me)) return { me, membership, voting: null, learner: Learner.initial(me, membership, settings) };
  const acceptor = Acceptor.recover(me, membership, records);
  const decided = decidedPrefix(acceptor);
  const coordinator = Coordinator.initial(me, membership, settings, acceptor.promised, decided);
  return { me, membership, voting: { acceptor, coordinator }, learner: Learner.initial(me, membership, settings, decided) };
};

const decidedPrefix = ({ log }: Acceptor.Acceptor): number => {
  let next = 0;
  while (log.get(next)?.type === 'Decided') next += 1;
  return next;
};

/** What the process had learned when it started, in the order of instances. */
export const learned = ({ voting, learner }: Ring): readonly Value[] => {
  const values: Value[] = [];
  for (let instance = 0; instance < learner.next; instance += 1) values.push(voting?.acceptor.log.get(instance)?.value ?? NOOP);
  return values;
};

const changed = changing<Ring>(({ me, membership, voting, learner }) => ({ me, membership, voting, learner }));

export const onEvent = (ring: Ring, event: Event): Step<Ring, Effect> => {
  switch (event.type) {
    case 'Received':
      return receive(ring, event.from, event.message);
    case 'Skip':
      return coordinate(ring, event);
    case 'Tick':
      return both(learn(ring, event), (next) => coordinate(next, event));
  }
};

const receive = (ring: Ring, from: ProcessId, message: Message): Step<Ring, Effect> => {
  switch (message.type) {
    case 'Prepare':
      return both(accept(ring, message), (next) => coordinate(next, message));
    case 'Promise':
      return coordinate(ring, { ...message, acceptor: from });
    case 'Refuse':
    case 'Submit':
      return coordinate(ring, message);
    case 'Value':
      return forward(message.ring[0], ring, message, both(accept(ring, message), (next) => learn(next, message)));
    case 'Phase2':
      return ring.voting === null ? forward(message.ring[0], ring, message, step(ring)) : accept(ring, message);
    case 'Decision':
      return forward(message.decider, ring, message, both(learn(ring, message), (next) => coordinate(next, message)));
    case 'Ask':
      return accept(ring, { ...message, learner: from });
    case 'Chosen':
      return learn(ring, message);
    case 'Alive':
      return both(learn(ring, message), (next) => both(coordinate(next, message), (last) => step(last, send(from, { type: 'Here' }))));
    case 'Here':
      return coordinate(ring, { type: 'Here', process: from });
  }
};

/** Passes a message on, unless its way round ends here, at the predecessor of its `origin`. */
const forward = (
  origin: ProcessId | undefined,
  { me }: Ring,
  message: Extract<Message, { readonly ring: readonly ProcessId[] }>,
  [next, effects]: Step<Ring, Effect>,
): Step<Ring, Effect> => {
  const onward = successor(message.ring, me);
  const isOver = origin === undefined || onward === origin || onward === me || !message.ring.includes(origin) || !message.ring.includes(me);
  return isOver ? [next, effects] : [next, [send(onward, message), ...effects]];
};

const accept = (ring: Ring, event: Acceptor.Event): Step<Ring, Effect> => {
  if (ring.voting === null) return step(ring);
  const [acceptor, effects] = Acceptor.onEvent(ring.voting.acceptor, event);
  if (acceptor === ring.voting.acceptor) return [ring, effects];
  return [changed(ring, { voting: { acceptor, coordinator: ring.voting.coordinator } }), effects];
};

const coordinate = (ring: Ring, event: Coordinator.Event): Step<Ring, Effect> => {
  if (ring.voting === null) return step(ring);
  const [coordinator, effects] = Coordinator.onEvent(ring.voting.coordinator, event);
  if (coordinator === ring.voting.coordinator) return [ring, effects];
  return [changed(ring, { voting: { acceptor: ring.voting.acceptor, coordinator } }), effects];
};

/** What a process learns, its acceptor remembers and its coordinator builds on. */
const learn = (ring: Ring, event: Learner.Event): Step<Ring, Effect> => {
  const [learner, effects] = Learner.onEvent(ring.learner, event);
  const learned: Ring = learner === ring.learner ? ring : changed(ring, { learner });
  if (effects.length === 0) return [learned, effects];
  return effects.reduce<Step<Ring, Effect>>(
    (whole, effect) => both(whole, (next) => (effect.type === 'Deliver' ? deliver(next, effect) : step(next, effect))),
    step(learned),
  );
};

const deliver = (ring: Ring, delivered: Extract<Effect, { type: 'Deliver' }>): Step<Ring, Effect> => {
  const { instance, id, value } = delivered;
  return both(step<Ring, Effect>(ring, delivered), (next) =>
    both(accept(next, { type: 'Learned', instance, id, value }), (last) => coordinate(last, { type: 'Learned', decided: instance + 1 })),
  );
};

/** One step after another, their effects in that order. */
const both = ([ring, effects]: Step<Ring, Effect>, then: (ring: Ring) => Step<Ring, Effect>): Step<Ring, Effect> => {
  const [next, more] = then(ring);
  return [next, more.length === 0 ? effects : effects.length === 0 ? more : [...effects, ...more]];
};

/** What every reachable process satisfies. */
export const stateInvariants: Readonly<Record<string, (ring: Ring) => boolean>> = {
  ...lift(Acceptor.stateInvariants, (ring) => ring.voting?.acceptor),
  ...lift(Coordinator.stateInvariants, (ring) => ring.voting?.coordinator),
};

function lift<T>(
  invariants: Readonly<Record<string, (part: T) => boolean>>,
  part: (ring: Ring) => T | undefined,
): Readonly<Record<string, (ring: Ring) => boolean>> {
  return Object.fromEntries(
    Object.entries(invariants).map(([clause, holds]) => [
      clause,
      (ring: Ring) => {
        const present = part(ring);
        return present === undefined || holds(present);
      },
    ]),
  );
}
