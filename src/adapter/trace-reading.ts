/** Traces on disk: the files of a directory, read a stretch at a time, compressed or not, and played against each other. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { newChecker, type Checker, type Feed, type Listener } from '../trace/checker.js';
import type { Header, Setting } from '../trace/line.js';
import { understand, type Said } from '../trace/read.js';
import { lineSplitter, open } from './history/source.js';

const NAME = /\.ndjson(\.gz|\.zst)?$/;

/** The traces in these files and directories: the files given are one, those of each directory another. */
export const tracesIn = (paths: readonly string[]): readonly { readonly name: string; readonly files: readonly string[] }[] => {
  const missing = paths.find((path) => !existsSync(path));
  if (missing !== undefined) throw new Error(`${missing}: no such file or directory`);
  const files = paths.filter((path) => !statSync(path).isDirectory());
  const directories = paths.filter((path) => statSync(path).isDirectory());
  const found = [...(files.length === 0 ? [] : [{ name: files.join(' '), files }]), ...directories.flatMap(tracesUnder)];
  if (found.length === 0) throw new Error(`${paths.join(', ')}: no .ndjson file in there`);
  return found;
};

const tracesUnder = (directory: string): readonly { readonly name: string; readonly files: readonly string[] }[] => {
  const entries = readdirSync(directory, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && NAME.test(entry.name)).map(({ name }) => join(directory, name));
  const below = entries.filter((entry) => entry.isDirectory()).flatMap(({ name }) => tracesUnder(join(directory, name)));
  return files.length === 0 ? below : [{ name: directory, files: files.sort() }, ...below];
};

/** Lines of a file, and at last what stands behind the last end of a line. */
type Piece = { readonly lines: readonly string[]; readonly tail: string | undefined };

async function* piecesOf(path: string): AsyncGenerator<Piece> {
  const { push, end } = lineSplitter();
  for await (const text of open(path).pieces) {
    const lines = push(text);
    if (lines.length > 0) yield { lines, tail: undefined };
  }
  yield { lines: [], tail: end()[0] ?? '' };
}

/** Plays a trace to its end, or to the first thing that is wrong with it. `onProgress` hears how many lines were played, a listener which. */
export const play = async (files: readonly string[], onProgress: (events: number) => void = () => undefined, listenerFor?: (setting: Setting) => Listener): Promise<Checker> => {
  const opened = await Promise.all(files.map(openedOf));
  const empty = opened.find(({ headers }) => headers.length === 0);
  if (empty !== undefined) throw new Error(`${empty.file}: line 1: not the header of a trace`);
  const checker = newChecker(opened, listenerFor?.(opened[0]!.headers[0]!));
  const sources = new Map(checker.feeds.map((feed, i) => [feed, opened[i]!]));
  const fetch = async (feed: Feed): Promise<void> => {
    const source = sources.get(feed)!;
    const next = source.first.shift() ?? ((await source.pieces.next()) as IteratorResult<Piece, undefined>).value;
    if (next === undefined) return feed.end('');
    feed.supply(next.lines);
    if (next.tail !== undefined) feed.end(next.tail);
  };
  try {
    for (let hungry = checker.advance(); hungry.length > 0; hungry = checker.advance()) {
      await Promise.all(hungry.map(fetch));
      onProgress(checker.played().events);
    }
  } finally {
    await Promise.all(opened.map(({ pieces }) => pieces.return(undefined)));
  }
  return checker;
};

/** A file, and the headers that its first lines are. */
const openedOf = async (path: string) => {
  const pieces = piecesOf(path);
  const first: Piece[] = [];
  const headers: Header[] = [];
  for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
    const { lines, tail } = next.value;
    first.push(next.value);
    const said = [...lines, ...(tail === undefined ? [] : [tail])].map(understood);
    const others = said.findIndex((one) => one.type !== 'Header');
    headers.push(...said.slice(0, others < 0 ? said.length : others).flatMap((one) => (one.type === 'Header' ? [one.header] : [])));
    if (others >= 0) break;
  }
  return { file: path, headers, pieces, first };
};

/** Of the first lines of a file only headers matter. */
const understood = (line: string): Said => (line.startsWith('{"trace"') ? understand(line) : { type: 'Nothing', field: '', reason: 'not a header' });
