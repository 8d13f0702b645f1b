/** The example `npm run example:keras` in a short form: does it show what it is there to show? */
import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {kerasFixtures} from '../fixtures/keras/index.js';
import {gunzip} from '../support/gunzip.js';

const root = path.resolve(__dirname, '../..');

function keras(...args: string[]) {
  const file = path.join(root, 'examples/keras.mjs');
  return spawnSync(process.execPath, [file, '--backend', 'wasm', ...args], {
    cwd: root,
    encoding: 'utf8',
  });
}

test('the model that comes with it gives the values of Keras, and reads digits', () => {
  const {status, stdout} = keras('--digits', '300');
  expect(status).toBe(0);
  expect(stdout).toMatch(
    /LayerNormalization │ layer_normalization .*\[n, 16, 32] +│ 64 .*0\.\d\d … 1/,
  );
  expect(stdout).toContain('The first 10 outputs are the same as in Keras 3');
  const right = /Digits read right, of 300 never trained on: ([\d.]+) %/.exec(stdout)?.[1];
  expect(Number(right)).toBeGreaterThan(85);
}, 120_000);

test('a file that the user names', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'keras-example-'));
  const fixture = kerasFixtures.find(({name}) => name === 'keras2_shared');
  const file = path.join(folder, 'shared.h5');
  writeFileSync(file, await gunzip(fixture?.files.h5 as string));
  const {status, stdout} = keras('--file', file);
  rmSync(folder, {recursive: true});
  expect(status).toBe(0);
  expect(stdout).toMatch(/Sequential +│ tower/);
  expect(stdout).toMatch(/On noise, its output "tower" is of the shape \[2,3]/);
}, 120_000);

test('a file that is not there is an error', () => {
  const {status, stderr} = keras('--file', 'none.keras');
  expect(status).toBe(1);
  expect(stderr).toMatch(/^loadKerasModel: ENOENT.*none\.keras/m);
});
