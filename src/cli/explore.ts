/** `psmr explore`: every state of a model, or as many as its bounds allow. */
import { constants } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { Command, Option } from '@commander-js/extra-typings';
import { explore, type Options, type Progress } from '../check/explore/explore.js';
import { reportOf, type Report, type Stop } from '../check/explore/report.js';
import { takesColour } from '../measure/table.js';
import { MODELS, type AnySystem } from '../models/index.js';
import { knownDistinct } from '../models/manifest.js';
import { natural, quantity } from './options.js';
import { exploreInThreads } from './explore-threads.js';
import { saveRun } from './kept.js';
import { theSystem } from './models.js';
import { ticker } from './ticker.js';
import { linesOf, sayModels } from './exploration.js';

/** States looked beyond before the clock is looked at. */
const STRETCH = 2000;

export const exploreCommand = new Command('explore')
  .description('every state that a model can come to, and what its clauses say of each; without a model, lists them')
  .argument('[model]', MODELS.map(({ name }) => name).join(', '))
  .option('--size <n>', 'how large the model is', natural(1, 64))
  .addOption(new Option('--bfs', 'breadth first: the shortest way to whatever is wrong (default)').conflicts('dfs'))
  .option('--dfs', 'depth first')
  .option('--symmetry', 'count states that differ only in the names of their parts as one')
  .option('--reduce', 'try actions that may as well happen first alone (partial-order reduction)')
  .option('--threads <n>', 'search breadth first in so many threads', natural(1, 64), 1)
  .option('--max-depth <n>', 'states of a run, at most', natural(1))
  .option('--max-states <n>', 'states in all, at most', natural(1))
  .option('--max-seconds <s>', 'give up after so long', quantity(0.001, 1e9))
  .option('--keep-going', 'go on after something was found to be wrong')
  .option('--save <file>', 'keep the first counterexample as a trace; in ITF, if the name ends in .itf.json')
  .option('--json', 'print the report as JSON')
  .addHelpText(
    'after',
    `
Depth counts states, the first one included. Ctrl-C ends the search and prints what it has found so far.
The exit status is 0 if nothing is wrong, 1 if something is, 2 if nothing is but not every state was seen.

Examples:
  psmr explore                                    the models, and how many states they have
  psmr explore two-phase-commit --size 7          296448 states
  psmr explore two-phase-commit --size 7 --symmetry
  psmr explore ring --json                        the machines that go on the wire, three of them`,
  )
  .action(async (name, options) => {
    if (name === undefined) return console.log(sayModels(options.json === true));
    const { system, size } = theSystem(name, options.size);
    if (options.symmetry === true && system.symmetry === undefined) throw new Error(`--symmetry: ${name} has no parts that are alike`);
    if (options.reduce === true && system.isFree === undefined) throw new Error(`--reduce: ${name} has no actions that are known to be free`);
    const isJson = options.json === true;
    const chosen: Options = {
      order: options.dfs === true ? 'depth-first' : 'breadth-first',
      symmetry: options.symmetry === true,
      reduce: options.reduce === true,
      keepGoing: options.keepGoing === true,
      ...(options.maxDepth === undefined ? {} : { maxDepth: options.maxDepth }),
      ...(options.maxStates === undefined ? {} : { maxStates: options.maxStates }),
    };
    const known = knownDistinct(name, size, chosen);
    const { threads } = options;
    if (threads > 1 && options.dfs === true) throw new Error('--threads: depth first, there is one thread');
    if (threads > 1 && system.clauses.eventually !== undefined) throw new Error(`--threads: what happens eventually in ${name} is judged in one thread`);
    const watch = { known, seconds: options.maxSeconds ?? Infinity, isSilent: isJson };
    const report = await watched(watch, (stop, see) => (threads > 1 ? inThreads({ model: name, size, system, options: chosen, threads }, stop, see) : alone(system, chosen, stop, see)));
    const { order, symmetry, reduce } = chosen;
    if (isJson) console.log(JSON.stringify({ size, order, symmetry, reduce, threads, ...report }, null, 2));
    else console.log(linesOf(report, { size, ...chosen }, takesColour(process.stdout, process.env)).join('\n'));
    if (options.save !== undefined) saveRun(options.save, name, size, report.violations);
    process.exitCode = report.violations.length > 0 ? 1 : report.end === 'interrupted' ? 128 + constants.signals.SIGINT : report.complete ? 0 : 2;
  });

type Watch = { readonly known: number | undefined; readonly seconds: number; readonly isSilent: boolean };

type See = (progress: Progress) => void;

/** Runs a search, tells how far it is, and stops it at Ctrl-C or when it has taken too long. */
const watched = async ({ known, seconds, isSilent }: Watch, search: (stop: AbortSignal, see: See) => Promise<Judged>): Promise<Report> => {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort('interrupted' satisfies Stop);
  process.once('SIGINT', interrupt);
  const timer = seconds < Infinity ? setTimeout(() => stop.abort('time' satisfies Stop), 1000 * seconds) : undefined;
  const told = ticker(isSilent);
  const began = performance.now();
  const elapsed = (): number => (performance.now() - began) / 1000;
  try {
    const judged = await search(stop.signal, (progress) => told.tell(() => lineOf(progress, elapsed(), known)));
    const took = elapsed();
    told.end();
    return judged(took, stop.signal.aborted ? (stop.signal.reason as Stop) : 'interrupted');
  } finally {
    told.end();
    clearTimeout(timer);
    process.removeListener('SIGINT', interrupt);
  }
};

/** What there is to report of a search that took so long. */
type Judged = (seconds: number, stop: Stop) => Report;

const alone = async (system: AnySystem, options: Options, stop: AbortSignal, see: See): Promise<Judged> => {
  const search = explore(system, options);
  while (search.advance(STRETCH) && !stop.aborted) {
    see(search.progress());
    await setImmediate();
  }
  return (seconds, why) => reportOf(system, search.outcome(), search, seconds, why);
};

const inThreads = async (chosen: Parameters<typeof exploreInThreads>[0], stop: AbortSignal, see: See): Promise<Judged> => {
  const { outcome, ...ways } = await exploreInThreads(chosen, stop, see);
  return (seconds, why) => reportOf(chosen.system, outcome, ways, seconds, why);
};

/** How far a search is, and how long it may still take: by how many states there are known to be, or as levels shrink. */
const lineOf = ({ distinct, depth, frontier, levels }: Progress, seconds: number, known: number | undefined): string => {
  const rate = distinct / seconds;
  const [before = 0, last = 0] = levels.slice(-3, -1);
  const ratio = last / before;
  const left = known === undefined ? (ratio < 1 ? frontier / (1 - ratio) : undefined) : known - distinct;
  const estimate = left === undefined ? 'still growing' : `about ${Math.ceil(left / rate)} s left`;
  return `${distinct} states · ${Math.round(rate)}/s · depth ${depth} · frontier ${frontier} · ${estimate}`;
};
