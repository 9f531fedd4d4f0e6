/**
 * What the paper says of its figures 3, 4 and 5 (sections V-D, V-E and V-F), each held against the marks of one setup. The
 * words "about", "slightly" and "low" are given a number here, and every finding names the one it was held against.
 */
import type { Technique } from '../replica/techniques.js';
import type { Mark } from './marks.js';
import type { PaperExperiment } from './point.js';
import { NAMES } from './result.js';
import { medianOf } from './statistics.js';
import { rounded } from './table.js';

export type Verdict = 'agrees' | 'disagrees' | 'no data';

export type Finding = {
  readonly verdict: Verdict;
  /** What we see; or what is missing. */
  readonly sees: string;
};

export type Claim = {
  readonly experiment: PaperExperiment;
  /** What the paper says, in its words or nearly. */
  readonly says: string;
  readonly judge: (marks: readonly Mark[]) => Finding;
};

/** A part of a number that is within the noise of a run: what differs by less neither rises nor falls. */
const NOISE = 0.02;

const seen = (agrees: boolean, sees: string): Finding => ({ verdict: agrees ? 'agrees' : 'disagrees', sees });
const missing = (sees: string): Finding => ({ verdict: 'no data', sees });

// Figure 3

const failed = (says: string, judge: (lightest: Mark, heaviest: Mark, marks: readonly Mark[]) => Finding): Claim => ({
  experiment: 'failed-commands',
  says,
  judge: (all) => {
    const marks = of(all, 'opt-psmr').sort((a, b) => throughput(a) - throughput(b));
    const [lightest, heaviest] = [marks[0], marks.at(-1)];
    return lightest === undefined || heaviest === undefined || marks.length < 2 ? missing('fewer than two loads') : judge(lightest, heaviest, marks);
  },
});

const FIGURE_3: readonly Claim[] = [
  failed('As throughput increases, the fail rate decreases.', (lightest, heaviest) => {
    const [before, after] = [lightest, heaviest].map(failRate) as [number, number];
    if (before === 0 && after === 0) return missing('no command failed at either end');
    return seen(after < before, `${percent(before)} at ${kcps(lightest)}, ${percent(after)} at ${kcps(heaviest)}`);
  }),
  failed('The number of failed commands grows, but not in proportion to the throughput.', (lightest, heaviest) => {
    const [before, after] = [lightest, heaviest].map((mark) => mark.failedRate.median * 1000) as [number, number];
    if (before === 0) return missing('no command failed under the lightest load');
    const [fails, commands] = [after / before, throughput(heaviest) / throughput(lightest)];
    return seen(fails > 1 && fails < commands, `${rounded(before)} to ${rounded(after)} failed a second, ${times(fails)}, while throughput grows ${times(commands)}`);
  }),
  failed('The latency of failed commands is approximately twice that of passed commands.', (_, __, marks) => {
    const ratios = marks.flatMap(({ latency }) => (latency.failed === undefined || latency.passed === undefined ? [] : [latency.failed.median / latency.passed.median]));
    if (ratios.length === 0) return missing('no load under which commands failed');
    const middle = medianOf(ratios);
    return seen(middle >= 1.5 && middle <= 2.5, `${times(middle)} in the median of ${ratios.length} loads, from ${times(Math.min(...ratios))} to ${times(Math.max(...ratios))} (held against 1.5 to 2.5 times)`);
  }),
  failed('The impact of fails on the average latency is negligible.', (_, __, marks) => {
    const impacts = marks.flatMap(({ latency }) => (latency.passed === undefined ? [] : [latency.all.median / latency.passed.median - 1]));
    if (impacts.length === 0) return missing('latencies of passed commands are not known');
    const worst = Math.max(...impacts);
    return seen(worst < 0.05, `at most ${percent(worst)} more than passed commands alone (held against 5 %)`);
  }),
];

// Figure 4

const dependent = (says: string, judge: (marks: readonly Mark[]) => Finding): Claim => ({ experiment: 'dependent-commands', says, judge });

