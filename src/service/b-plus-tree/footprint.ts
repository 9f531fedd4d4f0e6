/** Which partition a command of the B+-tree touches, and what it may change there. */

import type { Change, Footprint } from '../service.js';
import type { Command } from './commands.js';
import { partitionOf, type Partitions } from './partition.js';

export const changeOf = { read: 'nothing', update: 'entry', insert: 'structure', delete: 'structure', scan: 'nothing' } as const satisfies Record<Command['type'], Change>;

/** A scan walks from leaf to leaf: whose they are, nobody asks. */
export const footprintOf = (partitions: Partitions, command: Command): Footprint =>
  command.type === 'scan'
    ? { type: 'Everything', change: changeOf.scan }
    : { type: 'Partition', partition: partitionOf(partitions, Number(command.key)), change: changeOf[command.type] };
