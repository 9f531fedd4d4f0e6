/**
 * Plays the lines of a replica's scheduler: it deals again what its process has learned. Where values were not written down it
 * cannot be known what belongs in which lane: there the lanes are believed, and must be as long together as the batch.
 */
import { G_ALL } from '../record.js';
import { deal, type Value } from '../replica/scheduler.js';
import { bPlusTree } from '../service/b-plus-tree/index.js';
import { engineOf } from '../service/engine.js';
import { namesIn, summaryOf } from './batch.js';
import { dealingOf } from './dealing.js';
import { keep } from './facts.js';
import { broken, CLAUSES, compared, PLAYED, type Outcome } from './finding.js';
import { detailOf, END, NOTHING, sayAll, schedulerIn, type Header, type Line } from './line.js';
import { advance } from '../multicast/skip.js';
import { notAnEvent, type Player } from './process-player.js';
import { sayValue, withoutBatch } from './protocol.js';
import { eventIn } from './read.js';
import { hearDealt, hearMergeEvent, sayDealt } from './replica.js';
import { ORDER, type Stage } from './stage.js';

/** The scheduler, as a learner. */
export const schedulerOf = (process: string, life: number): string => `scheduler of ${process}, life ${life}`;

export const schedulerPlayer = (stage: Stage, { process, life, thread }: Header): Player => {
  const { setting, facts } = stage;
  const { threads } = setting.cluster;
  const { keySpace, capacity, fill, minimum } = setting.service;
  const tree = bPlusTree({ keySpace, partitions: threads, capacity, fill, minimum });
  const scheduler = { threads, footprintAt: engineOf(tree.service, tree.persistent()).footprintAt };
  const detail = detailOf(setting);
  let heard = 0; // entries
  let slot = 0;

  const lanesOf = (line: Line, value: Value): readonly Value[] | string => {
    if (detail === 'values' || value.type !== 'Batch') return deal(scheduler, value);
    const lanes = hearDealt(line.tail);
    if (typeof lanes === 'string') return lanes;
    const bytes = lanes.reduce((sum, lane) => sum + (lane.type === 'Batch' ? summaryOf(lane.commands).bytes : 0), 0);
    const width = threads === 1 ? 1 : threads + 1;
    if (lanes.length !== width) return `effects: expected ${width} lanes, got ${lanes.length}`;
    return bytes === summaryOf(value.commands).bytes ? lanes : `effects: expected ${summaryOf(value.commands).bytes} bytes in all lanes, got ${bytes}`;
  };

  const playDeal = (line: Line, isForced: boolean): Outcome => {
    const event = hearMergeEvent(eventIn(line), detail);
    if (typeof event === 'string') return notAnEvent(event);
    if (event.group !== G_ALL) return broken(CLAUSES.decided, 'event.group', String(G_ALL), String(event.group));
    const { value } = event;
    const log = stage.logOf(process, life, ORDER);
    const learned = log.at(heard);
    if (learned === undefined && !isForced && stage.present.has(process)) return { type: 'Blocked', on: [process], clause: CLAUSES.decided, what: `entry ${heard} of the order`, needles: ['"type":"Decided"', value.type === 'Batch' ? summaryOf(value.commands).digest : value.type] };
    if (learned === undefined) stage.unmatched += 1;
    else if (learned.words !== sayValue(value)) return broken(CLAUSES.decided, 'event.value', learned.words, sayValue(value));

    const lanes = lanesOf(line, value);
    if (typeof lanes === 'string') return notAnEvent(lanes);
    const breach = compared(line, { effects: sayAll(lanes, sayDealt), sketch: 0 });
    if (breach !== undefined) return breach;
    heard += 1;
    log.read(thread, heard);
    lanes.forEach((lane, group) => stage.logOf(process, life, group).append({ value: withoutBatch(lane), words: sayValue(lane) }));
    if (value.type === 'Batch') {
      const { commands } = value;
      if (detail === 'values') stage.hold(summaryOf(commands), () => namesIn(commands));
      keep(facts, facts.deliveries, { learner: schedulerOf(process, life), subscription: `${G_ALL}`, group: G_ALL, slot, commands: stage.batchOf(summaryOf(commands)), known: 0, delivered: 0 });
      if (detail === 'values') keep(facts, facts.dealings, dealingOf(tree.service, threads, { replica: `${process}, life ${life}`, slot }, value.commands, lanes));
    }
    slot = advance(slot, value);
    return PLAYED;
  };

  return { play: (line, isForced) => (line.given === END ? (compared(line, NOTHING) ?? PLAYED) : playDeal(line, isForced)) };
};

/** Whether these lines are of the scheduler of a replica. */
export const isScheduler = ({ thread, cluster }: Header): boolean => thread > 0 && thread === schedulerIn(cluster);
