/** Judges of the safety check alone: of single commands, and of threads that interleave between barriers. */

import { clauses, type Facts } from '../../spec/safety-check.js';
import { concurrently, judged, judgements, needless, schedule, type Check, type Judged, type Schedule } from '../arbitraries/checks.js';
import { judgeOf, byLeavingOut, type Judge } from './mutant.js';

const NO_FACTS: Facts = { judgements: [], accesses: [], outcomes: [] };

const ofCommands: Judge<Check> = judgeOf({
  judge: 'check',
  samples: judged,
  numRuns: 1000,
  clauses: {
    ...pick('SAF-1', 'SAF-2'),
    'what concerns one thread only and changes no structure passes the check': (facts: Facts) => needless(facts.judgements),
  },
  factsOf: (check: Check, each: Judged): Facts => ({ ...NO_FACTS, judgements: judgements(each, check) }),
  lengthOf: ({ run, commands }) => run.commands.length + commands.length,
  unit: 'commands',
  shorten: [
    byLeavingOut(({ commands }: Judged) => commands, ({ run }, commands) => ({ run, commands })),
    byLeavingOut(({ run }: Judged) => run.commands, ({ run, commands }, fewer) => ({ run: { ...run, commands: fewer }, commands })),
  ],
});

const ofThreads: Judge<Check> = judgeOf({
  judge: 'threads',
  samples: schedule,
  numRuns: 1000,
  clauses: pick('SAF-3', 'SAF-4'),
  factsOf: (check: Check, each: Schedule): Facts => ({ ...NO_FACTS, ...concurrently(each, check) }),
  lengthOf: ({ epochs }) => epochs.flat(2).length,
  unit: 'commands',
});

export const CHECKS = [ofCommands, ofThreads];

function pick(...numbers: readonly string[]) {
  return Object.fromEntries(Object.entries(clauses).filter(([title]) => numbers.some((number) => title.startsWith(`${number}:`))));
}
