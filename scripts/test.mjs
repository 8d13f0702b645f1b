/**
 * Sets up, builds, checks types, format and lint, and runs the specs on all backends.
 *
 *     npm test
 *     npm test -- --selectProjects cpu          and any other option of Jest
 *     npm test -- --exclude-backends webgpu     leaves a backend out, and says so
 *     npm test -- --consumers                   also installs the package into new projects
 *
 * The last line is `N passed, N failed`, over Jest's tests and the checks.
 */
import {spawnSync} from 'node:child_process';
import {existsSync, readFileSync, rmSync} from 'node:fs';
import path from 'node:path';
import {root, SetupError, setupDir} from './setup/shell.mjs';
import {fail, setup} from './setup.mjs';

const BACKENDS = ['cpu', 'wasm', 'tensorflow', 'webgl', 'webgpu'];
const PROJECTS = ['unit', ...BACKENDS, 'tensorflow-without-addon', 'third-party'];

/** The backends that projects of another name run on. */
const BACKEND_OF = {'tensorflow-without-addon': 'tensorflow', 'third-party': 'tensorflow'};

/** The set-up steps that a project needs. `unit` runs the examples as well. */
const STEPS = {
  unit: ['tfjs-node', 'addon', 'browser'],
  tensorflow: ['tfjs-node', 'addon'],
  'tensorflow-without-addon': ['tfjs-node'],
  'third-party': ['tfjs-node'],
  webgl: ['browser'],
  webgpu: ['browser'],
};

/** Splits our own options from Jest's. */
function parse(argv) {
  const jestArgs = argv.filter((arg) => arg !== '--consumers');
  const withConsumers = jestArgs.length < argv.length;
  let excluded = [];
  const at = jestArgs.findIndex((arg) => arg.startsWith('--exclude-backends'));
  if (at >= 0) {
    const [arg] = jestArgs.splice(at, 1);
    const names = arg.includes('=') ? arg.split('=')[1] : jestArgs.splice(at, 1)[0];
    excluded = (names ?? '').split(',');
    const unknown = excluded.find((name) => !BACKENDS.includes(name));
    if (unknown !== undefined) {
      throw new SetupError(
        `--exclude-backends names “${unknown}”, which is no backend.`,
        `name some of ${BACKENDS.join(', ')}, with commas between.`,
      );
    }
  }
  return {jestArgs, withConsumers, excluded, projects: projectsOf(jestArgs, excluded)};
}

function projectsOf(jestArgs, excluded) {
  const at = jestArgs.indexOf('--selectProjects');
  let selected = PROJECTS;
  if (at >= 0) {
    const end = jestArgs.findIndex((arg, i) => i > at && arg.startsWith('-'));
    selected = jestArgs.splice(at, (end < 0 ? jestArgs.length : end) - at).slice(1);
    const unknown = selected.find((name) => !PROJECTS.includes(name));
    if (unknown !== undefined || selected.length === 0) {
      throw new SetupError(
        `--selectProjects names ${unknown === undefined ? 'nothing' : `“${unknown}”`}.`,
        `name some of ${PROJECTS.join(', ')}.`,
      );
    }
  }
  return selected.filter((name) => !excluded.includes(BACKEND_OF[name] ?? name));
}

/** Runs a command of node_modules; true where it ends well. */
function check(title, file, args) {
  console.log(`\n${title}`);
  const {status} = spawnSync(process.execPath, [path.join(root, file), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  console.log(`${title}: ${status === 0 ? 'passed' : 'FAILED'}`);
  return status === 0;
}

function runJest(projects, jestArgs) {
  const results = path.join(setupDir, 'jest.json');
  rmSync(results, {force: true});
  const args = ['--json', `--outputFile=${results}`, '--verbose', ...jestArgs];
  check('Jest', 'node_modules/jest/bin/jest.js', [...args, '--selectProjects', ...projects]);
  if (!existsSync(results)) return {passed: 0, failed: 1, skipped: 0};
  const counts = JSON.parse(readFileSync(results, 'utf8'));
  return {
    passed: counts.numPassedTests,
    // A file that could not even be loaded has no tests to count.
    failed: counts.numFailedTests + counts.numRuntimeErrorTestSuites,
    skipped: counts.numPendingTests + counts.numTodoTests,
  };
}

async function main() {
  const {jestArgs, withConsumers, excluded, projects} = parse(process.argv.slice(2));
  await setup([...new Set(projects.flatMap((project) => STEPS[project] ?? []))]);

  const checks = [
    check('Build', 'scripts/build.mjs', []),
    check('Types', 'node_modules/typescript/bin/tsc', []),
    check('Format and lint', 'node_modules/@biomejs/biome/bin/biome', ['check', '.']),
  ];
  const jest = runJest(projects, jestArgs);
  if (withConsumers) checks.push(check('Consumers', 'scripts/consumers.mjs', []));

  if (excluded.length) console.log(`\nLeft out, as asked: ${excluded.join(', ')}.`);
  const passed = jest.passed + checks.filter(Boolean).length;
  const failed = jest.failed + checks.filter((ok) => !ok).length;
  console.log(
    `\n${passed} passed, ${failed} failed${jest.skipped ? `, ${jest.skipped} skipped` : ''}`,
  );
  process.exit(failed === 0 ? 0 : 1);
}

main().catch(fail);
