/** The suites that judge the rooms that are mutated: those that are done in seconds, and always with the same samples. */
import { defineConfig, mergeConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import base from './vitest.config.js';

/** The quickest first: the first failure ends a run. */
const SUITES = ['ring', 'coordinator', 'acceptor', 'multicast', 'safety-check', 'b-plus-tree', 'replica', 'takeover', 'consensus'].map((suite) => `${suite}.test.ts`);

class QuickestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rankOf = ({ moduleId }: TestSpecification): number => SUITES.findIndex((suite) => moduleId.endsWith(`/${suite}`));
    return Promise.resolve(files.toSorted((a, b) => rankOf(a) - rankOf(b)));
  }
}

export default mergeConfig(
  { ...base, test: { ...base.test, include: [] } },
  defineConfig({
    test: {
      include: SUITES.map((suite) => `**/${suite}`),
      sequence: { sequencer: QuickestFirst },
      isolate: false,
      env: { PROPERTY_SEED: '1', PROPERTY_BRIEF: '1' },
    },
  }),
);
