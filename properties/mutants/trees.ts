/** The judge of a B+-tree: it does what an ordered map does, is well-formed after every command, and has a past that stays as it was. */

import * as fc from 'fast-check';
import { bPlusTree, outlineInvariants, type Command, type Outline, type Result, type Tree } from '../../src/service/b-plus-tree/index.js';
import type { Shape } from '../../src/service/b-plus-tree/shape.js';
import { digestOf, FORMS, history, meant, readsOf, treeOf, type Form, type History } from '../arbitraries/b-plus-tree.js';
import { textOf, type Clauses } from '../check.js';
import { judgeOf, byLeavingOut, type Judge } from './mutant.js';

type Options = History['options'];

/** How a tree is mistaken: in the options it is made with, or in what becomes of it. */
export type MistakenTree = {
  readonly options?: (options: Options) => Options;
  readonly tree?: (tree: Tree, options: Options) => Tree;
};

type Sample = { readonly form: Form; readonly run: History };

type Facts = {
  readonly shape: Shape;
  readonly outlines: readonly Outline[];
  readonly results: Results;
  readonly meant: Results;
  readonly digest: string;
  readonly meantDigest: string;
  /** How often a tree differed from what it was when the next command had been executed. Nobody asks it of the shared form. */
  readonly changed: number;
};

/** To the commands, then to a read of every key, then to scans from everywhere. */
type Results = { readonly given: readonly string[]; readonly reads: readonly string[]; readonly scans: readonly string[] };

const scansOf = ({ keySpace }: Options): readonly Command[] =>
  [0, keySpace >> 2, keySpace >> 1].map((from) => ({ type: 'scan', from: BigInt(from), to: BigInt(keySpace - 1 - (from >> 2)) }));

/** A tree that throws answers nothing. */
const told = (commands: readonly Command[], execute: (command: Command) => Result): readonly string[] =>
  commands.map((command) => {
    try {
      return textOf(execute(command));
    } catch (error) {
      return `thrown: ${String(error)}`;
    }
  });

const factsOf = ({ options = (chosen) => chosen, tree: wrong = (right) => right }: MistakenTree, { form, run }: Sample): Facts => {
  let tree = wrong(treeOf({ options: options(run.options), keys: run.keys }, form), run.options);
  const outlines = [tree.outline()];
  let changed = 0;
  const given = told(run.commands, (command) => {
    const before = form === 'persistent' ? textOf(tree.outline()) : '';
    const [next, result] = tree.execute(command);
    if (form === 'persistent' && textOf(tree.outline()) !== before) changed += 1;
    tree = next;
    outlines.push(tree.outline());
    return result;
  });
  const asked = (commands: readonly Command[]) => told(commands, (command) => tree.execute(command)[1]);
  const [reads, scans] = [readsOf(run.options), scansOf(run.options)];
  const right = meant({ ...run, commands: [...run.commands, ...reads, ...scans] });
  const expected = right.results.map(textOf);
  const [readsBegin, scansBegin] = [given.length, given.length + reads.length];
  return {
    shape: bPlusTree(run.options).shape,
    outlines,
    results: { given, reads: asked(reads), scans: asked(scans) },
    meant: { given: expected.slice(0, readsBegin), reads: expected.slice(readsBegin, scansBegin), scans: expected.slice(scansBegin) },
    digest: textOf(tree.digest()),
    meantDigest: textOf(digestOf(right.entries)),
    changed,
  };
};

const differences = (which: keyof Results) => ({ results, meant }: Facts): readonly string[] =>
  results[which].flatMap((result, i) => (result === meant[which][i] ? [] : [`${result}, where ${meant[which][i]} is meant`]));

const clauses: Clauses<Facts> = {
  ...Object.fromEntries(
    Object.entries(outlineInvariants).map(([clause, holds]) => [
      clause,
      ({ outlines, shape }: Facts) => outlines.flatMap((outline, i) => (holds(outline, shape) ? [] : [`after command ${i}: ${textOf(outline)}`])),
    ]),
  ),
  'a tree answers as an ordered map does': differences('given'),
  'a tree finds every key that was inserted, and no other': differences('reads'),
  'a tree is scanned as one walks in order': differences('scans'),
  'a tree has the digest of its entries': ({ digest, meantDigest }) => (digest === meantDigest ? [] : [`${digest}, where ${meantDigest} is meant`]),
  'a tree stays as it was while the next one is made of it': ({ changed }) => (changed === 0 ? [] : [`${changed} times it did not`]),
};

export const ofTree: Judge<MistakenTree> = judgeOf({
  judge: 'tree',
  samples: fc.record({ form: fc.constantFrom(...FORMS), run: history }),
  numRuns: 400,
  clauses,
  factsOf,
  lengthOf: ({ run }) => run.commands.length,
  unit: 'commands',
  shorten: [byLeavingOut(({ run }: Sample) => run.commands, ({ form, run }, commands) => ({ form, run: { ...run, commands } }))],
});
