/** `psmr check-history`: whether what clients saw is linearizable, in histories of anyone's system. */
import { writeFileSync } from 'node:fs';
import { getHeapStatistics } from 'node:v8';
import { Command, Option } from '@commander-js/extra-typings';
import * as E from 'fp-ts/lib/Either.js';
import { read } from '../check/jepsen/edn.js';
import { MODELS } from '../check/jepsen/models.js';
import { KEYINGS } from '../check/jepsen/operations.js';
import { takesColour } from '../measure/table.js';
import { judged, type Finding, type Limits } from './history/judged.js';
import { NILS, openHistory, visitHistory, type Reading } from './history/read.js';
import { pageOf } from './history/page.js';
import { reportOf } from './history/report.js';
import { natural, oneOf } from './options.js';
import { ticker, type Ticker } from './ticker.js';
import { exitWithout, UNREADABLE } from './unreadable.js';

/** What the status says. That something could not be read is none of the verdicts. */
const STATUS = { ok: 0, illegal: 1, unknown: 2, unreadable: UNREADABLE } as const;

/** What an operation takes in memory, bytes: some 300, and as much again for a third of them while the heap grows. */
const BYTES = 400;

/** MiB, and of what Node may take at most half. */
const memoryByDefault = (): number => Math.min(2048, Math.floor(getHeapStatistics().heap_size_limit / 2 ** 21));

/** What became of a file. */
type Outcome = { readonly file: string; readonly finding: Finding } | { readonly file: string; readonly error: string };

export const checkHistoryCommand = new Command('check-history')
  .description('whether histories are linearizable: of Jepsen, in EDN, JSON or a log, or of ours')
  .argument('<file...>', 'histories, also compressed by gzip or zstd; - is the standard input')
  .addOption(new Option('--model <name>', `of a history of Jepsen: ${MODELS.join(', ')}`).argParser(oneOf(MODELS)).default('cas-register'))
  .option('--initial <value>', 'what is there at first, in EDN', 'nil')
  .addOption(new Option('--nil <meaning>', 'what a nil that was read stands for: unknown, unset, or auto (unknown; unset in logs and ordered maps)').argParser(oneOf(NILS)).default('auto' as const))
  .addOption(new Option('--keyed <whether>', 'whether values are pairs [key value], a register for each key: yes, no, or auto (as the first reads show)').argParser(oneOf(KEYINGS)).default('auto' as const))
  .option('--budget <n>', 'junctions that the search may abandon', natural(1), 1_000_000)
  .option('--memory <MiB>', 'beyond which operations are put aside in a temporary file (2048, or half of what Node may take)', natural(1))
  .option('--explain', 'say why a history is illegal, operation by operation, with the lines of the file')
  .option('--html <file>', 'write the time-line of what is illegal as a page')
  .option('--json', 'print the verdicts as JSON')
  .addHelpText(
    'after',
    `
The exit status is 0 if all are linearizable, 1 if one is not, 2 if the budget did not suffice for one, and 3 if one
could not be read, whatever the others are.

Examples:
  psmr check-history store/latest/history.edn                      a register with compare-and-set, of Jepsen
  psmr check-history --initial 0 --explain history.edn             that holds 0 at first; if it is illegal, why
  psmr check-history --keyed yes --model register history.json     many registers: values are [key value]
  psmr check-history --model append kv.txt --html why.html         lists of text, and a page to look at
  psmr simulate --seed 7 --history run.ndjson && psmr check-history run.ndjson
  zstd -dc huge.ndjson.zst | psmr check-history --memory 512 -`,
  )
  .exitOverride(exitWithout)
  .action(async (files, { model, initial, nil, keyed, budget, memory, explain, html, json }) => {
    const limits: Limits = { budget, held: Math.floor(((memory ?? memoryByDefault()) * 2 ** 20) / BYTES), isBrief: explain !== true && html === undefined && json !== true };
    const first = read('edn', initial);
    const outcomes: Outcome[] = [];
    for (const [i, file] of files.entries()) {
      const outcome = E.isLeft(first)
        ? { file, error: `--initial: ${first.left}` }
        : await outcomeOf(file, { model, initial: first.right, nil, keyed }, limits, files.length === 1 ? '' : `${i + 1} of ${files.length} · `);
      outcomes.push(outcome);
      if ('error' in outcome) console.error(`psmr: ${outcome.error}`);
      else if (json !== true) for (const line of reportOf(file, outcome.finding, explain === true, takesColour(process.stdout, process.env), process.stdout.columns)) console.log(line);
    }
    if (json === true) console.log(JSON.stringify(outcomes.map(jsonOf), null, 2));
    const findings = outcomes.flatMap((outcome) => ('error' in outcome ? [] : [outcome]));
    if (html !== undefined) save(html, pageOf(findings));
    const types = findings.map(({ finding }) => finding.type);
    const worst = findings.length < outcomes.length ? 'unreadable' : types.includes('illegal') ? 'illegal' : types.includes('unknown') ? 'unknown' : 'ok';
    process.exitCode = Math.max(STATUS[worst], Number(process.exitCode ?? 0));
  });

const outcomeOf = async (file: string, reading: Reading, limits: Limits, which: string): Promise<Outcome> => {
  const ticking = ticker(false);
  try {
    const opened = await openHistory(file);
    const tell = follow(ticking, `${which}${opened.name}`, opened.finished);
    return { file, finding: await visitHistory(opened, reading, (subject, batches) => judged(subject, batches, limits, tell)) };
  } catch (error) {
    return { file, error: error instanceof Error ? error.message : String(error) };
  } finally {
    ticking.end();
  }
};

/** Tells how far the reading is, then the judging, and about how long each still takes. */
const follow = (ticking: Ticker, name: string, finished: () => number | undefined): Parameters<typeof judged>[3] => {
  let stage = '';
  let since = performance.now();
  return (how) => {
    if (how.type !== stage) since = performance.now();
    stage = how.type;
    ticking.tell(() => {
      const part = how.type === 'read' ? finished() : how.operations / how.of;
      const left = part === undefined || part <= 0.02 ? undefined : ((performance.now() - since) * (1 - part)) / part / 1000;
      const words = [name, `${how.type === 'read' ? 'reading' : 'judging'}${part === undefined ? '' : ` ${Math.floor(100 * part)} %`}`, `${how.operations.toLocaleString('en')} operations`];
      return [...words, ...(left === undefined ? [] : [`about ${Math.ceil(left)} s left`])].join(' · ');
    });
  };
};

const jsonOf = (outcome: Outcome): object => {
  const { file } = outcome;
  if ('error' in outcome) return { file, type: 'unreadable', error: outcome.error };
  const { finding } = outcome;
  if (finding.type === 'ok') return { file, ...finding };
  const { scene, ...rest } = finding;
  const named = scene.operations.filter(({ id }) => scene.named.includes(id));
  return { file, ...rest, [finding.type === 'illegal' ? 'contradiction' : 'window']: named };
};

const save = (file: string, text: string): void => {
  try {
    writeFileSync(file, text);
  } catch (error) {
    console.error(`psmr: --html ${file}: ${(error as Error).message}`);
    process.exitCode = STATUS.unreadable;
  }
};
