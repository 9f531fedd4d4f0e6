/** How many cores a set of processes used between two looks at `/proc`, and how much memory they hold. */

import { readFileSync } from 'node:fs';
import type { Memory } from './result.js';

/** Linux counts processor time in hundredths of a second towards user space, on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Processor time that each process has used so far. A process that `/proc` does not show is not in it. */
export type CpuSample = {
  /** When the look was taken, milliseconds. */
  readonly at: number;
  readonly ticksByProcess: ReadonlyMap<string, number>;
};

/** A look at the processes, given by name. `now` is in milliseconds, of any steady clock. */
export const sampleCpu = (pids: Readonly<Record<string, number>>, now: number): CpuSample => ({
  at: now,
  ticksByProcess: new Map(
    Object.entries(pids).flatMap(([name, pid]) => {
      const ticks = ticksOf(pid);
      return ticks === undefined ? [] : [[name, ticks] as const];
    }),
  ),
});

/** Cores that each process used between two looks; a process missing from either is missing here. */
export const coresBetween = (before: CpuSample, after: CpuSample): Readonly<Record<string, number>> => {
  const seconds = (after.at - before.at) / 1000;
  if (seconds <= 0) return {};
  return Object.fromEntries(
    [...after.ticksByProcess].flatMap(([name, ticks]) => {
      const earlier = before.ticksByProcess.get(name);
      return earlier === undefined ? [] : [[name, (ticks - earlier) / TICKS_PER_SECOND / seconds]];
    }),
  );
};

/** User and system time in a line of `/proc/PID/stat`. The name in parentheses may itself hold spaces and parentheses. */
export const ticksIn = (stat: string): number | undefined => {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return Number.isFinite(ticks) ? ticks : undefined;
};

const ticksOf = (pid: number): number | undefined => {
  try {
    return ticksIn(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined; // no such process, or no such system
  }
};

/** The memory of the processes, given by name. A process that `/proc` does not show is not in it. */
export const memoryOf = (pids: Readonly<Record<string, number>>): Readonly<Record<string, Memory>> =>
  Object.fromEntries(
    Object.entries(pids).flatMap(([name, pid]) => {
      const memory = memoryIn(statusOf(pid));
      return memory === undefined ? [] : [[name, memory] as const];
    }),
  );

/** What `/proc/PID/status` says of a process that has memory. */
export const memoryIn = (status: string): Memory | undefined => {
  const [resident, peak] = ['VmRSS', 'VmHWM'].map((field) => Number(new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(status)?.[1]) / 1024);
  return Number.isFinite(resident) && Number.isFinite(peak) ? { resident: resident!, peak: peak! } : undefined;
};

const statusOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return ''; // no such process, or no such system
  }
};
