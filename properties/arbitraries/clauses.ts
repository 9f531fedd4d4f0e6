/** Every clause of the spec that speaks of whole runs, over what a simulated run leaves behind. */

import * as Consensus from '../../spec/consensus.js';
import * as Multicast from '../../spec/multicast.js';
import * as Replica from '../../spec/replica.js';
import * as Scheduler from '../../spec/scheduler.js';
import * as Safety from '../../spec/safety-check.js';
import { over, type Clauses } from '../check.js';
import { linearizability } from './linearized.js';
import { refinement } from './refined.js';
import type { Plan, Told } from './world.js';

/** Said of each command by SAF-2 where judgements are at hand; here, of all that was executed between two barriers. */
const unchanged = 'SAF-2: a command that passed changes no structure';
const shared = 'SAF-3: between two barriers no thread touches what another one writes';

/** How long a run goes on when all is quiet, ms. */
const SETTLING = 600;

/**
 * The longest that these worlds may take to answer everyone once nothing fails any more, ms: twice the longest patience of
 * an acceptor that has failed before (3.5 times 150 ms, doubled), and the client's retries. Of 600 runs, the slowest took 1120.
 */
const LONGEST_RECOVERY = 2500;

/** When the last message may have been lost, and the last process was back. */
const lastFaultOf = ({ loss, duplication, crashes }: Plan): number => Math.max(loss + duplication > 0 ? 900 : 0, ...crashes.map(({ at, down }) => at + down), 0);

export const clausesOfRuns: Clauses<Told> = {
  ...over(Consensus.clauses, ({ ran }) => ran.consensus),
  ...over(Multicast.clauses, ({ ran }) => ran.multicast),
  ...over(Replica.clauses, ({ ran }) => ran.replica),
  ...over(Scheduler.clauses, ({ ran }) => ran.scheduler),
  'REP-7: a run comes to rest, and no message goes round for ever': ({ ran }) =>
    ran.isQuiet ? [] : [`there is no end to it at ${Math.round(ran.ended)} ms, after ${ran.events} events`],
  'REP-7: once nothing fails any more, a live majority answers everyone before long': ({ plan, ran }) => {
    const late = ran.ended - SETTLING - lastFaultOf(plan);
    return late <= LONGEST_RECOVERY ? [] : [`it takes ${Math.round(late)} ms`];
  },
  'no client is refused that asks for what there is': ({ ran }) =>
    ran.history.flatMap(({ session, call, answer }) => (answer?.reply.status === 'Refused' ? [`call ${call} of session ${session}`] : [])),
  // P-SMR writes entries of a leaf on a boundary from two threads: there the clause is about entries, not nodes.
  ...over({ [shared]: Safety.clauses[shared] }, ({ plan, ran }) => ({ accesses: plan.technique === 'opt-psmr' ? ran.accesses : [] })),
  [unchanged]: ({ ran }) => {
    const changes = ran.sights['structure changed outside a barrier'] ?? 0;
    return changes === 0 ? [] : [`${changes} times outside a barrier`];
  },
  ...linearizability,
  ...refinement,
};
