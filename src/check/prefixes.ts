/**
 * Texts that only grow: whether a history of appends and reads of the whole text has a linearization, in O(n log n + m k) for a text of m letters
 * and tokens of k lengths. (So Elle infers the order of versions of a list: Kingsbury and Alvaro 2020, section 4.)
 *
 * Every state is a beginning of every later one. Let T be the longest text that was read, and walk along it from what was there at
 * first. The first append that took effect put its token there; if of all appends, crashed ones too, only one has a token that fits,
 * it was this one. So the walk goes on behind it, without it, up to the end of T. What appended these is one order of all linearizations;
 * a read stands behind the append where its text ends, and ahead of the next one; and all other appends took effect
 * after the last read of T, or, if they crashed, may have not. Nobody tells the order of these, nor that of reads of the same text: the order of
 * calls, which respects real time if any order does. So there is a linearization if and only if this one respects real time.
 *
 * *Side condition:* at every step only one token fits. Where two do (the same token twice; `a` and `ab`), the walk would guess.
 * An empty token fits everywhere, and something that replaces the text makes states that are no beginnings: then the search decides.
 */

import { componentsOf } from './components.js';
import { endOf, type History } from './history.js';
import { interleaved } from './interleave.js';
import type { Model } from './model.js';

export type Prefixed =
  | { readonly type: 'ok'; readonly procedure: 'prefixes'; readonly order: readonly number[] }
  | { readonly type: 'illegal'; readonly procedure: 'prefixes'; readonly suspects: readonly number[] };

/** How many tokens may fit at a step of the walk: more than one is what tests try, to see what the condition is for. */
type Fitting = (candidates: readonly number[]) => boolean;

const isForced: Fitting = ({ length }) => length === 1;

/** The decision on a history, by call; `undefined` where this procedure does not apply. */
export const decideByPrefixes = <S, C, R>(model: Model<S, C, R>, history: History<C, R>, mayGoOn: Fitting = isForced): Prefixed | undefined => {
  const { growth } = model;
  if (growth?.says === undefined || componentsOf(history, model.spansOf).length > 1) return undefined;
  const appends = new Map<string, number[]>(); // by token, those that the walk has not met
  const reads = new Map<string, number[]>(); // by text
  const idle: number[] = [];
  for (const [i, operation] of history.entries()) {
    const said = growth.says(operation);
    if (said === undefined || (said.type === 'append' && said.token === '')) return undefined;
    if (said.type === 'nothing') {
      if (operation.type === 'completed') idle.push(i);
    } else if (said.type === 'append') note(appends, said.token, i);
    else note(reads, said.text, i);
  }

  const atFirst = growth.textAtFirst ?? '';
  const longest = [...reads.keys()].reduce((most, text) => (text.length > most.length ? text : most), atFirst);
  const readers = reads.get(longest)?.slice(0, 1) ?? [];
  const illegal = (...suspects: readonly number[]): Prefixed => ({ type: 'illegal', procedure: 'prefixes', suspects: [...new Set([...suspects, ...readers])] });
  if (!longest.startsWith(atFirst)) return illegal();
  const lengths = [...new Set([...appends.keys()].map(({ length }) => length))];
  const sequence: number[] = [];
  for (let at = atFirst.length; ; ) {
    const text = longest.slice(0, at);
    sequence.push(...(reads.get(text) ?? []));
    reads.delete(text);
    if (at === longest.length) break;
    const fitting = lengths.flatMap((length) => (at + length > longest.length ? [] : (appends.get(longest.slice(at, at + length)) ?? []).map((op) => [op, length] as const)));
    const [first] = fitting;
    if (first === undefined) return illegal();
    if (!mayGoOn(fitting.map(([op]) => op))) return undefined;
    const [op, length] = first;
    const token = longest.slice(at, at + length);
    appends.set(token, appends.get(token)!.filter((other) => other !== op));
    sequence.push(op);
    at += length;
  }
  const [stray] = [...reads.values()].flat(); // it is no beginning of the longest text, or ends within a token
  if (stray !== undefined) return illegal(stray);
  sequence.push(...[...appends.values()].flat().filter((op) => history[op]!.type === 'completed').sort((a, b) => a - b));

  let latest: number | undefined;
  for (const op of sequence) {
    if (latest !== undefined && endOf(history[op]!) < history[latest]!.call) return illegal(op, latest);
    if (latest === undefined || history[op]!.call > history[latest]!.call) latest = op;
  }
  const starts = [0, ...idle.map((_, i) => sequence.length + i)];
  return { type: 'ok', procedure: 'prefixes', order: [...interleaved(Float64Array.from(history, endOf), Int32Array.from([...sequence, ...idle]), starts)] };
};

const note = (numbers: Map<string, number[]>, name: string, number: number): void => {
  const known = numbers.get(name);
  if (known === undefined) numbers.set(name, [number]);
  else known.push(number);
};
