/**
 * The techniques of replication, as two pure questions: to which group does a command go (C-G), and what may the thread
 * that delivers it there do with it. REP-1.
 *
 * | technique | nothing or an entry changes, one partition | structure changes | several partitions |
 * | --- | --- | --- | --- |
 * | smr, pipelined-smr, sp-smr | g_all                | g_all              | g_all |
 * | p-smr    | g_i                                    | g_all              | g_all |
 * | opt-psmr | g_i; checked where an entry changes    | g_i, checked; g_all when it failed | g_all |
 *
 * Under P-SMR an `entry` change goes to its own group unchecked, as in the paper. Under opt-PSMR it is checked too, so that
 * no node is ever shared across partitions; conditions 2 and 3 are all that can fail.
 *
 * Under pipelined SMR and sP-SMR there is one order, and a scheduler (`scheduler.ts`) deals it to the threads: what P-SMR's
 * clients multicast to many groups, sP-SMR's replicas take out of one. To its threads, sP-SMR is P-SMR.
 */
import { G_ALL, type Group } from '../record.js';
import type { Footprint } from '../service/service.js';

export type Technique = 'smr' | 'pipelined-smr' | 'sp-smr' | 'p-smr' | 'opt-psmr';

export const TECHNIQUES: readonly Technique[] = ['smr', 'pipelined-smr', 'sp-smr', 'p-smr', 'opt-psmr'];

/** The three that the paper measures. */
export const MEASURED: readonly Technique[] = ['smr', 'p-smr', 'opt-psmr'];

/** Whether one thread executes all commands. */
export const isSequential = (technique: Technique): boolean => technique === 'smr' || technique === 'pipelined-smr';

/** Whether all commands are in one order, which a scheduler deals to the threads. */
export const isScheduled = (technique: Technique): boolean => technique === 'pipelined-smr' || technique === 'sp-smr';

/** What a technique comes to with so many threads: a single one has a single order to execute. */
export const techniqueOf = (technique: Technique, threads: number): Technique => {
  if (threads > 1) return technique;
  return isScheduled(technique) ? 'pipelined-smr' : 'smr';
};

/** Command-to-groups: where a command goes on its first attempt. What failed its safety check goes to g_all next. */
export const groupFor = (technique: Technique, footprint: Footprint): Group => {
  if (footprint.type === 'Everything') return G_ALL;
  switch (technique) {
    case 'smr':
    case 'pipelined-smr':
    case 'sp-smr':
      return G_ALL;
    case 'p-smr':
      return footprint.change === 'structure' ? G_ALL : footprint.partition;
    case 'opt-psmr':
      return footprint.partition;
  }
};

/** What a thread does with a command delivered from `group`: a group of its own or g_all. */
export type Treatment = 'execute' | 'check' | 'refuse';

/** A client that sends a command where it must not go is told so, by every replica alike: the tree does not rely on clients. */
export const treatmentOf = (technique: Technique, footprint: Footprint, group: Group): Treatment => {
  if (group === G_ALL) return 'execute';
  if (footprint.type === 'Everything' || footprint.partition !== group) return 'refuse';
  if (footprint.change === 'nothing') return 'execute';
  switch (technique) {
    case 'smr':
    case 'pipelined-smr':
      return 'refuse';
    case 'sp-smr':
    case 'p-smr':
      return footprint.change === 'structure' ? 'refuse' : 'execute';
    case 'opt-psmr':
      return 'check';
  }
};
