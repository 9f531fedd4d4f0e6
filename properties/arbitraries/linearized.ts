/** The history of a simulated run, before the judge of linearizability. */

import { operationsIn } from '../../src/adapter/simulated/history.js';
import { judge } from '../../src/check/linearizability.js';
import type { History } from '../../src/check/history.js';
import { orderedMap, type Command, type Result } from '../../src/service/b-plus-tree/index.js';
import type { Clauses } from '../check.js';
import { KEY_SPACE, LOAD, treeOf, type Told } from './world.js';

const model = orderedMap(KEY_SPACE, (key) => (key % 2 === 0 ? LOAD.valueAt(key / 2) : undefined));

/** What clients called and were answered. */
export const historyOf = ({ plan, ran }: Told): History<Command, Result> => operationsIn(treeOf(plan).service.codec, ran.history);

export const linearizability: Clauses<Told> = {
  'LIN-1: every client history is linearizable with respect to the sequential service': (told) => {
    const verdict = judge(model, historyOf(told), { slotsPerTurn: told.plan.m });
    return verdict.type === 'ok' ? [] : [JSON.stringify(verdict)];
  },
  /** Positions are a witness: an order that they promise and that does not hold is a bug, even if another order would do. */
  'LIN-4: the positions in the replies give an order that explains the history': (told) => {
    const history = historyOf(told);
    if (history.some(({ type }) => type === 'pending')) return [];
    const verdict = judge(model, history, { slotsPerTurn: told.plan.m });
    return verdict.type === 'ok' && verdict.procedure === 'witness' ? [] : ['no order that the positions allow'];
  },
};
