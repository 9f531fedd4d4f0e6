/** Runs of models in files: every choice of the run, and its story for whoever opens the file. */
import { readFileSync, writeFileSync } from 'node:fs';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import type { Violation } from '../check/explore/report.js';
import { fields, integer, or, sayFlaw, text } from '../adapter/fields.js';

/** A run that broke a clause: of which model and size, from which initial state, and which of all possible actions it took. */
const KeptRun = fields({
  clause: text,
  model: text,
  size: integer(1),
  start: integer(0),
  choices: t.readonlyArray(integer(0)),
  story: or(t.readonlyArray(t.string), []),
});

export type KeptRun = t.TypeOf<typeof KeptRun>;

/** Keeps the first violation that has a run; says so if there is none. */
export const saveRun = (file: string, model: string, size: number, violations: readonly Pick<Violation, 'clause' | 'kept' | 'story'>[]): void => {
  const [first] = violations.filter(({ kept }) => kept !== null);
  if (first === undefined) return console.error(`psmr: nothing is wrong, and nothing was saved in ${file}`);
  const { clause, kept, story } = first;
  writeFileSync(file, `${JSON.stringify({ clause, model, size, ...kept, story }, null, 2)}\n`);
};

/** The run in a file. Throws an error that names the file and what is wrong with it. */
export const loadRun = (file: string): KeptRun => {
  const decoded = KeptRun.decode(parse(file));
  if (E.isLeft(decoded)) throw new Error(`${file}: ${decoded.left.map(sayFlaw).join('; ')}`);
  return decoded.right;
};

const parse = (file: string): unknown => {
  const content = readFileSync(file, 'utf8');
  try {
    return JSON.parse(content);
  } catch (error) {
    throw new Error(`${file}: not JSON: ${(error as Error).message}`, { cause: error });
  }
};
