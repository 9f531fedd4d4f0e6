/** The figures of benchmarks, whatever shape their JSON has, and those of two commits beside each other. */
import { medianOf } from '../../src/measure/statistics.js';

/** One run of a benchmark here, and the run of the other commit's that followed it, if there is one. */
export type Round = { readonly benchmark: string; readonly here: ReadonlyMap<string, number>; readonly there: ReadonlyMap<string, number> | undefined };

/** Medians over the rounds. `ratio` is that of the figures of one round, here by there. */
export type Compared = { readonly benchmark: string; readonly figure: string; readonly here: number; readonly there: number | null; readonly ratio: number | null };

/** Every number in some JSON, by the way that leads to it. An entry of a list is called by all the texts in it. */
export const figuresIn = (json: unknown): ReadonlyMap<string, number> => new Map(numbersIn(json, []));

const numbersIn = (json: unknown, path: readonly string[]): readonly (readonly [string, number])[] => {
  if (typeof json === 'number') return [[path.join(' / '), json]];
  if (typeof json !== 'object' || json === null) return [];
  const entries = Array.isArray(json) ? json.map((entry, i): [string, unknown] => [titleOf(entry) ?? String(i), entry]) : Object.entries(json);
  return entries.flatMap(([key, value]) => numbersIn(value, [...path, key]));
};

const titleOf = (entry: unknown): string | undefined => {
  if (typeof entry !== 'object' || entry === null) return undefined;
  const texts = Object.values(entry).filter((value) => typeof value === 'string');
  return texts.length === 0 ? undefined : texts.join(', ');
};

export const compared = (rounds: readonly Round[]): readonly Compared[] => {
  const keys = new Map(rounds.flatMap(({ benchmark, here }) => [...here.keys()].map((figure) => [`${benchmark}: ${figure}`, { benchmark, figure }] as const)));
  return [...keys.values()].map(({ benchmark, figure }) => {
    const own = rounds.filter((round) => round.benchmark === benchmark && round.here.has(figure));
    const both = own.flatMap(({ here, there }) => (there?.has(figure) === true ? [[here.get(figure)!, there.get(figure)!] as const] : []));
    const ratios = both.filter(([, there]) => there !== 0).map(([here, there]) => here / there);
    return {
      benchmark,
      figure,
      here: medianOf(own.map(({ here }) => here.get(figure)!)),
      there: both.length === 0 ? null : medianOf(both.map(([, there]) => there)),
      ratio: ratios.length === 0 ? null : medianOf(ratios),
    };
  });
};
