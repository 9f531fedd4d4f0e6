/** Whether a simulated run refines the abstract machines of the spec: the same ones that exhaustive searches are held against. */

import * as Abstract from '../../spec/refinement.js';
import { orderedMap } from '../../src/service/b-plus-tree/index.js';
import type { Clauses } from '../check.js';
import { KEY_SPACE, LOAD, treeOf, type Told } from './world.js';

/** What the trees of these worlds mean. */
const sequential = orderedMap(KEY_SPACE, (key) => (key % 2 === 0 && key / 2 < LOAD.entries ? LOAD.valueAt(key / 2) : undefined));

const flawIn = <S, Sight>(machine: Abstract.Machine<S, Sight>, sights: readonly Sight[]): readonly string[] => {
  const outcome = Abstract.after(machine, sights);
  return typeof outcome === 'string' ? [outcome] : [];
};

export const refinement: Clauses<Told> = {
  'refinement: a ring is a list that grows, and every process reads it in order': ({ ran }) => {
    const rings = new Set(ran.consensus.learned.map(({ ring }) => ring));
    return [...rings].flatMap((ring) => flawIn(Abstract.consensus, ran.consensus.learned.filter((one) => one.ring === ring)));
  },

  'refinement: learners with equal subscriptions read one list in order': ({ ran }) =>
    flawIn(Abstract.multicast, ran.multicast.deliveries.map((one) => ({ ...one, content: one.commands.join(' ') }))),

  'refinement: a replica is the sequential service, each command at one instant': ({ plan, ran }) => {
    const { codec } = treeOf(plan).service;
    const commands = new Map(ran.history.map(({ session, call, command }) => [`${session}.${call + 1}`, command]));
    const service = Abstract.service(sequential.initial, (state, name) => {
      const command = commands.get(name);
      if (command === undefined) return [state, 'that nobody called'];
      const [next, result] = sequential.apply(state, command);
      return [next, `Executed ${hex(codec.encodeResult(result))}`];
    });
    return flawIn(service, ran.replica.executions);
  },
};

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
