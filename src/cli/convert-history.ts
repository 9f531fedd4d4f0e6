/** `psmr convert-history`: a history in another format, for other judges, or of other systems for ours. */
import { Command, Option } from '@commander-js/extra-typings';
import { linesOf, saveLines } from '../adapter/history/save.js';
import type { Notation } from '../check/jepsen/edn.js';
import type { Event } from '../check/jepsen/events.js';
import { writeEvent } from '../check/jepsen/write.js';
import { eventsOf, operationsOf } from './history/convert.js';
import { openHistory, orThrow, type Opened } from './history/read.js';
import { oneOf } from './options.js';

const FORMATS = ['edn', 'json', 'ndjson'] as const;

export const convertHistoryCommand = new Command('convert-history')
  .description('a history in another format: for other judges, or of others for ours')
  .argument('<file>', 'of ours, or of Jepsen in EDN, JSON or a log; - is the standard input')
  .addOption(new Option('--to <format>', 'edn or json, the operation maps of Jepsen; ndjson, ours').argParser(oneOf(FORMATS)).default('edn' as const))
  .option('--out <file>', 'where it goes; - is the standard output', '-')
  .addHelpText(
    'after',
    `
Ours are histories of an ordered map, and so are those that become ours: read, insert, update, delete and scan, of
integers. What was loaded is inserted first, for Jepsen's formats cannot say it; positions are left out.

Examples:
  psmr convert-history run.ndjson --to edn --out run.edn
  psmr convert-history etcd.log --to json > etcd.json`,
  )
  .action(async (file, { to, out }) => {
    const opened = await openHistory(file);
    await saveLines(out, to === 'ndjson' ? ourLines(opened) : jepsenLines(opened, to));
  });

async function* jepsenLines(opened: Opened, notation: Notation): AsyncGenerator<string> {
  if (opened.type === 'ours') for (const event of eventsOf(opened.header, await allOf(opened.operations))) yield writeEvent(notation, event);
  else for await (const batch of opened.events) for (const event of batch) yield writeEvent(notation, event);
}

async function* ourLines(opened: Opened): AsyncGenerator<string> {
  if (opened.type === 'ours') {
    yield* linesOf(opened.header, await allOf(opened.operations));
    return;
  }
  const events: readonly Event[] = await allOf(opened.events);
  const { header, operations } = orThrow(`${opened.name}: ours are histories of an ordered map`, operationsOf(events));
  yield* linesOf(header, operations);
}

const allOf = async <A>(batches: AsyncIterable<readonly A[]>): Promise<readonly A[]> => {
  const all: A[] = [];
  for await (const batch of batches) for (const one of batch) all.push(one);
  return all;
};
