/**
 * An acceptor of one ring: promises, votes, and remembers decisions. CON-2, CON-3, CON-4.
 *
 * It votes for ids and keeps the values they name; it forwards a vote only for a value that it holds (Ring Paxos, task 5),
 * and only when the vote is durable.
 */
import { Map } from 'immutable';
import { changing, step, type Step } from '../step.js';
import { byBallot, isHigher, isLower, isSame, quorumOf, successor, NO_BALLOT, type Ballot, type Membership, type ProcessId } from './ballot.js';
import { send, type Durable, type Effect, type Entry, type Instance, type Message, type Value, type ValueId } from './messages.js';

export type Acceptor = {
  readonly me: ProcessId;
  readonly membership: Membership;
  readonly promised: Ballot;
  readonly log: Map<Instance, Entry>;
  /** Values seen and not yet voted for, of the highest ballot seen. */
  readonly held: Map<ValueId, Value>;
  /** How many records this acceptor has asked to persist. */
  readonly records: number;
};

/** Messages concern the acceptor as they come; `Learned` is the word of the learner beside it. */
export type Event =
  | Extract<Message, { type: 'Prepare' | 'Value' | 'Phase2' }>
  | (Extract<Message, { type: 'Ask' }> & { readonly learner: ProcessId })
  | { readonly type: 'Learned'; readonly instance: Instance; readonly id: ValueId; readonly value: Value };

export const initial = (me: ProcessId, membership: Membership): Acceptor => ({
  me,
  membership,
  promised: NO_BALLOT,
  log: Map(),
  held: Map(),
  records: 0,
});

const changed = changing<Acceptor>(({ me, membership, promised, log, held, records }) => ({ me, membership, promised, log, held, records }));

/** The acceptor that wrote these records, after a crash. What was only held is gone: its coordinator sends it again. */
export const recover = (me: ProcessId, membership: Membership, records: readonly Durable[]): Acceptor =>
  changed(records.reduce(remember, initial(me, membership)), { records: records.length });

export const onEvent = (state: Acceptor, event: Event): Step<Acceptor, Effect> => {
  switch (event.type) {
    case 'Prepare': // CON-2: a promise closes every lower ballot.
      return isHigher(event.ballot, state.promised) || isSame(event.ballot, state.promised)
        ? promise(state, event)
        : refuse(state, event.ballot);
    case 'Value':
      return isLower(event.ballot, state.promised) ? step(state) : hold(state, event);
    case 'Phase2': // CON-3: a vote is cast only at or above the promise.
      return isLower(event.ballot, state.promised) ? refuse(state, event.ballot) : vote(state, event);
    case 'Learned':
      return learned(state, event);
    case 'Ask':
      return answer(state, event);
  }
};

const refuse = (state: Acceptor, ballot: Ballot): Step<Acceptor, Effect> =>
  step(state, send(ballot.process, { type: 'Refuse', promised: state.promised }));

const promise = (state: Acceptor, { ballot, from }: Extract<Event, { type: 'Prepare' }>): Step<Acceptor, Effect> => {
  const [next, effects] = isSame(ballot, state.promised) ? step<Acceptor, Effect>(state) : persist(state, { type: 'Promised', ballot });
  const entries = [...next.log].filter(([instance]) => instance >= from).sort(([a], [b]) => a - b);
  return step(next, ...effects, send(ballot.process, { type: 'Promise', ballot, entries }, next.records));
};

const hold = (state: Acceptor, { ballot, id, value }: Extract<Event, { type: 'Value' }>): Step<Acceptor, Effect> => {
  const held = isHigher(ballot, state.promised) ? Map<ValueId, Value>() : state.held;
  return step(changed(state, { held: held.set(id, value) }));
};