const FIGURE_4: readonly Claim[] = [
  dependent('As the percentage of dependent commands increases, the throughput of P-SMR decreases.', (marks) => {
    const pSmr = of(marks, 'p-smr');
    const [first, last] = [pSmr[0], pSmr.at(-1)];
    if (first === undefined || last === undefined || pSmr.length < 2) return missing('fewer than two shares of P-SMR');
    const rise = pSmr.slice(1).find((mark, i) => throughput(mark) > throughput(pSmr[i]!) * (1 + NOISE));
    const ends = `${kcps(first)} at ${first.dependent} %, ${kcps(last)} at ${last.dependent} %`;
    return rise === undefined ? seen(throughput(last) < throughput(first), ends) : seen(false, `${ends}, but it rises towards ${rise.dependent} %`);
  }),
  dependent("P-SMR falls below SMR's throughput at about 50 %.", (marks) => {
    const pairs = paired(marks, 'p-smr', 'smr');
    if (pairs.length < 2) return missing('fewer than two shares of both P-SMR and SMR');
    const crossing = crossingOf(pairs.map(([p, s]) => ({ at: p.dependent, ahead: throughput(p) / throughput(s) - 1 })));
    switch (crossing.type) {
      case 'at':
        return seen(crossing.at >= 35 && crossing.at <= 65, `below SMR from ${rounded(crossing.at)} % on, between measured shares by a straight line (held against 35 to 65 %)`);
      case 'always below':
        return seen(false, `below SMR at every share, from ${pairs[0]![0].dependent} % on`);
      case 'never below':
        return seen(false, `above SMR at every share, up to ${pairs.at(-1)![0].dependent} %`);
    }
  }),
  dependent("opt-PSMR's throughput remains above SMR's even with 100 % dependent commands.", (marks) => {
    const last = paired(marks, 'opt-psmr', 'smr').find(([{ dependent: share }]) => share === 100);
    if (last === undefined) return missing('no opt-PSMR and SMR at 100 %');
    return seen(throughput(last[0]) > throughput(last[1]), `${times(throughput(last[0]) / throughput(last[1]))} SMR at 100 %: ${kcps(last[0])} and ${kcps(last[1])}`);
  }),
  dependent('opt-PSMR outperforms SMR and P-SMR regardless of the percentage of dependent commands.', (marks) => {
    const better = best(marks);
    if (better.length === 0) return missing('no share with all three');
    const behind = better.filter(({ factor }) => factor < 1 - NOISE);
    const list = better.map(({ share, factor }) => `${times(factor)} at ${share} %`).join(', ');
    return seen(behind.length === 0, `against the better of the two: ${list}`);
  }),
  dependent('It outperforms the most efficient techniques by a factor of 2.4 (abstract; the point is not said).', (marks) => {
    const better = [...best(marks)].sort((a, b) => b.factor - a.factor);
    const top = better[0];
    return top === undefined ? missing('no share with all three') : seen(top.factor >= 2.4, `at most ${times(top.factor)} the better of SMR and P-SMR, at ${top.share} %`);
  }),
  dependent('The fail rate of opt-PSMR is low.', (marks) => {
    const rates = of(marks, 'opt-psmr').map(failRate);
    if (rates.length === 0) return missing('no opt-PSMR');
    return seen(Math.max(...rates) < 0.05, `at most ${percent(Math.max(...rates))} of the commands (held against 5 %)`);
  }),
  dependent('The latency of opt-PSMR is slightly higher than that of SMR and P-SMR.', (marks) => {
    const ratios = best(marks).map(({ opt, others }) => latency(opt) / Math.max(...others.map(latency)));
    if (ratios.length === 0) return missing('no share with all three');
    const middle = medianOf(ratios);
    return seen(middle > 1 && middle <= 2, `${times(middle)} the higher of the two in the median of ${ratios.length} shares (held against 1 to 2 times)`);
  }),
];

// Figure 5

const threads = (says: string, judge: (marks: readonly Mark[]) => Finding): Claim => ({ experiment: 'threads', says, judge });

