/** The example that `npm start` runs, in a short form, and what it says to a wrong flag. */
import {spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.resolve(__dirname, '../..');
const folder = mkdtempSync(path.join(os.tmpdir(), 'digits-'));
afterAll(() => rmSync(folder, {recursive: true}));

/** In an empty folder, as the example writes to where it is run. */
function digits(...args: string[]) {
  const file = path.join(root, 'examples/digits.mjs');
  return spawnSync(process.execPath, [file, ...args], {cwd: folder, encoding: 'utf8'});
}

test('trains, draws, saves and loads again what predicts the same', () => {
  const args = '--depth 2 --epochs 1 --digits 500 --backend wasm'.split(' ');
  const {status, stdout} = digits(...args);
  expect(status).toBe(0);
  expect(stdout).toContain('Backend: wasm, with a fused kernel');
  expect(stdout).toMatch(/with layer normalisation │ .* │ \d+\.\d %/);
  expect(stdout).toMatch(/difference between their predictions: 0\n/);

  const svg = readFileSync(path.join(folder, 'out/digits/loss.svg'), 'utf8');
  expect(svg).toMatch(/^<svg .*<\/svg>$/s);
  expect(svg).not.toContain('NaN');
  for (const name of ['model.json', 'weights.bin']) {
    expect(existsSync(path.join(folder, 'out/digits/model', name))).toBe(true);
  }
}, 120_000);

test.each([
  [['--dept', '3'], "Unknown option '--dept'. (Did you mean --depth?)"],
  [['--depth', '0'], '--depth must be a whole number above 0, but is “0”.'],
  [['--backend', 'webgl'], '--backend must be one of tensorflow, wasm, cpu, but is “webgl”.'],
])('a wrong flag %j is an error that says what is right', (args, message) => {
  const {status, stderr} = digits(...args);
  expect(status).toBe(2);
  expect(stderr).toContain(message);
  expect(stderr).toContain('Usage: npm start -- [--flag value]');
});
