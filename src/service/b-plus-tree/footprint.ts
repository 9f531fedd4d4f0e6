/** Which partition a command of the B+-tree touches, and what it may change there. */

import type { Change, Footprint } from '../service.js';
import type { Command } from './commands.js';
import { partitionOf, type Partitions } from './partition.js';

export const footprintOf = (partitions: Partitions, command: Command): Footprint => {
  const partition = (key: bigint, change: Change): Footprint => ({
    type: 'Partition',
    partition: partitionOf(partitions, Number(key)),
    change,
  });
  switch (command.type) {
    case 'read':
      return partition(command.key, 'nothing');
    case 'update':
      return partition(command.key, 'entry');
    case 'insert':
    case 'delete':
      return partition(command.key, 'structure');
    case 'scan':
      return { type: 'Everything', change: 'nothing' };
  }
};
