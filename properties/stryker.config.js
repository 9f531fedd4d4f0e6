/**
 * A generic mutation tester let loose on the machines and the service: `npm run mutate`, or a room at a time,
 * `npm run mutate -- -m 'src/multicast/**'`. What survives is explained in docs/mutation-score.md, or told at the end of the run.
 * No part of `npm test`: all rooms together take an hour or two.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What judges machines is judged by broken machines, in properties/mutants.test.ts: a survivor here would say nothing of the machine. */
const JUDGES = ['stateInvariants', 'stepInvariants', 'outlineInvariants', 'lift', 'nodesOf', 'rises', 'depthsOf', 'isBounded'];

const judges = {
  /** @param {any} path */
  shouldIgnore: (path) => ((path.isVariableDeclarator() || path.isFunctionDeclaration()) && JUDGES.includes(path.node.id?.name) ? 'it judges' : undefined),
};

/** Compares what survived with what docs/mutation-score.md explains, both as file:line. */
class Explained {
  /** @param {import('@stryker-mutator/api/core').schema.MutationTestResult} report */
  onMutationTestReportReady({ files }) {
    const explanations = readFileSync(new URL('../docs/mutation-score.md', import.meta.url), 'utf8');
    const explained = new Set([...explanations.matchAll(/`(src\/[\w/.-]+\.ts:\d+)`/g)].map(([, place]) => place));
    const survived = new Set(
      Object.entries(files).flatMap(([file, { mutants }]) =>
        mutants.filter(({ status }) => status === 'Survived' || status === 'NoCoverage').map(({ location }) => `${file}:${location.start.line}`),
      ),
    );
    console.log('survived unexplained:', [...survived].filter((place) => !explained.has(place)));
    console.log('explained, but caught:', [...explained].filter((place) => place.split(':')[0] in files && !survived.has(place)));
  }
}

export const strykerPlugins = [
  { kind: 'Ignore', name: 'judges', value: judges },
  { kind: 'Reporter', name: 'explained', injectableClass: Explained },
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
  timeoutFactor: 1.5,
  // Both places are already left alone by git and by lint.
  tempDirName: 'dist/mutation',
  ignorePatterns: ['dist', 'results'],
  reporters: ['clear-text', 'json', 'explained'],
  clearTextReporter: { allowColor: false, reportTests: false },
  jsonReporter: { fileName: 'results/mutation.json' },
};
