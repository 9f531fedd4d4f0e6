/**
 * Groups and rings: g_all is group 0, g_i is group i, and every group is ordered by the ring of the same number; but for
 * those groups that a replica's scheduler deals out of g_all.
 */

import { G_ALL, type Group } from '../record.js';

/** A group as people write it: g_all, g_1 and so on. */
export const sayGroup = (group: Group): string => (group === G_ALL ? 'g_all' : `g_${group}`);

/** The groups of a cluster with `threads` worker threads a replica. One thread needs no group of its own: g_all is one order. */
export const groupsOf = (threads: number): readonly Group[] =>
  threads === 1 ? [G_ALL] : Array.from({ length: threads + 1 }, (_, group) => group);

/** Whether any thread delivers from both groups. */
export const areMerged = (a: Group, b: Group): boolean => a !== b && (a === G_ALL || b === G_ALL);

/** The groups that thread t_`thread` delivers from, in the order of its merge (paper, section V). */
export const subscriptionsOf = (thread: number, threads: number): readonly Group[] => (threads === 1 ? [G_ALL] : [G_ALL, thread]);
