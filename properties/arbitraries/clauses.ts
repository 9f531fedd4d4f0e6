/** Every clause of the spec that speaks of whole runs, over what a simulated run leaves behind. */

import * as Consensus from '../../spec/consensus.js';
import * as Multicast from '../../spec/multicast.js';
import * as Replica from '../../spec/replica.js';
import * as Safety from '../../spec/safety-check.js';
import type { Clauses } from '../check.js';
import { linearizability } from './linearized.js';
import { refinement } from './refined.js';
import type { Told } from './world.js';

const over = <F>(clauses: Clauses<F>, factsIn: (told: Told) => F): Clauses<Told> =>
  Object.fromEntries(Object.entries(clauses).map(([clause, violationsIn]) => [clause, (told: Told) => violationsIn(factsIn(told))]));

/** Said of each command by SAF-2 where judgements are at hand; here, of all that was executed between two barriers. */
const unchanged = 'SAF-2: a command that passed changes no structure';
const shared = 'SAF-3: between two barriers no thread touches what another one writes';

export const clausesOfRuns: Clauses<Told> = {
  ...over(Consensus.clauses, ({ ran }) => ran.consensus),
  ...over(Multicast.clauses, ({ ran }) => ran.multicast),
  ...over(Replica.clauses, ({ ran }) => ran.replica),
  'REP-7: a run comes to rest, and no message goes round for ever': ({ ran }) =>
    ran.isQuiet ? [] : [`there is no end to it at ${Math.round(ran.ended)} ms, after ${ran.events} events`],
  // P-SMR writes entries of a leaf on a boundary from two threads: there the clause is about entries, not nodes.
  ...over({ [shared]: Safety.clauses[shared] }, ({ plan, ran }) => ({ accesses: plan.technique === 'opt-psmr' ? ran.accesses : [] })),
  [unchanged]: ({ ran }) => {
    const changes = ran.sights['structure changed outside a barrier'] ?? 0;
    return changes === 0 ? [] : [`${changes} times outside a barrier`];
  },
  ...linearizability,
  ...refinement,
};
