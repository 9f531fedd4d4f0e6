/**
 * Runs of models in files: every choice of the run, and its story for whoever opens the file; or, in a file that ends in
 * `.itf.json`, every state as well, for the tools of others.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import * as E from 'fp-ts/lib/Either.js';
import * as t from 'io-ts';
import { aboutOf, itfOf, keptIn } from '../check/explore/itf.js';
import type { Violation } from '../check/explore/report.js';
import { replayed } from '../check/explore/run.js';
import { fields, integer, or, sayFlaw, text } from '../adapter/fields.js';
import { theSystem } from './models.js';

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
  const run = file.endsWith('.itf.json') && kept !== null ? itfOf(replayed(theSystem(model, size).system, kept), { clause, model, size }) : { clause, model, size, ...kept, story };
  writeFileSync(file, `${JSON.stringify(run, null, 2)}\n`);
};

/** The run in a file. Throws an error that names the file and what is wrong with it. */
export const loadRun = (file: string): KeptRun => {
  const json = jsonIn(file);
  if (typeof json === 'object' && json !== null && 'states' in json) return loadItf(file, json);
  const decoded = KeptRun.decode(json);
  if (E.isLeft(decoded)) throw new Error(`${file}: ${decoded.left.map(sayFlaw).join('; ')}`);
  return decoded.right;
};

/** The choices of a run in ITF: what its states were, the model says again. */
const loadItf = (file: string, json: object): KeptRun => {
  const about = aboutOf(json);
  if (E.isLeft(about)) throw new Error(`${file}: ${about.left}`);
  const kept = keptIn(theSystem(about.right.model, about.right.size).system, json);
  if (E.isLeft(kept)) throw new Error(`${file}: ${kept.left}`);
  return { ...about.right, ...kept.right, story: [] };
};

/** What stands in a file of JSON. Throws an error that names the file. */
export const jsonIn = (file: string): unknown => {
  const content = readFileSync(file, 'utf8');
  try {
    return JSON.parse(content);
  } catch (error) {
    throw new Error(`${file}: not JSON: ${(error as Error).message}`, { cause: error });
  }
};
