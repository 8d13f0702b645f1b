/** The example `npm run example:gpt` in a short form: it learns names, and goes on with a text. */
import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const root = path.resolve(__dirname, '../..');
const folder = mkdtempSync(path.join(os.tmpdir(), 'gpt-'));
afterAll(() => rmSync(folder, {recursive: true}));

function gpt(...args: string[]) {
  const file = path.join(root, 'examples/gpt.mjs');
  return spawnSync(process.execPath, [file, ...args], {cwd: folder, encoding: 'utf8'});
}

test('learns names, and writes some', () => {
  const {status, stdout, stderr} = gpt('--steps', '8', '--backend', 'wasm');
  expect({status, stderr}).toEqual({status: 0, stderr: expect.not.stringContaining('rror')});
  expect(stdout).toContain('Backend: wasm, with a fused kernel');
  const [, before, after] = /takes ([\d.]+) bits before the training, ([\d.]+) after/.exec(
    stdout,
  ) as unknown as string[];
  expect(Number(after)).toBeLessThan(Number(before) - 0.1);
  expect(stdout).toMatch(/Names that it writes .*\n {2}([A-Z]?[a-z-]*\*? {0,2}){10}\n/);
}, 120_000);

/** The tokens as GPT-2 writes them, which has Ġ for a blank. */
const TOKENS = ['<|endoftext|>', 'a', 'b', 'n', 'd', 'Ġ', 'an', 'Ġan', 'Ġand'];

test('goes on with a text by a checkpoint and its vocabulary', () => {
  const vocabulary = Array.from({length: 32}, (_, i) => [TOKENS[i] ?? `<${i}>`, i]);
  const files = {
    'vocabulary.json': JSON.stringify(Object.fromEntries(vocabulary)),
    'merges.txt': '#version: 0.2\na n\nĠ an\nĠan d\n',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  const model = path.join(root, 'examples/data/gpt2.keras');
  const run = ['--model', model, '--prompt', 'ban and', '--tokens', '20', '--backend', 'cpu'];
  const {status, stdout, stderr} = gpt(...run, '--tokenizer', folder);
  expect({status, stderr}).toEqual({status: 0, stderr: expect.not.stringContaining('rror')});
  // Longer than the 16 places that the model has, so that it has to leave the beginning behind.
  expect(stdout).toMatch(/\nban and.{20,}\n$/);

  const without = gpt(...run, '--tokenizer', root);
  expect(without.status).toBe(2);
  expect(without.stderr).toContain(`There is no vocabulary.json in ${root}`);
}, 120_000);
