/**
 * A contradiction in words: what must come before what, step by step, until two operations come before each other. Every step
 * holds whatever those left out have done:
 *
 * - who returned before another one was called comes first;
 * - who sees a value comes after the only operation that leaves it; if only the beginning has it, before all that leave or see another;
 * - nobody who leaves or sees another value comes between these two, or between two that see the value.
 *
 * Where values are left more than once, it may be that one is seen anew more often than anybody leaves it (`shortage.ts`). That is not all
 * that can be said (deciding it would be), and nothing is said so of services that are no registers. Then the argument is that all
 * orders were tried.
 */

import { accessesOf, NONE, type Accesses } from './accesses.js';
import { ENOUGH } from './contradiction.js';
import { endOf, type History } from './history.js';
import { leftOut } from './left-out.js';
import type { Model } from './model.js';
import { shortageIn } from './shortage.js';

/** Nobody follows an argument of so many. */
const MANY = 40;

/** One sentence per step. Of the rest of the history, only what it may have left matters. */
export const argumentOf = <S, C, R>(model: Model<S, C, R>, named: History<C, R>, rest: History<C, R>): readonly string[] => {
  if (named.length > MANY) return exhausted(named.map(({ id }) => `{${id}}`));
  const accesses = model.registers && accessesOf(model.registers, [...named, ...rest.map(leftOut)]);
  const say = (i: number): string => `{${named[i]!.id}}`;
  return (accesses && (derived(accesses, named, say) ?? shortageIn(accesses, named.length, say))) ?? exhausted(named.map((_, i) => say(i)));
};

/** Of more than a person follows easily, why they are so many. That none can be left out goes without saying: `isMinimal` says it of few, too. */
export const whyMany = (count: number, isMinimal: boolean, atLeast: number): readonly string[] => {
  if (count <= ENOUGH) return [];
  if (count === atLeast) return [`No ${count - 1} operations would do: whichever are named, some order gives their answers.`];
  const others = atLeast > ENOUGH ? `No ${ENOUGH} operations would do, for fewer than ${atLeast} never contradict each other.` : `Whether ${ENOUGH} operations would do was too much to find out.`;
  return [...(isMinimal ? [] : [`Whether any of these ${count} can be left out was too much to find out.`]), others];
};

const exhausted = (all: readonly string[]): readonly string[] =>
  all.length === 1 ? [`Nothing that the others may have done gives the answer to ${all[0]!}.`] : [`Every order of ${all.join(', ')} that respects real time was tried: none gives all their answers, whatever the others did.`];

/** That one operation comes before another, and why. */
type Step = { readonly first: number; readonly then: number; readonly sentence: string; readonly from: readonly Step[] };

/** That a reader sees, of some key, what only `source` leaves; `NONE` if it was there only at first. */
type Sighting = { readonly reader: number; readonly source: number; readonly key: number; readonly value: number };

/** A source that is not named. */
const LEFT_OUT = -2;

