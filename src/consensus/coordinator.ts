/**
 * The coordinator's part of an acceptor's process in one ring: it follows whoever leads, takes over when that one falls
 * silent, and leads. CON-1, CON-7, CON-8.
 *
 * Phase 1 is done once per ballot, in advance, for every instance from the first one that is not known to be decided.
 * Departs from Ring Paxos, which pre-executes a bounded range of instances: an open-ended range needs no topping up.
 * Another ring (a process that fell silent, or came back) is another ballot.
 */
import { List, Map } from 'immutable';
import { changing, step, type Step } from '../step.js';
import { byBallot, isHigher, isLower, isSame, quorumOf, ringFrom, NO_BALLOT, type Ballot, type Membership, type ProcessId } from './ballot.js';
import { send, NOOP, type Effect, type Entry, type Instance, type Message, type Value, type ValueId } from './messages.js';

export type Settings = {
  /** Bytes of commands at which a batch is proposed without waiting for more. */
  readonly batchBytes: number;
  /** Bytes of commands that may wait to be proposed; what comes beyond is dropped, and its client sends it again. */
  readonly backlogBytes: number;
  /** Instances that may be open (proposed, and the decision not yet come round) at once. */
  readonly window: number;
  /** How often a coordinator says that it lives, ms. */
  readonly heartbeat: number;
  /** Silence after which a process is taken for crashed, ms. */
  readonly suspectAfter: number;
  /** How long an instance may stay open before it is sent round again, ms. */
  readonly resendAfter: number;
};

type Open = { readonly id: ValueId; readonly value: Value; readonly sent: number };

/** When a process was last heard, and since when it has been heard without a long silence. */
type Heard = { readonly first: number; readonly last: number };

export type Role =
  | { readonly type: 'Following'; readonly since: number }
  | {
      readonly type: 'Preparing';
      readonly since: number;
      readonly from: Instance;
      readonly promises: Map<ProcessId, readonly (readonly [Instance, Entry])[]>;
      readonly sent: number;
    }
  | Leading;

type Leading = {
  readonly type: 'Leading';
  readonly ring: readonly ProcessId[];
  /** The first instance never proposed in this ballot. */
  readonly next: Instance;
  readonly open: Map<Instance, Open>;
  /** How many of `open` are batches. */
  readonly batches: number;
  /** How many ids this ballot has given out. */
  readonly named: number;
  readonly beat: number;
};

export type Coordinator = {
  readonly me: ProcessId;
  readonly membership: Membership;
  readonly settings: Settings;
  readonly now: number;
  /** The highest ballot seen; its own, unless it follows. */
  readonly ballot: Ballot;
  /** Every instance below this one is decided, and learned by this process. */
  readonly decided: Instance;
  readonly heard: Map<ProcessId, Heard>;
  /** Whether its last campaign came to nothing: then it gives others more of a chance. */
  readonly hasFailed: boolean;
  readonly backlog: List<Uint8Array>;
  readonly backlogBytes: number;
  readonly role: Role;
};

export type Event =
  | (Extract<Message, { type: 'Promise' }> & { readonly acceptor: ProcessId })
  | Extract<Message, { type: 'Refuse' | 'Prepare' | 'Alive' | 'Decision' | 'Submit' }>
  | { readonly type: 'Here'; readonly process: ProcessId }
  /** The multicast layer's wish to advance this ring's virtual position to `to`. */
  | { readonly type: 'Skip'; readonly to: number }
  /** The learner beside it has handed over every instance below `decided`. */
  | { readonly type: 'Learned'; readonly decided: Instance }
  | { readonly type: 'Tick'; readonly now: number };

/** A process that has promised `ballot` before a crash must not lead it again: what it said in it is forgotten. */
export const initial = (me: ProcessId, membership: Membership, settings: Settings, ballot: Ballot = NO_BALLOT, decided: Instance = 0): Coordinator => ({
  me,
  membership,
  settings,
  now: 0,
  ballot,
  decided,
  heard: Map(),
  hasFailed: false,
  backlog: List(),
  backlogBytes: 0,
  role: { type: 'Following', since: 0 },
});