const FIGURE_5: readonly Claim[] = [
  threads('Adding more threads increases the throughput of opt-PSMR.', (marks) => trend(of(marks, 'opt-psmr'), 'opt-psmr', 1)),
  threads('Adding more threads decreases the throughput of P-SMR.', (marks) => trend(of(marks, 'p-smr'), 'p-smr', -1)),
  threads("opt-PSMR does not scale perfectly, but better than P-SMR (throughput per thread, normalised).", (marks) => {
    const normal = (technique: Technique): readonly { readonly threads: number; readonly part: number }[] => normalised(of(marks, technique));
    const [opt, p] = [normal('opt-psmr').filter((one) => one.threads > 1), normal('p-smr')];
    const both = opt.flatMap((one) => p.filter((other) => other.threads === one.threads).map((other) => [one, other] as const));
    if (both.length === 0) return missing('no count of threads with both, beside one thread');
    return seen(both.every(([a, b]) => a.part < 1 && a.part > b.part), both.map(([a, b]) => `${rounded(a.part)} and ${rounded(b.part)} with ${a.threads} threads`).join(', '));
  }),
  threads("opt-PSMR's gain in throughput does not incur high costs on latency.", (marks) => {
    const pair = paired(marks, 'opt-psmr', 'p-smr').at(-1);
    if (pair === undefined) return missing('no count of threads with both');
    const [opt, p] = pair;
    return seen(latency(opt) <= 2 * latency(p), `${rounded(latency(opt))} ms, P-SMR ${rounded(latency(p))} ms, with ${opt.threads} threads (held against twice)`);
  }),
  threads('opt-PSMR has higher CPU consumption, as it executes more requests.', (marks) => {
    const pair = paired(marks, 'opt-psmr', 'p-smr').at(-1);
    if (pair?.[0].cpu === undefined || pair[1].cpu === undefined) return missing('the processor time of both is not known');
    const [opt, p] = pair;
    return seen(opt.cpu!.median > p.cpu!.median, `${rounded(opt.cpu!.median)} cores of a replica, P-SMR ${rounded(p.cpu!.median)}, with ${opt.threads} threads`);
  }),
];

export const CLAIMS: readonly Claim[] = [...FIGURE_3, ...FIGURE_4, ...FIGURE_5];

/** Throughput by threads, each beside the one before it. */
const trend = (marks: readonly Mark[], technique: Technique, direction: 1 | -1): Finding => {
  if (marks.length < 2) return missing(`fewer than two counts of threads of ${NAMES[technique]}`);
  const against = marks.slice(1).filter((mark, i) => direction * (throughput(mark) / throughput(marks[i]!) - 1) < -NOISE);
  const isSo = direction * (throughput(marks.at(-1)!) - throughput(marks[0]!)) > 0;
  const steps = marks.map((mark) => `${kcps(mark)} with ${mark.threads}`).join(', ');
  return seen(isSo && against.length === 0, steps);
};

/** Throughput for each thread, as a part of that with one thread: 1 is perfect scaling. Empty where one thread was not measured. */
export const normalised = (marks: readonly Mark[]): readonly { readonly threads: number; readonly part: number }[] => {
  const one = marks.find((mark) => mark.threads === 1);
  return one === undefined ? [] : marks.map((mark) => ({ threads: mark.threads, part: throughput(mark) / mark.threads / throughput(one) }));
};

/** Where a line through these points, from left to right, goes below 0 and stays there. */
const crossingOf = (points: readonly { readonly at: number; readonly ahead: number }[]): { readonly type: 'at'; readonly at: number } | { readonly type: 'always below' | 'never below' } => {
  const lastAbove = points.findLastIndex(({ ahead }) => ahead >= 0);
  const [above, below] = [points[lastAbove], points[lastAbove + 1]];
  if (above === undefined) return { type: 'always below' };
  if (below === undefined) return { type: 'never below' };
  return { type: 'at', at: above.at + ((below.at - above.at) * above.ahead) / (above.ahead - below.ahead) };
};

/** opt-PSMR beside SMR and P-SMR, at every share that has all three. */
const best = (marks: readonly Mark[]) =>
  paired(marks, 'opt-psmr', 'smr').flatMap(([opt, smr]) =>
    of(marks, 'p-smr')
      .filter(({ dependent: share }) => share === opt.dependent)
      .map((p) => ({ share: opt.dependent, opt, others: [smr, p], factor: throughput(opt) / Math.max(throughput(smr), throughput(p)) })),
  );

/** The marks of two techniques that stand at the same place, in order. */
const paired = (marks: readonly Mark[], one: Technique, other: Technique): readonly (readonly [Mark, Mark])[] =>
  of(marks, one).flatMap((mark) =>
    of(marks, other)
      .filter((beside) => beside.dependent === mark.dependent && beside.threads === mark.threads)
      .map((beside) => [mark, beside] as const),
  );

const of = (marks: readonly Mark[], technique: Technique): Mark[] => marks.filter((mark) => mark.technique === technique);

const throughput = (mark: Mark): number => mark.throughput.median;
const latency = (mark: Mark): number => mark.latency.all.median;
const failRate = (mark: Mark): number => mark.failedRatio.median;
const kcps = (mark: Mark): string => `${rounded(throughput(mark))} Kcps`;
const percent = (part: number): string => `${rounded(100 * part)} %`;
const times = (factor: number): string => `${rounded(factor)} times`;
