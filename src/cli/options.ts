/** Option values: a word of the command line as what it stands for, or an error that names the option. */
import { InvalidArgumentError, Option } from '@commander-js/extra-typings';
import { LEVELS, type Level } from '../trace/line.js';

/** A natural number from `least` to `most`. */
export const natural =
  (least: number, most = Number.MAX_SAFE_INTEGER) =>
  (word: string): number => {
    const value = /^\d+$/.test(word) ? Number(word) : NaN;
    if (!(value >= least && value <= most)) throw new InvalidArgumentError(most === Number.MAX_SAFE_INTEGER ? `Expected a number from ${least} on.` : `Expected a number from ${least} to ${most}.`);
    return value;
  };

/** A number from `least` to `most`. */
export const quantity =
  (least: number, most: number) =>
  (word: string): number => {
    const value = word.trim() === '' ? NaN : Number(word);
    if (!(value >= least && value <= most)) throw new InvalidArgumentError(`Expected a number from ${least} to ${most}.`);
    return value;
  };

/** Numbers, separated by commas. */
export const numbers =
  (least: number, most: number) =>
  (list: string): readonly number[] => {
    const values = list.split(',').map(natural(least, most));
    if (new Set(values).size < values.length) throw new InvalidArgumentError('Expected each number once.');
    return values;
  };

/** One of some words. */
export const oneOf =
  <W extends string>(words: readonly W[]) =>
  (word: string): W => {
    const found = words.find((known) => known === word);
    if (found === undefined) throw new InvalidArgumentError(`Expected one of ${words.join(', ')}.`);
    return found;
  };

/** Several of some words, separated by commas. */
export const someOf =
  <W extends string>(words: readonly W[]) =>
  (list: string): readonly W[] =>
    list.split(',').map(oneOf(words));

/** Where a trace is to go, and how much of it: of whoever takes part in a cluster. */
export const traceOption = new Option('--trace <dir>', 'write down there what every machine does, for psmr trace check');
export const traceLevelOption = new Option('--trace-level <level>', 'protocol: what is sent, decided and delivered; execution: values, results and nodes as well')
  .argParser(oneOf<Level>(LEVELS))
  .default('protocol' as const);
