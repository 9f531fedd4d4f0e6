/** Ballots and quorums: what makes two coordinators of one ring meet. */
import * as N from 'fp-ts/lib/number.js';
import * as Ord from 'fp-ts/lib/Ord.js';
import * as Monoid from 'fp-ts/lib/Monoid.js';

/** A process of the cluster, by its place in the cluster's list of processes. */
export type ProcessId = number;

/** A ballot belongs to one process, so two coordinators never share one. Ordered by round, then by process. */
export type Ballot = { readonly round: number; readonly process: ProcessId };

/** Lower than every ballot that is ever used. */
export const NO_BALLOT: Ballot = { round: 0, process: -1 };

export const byBallot: Ord.Ord<Ballot> = Monoid.concatAll(Ord.getMonoid<Ballot>())([
  Ord.contramap((ballot: Ballot) => ballot.round)(N.Ord),
  Ord.contramap((ballot: Ballot) => ballot.process)(N.Ord),
]);

/** Asked of every message, and so not by way of the order. */
export const isLower = (a: Ballot, b: Ballot): boolean => a.round < b.round || (a.round === b.round && a.process < b.process);
export const isHigher = (a: Ballot, b: Ballot): boolean => isLower(b, a);
export const isSame = (a: Ballot, b: Ballot): boolean => a.round === b.round && a.process === b.process;

/** The processes of one ring. `acceptors` vote; `learners` only learn; acceptors learn as well. */
export type Membership = { readonly acceptors: readonly ProcessId[]; readonly learners: readonly ProcessId[] };

/** How many acceptors make a quorum: computed from the membership, so that any two quorums meet. */
export const quorumOf = ({ acceptors }: Membership): number => Math.floor(acceptors.length / 2) + 1;

/**
 * The ring of a ballot: its coordinator first, then the other acceptors in cyclic order, then the learners; only those
 * that `isUp`. The order costs latency only (Benz 2013, section 2.3: acceptors before learners).
 */
export const ringFrom = (membership: Membership, coordinator: ProcessId, isUp: (process: ProcessId) => boolean): readonly ProcessId[] => {
  const start = membership.acceptors.indexOf(coordinator);
  const cyclic = [...membership.acceptors.slice(start + 1), ...membership.acceptors.slice(0, start)];
  return [coordinator, ...cyclic.filter(isUp), ...membership.learners.filter(isUp)];
};

/** Whom `process` forwards to. */
export const successor = (ring: readonly ProcessId[], process: ProcessId): ProcessId =>
  ring[(ring.indexOf(process) + 1) % ring.length] ?? process;
