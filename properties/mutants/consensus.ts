/** Mistakes in one ring: PX of Paxos, RP of what makes it Ring Paxos. */

import { Map } from 'immutable';
import * as Acceptor from '../../src/consensus/acceptor.js';
import { isHigher, isLower, isSame, NO_BALLOT, quorumOf, successor } from '../../src/consensus/ballot.js';
import * as Coordinator from '../../src/consensus/coordinator.js';
import { NOOP, type Durable } from '../../src/consensus/messages.js';
import * as Node from '../../src/node.js';
import type { Change } from '../arbitraries/world.js';
import { asking, comingBack, having, misremembering, mistake, mistaken, reading, saying, told, together, votingOf } from './change.js';
import { before, mutant, type Mutant } from './mutant.js';
import { byWalking } from './rings.js';
import { inCalm, inDuel, inRough, ofAcceptor, ofCoordinator, RINGS, WORLDS } from './worlds.js';

/** A record that says nothing. */
const BLANK: Durable = { type: 'Decided', instance: -1, id: '' };

export const PAXOS: readonly Mutant[] = [
  mutant('PX01', 'an acceptor votes whatever it has promised', ...before(RINGS, mistaken({
    acceptor: (known, message) =>
      (message.type === 'Value' || message.type === 'Phase2') && isLower(message.ballot, known.promised) ? { ...known, promised: message.ballot } : known,
  }))),
  mutant('PX02', 'a promise is not recorded', ...before(RINGS, misremembering((after, { promised }, message) => (message.type === 'Prepare' ? { ...after, promised } : after)))),
  mutant('PX03', 'an acceptor promises a lower ballot', ...before(RINGS, mistaken({
    acceptor: (known, message) => (message.type === 'Prepare' && isLower(message.ballot, known.promised) ? { ...known, promised: NO_BALLOT } : known),
  }))),
  mutant('PXa', 'a vote does not raise the promise', ...before(RINGS, misremembering((after, { promised }, message) => (message.type === 'Phase2' ? { ...after, promised } : after)))),
  mutant('PX05', 'a vote needs a ballot higher than the promise', ...before(WORLDS, told((message, process, group) => {
    const promised = votingOf(process, group)?.acceptor.promised;
    return message.type === 'Phase2' && promised !== undefined && !isHigher(message.ballot, promised) ? [] : [message];
  }))),
  mutant('PX07', 'a coordinator ignores the votes reported in phase 1', ...before(RINGS, saying((message) => (message.type === 'Promise' ? { ...message, entries: [] } : message)))),
  mutant('PX08', 'a coordinator adopts the value of the lowest ballot reported', ...before(RINGS, saying((message) =>
    message.type === 'Promise'
      ? {
          ...message,
          entries: message.entries.map(([instance, entry]) =>
            entry.type === 'Voted' ? ([instance, { ...entry, ballot: { round: 1e6 - entry.ballot.round, process: -entry.ballot.process } }] as const) : ([instance, entry] as const),
          ),
        }
      : message,
  ))),
  mutant('PX10', 'one promise is a quorum', ...before(RINGS, told((message) =>
    message.type === 'Promise' ? [message, ...[0, 1, 2].map((acceptor) => [acceptor, { ...message, entries: [] }] as const)] : [message],
  ))),
  mutant('PX11', 'one vote is a decision', ...before(RINGS, asking((effect) => {
    if (effect.type !== 'Send' || effect.message.type !== 'Phase2' || effect.message.voters.length !== 1) return [effect];
    const [decider = 0] = effect.message.voters;
    const { ballot, ring, instance, id } = effect.message;
    return [effect, { ...effect, to: decider, message: { type: 'Decision', ballot, ring, decider, instance, id } }];
  }))),
  mutant('PX12', 'promises of an older ballot are counted', ...before(RINGS, told((message, process, group) => {
    const ballot = votingOf(process, group)?.coordinator.ballot;
    return message.type === 'Promise' && ballot !== undefined && !isSame(message.ballot, ballot) ? [{ ...message, ballot }] : [message];
  }))),
  mutant('PX13', 'one ballot carries two values: a coordinator proposes another one to its successor', ...before(RINGS, asking((effect) => {
    if (effect.type !== 'Send' || effect.message.type !== 'Phase2' || effect.message.voters.length > 0 || effect.to !== effect.message.ballot.process) return [effect];
    const { ballot, ring } = effect.message;
    const other = { ...effect, to: successor(ring, effect.to) };
    const id = `${effect.message.id}000`;
    return [effect, { ...other, message: { type: 'Value', ballot, ring, id, value: NOOP } }, { ...other, message: { ...effect.message, id } }];
  }))),
  mutant('PX15', 'an acceptor forgets its votes when it promises', ...before(RINGS, mistaken({
    acceptor: (known, message) =>
      message.type === 'Prepare' && !isLower(message.ballot, known.promised) ? { ...known, log: known.log.filter((entry) => entry.type === 'Decided') } : known,
  }))),
  mutant('PX17', 'an acceptor keeps the ballot of its first vote with the new value', ...before(RINGS, misremembering((after, first, message) => {
    if (message.type !== 'Phase2') return after;
    const [known, entry] = [first.log.get(message.instance), after.log.get(message.instance)];
    return known?.type === 'Voted' && entry?.type === 'Voted' ? { ...after, log: after.log.set(message.instance, { ...entry, ballot: known.ballot }) } : after;
  }))),
  mutant('PX18', 'a crash loses the promise', ...before(RINGS, reading((record) => (record.type === 'Promised' ? BLANK : record)))),
  mutant('PX19', 'a crash loses the vote', ...before(RINGS, reading((record) => (record.type === 'Voted' ? { type: 'Promised', ballot: record.ballot } : record)))),
  mutant('PX20', 'votes for a value are counted across ballots', ...before(RINGS, countingAcrossBallots())),
  mutant('PX23', 'a repeated promise of one acceptor is counted twice', ...before([byWalking, inDuel], told((message, process, group, from) => {
    const role = votingOf(process, group)?.coordinator.role;
    const isRepeated = message.type === 'Promise' && role?.type === 'Preparing' && role.promises.has(from);
    return isRepeated ? [[100 + from, message]] : [message];
  }))),
  mutant('PXb', 'a coordinator that hears of a higher ballot leads that one', ...before(RINGS, mistaken({
    coordinator: (known, message) => (message.type === 'Prepare' && isHigher(message.ballot, known.ballot) && Coordinator.isLeading(known) ? { ...known, ballot: message.ballot } : known),
  }))),
  mutant('PXc', 'a coordinator that is refused follows, were the ballot lower than its own', ofCoordinator((state, event) =>
    event.type === 'Refuse' ? [{ ...state, ballot: event.promised, role: { type: 'Following', since: state.now } }, []] : Coordinator.onEvent(state, event),
  )),
  mutant('PXd', 'a batch is changed on its way', ...before([...RINGS, inCalm], told((message) =>
    message.type === 'Submit' ? [{ ...message, commands: changedAt(message.commands, Math.min(18, message.commands.length - 1)) }] : [message],
  ))),
  mutant('PXe', 'an acceptor that learns a decision forgets an earlier one', ofAcceptor((state, event) => {
    const [next, effects] = Acceptor.onEvent(state, event);
    return event.type === 'Learned' ? [{ ...next, log: next.log.filter((_, instance) => instance === event.instance || state.log.get(instance)?.type !== 'Decided') }, effects] : [next, effects];
  })),
];

