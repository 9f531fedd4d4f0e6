/**
 * The techniques of replication, as two pure questions: to which group does a command go (C-G), and what may the thread
 * that delivers it there do with it. REP-1.
 *
 * | technique | nothing or an entry changes, one partition | structure changes | several partitions |
 * | --- | --- | --- | --- |
 * | smr      | g_all                                  | g_all              | g_all |
 * | p-smr    | g_i                                    | g_all              | g_all |
 * | opt-psmr | g_i; checked where an entry changes    | g_i, checked; g_all when it failed | g_all |
 *
 * Under P-SMR an `entry` change goes to its own group unchecked, as in the paper. Under opt-PSMR it is checked too, so that
 * no node is ever shared across partitions; conditions 2 and 3 are all that can fail.
 */
import { G_ALL, type Group } from '../record.js';
import type { Footprint } from '../service/service.js';

export type Technique = 'smr' | 'p-smr' | 'opt-psmr';

export const TECHNIQUES: readonly Technique[] = ['smr', 'p-smr', 'opt-psmr'];

/** Command-to-groups: where a command goes on its first attempt. What failed its safety check goes to g_all next. */
export const groupFor = (technique: Technique, footprint: Footprint): Group => {
  if (footprint.type === 'Everything') return G_ALL;
  switch (technique) {
    case 'smr':
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
      return 'refuse';
    case 'p-smr':
      return footprint.change === 'structure' ? 'refuse' : 'execute';
    case 'opt-psmr':
      return 'check';
  }
};
