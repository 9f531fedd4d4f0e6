/**
 * The scheduler of a replica, in a thread of its own: it reads the one order, deals it, and hands each lane to the threads that
 * execute it. Like them it owns no socket, and sleeps when there is nothing to do.
 */
import { workerData } from 'node:worker_threads';
import { deal } from '../../replica/scheduler.js';
import { engineOf } from '../../service/engine.js';
import { bell } from '../bell.js';
import { serviceOf, type Config } from '../config.js';
import { reader } from '../shared-log.js';
import { decodeValue, newOutlets, type Outlet } from './outlets.js';

/** All that the scheduler is given. */
export type Equipment = {
  readonly config: Config;
  readonly tree: SharedArrayBuffer;
  readonly order: SharedArrayBuffer;
  readonly bell: SharedArrayBuffer;
  readonly lanes: readonly Outlet[];
  /** How often to look again before going to sleep. */
  readonly spin: number;
};

/** A sleeper looks up now and then, ms: also for room in a lane, of which no bell tells. */
const NAP = 5;

const schedule = ({ config, tree, order, bell: bellMemory, lanes, spin }: Equipment): void => {
  const service = serviceOf(config);
  const scheduler = { threads: config.threads, footprintAt: engineOf(service.service, service.attach(tree)).footprintAt };
  const outlets = newOutlets(lanes);
  const ownBell = bell(bellMemory);
  const log = reader(order, 0);
  for (;;) {
    const rung = ownBell.rung();
    outlets.flush();
    // A slow thread holds up the order, and not this one's memory.
    for (let entry = outlets.isHeldUp() ? undefined : log.next(); entry !== undefined; entry = outlets.isHeldUp() ? undefined : log.next()) {
      deal(scheduler, decodeValue(entry)).forEach((value, lane) => outlets.feed(lane, value));
      outlets.wake();
    }
    outlets.wake();
    ownBell.wait(rung, spin, NAP);
  }
};

schedule(workerData as Equipment);
