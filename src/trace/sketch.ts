/**
 * Digests of states: of all that can be counted in them. What cannot be (which value, which vote) shows in the effects that
 * come of it; what can be is read off in no time, however much a state holds.
 */
import type { Proxy } from '../client/proxy.js';
import type { Ballot } from '../consensus/ballot.js';
import type { Coordinator } from '../consensus/coordinator.js';
import type { Learner } from '../consensus/learner.js';
import type { Merge } from '../multicast/merge.js';
import { ringsOf, type Cluster, type Part, type Process } from '../node.js';
import type { Worker } from '../replica/worker.js';
import { digested } from './digest.js';

/** Reads off a process after each of its steps, in which most rings stay as they were: of these, what was read off before. */
export const processSketcher = ({ technique, threads }: Pick<Cluster, 'technique' | 'threads'>): ((process: Process) => number) => {
  const known = ringsOf({ technique, threads }).map((group) => ({ group, part: undefined as Part | undefined, sum: 0 }));
  return ({ parts }) => {
    let sum = 0;
    for (const ring of known) {
      const part = parts[ring.group];
      if (part !== ring.part && part !== undefined) ring.sum = sketchOfPart(part);
      ring.part = part;
      sum = digested(sum, ring.sum);
    }
    return sum;
  };
};

const sketchOfPart = ({ ring: { learner: learning, voting }, leveller }: Part): number => {
  let sum = learner(0, learning);
  if (voting !== null) {
    const { promised, log, held, records } = voting.acceptor;
    sum = coordinator(digested(digested(digested(ballot(sum, promised), log.size), held.size), records), voting.coordinator);
  }
  return leveller === null ? sum : digested(digested(digested(sum, leveller.levelled), leveller.position), leveller.last);
};

export const sketchOfMerge = ({ lanes }: Merge): number => lanes.reduce((sum, { known, waiting }) => digested(digested(sum, known), waiting.size), 0);

export const sketchOfWorker = ({ generation, phase, queue }: Worker): number => {
  const head = queue.first();
  const left = phase.type === 'Executing' ? phase.left : 0;
  return all(0, generation, phase.type.length, left, queue.size, ...(head === undefined ? [] : [head.group, head.slot, head.at, head.offset]));
};

export const sketchOfProxy = ({ session, now, next, floor, outstanding, waiting, turns, doubt }: Proxy): number =>
  all(0, session, now, next, floor, outstanding.size(), waiting.size, doubt.until, ...[...turns].sort(([a], [b]) => a - b).flat());

const all = (sum: number, ...numbers: readonly number[]): number => numbers.reduce(digested, sum);

const ballot = (sum: number, { round, process }: Ballot): number => digested(digested(sum, round), process);

const learner = (before: number, { next, horizon, decided, values, ballot: highest, waiting }: Learner): number => {
  const sum = digested(digested(digested(digested(ballot(before, highest), next), horizon), decided.size), values.size);
  return digested(digested(digested(digested(sum, waiting.next), waiting.since), waiting.asked), waiting.turn);
};

const coordinator = (before: number, { now, ballot: highest, decided, heard, hasFailed, backlog, backlogBytes, role }: Coordinator): number => {
  const known = digested(digested(digested(ballot(before, highest), now), decided), heard.size);
  const sum = digested(digested(digested(known, Number(hasFailed)), backlog.size), backlogBytes);
  switch (role.type) {
    case 'Following':
      return digested(digested(sum, 0), role.since);
    case 'Preparing':
      return all(sum, 1, role.since, role.from, role.promises.size, role.sent);
    case 'Leading':
      return digested(digested(digested(digested(digested(sum, role.ring.length), role.next), role.open.size), role.named), role.beat);
  }
};
