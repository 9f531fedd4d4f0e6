/** On what a measurement was taken: the machine, and the versions of what ran on it. */

import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import type { Machine, Versions } from './result.js';

const GIB = 2 ** 30;

export const machine = (): Machine => ({
  cpu: os.cpus()[0]?.model.trim() || 'unknown',
  cores: os.availableParallelism(),
  memoryGiB: Math.round((os.totalmem() / GIB) * 10) / 10,
});

export const versions = (): Versions => ({
  optPsmr: packageVersion(),
  node: process.versions.node,
  v8: process.versions.v8,
  os: `${os.type()} ${os.release()} ${os.arch()}`,
});

/** The version in the nearest package.json above this file: it is compiled into a deeper folder than it is written in. */
export const packageVersion = (): string => {
  for (let folder = new URL('./', import.meta.url), above; ; folder = above) {
    const file = new URL('package.json', folder);
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { readonly version: string }).version;
    above = new URL('../', folder);
    if (above.href === folder.href) return 'unknown';
  }
};
