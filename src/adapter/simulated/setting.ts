/** What a simulated world is given: a cluster, its clients, the faults that befall them, and a seed. */
import type * as Proxy from '../../client/proxy.js';
import type { ProcessId } from '../../consensus/ballot.js';
import type * as Node from '../../node.js';
import type * as Scheduler from '../../replica/scheduler.js';
import type { Limits } from '../../replica/sessions.js';
import type { Service, Store } from '../../service/service.js';
import type { Setting } from '../../trace/line.js';
import type { Write } from '../../trace/recorder.js';

export type Crash = { readonly process: ProcessId; readonly at: number; readonly down: number };

export type Faults = {
  /** Chances of a message, 0 to 1. */
  readonly loss: number;
  readonly duplication: number;
  /** Longest that a message travels and that a disk takes to sync, ms. */
  readonly delay: number;
  readonly crashes: readonly Crash[];
  /** From then on nothing is lost or doubled, ms. */
  readonly until: number;
};

export type Client<C> = { readonly session: number; readonly commands: readonly C[]; readonly outstanding: number };

/** The machines that a world is made of: the real ones, unless a test breaks one. */
export type Machines = {
  readonly startProcess: typeof Node.startProcess;
  readonly onProcessEvent: typeof Node.onProcessEvent;
  readonly startThread: typeof Node.startThread;
  readonly onThreadEvent: typeof Node.onThreadEvent;
  readonly deal: typeof Scheduler.deal;
  readonly onProxyEvent: typeof Proxy.onEvent;
};

export type World<C, R> = {
  readonly seed: number;
  readonly cluster: Node.Cluster;
  readonly service: Service<C, R>;
  /** A fresh store, loaded. The shared form tells which nodes are touched. */
  readonly newStore: (observe: (node: number, mode: 'read' | 'write') => void) => Store<C, R>;
  readonly limits: Limits;
  readonly proxy: Proxy.Settings;
  readonly faults: Faults;
  readonly clients: readonly Client<C>[];
  /** Virtual time at which a run is given up, ms. */
  readonly limit: number;
  readonly machines?: Partial<Machines>;
  readonly tell?: (time: number, line: string) => void;
  /** Where to write down what every machine does. What threads execute can be written of the shared form of a store only. */
  readonly trace?: { readonly setting: Setting; readonly write: Write };
  /** How the story says commands and results; without it, it only names them. */
  readonly say?: { readonly command: (command: C) => string; readonly result: (result: R) => string };
  /** What of a store may change only under a barrier, as text. It is looked at before and after every execution. */
  readonly structureOf?: (store: Store<C, R>) => string;
};
