/** Puts the steps of a story in the order of Lamport's clocks: as near to when they happened as causes tell. */
import type { Story } from './story.js';

/**
 * A checker plays one file for as long as it can, and so would a story run on in one lane. Here a step comes one after the
 * latest of what it rests on (Lamport 1978); but a client's just before the first that rests on it, as clients have no clock
 * that would move them on. Every lane keeps its order, and no cause comes after its effect.
 */
export const inCausalOrder = (story: Story): Story => {
  const { steps, lanes } = story;
  const clocks = steps.map(() => 0);
  const nextInLane = steps.map(() => -1);
  const lastInLane = lanes.map(() => -1);
  for (const { index, lane, sources } of steps) {
    const before = lastInLane[lane]!;
    let clock = before < 0 ? 0 : clocks[before]!;
    if (before >= 0) nextInLane[before] = index;
    for (const source of sources) clock = Math.max(clock, clocks[source]!);
    clocks[index] = clock + 1;
    lastInLane[lane] = index;
  }

  const deadlines = steps.map(() => Infinity);
  for (let index = steps.length - 1; index >= 0; index -= 1) {
    const { lane, sources } = steps[index]!;
    const next = nextInLane[index]!;
    const latest = Math.min(deadlines[index]!, next < 0 ? Infinity : clocks[next]!) - 1;
    if (lanes[lane]!.role === 'client' && latest !== Infinity) clocks[index] = Math.max(clocks[index]!, latest);
    for (const source of sources) deadlines[source] = Math.min(deadlines[source]!, clocks[index]!);
  }

  const order = steps.map(({ index }) => index).sort((a, b) => clocks[a]! - clocks[b]! || a - b);
  const place = steps.map(() => 0);
  order.forEach((index, at) => (place[index] = at));
  return {
    ...story,
    steps: order.map((index, at) => ({ ...steps[index]!, index: at, sources: steps[index]!.sources.map((source) => place[source]!) })),
    flaws: story.flaws.map((flaw) => ({ ...flaw, step: flaw.step === undefined ? undefined : place[flaw.step] })),
  };
};