export const RING_PAXOS: readonly Mutant[] = [
  mutant('RP01', 'an acceptor forwards a vote for a value that it does not hold', ...before(RINGS, mistaken({
    acceptor: (known, message) =>
      message.type === 'Phase2' && !known.held.has(message.id) && known.log.get(message.instance)?.id !== message.id
        ? { ...known, held: known.held.set(message.id, NOOP) }
        : known,
  }))),
  mutant('RP02', 'an acceptor forwards before its vote is durable', ...before([inDuel, inRough], asking((effect) => [
    effect.type === 'Send' && effect.message.type === 'Phase2' ? { ...effect, after: 0 } : effect,
  ]))),
  mutant('RP04', 'the last of the ring decides without its own vote', ...before(RINGS, decidingWithoutVote())),
  mutant('RP06', 'a vote of an old ring is counted after the ring has changed', ...before(RINGS, told((message, process, group) => {
    const promised = votingOf(process, group)?.acceptor.promised;
    return message.type === 'Phase2' && promised !== undefined && isLower(message.ballot, promised) ? [{ ...message, ballot: promised }] : [message];
  }))),
  mutant('RP07', 'an id is used again for another value', ...before(RINGS, having({
    startProcess: (cluster, me, records) => {
      const process = Node.startProcess(cluster, me, records);
      const forget = (coordinator: Coordinator.Coordinator): Coordinator.Coordinator => ({
        ...coordinator,
        ballot: { ...coordinator.ballot, round: Math.max(0, coordinator.ballot.round - 1) },
      });
      return process.parts.reduce((known, _, group) => mistake(known, group, { type: 'Here' }, { coordinator: forget }), process);
    },
  }))),
  mutant('RP08', 'a new coordinator starts above the highest instance and leaves the holes below it', ...before([inRough], leavingHoles())),
  mutant('RP09', 'a hole that was voted on is filled with a no-op', ...before(RINGS, saying((message) => (message.type === 'Promise' ? { ...message, entries: message.entries.slice(-1) } : message)))),
  mutant('RP11', 'a learner hands over instance i + 1 before i', ...before([inCalm, inRough], mistaken({
    learner: (known, message) => (message.type === 'Decision' && message.instance > known.next && known.values.has(message.id) ? { ...known, next: message.instance } : known),
  }))),
  mutant('RP12', 'an instance that is told again is handed over again', ...before([inCalm, inRough], mistaken({
    learner: (known, message) => (message.type === 'Chosen' && message.instance < known.next ? { ...known, next: message.instance } : known),
  }))),
  mutant('RP14', 'an acceptor keeps only the last eight of its decisions, whoever still asks for others', ...before([inRough], misremembering((after) => {
    const last = after.log.reduce((most, entry, instance) => (entry.type === 'Decided' ? Math.max(most, instance) : most), -1);
    const isKept = (instance: number): boolean => instance > last - 8 || after.log.get(instance)?.type === 'Voted';
    return after.log.every((_, instance) => isKept(instance)) ? after : { ...after, log: after.log.filter((_, instance) => isKept(instance)) };
  }))),
  mutant('RP16', 'a lost message of the ring is never sent again', inRough(timing({ resendAfter: Infinity }))),
  mutant('RPa', 'a coordinator opens more instances than its window', ofCoordinator((state, event) => {
    const [next, effects] = Coordinator.onEvent({ ...state, settings: { ...state.settings, window: Infinity } }, event);
    return [{ ...next, settings: state.settings }, effects];
  })),
  mutant('RPb', 'a coordinator lets any number of commands wait', ofCoordinator((state, event) => {
    const [next, effects] = Coordinator.onEvent({ ...state, settings: { ...state.settings, backlogBytes: Infinity } }, event);
    return [{ ...next, settings: state.settings }, effects];
  })),
  mutant('RPc', 'a learner that misses the value of a decision takes a no-op for it', ...before([...RINGS, inCalm], mistaken({
    learner: (known, message) => (message.type === 'Decision' && !known.values.has(message.id) ? { ...known, values: known.values.set(message.id, NOOP) } : known),
  }))),
  mutant('RPd', 'nobody loses patience with a coordinator', inRough(timing({ suspectAfter: Infinity }))),
  mutant('RPe', 'a learner never asks for what it has missed', inRough(timing({ askAfter: Infinity }))),
  mutant('RPf', 'a coordinator never says that it lives', ...before([inRough, inCalm], timing({ heartbeat: Infinity }))),
  mutant('RPg', 'an acceptor that knows the decision does not tell it again', inRough(asking((effect) =>
    effect.type === 'Send' && effect.message.type === 'Chosen' ? [] : [effect],
  ))),
  mutant('RPh', 'a batch that is decided is counted as open for ever', ofCoordinator((state, event) => {
    const [next, effects] = Coordinator.onEvent(state, event);
    if (event.type !== 'Decision' || state.role.type !== 'Leading' || next.role.type !== 'Leading') return [next, effects];
    return [{ ...next, role: { ...next.role, batches: Math.max(state.role.batches, next.role.batches) } }, effects];
  })),
];

