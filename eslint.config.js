// What the compiler does not see: purity of the rooms that decide, exhaustive switches, promises nobody waits for.
import functional from 'eslint-plugin-functional';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

/** The rooms that decide. What they know of the world comes in as events. */
const PURE = ['spec/**', 'src/{consensus,multicast,replica,client,service,check,models}/**', 'src/{node,record,step}.ts'];

/** The machines: they neither throw nor catch, and what they hand on cannot be changed. */
const MACHINES = ['src/{consensus,multicast,replica,client}/**', 'src/{node,step}.ts'];

const NOT_HERE = 'is not for a machine: time, chance and identity come in as events';

const WORLD = ['Date', 'Promise', 'performance', 'process', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'];

const IMPORTS = [{ regex: '^fp-ts$|^(fp-ts|io-ts)/(?!lib/)', message: 'Plain Node finds its modules under /lib/ only: fp-ts/lib/Either.js.' }];

export default defineConfig(
  { ignores: ['dist/**', 'node_modules/**'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'no-restricted-imports': ['error', { patterns: IMPORTS }],
      // No `default` where every variant has its arm: the compiler finds what we forgot.
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { allowDefaultCaseForExhaustiveSwitch: false }],
      // A number or a bigint in a text is what we mean; objects and `undefined` are still refused.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // Terse arrows are how this code reads: `() => done()`, `(bytes.set(batch, at), at + batch.length)`.
      '@typescript-eslint/no-confusing-void-expression': 'off',
      // `noUncheckedIndexedAccess` asks for it wherever an index is known to be in range.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // The compiler reports these itself (`noUnusedLocals`), and knows that `_` is meant to be unused.
      '@typescript-eslint/no-unused-vars': 'off',
      // A default that is written out says that an input may be anything: `t.Type<Config, unknown>`.
      '@typescript-eslint/no-unnecessary-type-arguments': 'off',
      // We have neither enums nor classes, and looking for them takes a quarter of the time.
      '@typescript-eslint/no-unsafe-enum-assignment': 'off',
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
      // Node's types promise a boolean where there may be none: `isTTY === true`.
      '@typescript-eslint/no-unnecessary-boolean-literal-compare': 'off',
    },
  },
  {
    files: ['properties/**'],
    rules: {
      // vitest's matchers (`expect.any`, `expect.objectContaining`) are of type `any`.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      // A method may be passed on as a function where it needs no `this`: `.map(Buffer.from)`.
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    files: ['properties/setup.ts'],
    // A reporter can be set for all properties at once; the plugins that are to replace reporters cannot yet.
    rules: { '@typescript-eslint/no-deprecated': 'off' },
  },
  {
    files: PURE,
    rules: {
      'no-restricted-imports': ['error', { patterns: [...IMPORTS, { regex: '^node:', message: `The world ${NOT_HERE}.` }] }],
      'no-restricted-globals': ['error', ...WORLD.map((name) => ({ name, message: `It ${NOT_HERE}.` }))],
      'no-restricted-properties': ['error', { object: 'Math', property: 'random', message: `It ${NOT_HERE}.` }],
    },
  },
  {
    files: MACHINES,
    ignores: ['src/replica/sessions.ts'], // A store: it may refuse what it was not made for.
    plugins: { functional },
    rules: {
      'functional/no-classes': 'error',
      'functional/no-this-expressions': 'error',
      'functional/no-throw-statements': 'error',
      'functional/no-try-statements': 'error',
      'functional/no-promise-reject': 'error',
      'functional/type-declaration-immutability': ['error', { rules: [{ identifiers: '.+', immutability: 'ReadonlyShallow' }] }],
    },
  },
);