/** The steps to a contradiction, or `undefined` if there are none of this kind. */
const derived = (accesses: Accesses, named: History<unknown, unknown>, say: (i: number) => string): readonly string[] | undefined => {
  const seen = sightsOf(accesses, named.length);
  const sightings: Sighting[] = [];
  for (const [key, value, reader] of seen) {
    const sources = sourcesOf(accesses, key, value);
    const [source = NONE] = sources;
    if (sources.length === 0 && accesses.valuesAtFirst[key] !== value) return [`${say(reader)} sees what nobody leaves.`];
    const isSole = sources.length + Number(accesses.valuesAtFirst[key] === value) === 1;
    if (isSole && source !== reader) sightings.push({ reader, source: source < named.length ? source : LEFT_OUT, key, value });
  }

  const steps = new Map<number, Step>();
  const stepOf = (first: number, then: number): Step | undefined => steps.get(first * named.length + then);
  const queue: Step[] = [];
  let contradiction: readonly [Step, Step] | undefined;
  const add = (first: number, then: number, sentence: string, ...from: readonly Step[]): void => {
    if (first === then || stepOf(first, then) !== undefined || contradiction !== undefined) return;
    const step = { first, then, sentence, from };
    steps.set(first * named.length + then, step);
    queue.push(step);
    const opposite = stepOf(then, first);
    if (opposite !== undefined) contradiction = [opposite, step];
  };

  /** What is sure to take effect, and sees or leaves another value of a key. */
  const differs = (op: number, key: number, value: number): boolean =>
    named[op]!.type === 'completed' &&
    ((accesses.key[op] === key && accesses.leaves[op] !== NONE && accesses.leaves[op] !== value) || seen.some(([of, other, reader]) => reader === op && of === key && other !== value));

  named.forEach((a, i) => named.forEach((b, j) => endOf(a) < b.call && add(i, j, `${say(i)} returned before ${say(j)} was called, so it comes first.`)));
  for (const { reader, source, key, value } of sightings)
    if (source >= 0) add(source, reader, `${say(reader)} sees what only ${say(source)} leaves, so it comes later.`);
    else if (source === NONE)
      named.forEach((_, op) => differs(op, key, value) && add(reader, op, `${say(reader)} sees what was there at first and nobody leaves, so it comes before ${say(op)}.`));

  for (const step of queue) {
    const { first, then } = step;
    named.forEach((_, op) => {
      const [after, before] = [stepOf(then, op), stepOf(op, first)];
      if (after !== undefined) add(first, op, '', step, after);
      if (before !== undefined) add(op, then, '', before, step);
    });
    for (const { reader, source, key, value } of sightings) {
      const why = source < 0 ? '' : `${say(reader)} sees what only ${say(source)} leaves, and`;
      if (source >= 0 && then === reader && first !== source && differs(first, key, value))
        add(first, source, `${why} ${say(first)} does not come in between, so it comes before ${say(source)} too.`, step);
      if (source >= 0 && first === source && then !== reader && differs(then, key, value))
        add(reader, then, `${why} ${say(then)} does not come in between, so it comes after ${say(reader)} too.`, step);
      for (const other of sightings) {
        if (other.key !== key || other.value !== value || other.reader === reader) continue;
        const same = `${say(reader)} and ${say(other.reader)} see the same, which is left only once`;
        if (first === reader && then !== other.reader && differs(then, key, value)) add(other.reader, then, `${same}, so ${say(then)} comes after both.`, step);
        if (then === reader && first !== other.reader && differs(first, key, value)) add(first, other.reader, `${same}, so ${say(first)} comes before both.`, step);
      }
    }
  }
  if (contradiction === undefined) return undefined;
  const [one, other] = contradiction;
  return [...new Set([...sentencesOf(one), ...sentencesOf(other), `So ${say(one.first)} and ${say(one.then)} would each come before the other.`])];
};

/** Everything that a step rests on, in order. */
const sentencesOf = ({ sentence, from }: Step): readonly string[] => [...from.flatMap(sentencesOf), ...(sentence === '' ? [] : [sentence])];

/** Each key and value that one of the first operations has seen. */
const sightsOf = ({ key, asks, sights }: Accesses, count: number): readonly (readonly [key: number, value: number, reader: number])[] =>
  Array.from({ length: count }, (_, op) => {
    const sight = sights.get(op);
    if (sight === undefined) return asks[op]! >= 0 ? [[key[op]!, asks[op]!, op] as const] : [];
    return [...sight.keys].map((of, i) => [of, sight.asks[i]!, op] as const);
  }).flat();

/** Those that leave a value where there may have been another one. */
const sourcesOf = ({ count, key, asks, leaves }: Accesses, of: number, value: number): readonly number[] =>
  Array.from({ length: count }, (_, op) => op).filter((op) => key[op] === of && leaves[op] === value && asks[op] !== value);
