/**
 * Runs `test/soak` on every backend, or on one: minutes each.
 *
 *     npm run soak
 *     npm run soak -- --backend cpu
 */
import {spawnSync} from 'node:child_process';
import path from 'node:path';
import {parseArgs} from 'node:util';
import {root, SetupError} from './setup/shell.mjs';
import {fail, setup} from './setup.mjs';

const BACKENDS = ['cpu', 'wasm', 'tensorflow', 'webgl', 'webgpu'];

async function main() {
  const {backend} = parseArgs({options: {backend: {type: 'string'}}}).values;
  if (backend !== undefined && !BACKENDS.includes(backend)) {
    throw new SetupError(
      `--backend must be one of ${BACKENDS.join(', ')}, but is “${backend}”.`,
      'name one of them, or none for all.',
    );
  }
  await setup(['tfjs-node', 'addon', 'browser']);
  const jest = path.join(root, 'node_modules/jest/bin/jest.js');
  const args = ['--runInBand', '--selectProjects', ...(backend ? [backend] : BACKENDS)];
  const {status} = spawnSync(process.execPath, [jest, ...args], {
    cwd: root,
    env: {...process.env, SOAK: '1'},
    stdio: 'inherit',
  });
  process.exit(status ?? 1);
}

main().catch(fail);
