/** The runs of SMR that costs are fitted to, where an experiment has made them already: the costs are then of the same hour as its figures. Pure. */
import * as E from 'fp-ts/lib/Either.js';
import type { Point } from '../point.js';
import type { Experiment } from '../result.js';
import { chargedWhole, spentIn, type Seen, type Spending } from './fit.js';

/** A run under full load, and the cores that all its processes shared. */
export type Reference = { readonly parameters: Experiment; readonly cores: number; readonly run: Spending };

/** What may differ: the share of writes is what is looked at, the load saturates anyway, and SMR has one thread. */
const FREE: readonly string[] = ['workload', 'arrivals', 'threads', 'seconds', 'warmup', 'cooldown'] satisfies readonly (keyof Experiment)[];

/** The measured runs of SMR among the points of figures 4 and 5, all of one setting; or why there are none to fit to. */
export const referencesIn = (points: readonly Point[]): E.Either<string, readonly Reference[]> => {
  const runs = points
    .filter(({ kind, experiment, run }) => kind === 'measured' && experiment !== 'failed-commands' && run.technique === 'smr' && run.verdict === 'ok')
    .map(({ parameters, machine: { cores }, run }) => ({ parameters, cores, run }));
  const [first] = runs;
  if (first === undefined) return E.left('no measured run of SMR, with the verdict ok, under dependent-commands or threads');
  if (first.parameters.storage !== 'memory') return E.left(`votes are kept in ${first.parameters.storage}: only memory is modelled`);
  if (runs.some(({ parameters }) => parameters.arrivals.type === 'open')) return E.left('commands that arrive by chance do not saturate: closed runs are needed');
  const settings = new Set(runs.map(({ parameters, cores }) => JSON.stringify([cores, Object.entries(parameters).filter(([field]) => !FREE.includes(field)).sort()])));
  if (settings.size > 1) return E.left('runs of SMR under several settings (keys, cores, batches): one is needed');
  if (new Set(runs.map(({ parameters }) => shareOf(parameters))).size < 2) return E.left('runs of SMR at one share of dependent commands: two are needed, best 0 and 100 %');
  return E.right(runs);
};

/** Percents of the commands that write. */
const shareOf = ({ workload: { mix } }: Experiment): number => mix.update + mix.insert + mix.delete;

export const seenIn = (references: readonly Reference[]): readonly Seen[] =>
  references.map(({ parameters, cores, run }) => ({ share: shareOf(parameters), spent: spentIn(chargedWhole(run, cores)) }));
