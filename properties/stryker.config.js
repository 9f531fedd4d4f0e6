/**
 * A generic mutation tester let loose on the machines and the service: `npm run mutate`, or a room at a time,
 * `npm run mutate -- -m 'src/multicast/**'`. What survives is explained in docs/mutation-score.md. No part of `npm test`: it takes an hour.
 */
import { fileURLToPath } from 'node:url';

/** What judges machines is judged by broken machines, in properties/mutants.test.ts: a survivor here would say nothing of the machine. */
const JUDGES = ['stateInvariants', 'stepInvariants', 'outlineInvariants'];

export const strykerPlugins = [
  {
    kind: 'Ignore',
    name: 'judges',
    value: {
      /** @param {any} path */
      shouldIgnore: (path) => (path.isVariableDeclarator() && JUDGES.includes(path.node.id.name) ? 'it judges' : undefined),
    },
  },
];

/** @type {import('@stryker-mutator/api/core').PartialStrykerOptions} */
export default {
  mutate: ['src/{consensus,multicast,replica,service}/**/*.ts'],
  testRunner: 'vitest',
  vitest: { configFile: 'properties/stryker.vitest.config.ts', related: false },
  plugins: ['@stryker-mutator/vitest-runner', fileURLToPath(import.meta.url)],
  ignorers: ['judges'],
  coverageAnalysis: 'perTest',
  // Constants and tables at the top of a file are computed once for all tests: every test would have to be run for each of them.
  ignoreStatic: true,
  concurrency: 1,
  timeoutMS: 4000,
  timeoutFactor: 2,
  // Both places are already left alone by git and by lint.
  tempDirName: 'dist/mutation',
  ignorePatterns: ['dist', 'results'],
  reporters: ['clear-text', 'json'],
  clearTextReporter: { allowColor: false, reportTests: false },
  jsonReporter: { fileName: 'results/mutation.json' },
};