function changedAt(bytes: Uint8Array, at: number): Uint8Array {
  return bytes.with(at, (bytes[at] ?? 0) ^ 1);
}

function timing(ring: Partial<Node.Cluster['ring']>): Change {
  return (world) => ({ ...world, cluster: { ...world.cluster, ring: { ...world.cluster.ring, ...ring } } });
}

/** A message of a process that is told, and what every acceptor of its ring is known to have voted for. */
function countingAcrossBallots() {
  type Counting = Node.Process & { readonly voters?: Map<string, readonly number[]> };
  return having({
    onProcessEvent: (process, event) => {
      const { voters = Map<string, readonly number[]>() } = process as Counting;
      if (event.type === 'Tick' || event.message.type !== 'Phase2') {
        const [next, effects] = Node.onProcessEvent(process, event);
        return [{ ...next, voters } as Node.Process, effects];
      }
      const { message, group } = event;
      const vote = `${group}/${message.instance}/${message.id}`;
      const all = [...new Set([...voters.get(vote, []), ...message.voters])];
      const [next, effects] = Node.onProcessEvent(process, { ...event, message: { ...message, voters: all } });
      return [{ ...next, voters: voters.set(vote, all) } as Node.Process, effects];
    },
  });
}

/** The quorum is completed, the decision told, and the vote that it rests on neither kept nor waited for. */
function decidingWithoutVote() {
  return having({
    onProcessEvent: (process, event) => {
      const [next, effects] = Node.onProcessEvent(process, event);
      if (event.type === 'Tick' || event.message.type !== 'Phase2') return [next, effects];
      const acceptor = votingOf(process, event.group)?.acceptor;
      const isLast = acceptor !== undefined && event.message.voters.length + 1 >= quorumOf(acceptor.membership);
      if (!isLast || !effects.some(({ type }) => type === 'Persist')) return [next, effects];
      const told = effects.filter(({ type }) => type !== 'Persist').map((effect) => (effect.type === 'Send' ? { ...effect, after: 0 } : effect));
      return [mistake(next, event.group, event.message, { acceptor: () => acceptor }), told];
    },
  });
}

