/** What all parts of a running world share. */
import * as Proxy from '../../client/proxy.js';
import type { ProcessId } from '../../consensus/ballot.js';
import * as Node from '../../node.js';
import * as Scheduler from '../../replica/scheduler.js';
import { clock, type Clock } from './clock.js';
import { network, type Network } from './network.js';
import { notes, type Notes } from './recording.js';
import type { Machines, World } from './setting.js';

export type Stage<C, R> = {
  readonly world: World<C, R>;
  readonly machines: Machines;
  readonly clock: Clock;
  readonly network: Network;
  readonly notes: Notes<C>;
  /** Notes that something worth seeing happened. */
  readonly see: (sight: string) => void;
  /** Tells the story, to whoever listens. */
  readonly tell: (who: string, what: string) => void;
};

export const stage = <C, R>(world: World<C, R>): Stage<C, R> => {
  const time = clock(world.seed);
  const written = notes<C>();
  const see = (sight: string): void => void (written.sights[sight] = (written.sights[sight] ?? 0) + 1);
  return {
    world,
    machines: {
      startProcess: Node.startProcess,
      onProcessEvent: Node.onProcessEvent,
      startThread: Node.startThread,
      onThreadEvent: Node.onThreadEvent,
      deal: Scheduler.deal,
      onProxyEvent: Proxy.onEvent,
      ...world.machines,
    },
    clock: time,
    network: network(time, world.faults, see),
    notes: written,
    see,
    tell: (who, what) => world.tell?.(time.now(), `${who} ${what}`),
  };
};

/** A process, as the story names it. */
export const nameOfProcess = <C, R>({ cluster }: World<C, R>, id: ProcessId): string =>
  cluster.membership.acceptors.includes(id) ? `acceptor ${id}` : `replica ${id}`;
