/**
 * The scheduler of a replica, in a thread of its own: it reads the one order, deals it, and hands each lane to the threads that
 * execute it. Like them it owns no socket, and sleeps when there is nothing to do.
 */
import { workerData } from 'node:worker_threads';
import { deal } from '../../replica/scheduler.js';
import { schedulerIn } from '../../trace/line.js';
import { recordScheduler } from '../../trace/recorder.js';
import { bell } from '../bell.js';
import { clusterOf, serviceOf, type Config } from '../config.js';
import { reader } from '../shared-log.js';
import { openTraceFile, settingOf } from '../trace-files.js';
import type { SchedulerEquipment, ThreadTracing } from './crew.js';
import { decodeValue, newOutlets } from './outlets.js';

/** A sleeper looks up now and then, ms: also for room in a lane, of which no bell tells. */
const NAP = 5;

/** How often what was traced is handed over at the latest, ms. */
const TRACE_BEHIND = 100;

const schedule = ({ config, tree, order, bell: bellMemory, lanes, spin, trace: tracing, ending }: SchedulerEquipment): void => {
  const service = serviceOf(config);
  const scheduler = { threads: config.threads, footprintAt: service.attach(tree).engine.footprintAt };
  const outlets = newOutlets(lanes);
  const ownBell = bell(bellMemory);
  const log = reader(order, 0);
  const isEnding = new Int32Array(ending);
  const trace = tracing && startTrace(config, tracing);
  for (;;) {
    const rung = ownBell.rung();
    outlets.flush();
    // A slow thread holds up the order, and not this one's memory.
    for (let entry = outlets.isHeldUp() ? undefined : log.next(); entry !== undefined; entry = outlets.isHeldUp() ? undefined : log.next()) {
      const value = decodeValue(entry);
      const dealt = deal(scheduler, value);
      trace?.deal(value, dealt);
      dealt.forEach((part, lane) => outlets.feed(lane, part));
      outlets.wake();
    }
    outlets.wake();
    trace?.rest();
    if (Atomics.load(isEnding, 0) !== 0) return trace?.close();
    ownBell.wait(rung, spin, NAP);
  }
};

/** The trace of this thread, in a file of its own. */
const startTrace = (config: Config, { directory, level, process, life }: ThreadTracing) => {
  const origin = { process, life, thread: schedulerIn(clusterOf(config)) ?? 0 };
  const file = openTraceFile(directory, origin);
  const { deal: told, end } = recordScheduler(origin, settingOf(config, level), file.write);
  let flushed = 0;
  return {
    deal: told,
    /** Whoever rests now and then rests often: not every time is worth a system call. */
    rest: (): void => {
      const now = performance.now();
      if (now - flushed < TRACE_BEHIND) return;
      flushed = now;
      file.flush();
    },
    close: (): void => {
      end();
      file.close();
    },
  };
};

schedule(workerData as SchedulerEquipment);
