/**
 * Runs `test/soak` on every backend, or on one: minutes each.
 *
 *     npm run soak
 *     npm run soak -- --backend cpu
 *     npm run soak -- --steps 5000              of training; default: 1,000, in the browser 200
 *     npm run soak -- --seed 100000             of the first random numbers; default: 1
 */
import {spawnSync} from 'node:child_process';
import path from 'node:path';
import {parseArgs} from 'node:util';
import {root, SetupError} from './setup/shell.mjs';
import {fail, setup} from './setup.mjs';

const BACKENDS = ['cpu', 'wasm', 'tensorflow', 'webgl', 'webgpu'];

/** @throws {SetupError} The flag is given, and is no integer of at least 1. */
function checkInteger(name, text = '1') {
  if (/^\d+$/.test(text) && Number.isSafeInteger(Number(text)) && Number(text) > 0) return;
  throw new SetupError(
    `--${name} must be an integer of at least 1, but is “${text}”.`,
    'give such a number, or leave the flag out.',
  );
}

async function main() {
  const {backend, steps, seed} = parseArgs({
    options: {backend: {type: 'string'}, steps: {type: 'string'}, seed: {type: 'string'}},
  }).values;
  checkInteger('steps', steps);
  checkInteger('seed', seed);
  if (backend !== undefined && !BACKENDS.includes(backend)) {
    throw new SetupError(
      `--backend must be one of ${BACKENDS.join(', ')}, but is “${backend}”.`,
      'name one of them, or none for all.',
    );
  }
  await setup(['tfjs-node', 'addon', 'browser']);
  const jest = path.join(root, 'node_modules/jest/bin/jest.js');
  const args = ['--runInBand', '--selectProjects', ...(backend ? [backend] : BACKENDS)];
  // The spec collects garbage before it looks at the process's memory.
  const {status} = spawnSync(process.execPath, ['--expose-gc', jest, ...args], {
    cwd: root,
    env: {...process.env, SOAK: '1', SOAK_STEPS: steps ?? '', SOAK_SEED: seed ?? ''},
    stdio: 'inherit',
  });
  process.exit(status ?? 1);
}

main().catch(fail);
