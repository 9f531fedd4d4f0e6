/** Writes every scenario into traces/scenarios, and what each shows beside them: npm run scenarios. */

import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { linesOf, SCENARIOS } from './scenarios.js';

const folder = resolve('traces/scenarios');
mkdirSync(folder, { recursive: true });
readdirSync(folder).forEach((name) => rmSync(join(folder, name)));
for (const scenario of SCENARIOS) {
  const lines = linesOf(scenario);
  writeFileSync(join(folder, `${scenario.name}.ndjson`), `${lines.join('\n')}\n`);
  console.log(`${scenario.name}: ${lines.length} lines, ${Math.round(lines.join('\n').length / 1024)} KiB`);
}
writeFileSync(
  join(folder, 'README.md'),
  `# Runs worth reading

Each is a short run of the machines in virtual time: three acceptors, a replica with two threads, one client, and a tree of 36 keys.
\`psmr trace show --text FILE\` tells it, \`--html OUT\` draws it, \`psmr trace check FILE\` judges it. \`npm run scenarios\` writes
them anew; a test compares them.

${SCENARIOS.map(({ name, shows }) => `* [${name}](${name}.ndjson): ${shows}`).join('\n')}
`,
);
