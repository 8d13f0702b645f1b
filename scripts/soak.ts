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
import {BACKENDS} from '../tools/backends.mjs';
import {parseFlags, positiveInteger} from '../tools/flags.mjs';
import {setup} from '../tools/setup/index.mjs';
import {fail, root} from '../tools/shell.mjs';

async function main() {
  const {backend, steps, seed} = parseFlags({
    command: 'npm run soak --',
    about: 'Runs test/soak on every backend, or on one: minutes each.',
    flags: {
      backend: {value: 'NAME', about: 'default all', choices: BACKENDS},
      steps: {
        value: 'N',
        about: 'steps of training (default 1000, in the browser 200)',
        parse: positiveInteger,
      },
      seed: {value: 'N', about: 'of the first random numbers (default 1)', parse: positiveInteger},
    },
  });
  await setup(['tfjs-node', 'addon', 'browser']);
  const jest = path.join(root, 'node_modules/jest/bin/jest.js');
  const args = ['--runInBand', '--selectProjects', ...(backend ? [backend] : BACKENDS)];
  // The spec collects garbage before it looks at the process's memory.
  const {status} = spawnSync(process.execPath, ['--expose-gc', jest, ...args], {
    cwd: root,
    env: {...process.env, SOAK: '1', SOAK_STEPS: `${steps ?? ''}`, SOAK_SEED: `${seed ?? ''}`},
    stdio: 'inherit',
  });
  process.exit(status ?? 1);
}

main().catch(fail);
