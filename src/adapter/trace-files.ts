/**
 * The files of a trace: one for each process, or thread of one, between two crashes. Lines are written in large pieces, at
 * the latest when their writer has nothing else to do; who is killed loses the last of them, and may leave half a line.
 */
import { closeSync, mkdirSync, openSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Level, Origin, Setting } from '../trace/line.js';
import type { Write } from '../trace/recorder.js';
import { clusterOf, limitsOf, type Config } from './config.js';

/** Where to write a trace, and how much of it. */
export type Tracing = { readonly directory: string; readonly level: Level };

export type TraceFile = {
  readonly write: Write;
  /** Hands over to the operating system what is held back. */
  readonly flush: () => void;
  readonly close: () => void;
};

/** Bytes that are held back before they are written. */
const PIECE = 65_536;

/** Bytes that a character may take. */
const WIDEST = 3;

/** A new file for whoever this is. */
export const openTraceFile = (directory: string, origin: Origin): TraceFile => {
  mkdirSync(directory, { recursive: true });
  const file = openSync(join(directory, nameOf(origin)), 'wx');
  const held = Buffer.allocUnsafeSlow(PIECE);
  let size = 0;
  const put = (bytes: Buffer, count: number): void => {
    for (let at = 0; at < count; ) at += writeSync(file, bytes, at, count - at);
  };
  const flush = (): void => {
    put(held, size);
    size = 0;
  };
  return {
    write: (line) => {
      const most = WIDEST * line.length + 1;
      if (size + most > PIECE) flush();
      if (most > PIECE) {
        const bytes = Buffer.from(`${line}\n`);
        return put(bytes, bytes.length);
      }
      size += held.write(line, size);
      held[size] = NEWLINE;
      size += 1;
    },
    flush,
    close: () => {
      flush();
      closeSync(file);
    },
  };
};

const NEWLINE = 10;

/** How often a process has been traced here before: every start is another life. */
export const livesOf = (directory: string, process: string): number => {
  mkdirSync(directory, { recursive: true });
  const lives = readdirSync(directory).flatMap((name) => {
    const [, id, life] = /^(.+)\.(\d+)(?:\.t\d+)?\.ndjson(?:\.gz|\.zst)?$/.exec(name) ?? [];
    return id === process ? [Number(life) + 1] : [];
  });
  return Math.max(0, ...lives);
};

const nameOf = ({ process, life, thread }: Origin): string => `${process}.${life}${thread === 0 ? '' : `.t${thread}`}.ndjson`;

/** What the processes of this cluster have agreed on. */
export const settingOf = (config: Config, level: Level): Setting => ({
  level,
  cluster: clusterOf(config),
  names: config.processes.map(({ id }) => id),
  service: config.service,
  limits: limitsOf(config),
  storage: config.storage,
  world: 'network',
});