const changed = changing<Coordinator>(({ me, membership, settings, now, ballot, decided, heard, hasFailed, backlog, backlogBytes, role }) => ({
  me,
  membership,
  settings,
  now,
  ballot,
  decided,
  heard,
  hasFailed,
  backlog,
  backlogBytes,
  role,
}));

const leading = changing<Leading>(({ type, ring, next, open, batches, named, beat }) => ({ type, ring, next, open, batches, named, beat }));

export const onEvent = (state: Coordinator, event: Event): Step<Coordinator, Effect> => {
  switch (event.type) {
    case 'Tick':
      return tick(changed(state, { now: event.now }), state.now === 0);
    case 'Submit':
      return submit(state, event.commands);
    case 'Skip':
      return skip(state, event.to);
    case 'Decision':
      return close(state, event.instance);
    case 'Learned':
      return step(changed(state, { decided: event.decided }));
    case 'Here':
      return step(hear(state, event.process));
    case 'Promise': // CON-7: a promise counts for its own ballot, once per acceptor.
      return isSame(event.ballot, state.ballot) ? promised(state, event.acceptor, event.entries) : step(state);
    case 'Refuse':
      return step(isHigher(event.promised, state.ballot) ? follow(state, event.promised) : state);
    case 'Prepare':
    case 'Alive':
      return heed(state, event);
  }
};

/**
 * Follows whoever has a higher ballot, or leads with the one that it follows already; tells a deposed coordinator that it is
 * one. Only `Alive` buys patience: whoever sends a `Prepare`, again or in ever higher ballots, may never hear the promises.
 */
const heed = (state: Coordinator, event: Extract<Event, { type: 'Prepare' | 'Alive' }>): Step<Coordinator, Effect> => {
  if (event.ballot.process === state.me) return step(state);
  if (isLower(event.ballot, state.ballot)) return step(state, send(event.ballot.process, { type: 'Refuse', promised: state.ballot }));
  if (event.type === 'Alive') return step(changed(follow(state, event.ballot), { hasFailed: false }));
  if (isSame(event.ballot, state.ballot)) return step(state);
  const following = follow(state, event.ballot);
  return step(state.role.type === 'Following' ? changed(following, { role: state.role }) : following);
};

/** Whether this process leads, by its own lights. */
export const isLeading = (state: Coordinator): boolean => state.role.type === 'Leading';

/** What this process has proposed and not yet learned, in the order of instances; `undefined` if it does not lead. */
export const underWay = ({ role, decided }: Coordinator): readonly Value[] | undefined => {
  if (role.type !== 'Leading') return undefined;
  const values: Value[] = [];
  for (let instance = decided; instance < role.next; instance += 1) values.push(role.open.get(instance)?.value ?? NOOP);
  return values;
};

const follow = (state: Coordinator, ballot: Ballot): Coordinator =>
  changed(state, {
    ballot,
    backlog: List(),
    backlogBytes: 0,
    heard: state.heard.set(ballot.process, { first: state.now, last: state.now }),
    role: { type: 'Following', since: state.now },
  });

const hear = (state: Coordinator, process: ProcessId): Coordinator => {
  const { now, heard, settings } = state;
  const known = heard.get(process);
  const first = known === undefined || now - known.last > settings.suspectAfter ? now : known.first;
  return changed(state, { heard: heard.set(process, { first, last: now }) });
};

const isUp = (state: Coordinator, process: ProcessId): boolean => {
  const heard = state.heard.get(process);
  return process === state.me || (heard !== undefined && state.now - heard.last <= state.settings.suspectAfter);
};

/** Up, and for long enough to be worth another ballot. */
const isBack = (state: Coordinator, process: ProcessId): boolean =>
  isUp(state, process) && state.now - (state.heard.get(process)?.first ?? state.now) > state.settings.suspectAfter;