/** No-ops are what holes are filled with: a coordinator that starts to lead proposes none. */
function leavingHoles() {
  return having({
    onProcessEvent: (process, event) => {
      const [next, effects] = Node.onProcessEvent(process, event);
      if (event.type === 'Tick' || event.message.type !== 'Promise') return [next, effects];
      const holes = new Set(effects.flatMap((effect) => (effect.type === 'Send' && effect.message.type === 'Value' && effect.message.value.type === 'Noop' ? [effect.message.id] : [])));
      if (holes.size === 0) return [next, effects];
      const fill = ({ role, ...coordinator }: Coordinator.Coordinator): Coordinator.Coordinator => ({
        ...coordinator,
        role: role.type === 'Leading' ? { ...role, open: role.open.filter(({ id }) => !holes.has(id)) } : role,
      });
      const isOfHole = (effect: Node.ProcessEffect): boolean => effect.type === 'Send' && 'id' in effect.message && holes.has(effect.message.id);
      return [mistake(next, event.group, event.message, { coordinator: fill }), effects.filter((effect) => !isOfHole(effect))];
    },
  });
}

/** A process that comes back and takes what its rings decide next for their beginning. */
export const startingInTheMiddle = together(
  comingBack((process) =>
    process.parts.reduce((known, _, group) => mistake(known, group, { type: 'Here' }, { learner: (learner) => ({ ...learner, isBack: true }) }), process),
  ),
  mistaken({
    learner: (known, message) => {
      if (message.type !== 'Alive' || !('isBack' in known)) return known;
      const { isBack: _, ...learner } = known as typeof known & { readonly isBack: true };
      return { ...learner, next: Math.max(learner.next, message.decided) };
    },
  }),
);

/** A promise twice is still one promise. */
export const promisingTwice = asking((effect) => (effect.type === 'Send' && effect.message.type === 'Promise' ? [effect, effect] : [effect]));
