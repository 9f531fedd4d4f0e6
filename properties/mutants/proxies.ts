/** The judge of a client's proxy alone: whatever it is answered, however often and out of order. */

import type * as Proxy from '../../src/client/proxy.js';
import { clauses, conversation, plan, type Plan } from '../arbitraries/proxies.js';
import { byLeavingOut, judgeOf, type Judge } from './mutant.js';

export const ofProxy: Judge<typeof Proxy.onEvent> = judgeOf({
  judge: 'proxy',
  samples: plan,
  numRuns: 600,
  clauses,
  factsOf: (onEvent: typeof Proxy.onEvent, each: Plan) => conversation(each, onEvent),
  lengthOf: ({ turns }) => turns.length,
  unit: 'turns',
  shorten: [byLeavingOut(({ turns }: Plan) => turns, ({ fates }, turns) => ({ turns, fates }))],
});
