/** How Stryker mutates the sources: `npm run mutants` (`scripts/mutants.ts`). */
import {fileURLToPath} from 'node:url';

const {MUTANTS_NAME: name = 'src', MUTANTS_CONCURRENCY: concurrency = '1'} = process.env;

export default {
  plugins: ['@stryker-mutator/jest-runner', fileURLToPath(new URL('checker.mjs', import.meta.url))],
  checkers: ['wanted'],
  testRunner: 'jest',
  jest: {configFile: 'test/mutants/jest.config.mjs', enableFindRelatedTests: false},
  coverageAnalysis: 'perTest', // a mutant meets the tests that run its line, and no others
  concurrency: Number(concurrency),
  reporters: ['clear-text', 'html', 'json', 'progress-append-only'],
  clearTextReporter: {reportTests: false, logTests: false, allowColor: false, allowEmojis: false},
  htmlReporter: {fileName: `out/mutants/${name}.html`},
  jsonReporter: {fileName: `out/mutants/${name}.json`},
  tempDirName: `out/mutants/sandbox/${name}`,
  // The rest of the repository is of no use to these tests; Stryker would read tsconfig.json with an
  // interface that TypeScript 7 does not have.
  ignorePatterns: [
    ...['*', '!src/**', '!test/**', '!tools/**', '!jest.config.js'],
    ...['test/consumers/**', 'test/fixtures/make/**'],
  ],
  thresholds: {high: 95, low: 90, break: null},
  dryRunTimeoutMinutes: 20,
  timeoutMS: 20_000,
  allowEmpty: false,
};