const everyone = ({ acceptors, learners }: Membership): readonly ProcessId[] => [...acceptors, ...learners];

// Time

const tick = (state: Coordinator, isFirst: boolean): Step<Coordinator, Effect> => {
  const { role, settings, now } = state;
  switch (role.type) {
    case 'Following':
      if (isFirst) return follower(state);
      return now - role.since > patience(state) ? campaign(state) : step(state);
    case 'Preparing':
      if (now - role.since > patience(state)) return campaign(changed(state, { hasFailed: true }));
      return now - role.sent > settings.resendAfter ? prepare(state, role) : step(state);
    case 'Leading':
      return lead(state, role);
  }
};

/** A process that has never heard of a ballot lets the first acceptor lead at once; after a crash everyone is patient. */
const follower = (state: Coordinator): Step<Coordinator, Effect> => {
  const isNew = isSame(state.ballot, NO_BALLOT) && state.membership.acceptors[0] === state.me;
  return isNew ? campaign(state) : step(changed(state, { role: { type: 'Following', since: state.now } }));
};

/** Acceptors lose patience one after the other, so that they seldom campaign against each other. */
const patience = ({ membership, me, settings, hasFailed }: Coordinator): number =>
  settings.suspectAfter * (1.5 + membership.acceptors.indexOf(me)) * (hasFailed ? 2 : 1);

/** Phase 1 of a fresh ballot. Whoever is not known to be silent is given the benefit of the doubt until the ring shows. */
const campaign = (state: Coordinator): Step<Coordinator, Effect> => {
  const { me, membership, now, ballot, decided } = state;
  const isTakeover = state.role.type === 'Following';
  const doubted = everyone(membership).filter((process) => process !== me && !(isTakeover && process === ballot.process));
  const heard = isTakeover ? Map(doubted.map((process): [ProcessId, Heard] => [process, { first: now, last: now }])) : state.heard;
  const role = { type: 'Preparing', since: now, from: decided, promises: Map<ProcessId, readonly (readonly [Instance, Entry])[]>(), sent: now } as const;
  return prepare(changed(state, { heard, ballot: { round: ballot.round + 1, process: me } }), role);
};

/** Its own acceptor promises first, durably: that is what keeps it from using the ballot again after a crash. */
const prepare = (state: Coordinator, role: Extract<Role, { type: 'Preparing' }>): Step<Coordinator, Effect> => {
  const { me, membership, ballot, now } = state;
  const asked = role.promises.has(me) ? membership.acceptors.filter((acceptor) => !role.promises.has(acceptor)) : [me];
  return [changed(state, { role: { ...role, sent: now } }), asked.map((acceptor) => send(acceptor, { type: 'Prepare', ballot, from: role.from }))];
};

const lead = (state: Coordinator, role: Leading): Step<Coordinator, Effect> => {
  const { membership, settings, now, me } = state;
  const isWanted = (process: ProcessId): boolean => (role.ring.includes(process) ? isUp(state, process) : isBack(state, process));
  const hasChanged = everyone(membership).some((process) => process !== me && isWanted(process) !== role.ring.includes(process));
  if (hasChanged && hasQuorum(membership, everyone(membership).filter((process) => process === me || isWanted(process)))) return campaign(state);

  const late = role.open.filter(({ sent }) => now - sent > settings.resendAfter);
  const isDue = now - role.beat >= settings.heartbeat;
  if (late.size === 0 && !isDue) return step(state);
  const open = role.open.merge(late.map((instance) => ({ ...instance, sent: now })));
  const beats = isDue ? everyone(membership).filter((process) => process !== me) : [];
  return [
    changed(state, { role: leading(role, { open, beat: isDue ? now : role.beat }) }),
    [
      ...beats.map((process) => send(process, { type: 'Alive', ballot: state.ballot, decided: state.decided })),
      ...[...late].sort(([a], [b]) => a - b).flatMap(([instance, { id, value }]) => proposal(state, role.ring, instance, id, value)),
    ],
  ];
};

