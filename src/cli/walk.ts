/** `psmr walk`: random runs of a model, and kept runs once more. */
import { setImmediate } from 'node:timers/promises';
import { Command } from '@commander-js/extra-typings';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { judge } from '../check/explore/judge.js';
import { keptOf, replayed, storyOf, type Run } from '../check/explore/run.js';
import type { Action } from '../check/explore/system.js';
import { breachIn, randomRun, shortest } from '../check/explore/walk.js';
import { MODELS, type AnySystem } from '../models/index.js';
import { numbered, sayModels } from './exploration.js';
import { loadRun, saveRun } from './kept.js';
import { theSystem } from './models.js';
import { natural } from './options.js';
import { ticker } from './ticker.js';

type AnyRun = Run<unknown, Action>;

export const walkCommand = new Command('walk')
  .description('random runs of a model; what breaks a clause is made as short as it goes. Without a model, lists them')
  .argument('[model]', MODELS.map(({ name }) => name).join(', '))
  .option('--seed <n>', 'everything follows from it', natural(0, 2 ** 31 - 1), 1)
  .option('--runs <n>', 'how many runs', natural(1), 1000)
  .option('--length <n>', 'steps of a run, at most', natural(1), 200)
  .option('--size <n>', 'how large the model is', natural(1, 64))
  .option('--replay <file>', 'walk a run that was saved, here or in ITF, and no other')
  .option('--save <file>', 'keep the counterexample as a trace; in ITF, if the name ends in .itf.json')
  .option('--json', 'print the report as JSON')
  .addHelpText(
    'after',
    `
The exit status is 1 if a clause is violated. The same seed gives the same runs.

Examples:
  psmr walk ring --size 4 --seed 7 --runs 2000
  psmr explore MODEL --save found.json, then psmr walk --replay found.json`,
  )
  .action(async (name, options) => {
    if (options.replay !== undefined) return replay(options.replay, options.json === true);
    if (name === undefined) return console.log(sayModels(options.json === true));
    const { system, size } = theSystem(name, options.size);
    const { seed, runs, length } = options;
    const isJson = options.json === true;
    const walked = await walk(system, { seed, runs, length, isSilent: isJson });
    const { found, ...counts } = walked;
    const violations = found === undefined ? [] : [{ clause: found.clause, depth: found.run.strides.length + 1, story: storyOf(system, found.run), kept: keptOf(found.run) }];
    if (isJson) console.log(JSON.stringify({ model: name, size, seed, length, ...counts, violations }, null, 2));
    else {
      console.log(`${name}, size ${size}, seed ${seed}: ${counts.runs} runs, ${counts.steps} steps, the longest of ${counts.longest}, in ${counts.seconds.toFixed(1)} s`);
      for (const [type, taken] of Object.entries(counts.actions).sort(([, a], [, b]) => b - a)) console.log(`${String(taken).padStart(10)}  ${type}`);
      for (const [clause, { kind, applied, held }] of Object.entries(counts.clauses)) console.log(`${String(held).padStart(10)} of ${applied}  ${kind}: ${clause}`);
      for (const { clause, story } of violations) console.log([`violated: ${clause}`, ...numbered(story)].join('\n'));
      console.log(violations.length === 0 ? 'no clause was seen violated' : `violated in run ${counts.runs}, of ${found?.before ?? 0} steps before it was made shorter`);
    }
    if (options.save !== undefined) saveRun(options.save, name, size, violations);
    process.exitCode = violations.length > 0 ? 1 : 0;
  });

type Choice = { readonly seed: number; readonly runs: number; readonly length: number; readonly isSilent: boolean };

/** Walks until something breaks, or all runs are done, or Ctrl-C. */
const walk = async (system: AnySystem, { seed, runs, length, isSilent }: Choice) => {
  const random = xoroshiro128plus(seed);
  const asked = judge(system.clauses);
  const actions: Record<string, number> = {};
  const told = ticker(isSilent);
  const began = performance.now();
  const elapsed = (): number => (performance.now() - began) / 1000;
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once('SIGINT', interrupt);
  let [done, steps, longest] = [0, 0, 0];
  let found: { readonly clause: string; readonly run: AnyRun; readonly before: number } | undefined;
  while (done < runs && !stop.signal.aborted && found === undefined) {
    const run = randomRun(system, () => uniformFloat64(random), length);
    done += 1;
    steps += run.strides.length;
    longest = Math.max(longest, run.strides.length);
    for (const { action } of run.strides) actions[action.type] = (actions[action.type] ?? 0) + 1;
    const broken = breachIn(asked, run);
    if (broken !== undefined) {
      const { clause } = broken.breach;
      const stillBroken = (candidate: AnyRun): AnyRun | undefined => {
        const again = breachIn(judge(system.clauses), candidate);
        return again?.breach.clause === clause ? again.run : undefined;
      };
      found = { clause, run: shortest(system, broken.run, stillBroken), before: broken.run.strides.length };
    }
    told.tell(() => `${done} of ${runs} runs · ${steps} steps · about ${Math.ceil((elapsed() / done) * (runs - done))} s left`);
    await setImmediate();
  }
  told.end();
  process.removeListener('SIGINT', interrupt);
  return { runs: done, steps, longest, seconds: elapsed(), actions, clauses: Object.fromEntries(asked.counts), found };
};

/** A run that was saved, step by step, and whether it still breaks the clause that it broke. */
const replay = (file: string, isJson: boolean): void => {
  const { clause, model, size, ...kept } = loadRun(file);
  const system = theSystem(model, size).system;
  const run = replayed(system, kept);
  const broken = breachIn(judge(system.clauses), run);
  const story = storyOf(system, run);
  if (isJson) console.log(JSON.stringify({ model, size, clause, violated: broken?.breach.clause ?? null, story }, null, 2));
  else console.log([...numbered(story), broken === undefined ? `nothing is wrong with it: it broke ${clause} once` : `violated: ${broken.breach.clause}`].join('\n'));
  process.exitCode = broken === undefined ? 0 : 1;
};
