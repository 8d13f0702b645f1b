/** A file of specs, MUTANTS_SPECS, in Jest's project `cpu`. */
import {fileURLToPath} from 'node:url';
import config from '../../jest.config.js';

const cpu = config.projects?.find(
  (project) => typeof project === 'object' && project.displayName === 'cpu',
);
const {displayName: _, ...project} = /** @type {import('jest').Config} */ (cpu);

/** @type {import('jest').Config} */
export default {
  ...project,
  rootDir: fileURLToPath(new URL('../..', import.meta.url)),
  // Stryker loads it by itself, and does not know <rootDir>.
  testEnvironment: fileURLToPath(new URL('environment.mjs', import.meta.url)),
  testTimeout: config.testTimeout,
  testMatch: [`<rootDir>/${process.env.MUTANTS_SPECS}`],
};