const hasQuorum = (membership: Membership, up: readonly ProcessId[]): boolean =>
  membership.acceptors.filter((acceptor) => up.includes(acceptor)).length >= quorumOf(membership);

// Phase 1

const promised = (before: Coordinator, acceptor: ProcessId, entries: readonly (readonly [Instance, Entry])[]): Step<Coordinator, Effect> => {
  if (before.role.type !== 'Preparing') return step(before);
  const state = hear(before, acceptor);
  const role = { ...before.role, promises: before.role.promises.set(acceptor, entries) };
  if (role.promises.size < quorumOf(state.membership)) return acceptor === state.me ? prepare(state, role) : step(changed(state, { role }));
  return takeOver(state, role);
};

/** CON-8: whatever may have been decided is proposed again under its own id; holes are filled; only then comes anything new. */
const takeOver = (state: Coordinator, { from, promises }: Extract<Role, { type: 'Preparing' }>): Step<Coordinator, Effect> => {
  const { me, membership } = state;
  const adopted = [...promises.values()].flat().reduce(
    (best, [instance, entry]) => best.set(instance, strongerOf(best.get(instance), entry)),
    Map<Instance, Entry>(),
  );
  const next = adopted.reduce((last, _, instance) => Math.max(last, instance + 1), from);
  // Whoever has promised is in the ring, so that a quorum is.
  const ring = ringFrom(membership, me, (process) => promises.has(process) || isUp(state, process));
  const first = changed(state, { hasFailed: false, role: { type: 'Leading', ring, next: from, open: Map(), batches: 0, named: 0, beat: -Infinity } });

  let leader = first;
  const effects: Effect[] = [];
  for (let instance = from; instance < next; instance += 1) {
    const entry = adopted.get(instance);
    const [after, proposals] = entry === undefined ? propose(leader, NOOP) : proposeAs(leader, entry.id, entry.value);
    leader = after;
    effects.push(...proposals);
  }
  const [begun, beats] = tick(leader, false);
  const [flushed, batches] = flush(begun);
  return [flushed, [...effects, ...beats, ...batches]];
};

const strongerOf = (a: Entry | undefined, b: Entry): Entry => {
  if (a === undefined || b.type === 'Decided') return b;
  return a.type === 'Decided' || !isLower(a.ballot, b.ballot) ? a : b;
};

// Phase 2

const submit = (state: Coordinator, commands: Uint8Array): Step<Coordinator, Effect> => {
  // A ballot's owner has promised it, so forwarding goes from lower to higher ballots and ends.
  if (state.role.type === 'Following')
    return state.ballot.process === state.me || state.ballot.process < 0 ? step(state) : step(state, send(state.ballot.process, { type: 'Submit', commands }));
  if (state.backlogBytes + commands.length > state.settings.backlogBytes) return step(state);
  return flush(changed(state, { backlog: state.backlog.push(commands), backlogBytes: state.backlogBytes + commands.length }));
};

const skip = (state: Coordinator, to: number): Step<Coordinator, Effect> => {
  if (state.role.type !== 'Leading' || state.role.open.size >= state.settings.window) return step(state);
  return propose(state, { type: 'Skip', to });
};

const close = (state: Coordinator, instance: Instance): Step<Coordinator, Effect> => {
  if (state.role.type !== 'Leading') return step(state);
  const { open, batches } = state.role;
  const closed = open.get(instance);
  if (closed === undefined) return step(state);
  return flush(changed(state, { role: leading(state.role, { open: open.delete(instance), batches: batches - countOf(closed) }) }));
};

