/** Parts of a story. */
import { isQuiet, type Step, type Story } from './story.js';

export type Choice = {
  /** Ticks, heartbeats and skips as well. */
  readonly all: boolean;
  /** Numbers of steps, as they are shown: from 1. */
  readonly from: number;
  readonly to: number;
  /** `session.sequence.attempt`, or the first parts of it. */
  readonly command: string | undefined;
  /** The number of a ring, which is that of its group. */
  readonly ring: number | undefined;
};

export const EVERYTHING: Choice = { all: true, from: 1, to: Infinity, command: undefined, ring: undefined };

/** The chosen steps, in order. What is wrong is always among them. */
export const chosen = ({ steps }: Story, { all, from, to, command, ring }: Choice): readonly Step[] =>
  steps.filter((step) => {
    if (step.index + 1 < from || step.index + 1 > to) return false;
    if (step.kind === 'breach') return true;
    if (!all && isQuiet(step)) return false;
    if (ring !== undefined && step.group !== ring) return false;
    return command === undefined || step.commands.some((name) => isNamed(name, command));
  });

/** Whether a command has this name: whole, or without the attempt, or the session alone. */
export const isNamed = (name: string, asked: string): boolean => name === asked || name.startsWith(`${asked}.`);
