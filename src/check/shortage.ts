/**
 * That a value is seen anew more often than anybody leaves it. Where one operation sees or leaves another value, and returns before an
 * operation is called that sees this one, somebody has left it between the two. That is a *gap*, and so is the time up to such an
 * operation if another value was there at first. Gaps of which one ends before the next begins are filled by one operation each, and
 * one that returned before a gap began, or was called after it ended, fills none. Those left out, each once, may fill any.
 */

import { NONE, type Accesses } from './accesses.js';

/** Between the effects of two operations, the first of which is `NONE` where it begins with everything. */
type Gap = { readonly opens: number; readonly closes: number; readonly from: number; readonly to: number };

/** One sentence per step, if there is a shortage. The first `count` accesses are named, those behind them are left out; none sees several keys. */
export const shortageIn = (accesses: Accesses, count: number, say: (op: number) => string): readonly string[] | undefined => {
  const { key, asks, leaves } = accesses;
  const seen = new Set(Array.from({ length: count }, (_, op) => op).filter((op) => asks[op]! >= 0).map((op) => `${key[op]} ${asks[op]}`));
  for (const each of seen) {
    const [of = NONE, value = NONE] = each.split(' ').map(Number);
    const gaps = gapsOf(accesses, count, of, value);
    const sources = Array.from(key.keys()).filter((op) => key[op] === of && leaves[op] === value && asks[op] !== value);
    const free = sources.filter((op) => op >= count).length;
    for (const first of gaps) {
      const apart: Gap[] = [];
      for (const gap of gaps) if (gap.from >= first.from && (apart.length === 0 || gap.from > apart.at(-1)!.to)) apart.push(gap);
      for (let many = free + 1; many <= apart.length; many += 1) {
        const some = apart.slice(0, many);
        const fits = sources.filter((op) => op < count && some.some(({ from, to }) => accesses.end[op]! >= from && accesses.call[op]! <= to));
        if (free + fits.length < many) return told(some, fits, sources.filter((op) => op < count && !fits.includes(op)), free, say);
      }
    }
  }
  return undefined;
};

/** By their end, and each as short as it can be. */
const gapsOf = ({ call, end, key, asks, leaves, valuesAtFirst }: Accesses, count: number, of: number, value: number): readonly Gap[] => {
  const named = Array.from({ length: count }, (_, op) => op).filter((op) => key[op] === of && end[op] !== Infinity);
  /** After them another value is there, or was before they left this one. */
  const others = named.filter((op) => (leaves[op] === NONE ? asks[op]! >= 0 && asks[op] !== value : leaves[op] !== value));
  return named
    .filter((op) => asks[op] === value)
    .flatMap((closes): readonly Gap[] => {
      const opens = others.filter((op) => end[op]! < call[closes]!).sort((a, b) => call[b]! - call[a]!)[0];
      if (opens !== undefined) return [{ opens, closes, from: call[opens]!, to: end[closes]! }];
      return valuesAtFirst[of] === value ? [] : [{ opens: NONE, closes, from: -Infinity, to: end[closes]! }];
    })
    .sort((a, b) => a.to - b.to);
};

const told = (gaps: readonly Gap[], fits: readonly number[], misfits: readonly number[], free: number, say: (op: number) => string): readonly string[] => {
  const sentences = gaps.map(({ opens, closes }) =>
    opens === NONE
      ? `${say(closes)} sees what was not there at first: before it somebody leaves that.`
      : `${say(opens)} returned before ${say(closes)} was called, and sees or leaves another value: in between somebody leaves what ${say(closes)} sees.`);
  const others = misfits.length === 0 ? [] : [`${listed(misfits.map(say))} ${misfits.length === 1 ? 'leaves' : 'leave'} it too, but returned before that or ${misfits.length === 1 ? 'was' : 'were'} called after it.`];
  const left = [...fits.map(say), ...(free === 0 ? [] : [`${free} that ${free === 1 ? 'is' : 'are'} not named`])];
  const few = left.length === 0 ? 'So nobody is left who could have done that.' : `So ${gaps.length} have done that, each another one, and only ${listed(left)} could have.`;
  return [...sentences, ...others, few];
};

const listed = (words: readonly string[]): string => [words.slice(0, -1).join(', '), words.at(-1)!].filter((part) => part !== '').join(' and ');
