/** A learner of one ring: hands values over in instance order, once each, and asks for what is missing. CON-5, CON-6. */
import { Map } from 'immutable';
import { changing, step, type Step } from '../step.js';
import { isHigher, NO_BALLOT, type Ballot, type Membership, type ProcessId } from './ballot.js';
import { send, type Effect, type Instance, type Message, type Value, type ValueId } from './messages.js';

export type Settings = {
  /** How long a learner waits for a missing instance before it asks, ms. */
  readonly askAfter: number;
  /** How many instances it asks for at once. */
  readonly askFor: number;
};

export type Learner = {
  readonly me: ProcessId;
  readonly membership: Membership;
  readonly settings: Settings;
  /** The first instance not handed over. */
  readonly next: Instance;
  /** Every instance below this one is decided somewhere. */
  readonly horizon: Instance;
  /** Decided and not handed over, by instance. */
  readonly decided: Map<Instance, ValueId>;
  readonly values: Map<ValueId, Value>;
  /** The highest ballot of `values`. */
  readonly ballot: Ballot;
  /** Since when `next` has stood still, up to where it has asked, and whom it asks: another one whenever asking was in vain. */
  readonly waiting: { readonly next: Instance; readonly since: number; readonly asked: Instance; readonly turn: number };
};

export type Event =
  | Extract<Message, { type: 'Value' | 'Decision' | 'Chosen' | 'Alive' }>
  | { readonly type: 'Tick'; readonly now: number };

/** A learner that hands over from instance `next` on: 0, or what its process has learned before a crash. */
export const initial = (me: ProcessId, membership: Membership, settings: Settings, next: Instance = 0): Learner => ({
  me,
  membership,
  settings,
  next,
  horizon: next,
  decided: Map(),
  values: Map(),
  ballot: NO_BALLOT,
  waiting: { next, since: 0, asked: next, turn: 0 },
});

const changed = changing<Learner>(({ me, membership, settings, next, horizon, decided, values, ballot, waiting }) => ({ me, membership, settings, next, horizon, decided, values, ballot, waiting }));

export const onEvent = (state: Learner, event: Event): Step<Learner, Effect> => {
  switch (event.type) {
    case 'Value':
      return handOver(keep(state, event));
    case 'Decision':
      return handOver(note(state, event.instance, event.id));
    case 'Chosen':
      return handOver(note(changed(state, { values: state.values.set(event.id, event.value) }), event.instance, event.id));
    case 'Alive':
      return step(event.decided > state.horizon ? changed(state, { horizon: event.decided }) : state);
    case 'Tick':
      return ask(state, event.now);
  }
};

/** A value of a new ballot outdates those of older ones that nobody has decided: whoever wants them again sends them again. */
const keep = (state: Learner, { ballot, id, value }: Extract<Event, { type: 'Value' }>): Learner => {
  if (!isHigher(ballot, state.ballot)) return changed(state, { values: state.values.set(id, value) });
  const wanted = state.decided.toSet();
  return changed(state, { ballot, values: state.values.filter((_, known) => wanted.has(known)).set(id, value) });
};

// CON-6: an instance already handed over is never noted again.
const note = (state: Learner, instance: Instance, id: ValueId): Learner =>
  instance < state.next
    ? changed(state, { values: state.values.delete(id) })
    : changed(state, { decided: state.decided.set(instance, id), horizon: Math.max(state.horizon, instance + 1) });

/** CON-5: instance i + 1 waits for instance i, and a decided id for its value. */
const handOver = (state: Learner): Step<Learner, Effect> => {
  const delivered: Effect[] = [];
  let { next, decided, values } = state;
  for (;;) {
    const id = decided.get(next);
    const value = id === undefined ? undefined : values.get(id);
    if (id === undefined || value === undefined) break;
    delivered.push({ type: 'Deliver', instance: next, id, value });
    decided = decided.delete(next);
    values = values.delete(id);
    next += 1;
  }
  if (delivered.length === 0) return step(state);
  return [changed(state, { next, decided, values }), delivered];
};

/** Asks when nothing has moved for a while, or, in the middle of catching up, as soon as the last answer is used up. */
const ask = (state: Learner, now: number): Step<Learner, Effect> => {
  const { next, horizon, waiting, settings } = state;
  if (next >= horizon) return step(changed(state, { waiting: { next, since: now, asked: next, turn: waiting.turn } }));
  if (next === waiting.asked && next !== waiting.next) return request(state, now, waiting.turn);
  if (next !== waiting.next) return step(changed(state, { waiting: { next, since: now, asked: waiting.asked, turn: waiting.turn } }));
  return now - waiting.since < settings.askAfter ? step(state) : request(state, now, waiting.turn + 1);
};

const request = (state: Learner, now: number, turn: number): Step<Learner, Effect> => {
  const { next, horizon, settings, membership, me } = state;
  const others = membership.acceptors.filter((acceptor) => acceptor !== me);
  const acceptor = others[(me + turn) % others.length];
  if (acceptor === undefined) return step(state);
  const asked = Math.min(next + settings.askFor, horizon);
  return step(changed(state, { waiting: { next, since: now, asked, turn } }), send(acceptor, { type: 'Ask', from: next, to: asked }));
};
