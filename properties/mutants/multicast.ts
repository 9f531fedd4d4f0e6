/** Mistakes in how many rings make one order: MR of Multi-Ring Paxos. */

import { isSame } from '../../src/consensus/ballot.js';
import { NOOP } from '../../src/consensus/messages.js';
import * as Merge from '../../src/multicast/merge.js';
import { advance } from '../../src/multicast/skip.js';
import * as Node from '../../src/node.js';
import type { Group } from '../../src/record.js';
import { everySecond, having, merging, together, votingOf } from './change.js';
import { startingInTheMiddle } from './consensus.js';
import { ofMerge } from './merges.js';
import { before, mutant, type Mutant } from './mutant.js';
import { inAge, inRough, WORLDS } from './worlds.js';

type OnEvent = typeof Merge.onEvent;

const passingOver: OnEvent = (merge, event) => {
  const lanes = merge.lanes.map((lane) => (lane.group === event.group || !lane.waiting.isEmpty() ? lane : { ...lane, known: Infinity }));
  const [next, delivered] = Merge.onEvent({ ...merge, lanes }, event);
  return [{ ...next, lanes: next.lanes.map((lane, i) => (lane.known === Infinity ? { ...lane, known: merge.lanes[i]!.known } : lane)) }, delivered];
};

const inOrderOfArrival: OnEvent = (merge, event) => {
  const isFirst = merge.lanes.every(({ known }) => known === 0);
  const swapped = isFirst && event.group !== merge.lanes[0]?.group ? { ...merge, isSwapped: true } : merge;
  if (!('isSwapped' in swapped)) return Merge.onEvent(merge, event);
  const groups = merge.lanes.map(({ group }) => group);
  const other = (group: Group): Group => groups[groups.length - 1 - groups.indexOf(group)]!;
  const [next, delivered] = Merge.onEvent(swapped, { ...event, group: other(event.group) });
  return [next, delivered.map((delivery) => ({ ...delivery, group: other(delivery.group) }))];
};

const countingOne: OnEvent = (merge, event) => Merge.onEvent(merge, event.value.type === 'Skip' ? { ...event, value: NOOP } : event);

/** Each round begins with the next of the learner's own rings: with which, depends on how many it listens to. */
const byOwnTurn: OnEvent = (merge, { group, value }) => {
  let lanes = merge.lanes.map((lane) => {
    if (lane.group !== group) return lane;
    const waiting = value.type === 'Batch' ? lane.waiting.push({ slot: lane.known, commands: value.commands }) : lane.waiting;
    return { ...lane, known: advance(lane.known, value), waiting };
  });
  const placeOf = (lane: number, slot: number): number => {
    const round = Merge.roundOf(slot, merge.m);
    return round * lanes.length + ((lane + round) % lanes.length);
  };
  const delivered: Merge.Effect[] = [];
  for (;;) {
    const heads = lanes.map(({ waiting, known }, lane) => ({ lane, batch: waiting.first(), place: placeOf(lane, waiting.first()?.slot ?? known) }));
    const first = heads.reduce((least, head) => (head.place < least.place ? head : least));
    if (first.batch === undefined) return [{ ...merge, lanes }, delivered];
    delivered.push({ type: 'Deliver', group: lanes[first.lane]!.group, ...first.batch });
    lanes = lanes.map((lane, i) => (i === first.lane ? { ...lane, waiting: lane.waiting.shift() } : lane));
  }
};

const deliveringTwice: OnEvent = (merge, event) => {
  const [next, delivered] = Merge.onEvent(merge, event);
  return [next, delivered.flatMap((batch) => [batch, batch])];
};

/** A skip that lies behind takes the ring back. */
const goingBack: OnEvent = (merge, event) => {
  const { value } = event;
  if (value.type !== 'Skip') return Merge.onEvent(merge, event);
  return Merge.onEvent({ ...merge, lanes: merge.lanes.map((lane) => (lane.group === event.group ? { ...lane, known: Math.min(lane.known, value.to) } : lane)) }, event);
};

const looks = (onEvent: OnEvent) => [...before(WORLDS, merging(onEvent)), ofMerge(() => onEvent)];

/** What only one of two learners does. */
const ofOneLearner = (onEvent: OnEvent) => ofMerge((learner) => (learner % 2 === 0 ? Merge.onEvent : onEvent));

export const MULTICAST: readonly Mutant[] = [
  mutant('MR01', 'the merge passes over a ring that has nothing yet', ...looks(passingOver)),
  mutant('MR02', 'M differs between learners',
    ...before(WORLDS, everySecond((thread) => ({ ...thread, merge: { ...thread.merge, m: thread.merge.m + 1 } }))),
    ofOneLearner((merge, event) => {
      const [next, delivered] = Merge.onEvent({ ...merge, m: merge.m + 1 }, event);
      return [{ ...next, m: merge.m }, delivered];
    })),
  mutant('MR04', 'one learner counts a skip of many slots as one',
    ...before(WORLDS, together(
      everySecond((thread) => ({ ...thread, merge: { ...thread.merge, isOdd: true } as Merge.Merge })),
      merging((merge, event) => ('isOdd' in merge ? countingOne : Merge.onEvent)(merge, event)),
    )),
    ofOneLearner(countingOne)),
  mutant('MR06', 'rings are taken in the order of their first arrival', ...looks(inOrderOfArrival)),
  mutant('MR09', 'everyone counts a skip of many slots as one', ...before(WORLDS, merging(countingOne))),
  mutant('MR10', 'a learner begins each round with the next of its own rings', ofMerge(() => byOwnTurn)),
  mutant('MR11', 'skips are reckoned from a clock of the coordinator: a takeover repeats them', inAge(repeatingSkips())),
  mutant('MR12', 'a replica that comes back begins its merge with what its rings decide next', inRough(startingInTheMiddle)),
  mutant('MRa', 'a batch is delivered twice', ...looks(deliveringTwice)),
  mutant('MRb', 'a skip that lies behind takes its ring back', ofMerge(() => goingBack)),
  mutant('MRc', 'an idle ring is not skipped forward', ...before(WORLDS, (world) => ({ ...world, cluster: { ...world.cluster, skip: { ...world.cluster.skip, lambda: 0 } } }))),
];

/** Who begins to lead forgets what its ring has skipped already, and reckons anew all that was due since the origin. */
function repeatingSkips() {
  return having({
    onProcessEvent: (process, event) => {
      const [next, effects] = Node.onProcessEvent(process, event);
      if (event.type === 'Tick' || event.message.type !== 'Promise') return [next, effects];
      const [known, now] = [votingOf(process, event.group)?.coordinator, votingOf(next, event.group)?.coordinator];
      const part = next.parts[event.group];
      const isTakeover = known?.role.type === 'Preparing' && now?.role.type === 'Leading' && now.ballot.round > 1 && isSame(known.ballot, now.ballot);
      if (!isTakeover || part === undefined || part.leveller === null) return [next, effects];
      const { settings, position } = part.leveller;
      const leveller = { ...part.leveller, settings: { ...settings, origin: settings.origin - (1000 * position) / settings.lambda } };
      return [{ ...next, parts: next.parts.with(event.group, { ...part, leveller }) }, effects];
    },
  });
}
