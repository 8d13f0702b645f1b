/** The built package as users name it, resolved inside the checkout through `exports`. */
import {spawnSync} from 'node:child_process';
import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';

const root = path.resolve(__dirname, '../..');

/** What the code prints, run by a plain Node in the checkout. */
function run(code: string, ...flags: string[]): string {
  const {status, stdout, stderr} = spawnSync(process.execPath, [...flags, '-e', code], {
    cwd: root,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

const publicNames = [
  'AddLayerNormalization',
  'GroupNormalization',
  'LayerNormalization',
  'RMSNormalization',
  'UnitNormalization',
  'addLayerNorm',
  'addLayerNormalization',
  'addRmsNorm',
  'groupNormalization',
  'kernelReport',
  'layerNorm',
  'layerNormalization',
  'rmsNorm',
  'rmsNormalization',
  'unitNormalization',
  'usesFusedKernel',
];

/** Prints the names of `entry` and the row [1, 3] normalised. */
const use = `
  tf.setBackend('cpu');
  const y = entry.layerNorm(tf.tensor2d([[1, 3]]), {epsilon: 0});
  console.log(JSON.stringify([Object.keys(entry).sort(), Array.from(y.dataSync())]));
`;
const quiet = "console.warn = () => {}; const tf = require('@tensorflow/tfjs');";
const expected = [publicNames, [-1, 1]];

test("require('tfjs-layernorm')", () => {
  const printed = run(`${quiet} const entry = require('tfjs-layernorm'); ${use}`);
  expect(JSON.parse(printed.split('\n').at(-1) as string)).toEqual(expected);
});

test("import 'tfjs-layernorm'", () => {
  const code = `
    import tf from '@tensorflow/tfjs';
    import * as entry from 'tfjs-layernorm';
    ${use}`;
  const printed = run(code, '--input-type=module');
  expect(JSON.parse(printed.split('\n').at(-1) as string)).toEqual(expected);
});

test('both in one process register once and work on', () => {
  const code = `${quiet}
    const first = require('tfjs-layernorm');
    import('tfjs-layernorm').then((entry) => {
      console.log(first.layerNorm !== entry.layerNorm);
      ${use}
    });`;
  const lines = run(code).split('\n');
  expect(lines.at(-2)).toBe('true');
  expect(JSON.parse(lines.at(-1) as string)).toEqual(expected);
});

test('the script for a page, beside the global tf', () => {
  const script = JSON.stringify(path.join(root, 'dist/tfjs-layernorm.min.js'));
  const code = `${quiet}
    globalThis.tf = tf;
    require('node:vm').runInThisContext(require('node:fs').readFileSync(${script}, 'utf8'));
    const entry = globalThis.tfjsLayerNorm;
    ${use}`;
  const printed = run(code);
  expect(JSON.parse(printed.split('\n').at(-1) as string)).toEqual(expected);
});

test('every file that `exports` names is there after the build', () => {
  const {exports, files} = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const named = (entry: unknown): string[] =>
    typeof entry === 'string' ? [entry] : Object.values(entry as object).flatMap(named);
  for (const file of named(exports)) {
    expect([file, existsSync(path.join(root, file))]).toEqual([file, true]);
  }
  expect(files).toContain('dist');
});
