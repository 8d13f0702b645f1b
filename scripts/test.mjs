/**
 * Sets up, builds, checks types, format and lint, and runs the specs on all backends.
 *
 *     npm test
 *     npm test -- --selectProjects cpu          and any other option of Jest
 *     npm test -- --exclude-backends webgpu     leaves a backend out, and says so
 *     npm test -- --gpu                         webgl and webgpu, on the machine's own GPU
 *     npm test -- --built                       Jest alone, without build and checks
 *     npm test -- --consumers                   also installs the package into new projects
 *
 * The last line is `N passed, N failed`, over Jest's tests and the checks.
 */
import {spawnSync} from 'node:child_process';
import {existsSync, readFileSync, rmSync} from 'node:fs';
import path from 'node:path';
import {BACKENDS, PROJECTS} from '../tools/backends.mjs';
import {GPU_BACKENDS, useGpu} from '../tools/gpu.mjs';
import {setup} from '../tools/setup/index.mjs';
import {fail, root, setupDir, typescript, UsageError} from '../tools/shell.mjs';

const HELP = `usage: npm test -- [--exclude-backends LIST] [--gpu] [--built] [--consumers] [any option of Jest]

  --selectProjects NAME…   some of ${Object.keys(PROJECTS).join(', ')}
  --exclude-backends LIST  some of ${BACKENDS.join(', ')}, with commas between
  --gpu                    webgl and webgpu, on the machine's own GPU; refused where there is none
  --built                  Jest alone: dist/ is there, and types and format are not looked at
  --consumers              also installs the package into new projects`;

const OWN_SWITCHES = ['--built', '--consumers', '--gpu'];

/**
 * Splits our own options from Jest's.
 *
 * @param {string[]} argv
 */
function parse(argv) {
  const jestArgs = argv.filter((arg) => !OWN_SWITCHES.includes(arg));
  const isBuilt = argv.includes('--built');
  const withConsumers = argv.includes('--consumers');
  const onGpu = argv.includes('--gpu');
  const excluded = excludedBackends(jestArgs);
  const projects = projectsOf(jestArgs, onGpu ? GPU_BACKENDS : undefined).filter(
    (name) => !excluded.includes(PROJECTS[name].backend),
  );
  return {jestArgs, isBuilt, withConsumers, onGpu, excluded, projects};
}

/**
 * Takes the backends to leave out from the arguments.
 *
 * @param {string[]} jestArgs
 * @returns {(string | undefined)[]}
 * @throws {UsageError} One of them is no backend.
 */
function excludedBackends(jestArgs) {
  const at = jestArgs.findIndex((arg) => arg.startsWith('--exclude-backends'));
  if (at < 0) return [];
  const [arg] = jestArgs.splice(at, 1);
  const text = arg.includes('=') ? arg.split('=')[1] : jestArgs.splice(at, 1)[0];
  const names = (text ?? '').split(',');
  const unknown = names.find((name) => !BACKENDS.some((backend) => backend === name));
  if (unknown === undefined) return names;
  throw new UsageError(`--exclude-backends names “${unknown}”, which is no backend.`, HELP);
}

/**
 * Takes the names of the projects to run from the arguments.
 *
 * @param {string[]} jestArgs
 * @param {readonly string[]} usual
 * @returns {string[]} the usual ones where none is named
 * @throws {UsageError} One of them is no project.
 */
function projectsOf(jestArgs, usual = Object.keys(PROJECTS)) {
  const at = jestArgs.indexOf('--selectProjects');
  if (at < 0) return [...usual];
  const end = jestArgs.findIndex((arg, i) => i > at && arg.startsWith('-'));
  const selected = jestArgs.splice(at, (end < 0 ? jestArgs.length : end) - at).slice(1);
  const unknown = selected.find((name) => !(name in PROJECTS));
  if (unknown === undefined && selected.length > 0) return selected;
  const named = unknown === undefined ? 'nothing' : `“${unknown}”, which is no project`;
  throw new UsageError(`--selectProjects names ${named}.`, HELP);
}

/**
 * Jest says what it does not know, before anything is built.
 *
 * @param {string[]} jestArgs
 * @throws {UsageError} One of them is no option of Jest.
 */
function checkJestArgs(jestArgs) {
  const args = [path.join(root, JEST), '--showConfig', ...jestArgs];
  const {status, stderr} = spawnSync(process.execPath, args, {cwd: root, encoding: 'utf8'});
  if (status !== 0) throw new UsageError(stderr.trim(), HELP);
}

const JEST = 'node_modules/jest/bin/jest.js';
const TSC = 'node_modules/typescript/bin/tsc';

/**
 * Runs a program with Node; true where it ends well.
 *
 * @param {string} title
 * @param {string[]} args the program's file, relative to the root, and its arguments
 */
function check(title, args) {
  console.log(`\n${title}`);
  const {status} = spawnSync(process.execPath, args, {cwd: root, stdio: 'inherit'});
  console.log(`${title}: ${status === 0 ? 'passed' : 'FAILED'}`);
  return status === 0;
}

/**
 * @param {string[]} projects
 * @param {string[]} jestArgs
 */
function runJest(projects, jestArgs) {
  const results = path.join(setupDir, 'jest.json');
  rmSync(results, {force: true});
  const args = ['--json', `--outputFile=${results}`, '--verbose', ...jestArgs];
  check('Jest', [JEST, ...args, '--selectProjects', ...projects]);
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
  const args = process.argv.slice(2);
  if (args.includes('--help') || args.includes('-h')) return console.log(HELP);
  const {jestArgs, isBuilt, withConsumers, onGpu, excluded, projects} = parse(args);
  await setup([...new Set(projects.flatMap((project) => PROJECTS[project].steps))]);
  if (jestArgs.length) checkJestArgs(jestArgs);
  const device = onGpu && (await useGpu());

  const checks = isBuilt
    ? []
    : [
        check('Build', typescript('scripts/build.ts')),
        check('Types', [TSC]),
        check('Types of the examples', [TSC, '-p', 'examples']),
        check('Format and lint', ['node_modules/@biomejs/biome/bin/biome', 'check', '.']),
      ];
  const jest = runJest(projects, jestArgs);
  if (withConsumers) checks.push(check('Consumers', typescript('scripts/consumers.ts')));

  if (device) console.log(`\nThe GPU: ${device}`);
  if (excluded.length) console.log(`\nLeft out, as asked: ${excluded.join(', ')}.`);
  const passed = jest.passed + checks.filter(Boolean).length;
  const failed = jest.failed + checks.filter((ok) => !ok).length;
  console.log(
    `\n${passed} passed, ${failed} failed${jest.skipped ? `, ${jest.skipped} skipped` : ''}`,
  );
  process.exit(failed === 0 ? 0 : 1);
}

main().catch(fail);
