/** `npm run mutants`: examines every mutant and says what the properties are worth, as Markdown and JSON. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import colors from 'picocolors';
import { flawsOf, FULL, killedOf, matrixOf, QUICK } from './matrix.js';
import { markdownOf } from './markdown.js';

const HELP = `npm run mutants -- [options]

Breaks one machine after the other, and asks which clauses notice.

  --quick      a minute at most: up to the first clause that notices, 85 % suffice
  --out DIR    where mutants.md and mutants.json go (results)
  --only IDS   only mutants whose ids match this regular expression
  --help       this`;

/** How often a line is written where there is no terminal, ms. */
const EVERY = 5000;

/** Tells how far it has come, and about how long it will still take: on one line of a terminal, or on a line now and then. */
const progress = (): { readonly tell: (next: string, done: number, all: number) => void; readonly end: () => void } => {
  const { stderr } = process;
  let began = performance.now();
  let written = -Infinity;
  return {
    tell: (next, done, all) => {
      const now = performance.now();
      if (done === 0) began = now;
      if (!stderr.isTTY && now - written < EVERY) return;
      written = now;
      const left = done === 0 ? '' : `, about ${Math.ceil(((now - began) / done / 1000) * (all - done))} s left`;
      const line = `${done} of ${all}${left} · ${next}`;
      stderr.write(stderr.isTTY ? `\r\x1b[2K${line.slice(0, stderr.columns - 1)}` : `${line}\n`);
    },
    end: () => {
      if (stderr.isTTY) stderr.write('\r\x1b[2K');
    },
  };
};

const { values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, out: { type: 'string', default: 'results' }, only: { type: 'string', default: '' }, help: { type: 'boolean', default: false } },
});

if (values.help) console.log(HELP);
else {
  const { tell, end } = progress();
  const only = new RegExp(values.only);
  const matrix = matrixOf(values.quick ? QUICK : FULL, tell, ({ id }) => only.test(id));
  end();
  mkdirSync(values.out, { recursive: true });
  writeFileSync(join(values.out, 'mutants.md'), markdownOf(matrix));
  writeFileSync(join(values.out, 'mutants.json'), `${JSON.stringify(matrix, null, 2)}\n`);

  const flaws = flawsOf(values.only === '' ? matrix : { ...matrix, vacuous: [] });
  const { mutants, controls, vacuous, seconds } = matrix;
  const alive = controls.filter(({ kill }) => kill === undefined).length;
  console.log(`${killedOf(matrix).length} of ${mutants.length} mutants caught, ${alive} of ${controls.length} controls alive${values.quick ? '' : `, ${vacuous.length} vacuous clauses`}, ${seconds.toFixed(0)} s`);
  console.log(join(values.out, 'mutants.md'), 'and', join(values.out, 'mutants.json'));
  for (const flaw of flaws) console.log(colors.red(flaw));
  process.exitCode = flaws.length === 0 ? 0 : 1;
}
