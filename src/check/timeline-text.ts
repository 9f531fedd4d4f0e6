/** A time-line in text: a line for each lane, `├─#1─┤` from call to return, `├─#2──┄┄` where nothing ever returned. */

import type { Bar, Timeline } from './timeline.js';

/** Columns of text that one column of time takes: the label of a bar has room in three of them. */
const WIDEST = 5;

/** The lines, unless they would be longer than `width`. */
export const textLines = ({ lanes, columns }: Timeline, width: number): readonly string[] | undefined => {
  const margin = Math.max(0, ...lanes.map(({ process }) => process.length)) + 2;
  const step = Math.min(WIDEST, Math.floor((width - margin - 4) / Math.max(1, columns)));
  if (step < 2) return undefined;
  const end = columns * step + 3;
  let previous = '';
  return lanes.map(({ process, bars }) => {
    const name = process === previous ? '' : process;
    previous = process;
    const line = bars.reduce((before, bar) => before.padEnd(bar.from * step) + barOf(bar, step, end), '');
    return `${name.padEnd(margin)}${line}`.trimEnd();
  });
};

const barOf = ({ number, from, to }: Bar, step: number, end: number): string => {
  const isOpen = to === null;
  const length = (isOpen ? end : to * step) - from * step + 1;
  const label = number === null ? '' : `#${number}`;
  const tail = isOpen ? '┄┄┄' : '┤';
  const room = length - 1 - tail.length;
  if (room < label.length) return isOpen ? `├${label}┄` : label.padEnd(length, '┤');
  const left = Math.floor((room - label.length) / 2);
  return `├${'─'.repeat(left)}${label}${'─'.repeat(room - left - label.length)}${tail}`;
};
