/** Processor time of small deeds: the median of several rounds, so that what else the machine does weighs little. */
import { cpus } from 'node:os';
import { medianOf } from '../statistics.js';

/** Rounds of `costOf`. */
export const ROUNDS = 7;

/** Processor time of one call of `deed` in microseconds, all threads of this process included. It is called `times` times a round. */
export const costOf = (times: number, deed: (turn: number) => void): number =>
  medianOf(
    Array.from({ length: ROUNDS }, (_, round) => {
      const before = process.cpuUsage();
      for (let turn = 0; turn < times; turn += 1) deed(round * times + turn);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / times;
    }),
  );

/** What each thing costs and what every command in it adds, of the costs of a thing with few commands and one with many. */
export const lineThrough = (few: number, costOfFew: number, many: number, costOfMany: number): { readonly each: number; readonly command: number } => {
  const command = Math.max(0, (costOfMany - costOfFew) / (many - few));
  return { each: Math.max(0, costOfFew - few * command), command };
};

/** How many cores of this machine are at work, whoever uses them, since it was called; 0 where the system does not tell. */
export const watchCores = (): (() => number) => {
  const atWork = (): number => cpus().reduce((sum, { times: { user, nice, sys, irq } }) => sum + user + nice + sys + irq, 0);
  const before = atWork();
  const since = performance.now();
  return () => (atWork() - before) / Math.max(1, performance.now() - since);
};