const vote = (state: Acceptor, event: Extract<Event, { type: 'Phase2' }>): Step<Acceptor, Effect> => {
  const { ballot, ring, instance, id } = event;
  const entry = state.log.get(instance);
  if (entry?.type === 'Decided') return entry.id === id ? step(changed(state, { held: state.held.delete(id) }), decision(state, event, 0)) : step(state);

  // Only a vote for a value that is held can be told to others: else a decided id might not be resolved by a quorum.
  const value = state.held.get(id) ?? (entry?.id === id ? entry.value : undefined);
  if (value === undefined) return step(state);

  const isRepeated = entry !== undefined && isSame(entry.ballot, ballot);
  if (isRepeated && entry.id !== id) return step(state); // CON-1: one ballot carries one value in an instance.
  const [next, effects] = isRepeated
    ? step<Acceptor, Effect>(changed(state, { held: state.held.delete(id) }))
    : persist(state, { type: 'Voted', instance, ballot, id, value });
  const voters = event.voters.includes(state.me) ? event.voters : [...event.voters, state.me];
  // CON-4: the vote that completes the quorum decides.
  if (voters.length >= quorumOf(state.membership)) return step(next, ...effects, decision(next, event, next.records));
  const onward = successor(ring, state.me);
  return onward === ring[0] ? step(next, ...effects) : step(next, ...effects, send(onward, { type: 'Phase2', ballot, ring, instance, id, voters }, next.records));
};

/** The decision starts its way round at the acceptor that makes it; first to itself, so that it learns what it decided. */
const decision = ({ me }: Acceptor, { ballot, ring, instance, id }: Extract<Event, { type: 'Phase2' }>, after: number): Effect =>
  send(me, { type: 'Decision', ballot, ring, decider: me, instance, id }, after);

const learned = (state: Acceptor, { instance, id, value }: Extract<Event, { type: 'Learned' }>): Step<Acceptor, Effect> => {
  const entry = state.log.get(instance);
  if (entry?.type === 'Decided') return step(state);
  return persist(state, entry?.id === id ? { type: 'Decided', instance, id } : { type: 'Learned', instance, id, value });
};

/** The most instances that one question is answered for, whatever it asks. */
const MOST_ANSWERS = 1024;

const answer = (state: Acceptor, { from, to, learner }: Extract<Event, { type: 'Ask' }>): Step<Acceptor, Effect> => {
  const chosen: Effect[] = [];
  for (let instance = from; instance < Math.min(to, from + MOST_ANSWERS); instance += 1) {
    const entry = state.log.get(instance);
    if (entry?.type === 'Decided')
      chosen.push(send(learner, { type: 'Chosen', instance, id: entry.id, value: entry.value }));
  }
  return [state, chosen];
};

const persist = (state: Acceptor, record: Durable): Step<Acceptor, Effect> =>
  step(changed(remember(state, record), { records: state.records + 1 }), { type: 'Persist', record });

/** What a record means. The same for an acceptor that writes it and for one that reads it after a crash. */
const remember = (state: Acceptor, record: Durable): Acceptor => {
  switch (record.type) {
    case 'Promised':
      return changed(state, { promised: record.ballot });
    case 'Voted': {
      const { instance, ballot, id, value } = record;
      const promised = isHigher(ballot, state.promised) ? ballot : state.promised;
      return changed(state, { promised, held: state.held.delete(id), log: state.log.set(instance, { type: 'Voted', ballot, id, value }) });
    }
    case 'Decided': {
      const entry = state.log.get(record.instance);
      if (entry === undefined) return state;
      return changed(state, { log: state.log.set(record.instance, { type: 'Decided', id: record.id, value: entry.value }) });
    }
    case 'Learned':
      return changed(state, {
        held: state.held.delete(record.id),
        log: state.log.set(record.instance, { type: 'Decided', id: record.id, value: record.value }),
      });
  }
};

/** What every reachable acceptor satisfies. */
export const stateInvariants: Readonly<Record<string, (acceptor: Acceptor) => boolean>> = {
  'CON-3: no vote is above the promise': ({ log, promised }) =>
    log.every((entry) => entry.type === 'Decided' || !isHigher(entry.ballot, promised)),
};

/** What every single step of an acceptor satisfies. */
export const stepInvariants: Readonly<Record<string, (before: Acceptor, after: Acceptor) => boolean>> = {
  'CON-2: a promise is never taken back': (before, after) => byBallot.compare(before.promised, after.promised) <= 0,
  'CON-2: a decision is never taken back': (before, after) =>
    before.log.every((entry, instance) => entry.type === 'Voted' || after.log.get(instance)?.id === entry.id),
};
