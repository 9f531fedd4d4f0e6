/** psmr measure report: the paper's figures out of the points of some directories, one page and a picture for each. */
import { Command } from '@commander-js/extra-typings';
import * as E from 'fp-ts/lib/Either.js';
import { basename, dirname, join } from 'node:path';
import { drawPanels, PAPER } from '../measure/chart.js';
import { growthMarkdown } from '../measure/courses.js';
import { writeWhole } from '../measure/files.js';
import { marksOf } from '../measure/marks.js';
import { pageOf, saySetup, sheetsOf, slugOf, titleOf } from '../measure/page.js';
import { panelsOf } from '../measure/panels.js';
import { ENDING, pointsIn, type Point } from '../measure/point.js';

export const reportCommand = new Command('report')
  .description("the paper's figures 3, 4 and 5 out of measured and simulated points, beside what the paper says of them; and how cost grows")
  .argument('<dir...>', 'where the points are: the --out of the experiments, or a directory of several')
  .option('--out <file>', 'the page; an SVG file for each figure goes beside it, and a Markdown table of growth', 'report.html')
  .addHelpText(
    'after',
    `
The page needs nothing else: no network, no other file. Whatever the paper says in words is held against the points, and
agreements and disagreements are named.

Examples:
  psmr measure report results --out results/report.html
  psmr measure report results/dependent-commands simulated/dependent-commands`,
  )
  .action(async (directories, { out }) => {
    const all = new Map<string, Point>();
    for (const directory of directories) {
      const points = pointsIn(directory);
      if (E.isLeft(points)) throw new Error(points.left);
      if (points.right.size === 0) throw new Error(`${directory}: no points there: no file that ends in ${ENDING}`);
      points.right.forEach((point, file) => all.set(file, point));
    }
    const points = [...all.values()];
    const marks = marksOf(points);
    const sheets = sheetsOf(marks);
    const files = [out];
    for (const sheet of sheets) {
      const file = join(dirname(out), `${basename(slugOf(sheet, sheets))}.svg`);
      writeWhole(file, await drawPanels(panelsOf(sheet.experiment, sheet.groups), { text: titleOf(sheet), setup: saySetup(sheet) }, PAPER));
      files.push(file);
      if (sheet.experiment === 'growth') {
        const table = file.replace(/svg$/, 'md');
        writeWhole(table, sheet.groups.map(({ setup: { kind }, marks: own }) => `${titleOf(sheet)}, ${kind}:\n\n${growthMarkdown(own)}\n`).join('\n'));
        files.push(table);
      }
    }
    writeWhole(out, await pageOf(points, marks));
    console.log(`${points.length} points: ${files.join(', ')}`);
  });