/** Proposes full batches while the window has room, and a smaller one when no batch is open (after Nagle): no timer needed. */
const flush = (state: Coordinator): Step<Coordinator, Effect> => {
  const effects: Effect[] = [];
  let leader = state;
  while (!leader.backlog.isEmpty() && mayPropose(leader)) {
    const batch = takeBatch(leader);
    const rest = changed(leader, { backlog: leader.backlog.skip(batch.chunks), backlogBytes: leader.backlogBytes - batch.bytes });
    const [next, proposals] = propose(rest, { type: 'Batch', commands: concatenate(leader.backlog.take(batch.chunks).toArray(), batch.bytes) });
    leader = next;
    effects.push(...proposals);
  }
  return [leader, effects];
};

const mayPropose = ({ role, settings, backlogBytes }: Coordinator): boolean =>
  role.type === 'Leading' &&
  role.open.size < settings.window &&
  (backlogBytes >= settings.batchBytes || role.batches === 0);

const takeBatch = ({ backlog, settings }: Coordinator): { readonly chunks: number; readonly bytes: number } => {
  let chunks = 0;
  let bytes = 0;
  for (const chunk of backlog) {
    if (chunks > 0 && bytes + chunk.length > settings.batchBytes) break;
    chunks += 1;
    bytes += chunk.length;
  }
  return { chunks, bytes };
};

const concatenate = (chunks: readonly Uint8Array[], bytes: number): Uint8Array => {
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined) return first;
  const whole = new Uint8Array(bytes);
  chunks.reduce((at, chunk) => (whole.set(chunk, at), at + chunk.length), 0);
  return whole;
};

const propose = (state: Coordinator, value: Value): Step<Coordinator, Effect> => {
  if (state.role.type !== 'Leading') return step(state);
  const { ballot, role } = state;
  const id = `${ballot.round}.${ballot.process}.${role.named}`;
  return proposeAs(changed(state, { role: leading(role, { named: role.named + 1 }) }), id, value);
};

const proposeAs = (state: Coordinator, id: ValueId, value: Value): Step<Coordinator, Effect> => {
  if (state.role.type !== 'Leading') return step(state);
  const { role, now } = state;
  const instance = role.next;
  const opened = { id, value, sent: now };
  const open = role.open.set(instance, opened);
  return [changed(state, { role: leading(role, { next: instance + 1, open, batches: role.batches + countOf(opened) }) }), proposal(state, role.ring, instance, id, value)];
};

/** What an open instance counts for among the batches. */
const countOf = ({ value }: Open): number => (value.type === 'Batch' ? 1 : 0);

/** A coordinator is the first acceptor of its ring: it says to itself what it has to say, and its acceptor passes it on. */
const proposal = (state: Coordinator, ring: readonly ProcessId[], instance: Instance, id: ValueId, value: Value): readonly Effect[] => [
  send(state.me, { type: 'Value', ballot: state.ballot, ring, id, value }),
  send(state.me, { type: 'Phase2', ballot: state.ballot, ring, instance, id, voters: [] }),
];

/** What every reachable coordinator satisfies. */
export const stateInvariants: Readonly<Record<string, (coordinator: Coordinator) => boolean>> = {
  'CON-1: a coordinator leads only its own ballot': ({ role, ballot, me }) => role.type === 'Following' || ballot.process === me,
  'CON-9: what is open is counted': ({ role }) => role.type !== 'Leading' || role.batches === role.open.count(({ value }) => value.type === 'Batch'),
  'CON-9: what waits is bounded': ({ backlogBytes, settings }) => backlogBytes <= settings.backlogBytes,
};

/** What every single step of a coordinator satisfies. */
export const stepInvariants: Readonly<Record<string, (before: Coordinator, after: Coordinator) => boolean>> = {
  'CON-9: a coordinator that leads opens no instance beyond its window': ({ role: before }, { role: after, settings }) =>
    before.type !== 'Leading' || after.type !== 'Leading' || after.open.size <= Math.max(before.open.size, settings.window),
  'CON-1: a ballot is never lowered': (before, after) => byBallot.compare(before.ballot, after.ballot) <= 0,
};
