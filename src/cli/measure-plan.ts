/** How a plan is carried out: what its directory has is not made again, what fails is told, and the table is of all that is there. */
import * as E from 'fp-ts/lib/Either.js';
import { expectedOf } from '../measure/experiment.js';
import { expectedProbing, makeRuns } from '../measure/laboratory.js';
import { machine, versions } from '../measure/machine.js';
import { marksOf, type Mark } from '../measure/marks.js';
import { resume, type Plan } from '../measure/plan.js';
import { pointsIn, type Point } from '../measure/point.js';
import type { Experiment } from '../measure/result.js';
import { takesColour } from '../measure/table.js';
import { interruptibly, makeOut, progressOf } from './measure-options.js';

export type Conduct = {
  readonly plan: Plan;
  readonly base: Experiment;
  readonly repeats: number;
  readonly out: string;
  readonly isJson: boolean;
  readonly tableOf: (marks: readonly Mark[], colour: boolean) => string;
};

/** The exit status is 0 only if every run of the plan has its point, and every point is right. */
export const carryOut = async ({ plan, base, repeats, out, isJson, tableOf }: Conduct): Promise<void> => {
  makeOut(out);
  const there = pointsIn(out);
  if (E.isLeft(there)) throw new Error(there.left);
  const resumed = resume(plan, { kind: 'measured', machine: machine(), versions: versions(), model: null }, there.right);
  if (resumed.type === 'Refused') throw new Error(`--out ${out} is of another experiment: ${resumed.reason}`);
  const done = plan.runs.length - resumed.runs.length;
  if (done > 0 && !isJson) console.error(`${done} of ${plan.runs.length} runs are done in ${out}`);

  const expected = { ...expectedOf(base), probe: plan.isSought ? expectedProbing(base) / repeats : 0 };
  const progress = progressOf(resumed.runs.map((run) => run.name), expected, isJson);
  const made = new Map<string, Point>([...there.right].filter(([, point]) => point.experiment === plan.experiment && point.kind === 'measured'));
  await interruptibly(
    progress,
    async (signal) => {
      const failures = await makeRuns(plan, resumed.runs, [...made.values()], out, progress, signal, {
        onPoint: (point, file) => made.set(file, point),
        onFailure: ({ name, reason }) => progress.say(`psmr: ${name}: ${reason}; going on with the next`),
      });
      progress.end();
      if (isJson) console.log(JSON.stringify([...made.values()], null, 2));
      else {
        console.log(tableOf(marksOf([...made.values()]), takesColour(process.stdout, process.env)));
        console.log(`${made.size} points in ${out}; psmr measure report ${out} draws them`);
      }
      const wrong = [...made].filter(([, { run }]) => run.verdict !== 'ok');
      for (const [file, { run }] of wrong) for (const { judge, verdict, detail } of run.judgements) if (verdict !== 'ok') console.error(`psmr: ${file}: ${judge}: ${verdict}: ${detail}`);
      if (failures.length > 0) console.error(`psmr: ${failures.length} of ${plan.runs.length} runs failed: the same command makes them again`);
      if (failures.length > 0 || wrong.length > 0) process.exitCode = 1;
    },
    `all processes are ended, and what is done is in ${out}: the same command goes on`,
  );
};
