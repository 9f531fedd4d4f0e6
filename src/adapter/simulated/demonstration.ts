/** A small world worth watching: three acceptors, two replicas, two clients, and a tree whose leaves are soon full. */
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { isSequential, techniqueOf, type Technique } from '../../replica/techniques.js';
import { bPlusTree, sayCommand, textOf, type Command, type Result } from '../../service/b-plus-tree/index.js';
import { evenKeys } from '../../service/b-plus-tree/load.js';
import type { World } from './world.js';

export type Choice = {
  readonly seed: number;
  readonly technique: Technique;
  readonly threads: number;
  /** Commands of each client. */
  readonly commands: number;
  readonly loss: number;
  readonly duplication: number;
  readonly crashes: number;
};

const KEY_SPACE = 64;
const M = 1;
const ACCEPTORS = [0, 1, 2];
const REPLICAS = [3, 4];
/** What a history of this world is a history of. */
export const demonstrated = { keySpace: KEY_SPACE, keys: KEY_SPACE / 2, slotsPerTurn: M } as const;
/** How long faults go on, ms. */
const ROUGH = 900;

export const demonstration = ({ seed, technique, threads: asked, commands, loss, duplication, crashes }: Choice): World<Command, Result> => {
  const threads = isSequential(technique) ? 1 : asked;
  const tree = bPlusTree({ keySpace: KEY_SPACE, partitions: threads, capacity: 4, fill: 0.7, minimum: 'half' });
  const random = xoroshiro128plus(seed ^ 0x5eed);
  const draw = (most: number): number => uniformInt(random, 0, most);
  const command = (client: number, count: number): Command => {
    const key = BigInt(draw(KEY_SPACE - 1));
    const value = BigInt(1000 * (client + 1) + count);
    const kinds: readonly Command[] = [
      { type: 'read', key },
      { type: 'update', key, value },
      { type: 'insert', key, value },
      { type: 'insert', key, value },
      { type: 'delete', key },
      { type: 'delete', key },
      { type: 'scan', from: key, to: key + 7n },
    ];
    const chosen = kinds[draw(kinds.length - 1)] ?? { type: 'read', key };
    return chosen.type === 'scan' && chosen.to >= KEY_SPACE ? { type: 'read', key } : chosen;
  };
  return {
    seed,
    cluster: {
      membership: { acceptors: ACCEPTORS, learners: REPLICAS },
      technique: techniqueOf(technique, threads),
      threads,
      m: M,
      commandsPerBarrier: Infinity,
      homes: Array.from({ length: threads + 1 }, (_, group) => ACCEPTORS[group % ACCEPTORS.length] ?? 0),
      ring: { batchBytes: 160, backlogBytes: 65_536, window: 4, heartbeat: 20, suspectAfter: 150, resendAfter: 60, askAfter: 40, askFor: 8 },
      skip: { lambda: 500, delta: 20, origin: 0 },
    },
    service: tree.service,
    newStore: () => tree.persistent(evenKeys(demonstrated.keys)),
    limits: { tables: threads + 1, sessions: 8, window: 8, replyBytes: 64 },
    proxy: { window: 8, retryAfter: 150 },
    faults: {
      loss,
      duplication,
      delay: 5,
      crashes: Array.from({ length: crashes }, () => ({ process: draw(ACCEPTORS.length + REPLICAS.length - 1), at: 10 + draw(ROUGH - 200), down: 50 + draw(300) })),
      until: loss + duplication > 0 ? ROUGH : 0,
    },
    clients: [1001, 1002].map((session, client) => ({ session, commands: Array.from({ length: commands }, (_, count) => command(client, count)), outstanding: 4 })),
    limit: 30_000,
    say: { command: sayCommand, result: textOf },
  };
};
