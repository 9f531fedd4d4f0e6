/** psmr trace show: a trace to look at, as a page, a numbered story, a diagram, or for the tools of others. */
import { Command } from '@commander-js/extra-typings';
import * as E from 'fp-ts/lib/Either.js';
import { writeFileSync } from 'node:fs';
import { play, tracesIn } from '../adapter/trace-reading.js';
import { fromItf } from '../check/itf.js';
import { reportOf } from '../trace/report.js';
import { itfOf } from '../trace/show/itf.js';
import { mermaidOf } from '../trace/show/mermaid.js';
import { pageOf } from '../trace/show/page.js';
import { chosen, type Choice } from '../trace/show/select.js';
import { clausesIn, itfOfStates, textOfStates } from '../trace/show/states.js';
import type { Story } from '../trace/show/story.js';
import { newTeller, type Teller } from '../trace/show/teller.js';
import { textOf } from '../trace/show/text.js';
import { jsonIn } from './kept.js';
import { natural } from './options.js';
import { ticker } from './ticker.js';
import { endWithout, exitWithout } from './unreadable.js';

export const showCommand = new Command('show')
  .description('a trace to look at: a page for a browser, a numbered story, a diagram; and runs in ITF')
  .argument('<path...>', 'a directory of a trace, or the files of one, .gz and .zst as well; or a run in ITF, in one file that ends in .itf.json')
  .option('--text', 'print a numbered story; so it is if nothing else is asked for')
  .option('--mermaid', 'print a sequence diagram of Mermaid')
  .option('--html <file>', 'write one page there that needs nothing else')
  .option('--itf <file>', 'write the trace there in ITF, for the tools of Apalache and Quint')
  .option('--all', 'ticks, heartbeats and skips as well; the page has them in any case')
  .option('--from <n>', 'from this step of the story on', natural(1), 1)
  .option('--to <n>', 'up to this step of the story', natural(1))
  .option('--command <name>', 'only what is about this command: session.sequence.attempt, or the first parts of it')
  .option('--ring <g>', 'only what happens in the ring of this number', natural(0))
  .addHelpText(
    'after',
    `
Steps are in an order in which causes come before effects. The exit status is 1 if the trace is not that of a correct run, and 3 if
it cannot be read.

Examples:
  psmr trace show traces-here/opt-psmr --html trace.html
  psmr trace show traces-here/opt-psmr --command 1001.3
  psmr trace show traces-here/opt-psmr --mermaid --from 400 --to 480 --ring 1
  psmr trace show traces-here/opt-psmr --itf t.itf.json && psmr trace show t.itf.json`,
  )
  .exitOverride(exitWithout)
  .action((paths, options) => show(paths, options).catch(endWithout));

type Showing = { readonly text?: true | undefined; readonly mermaid?: true | undefined; readonly html?: string | undefined; readonly itf?: string | undefined; readonly all?: true | undefined; readonly from: number; readonly to?: number | undefined; readonly command?: string | undefined; readonly ring?: number | undefined };

const show = async (paths: readonly string[], { text, mermaid, html, itf, all, from, to = Infinity, command, ring }: Showing): Promise<void> => {
  const choice = { all: all === true, from, to, command, ring };
  const [run] = paths;
  if (run?.endsWith('.itf.json') === true && paths.length === 1) {
    if (html !== undefined || mermaid === true) throw new Error(`${run}: ITF tells of states and not of messages: there is --text of it, and --itf`);
    return showRun(run, choice, text === true, itf);
  }
  const isPart = from > 1 || to < Infinity || command !== undefined || ring !== undefined;
  if (html !== undefined && isPart) throw new Error('--html: a page holds the whole trace, and filters it itself; leave out --from, --to, --command and --ring');
  const story = await storyIn(paths);
  if (isPart && chosen(story, { ...choice, all: true }).length === 0) throw new Error(`none of ${story.steps.length.toLocaleString('en')} steps is what --from, --to, --command and --ring ask for`);
  if (html !== undefined) writeFileSync(html, pageOf(story));
  if (itf !== undefined) writeFileSync(itf, `${JSON.stringify(itfOf(story, choice))}\n`);
  if (mermaid === true) process.stdout.write(mermaidOf(story, choice));
  if (text === true || [html, itf, mermaid].every((other) => other === undefined)) for (const line of textOf(story, choice)) console.log(line);
  if (story.flaws.length > 0) process.exitCode = 1;
};

/** Shows a run that somebody has written in ITF. */
const showRun = (file: string, choice: Choice, text: boolean, itf: string | undefined): void => {
  const told = fromItf(jsonIn(file));
  if (E.isLeft(told)) throw new Error(`${file}: ${told.left}`);
  if (itf !== undefined) writeFileSync(itf, `${JSON.stringify(itfOfStates(told.right, choice))}\n`);
  if (text || itf === undefined) for (const line of textOfStates(file, told.right, choice)) console.log(line);
  if (clausesIn(told.right).length > 0) process.exitCode = 1;
};

/** The story of the one trace that is there. */
const storyIn = async (paths: readonly string[]): Promise<Story> => {
  const [trace, ...others] = tracesIn(paths);
  if (trace === undefined || others.length > 0) throw new Error(`${paths.join(', ')}: more than one trace; choose one of ${[trace, ...others].map((one) => one?.name).join(', ')}`);
  const progress = ticker(false);
  let teller: Teller | undefined;
  const checker = await play(
    trace.files,
    (events) => progress.tell(() => `${events.toLocaleString('en')} events`),
    (setting) => (teller = newTeller(setting)).listen,
  );
  progress.end();
  return (teller ?? newTeller(checker.stage.setting)).story(trace.name, reportOf(checker));
};
