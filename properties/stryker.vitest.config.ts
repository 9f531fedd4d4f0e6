/** The suites that judge the rooms that are mutated: those that are done in seconds, and always with the same samples. */
import { defineConfig, mergeConfig } from 'vitest/config';
import base from './vitest.config.js';

const SUITES = ['consensus', 'takeover', 'multicast', 'replica', 'b-plus-tree', 'safety-check'];

export default mergeConfig(
  { ...base, test: { ...base.test, include: [] } },
  defineConfig({ test: { include: SUITES.map((suite) => `**/${suite}.test.ts`), env: { PROPERTY_SEED: '1', PROPERTY_BRIEF: '1' } } }),
);
