/**
 * Writes down what machines do, line by line. It is shown every step after it was taken, and never asked: a run is the same
 * whether anyone writes it down.
 */
import type * as Proxy from '../client/proxy.js';
import type * as Merge from '../multicast/merge.js';
import type { Process, ProcessEffect, ProcessEvent } from '../node.js';
import { G_ALL } from '../record.js';
import type { Value } from '../replica/scheduler.js';
import type * as Worker from '../replica/worker.js';
import { digested, digestedText } from './digest.js';
import { detailOf, END, givenIn, headerOf, headOf, NOTHING, sayAll, tailOf, type Machine, type Origin, type Setting, type Step } from './line.js';
import { sayMatter, sayProcessEffect, sayProcessEvent, type Kept } from './protocol.js';
import { sayDealt, sayMergeEffect, sayMergeEvent, sayProxyEffect, sayProxyEvent, sayWorkerEffect, sayWorkerEvent } from './replica.js';
import { processSketcher, sketchOfMerge, sketchOfProxy, sketchOfWorker } from './sketch.js';

/** Takes a line, without its end. */
export type Write = (line: string) => void;

const writer = (origin: Origin, write: Write) => {
  const head = headOf(origin);
  let clock = 0;
  let state = 0;
  const tell = (step: Step): void => {
    clock += 1;
    const given = givenIn(clock, step);
    const said = digestedText(state, given);
    state = digested(said, step.sketch) >>> 0;
    write(`${head}${given}${tailOf(step, said)}`);
  };
  return { write: tell, end: (machine: Machine): void => tell({ machine, event: END, ...NOTHING }) };
};

const sayEffect = (effect: ProcessEffect): string => sayProcessEffect(effect, sayMatter(effect));

/** Of the machine of a process. What it found on its disk is told first. */
export const recordProcess = (origin: Origin, setting: Setting, write: Write) => {
  const isNamed = setting.level === 'execution';
  const sketchOf = processSketcher(setting.cluster);
  const lines = writer(origin, write);
  write(headerOf(origin, setting));
  return {
    kept: (kept: Kept): void => lines.write({ machine: 'process', event: sayProcessEvent(kept, isNamed), ...NOTHING }),
    step: (event: ProcessEvent, effects: readonly ProcessEffect[], after: Process): void =>
      lines.write({ machine: 'process', event: sayProcessEvent(event, isNamed), effects: sayAll(effects, sayEffect), sketch: sketchOf(after) }),
    end: (): void => lines.end('process'),
  };
};

/** Of the machines of a thread. */
export const recordThread = (origin: Origin, setting: Setting, write: Write) => {
  const lines = writer(origin, write);
  const detail = detailOf(setting);
  write(headerOf(origin, setting));
  return {
    merge: (event: Merge.Event, delivered: readonly Merge.Effect[], after: Merge.Merge): void =>
      lines.write({ machine: 'merge', event: sayMergeEvent(event, detail), effects: sayAll(delivered, sayMergeEffect), sketch: sketchOfMerge(after) }),
    /** A run that only waited, or had nothing to do, is not told: it took no step. */
    work: (event: Extract<Worker.Event, { type: 'Run' }>, effects: readonly Worker.Effect[], nodes: readonly string[], after: Worker.Worker): void => {
      if (setting.level === 'protocol' || effects.some(({ type }) => type !== 'Reply')) return;
      lines.write({ machine: 'worker', event: sayWorkerEvent(event), effects: sayAll(effects, sayWorkerEffect), nodes, sketch: sketchOfWorker(after) });
    },
    end: (): void => lines.end('merge'),
  };
};

/** Of the scheduler of a replica: whose thread it is, `schedulerIn` says. */
export const recordScheduler = (origin: Origin, setting: Setting, write: Write) => {
  const lines = writer(origin, write);
  const detail = detailOf(setting);
  write(headerOf(origin, setting));
  return {
    deal: (value: Value, lanes: readonly Value[]): void =>
      lines.write({ machine: 'scheduler', event: sayMergeEvent({ group: G_ALL, value }, detail), effects: sayAll(lanes, sayDealt), sketch: 0 }),
    end: (): void => lines.end('scheduler'),
  };
};

/**
 * Of the proxies of a client. A tick that only tells the time is told when something else happens, and only the last one: the
 * ones before it leave nothing behind.
 */
export const recordClient = (origin: Origin, setting: Setting, settings: Proxy.Settings, write: Write) => {
  const lines = writer(origin, write);
  const detail = detailOf(setting);
  const idle = new Map<number, { readonly event: Proxy.Event; readonly sketch: number }>();
  write(headerOf(origin, setting, settings));
  const tell = (session: number, now: number, event: Proxy.Event, effects: readonly Proxy.Effect[], sketch: number): void =>
    lines.write({ machine: 'proxy', session, ...(event.type === 'Tick' ? {} : { time: now }), event: sayProxyEvent(event, detail), effects: sayAll(effects, sayProxyEffect), sketch });
  return {
    step: (time: number, event: Proxy.Event, effects: readonly Proxy.Effect[], after: Proxy.Proxy): void => {
      const { session } = after;
      if (event.type === 'Tick' && effects.length === 0) return void idle.set(session, { event, sketch: sketchOfProxy(after) });
      const last = idle.get(session);
      if (last !== undefined) tell(session, time, last.event, [], last.sketch);
      idle.delete(session);
      tell(session, time, event, effects, sketchOfProxy(after));
    },
    end: (): void => lines.end('proxy'),
  };
};
