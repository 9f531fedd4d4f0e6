/** Where what a step rests on came from: messages, decisions, replies and barriers, by the steps that sent them. */
import { hearCommands, summaryOf } from '../batch.js';
import { isObject } from '../shape.js';
import type { Told } from '../line.js';

export type Arrows = {
  readonly send: (way: string, what: string, step: number) => void;
  /** The step that sent it: of several, the first that was not received yet. */
  readonly take: (way: string, what: string) => number | undefined;
  /** The step that sent it, which others may have received as well. */
  readonly last: (way: string, what: string) => number | undefined;
};

/** `doubles`: the network may bring the same message twice. */
export const newArrows = (doubles: boolean): Arrows => {
  const sent = new Map<string, number[]>();
  const keyOf = (way: string, what: string): string => `${way} ${what}`;
  return {
    send: (way, what, step) => {
      const known = sent.get(keyOf(way, what));
      if (known === undefined) sent.set(keyOf(way, what), [step]);
      else known.push(step);
    },
    take: (way, what) => {
      const known = sent.get(keyOf(way, what));
      if (known === undefined) return undefined;
      if (doubles && known.length === 1) return known[0];
      if (known.length === 1) sent.delete(keyOf(way, what));
      return known.shift();
    },
    last: (way, what) => sent.get(keyOf(way, what))?.at(-1),
  };
};

/**
 * A message as whoever sends and whoever receives it tell of it alike: batches by their digest, fields in one order. Who
 * receives it is told the names in a batch as well.
 */
export const sameOnBothSides = (message: Told): string => {
  const { commands, value, entries, ...rest } = message;
  return JSON.stringify([
    Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)),
    digestIn(commands),
    isObject(value) ? [value['type'], value['digest'], value['to']] : null,
    Array.isArray(entries) ? entries.length : null,
  ]);
};

const digestIn = (commands: unknown): unknown => {
  if (!Array.isArray(commands)) return isObject(commands) ? commands['digest'] : null;
  const batch = hearCommands(commands);
  return typeof batch === 'number' ? null : summaryOf(batch).digest;
};
