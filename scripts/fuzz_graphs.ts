/**
 * Draws small TensorFlow functions with normalisations in all spellings and with near misses, converts
 * them, and compares TensorFlow, stock tfjs and this package on the backend `cpu`, or TensorFlow and
 * this package on another one.
 *
 *     npm run fuzz:graphs -- --python .venv/bin/python
 *     npm run fuzz:graphs -- --python .venv/bin/python --models 40 --seed 100
 *     npm run fuzz:graphs -- --python .venv/bin/python --models 4 --backend webgl
 *
 * Each model holds 25 functions. The Python is that of test/fixtures/make/requirements/graph_keras2.txt.
 * It ends with 1 if a value is wrong, if something is fused that is no normalisation, or if one is missed.
 */
import {execFileSync, spawnSync} from 'node:child_process';
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs';
import {loadGraphModel} from '../src/graph/index.js';
import {BACKENDS, STEPS} from '../tools/backends.mjs';
import {integerFrom, parseFlags, positiveInteger} from '../tools/flags.mjs';
import {setup} from '../tools/setup/index.mjs';
import {root} from '../tools/shell.mjs';

const FUNCTIONS = 25;
/** Models that one start of Python draws: its start takes longer than a model. */
const AT_ONCE = 10;
/** The error that is allowed, relative to the largest value of an output. */
const TOLERANCE = 1e-4;

interface Values {
  shape: number[];
  values: number[];
}

interface Drawn extends tf.io.ModelArtifacts {
  weights: string;
  inputs: Record<string, Values>;
  outputs: Record<string, Values>;
  fused: {atLeast: number; atMost: number};
}

const flags = parseFlags({
  command: 'npm run fuzz:graphs --',
  about: 'Compares drawn graph models with TensorFlow and stock tfjs.',
  flags: {
    python: {
      value: 'PATH',
      about: 'a Python with TensorFlow and the converter',
      default: 'python3',
    },
    models: {
      value: 'N',
      about: `models, of ${FUNCTIONS} functions each`,
      default: 40,
      parse: positiveInteger,
    },
    seed: {value: 'N', about: 'the first random number', default: 1, parse: integerFrom(0)},
    backend: {value: 'NAME', about: 'where to run them', default: 'cpu', choices: BACKENDS},
  },
});

const seeds = Array.from({length: flags.models}, (_, i) => flags.seed + i);
const folder = mkdtempSync(path.join(tmpdir(), 'fuzz-graphs-'));
try {
  for (const seed of seeds.filter((_, i) => i % AT_ONCE === 0)) draw(seed);
  const isFine = flags.backend === 'cpu' ? await compareHere() : await compareOn(flags.backend);
  process.exitCode = isFine ? 0 : 1;
} finally {
  rmSync(folder, {recursive: true, force: true});
}

/** Compares the models with TensorFlow and with stock tfjs, and counts what was fused. */
async function compareHere(): Promise<boolean> {
  await tf.setBackend('cpu');
  Object.assign(tf.backend(), {firstUse: false}); // else it prints that tfjs-node would be faster
  console.debug = () => {};
  let [wrong, wrongStock, fused, misfused, least, most] = [0, 0, 0, 0, 0, 0];
  for (const seed of seeds) {
    const drawn: Drawn = JSON.parse(readFileSync(fileOf(seed), 'utf8'));
    const artifacts = {
      ...drawn,
      weightData: Uint8Array.from(Buffer.from(drawn.weights, 'base64')).buffer,
    };
    const ours = await loadGraphModel(tf.io.fromMemory(artifacts));
    const stock = await tf.loadGraphModel(tf.io.fromMemory(artifacts));
    const off = wrongOutputs(ours, drawn);
    wrong += off.length;
    wrongStock += wrongOutputs(stock, drawn).length;
    const count = ours.metadata.layerNorm.fused;
    fused += count;
    const {atLeast, atMost} = drawn.fused;
    const fits = count >= atLeast && count <= atMost;
    if (!fits) misfused++;
    least += atLeast;
    most += atMost;
    if (off.length > 0) console.log(`seed ${seed}: wrong: ${off.join(', ')}`);
    if (!fits) console.log(`seed ${seed}: ${count} fused, but ${atLeast} to ${atMost} should be`);
    ours.dispose();
    stock.dispose();
  }
  console.log(
    `${flags.models * FUNCTIONS} functions: ${wrong} wrong (stock tfjs: ${wrongStock}), ` +
      `${fused} normalisations fused, where ${least} must be and ${most} may.`,
  );
  console.log(`${misfused} models in which more or fewer were fused than should be.`);
  return wrong + misfused === 0;
}

/** Runs test/spec/graph/fuzz.spec.ts with the models in place of its fixture: one test is one model. */
async function compareOn(backend: (typeof BACKENDS)[number]): Promise<boolean> {
  await setup(STEPS[backend]);
  const list = path.join(folder, 'drawn.json');
  writeFileSync(list, `[${seeds.map((seed) => readFileSync(fileOf(seed), 'utf8')).join(',')}]`);
  const jest = path.join(root, 'node_modules/jest/bin/jest.js');
  const args = [`--selectProjects=${backend}`, '--testPathPatterns', 'spec/graph/fuzz\\.spec'];
  const {status} = spawnSync(process.execPath, [jest, ...args], {
    cwd: root,
    env: {...process.env, DRAWN_GRAPHS: list},
    stdio: 'inherit',
  });
  console.log(`${flags.models * FUNCTIONS} functions, a test for each ${FUNCTIONS} of them.`);
  return status === 0;
}

function fileOf(seed: number): string {
  return path.join(folder, `${seed}.json`);
}

/** Draws the models from `first` on, as many as one start of Python draws. */
function draw(first: number): void {
  const script = path.join(root, 'test/fixtures/make/fuzz_graphs.py');
  const models = Math.min(AT_ONCE, flags.seed + flags.models - first);
  const numbers = {count: FUNCTIONS, seed: first, models};
  const args = Object.entries(numbers).flatMap(([name, n]) => [`--${name}`, String(n)]);
  execFileSync(String(flags.python), [script, folder, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

/** The names of the outputs that are not TensorFlow's. */
function wrongOutputs(model: tf.GraphModel, {inputs, outputs}: Drawn): string[] {
  return tf.tidy(() => {
    const tensors = Object.fromEntries(
      Object.entries(inputs).map(([name, {shape, values}]) => [name, tf.tensor(values, shape)]),
    );
    const names = Object.keys(outputs);
    const results = model.execute(tensors, names) as tf.Tensor[];
    return names.filter((name, i) => {
      const [actual, {values, shape}] = [results[i].dataSync(), outputs[name]];
      const largest = Math.max(1, ...values.map(Math.abs));
      const same = String(results[i].shape) === String(shape);
      return !same || !values.every((v, k) => Math.abs(actual[k] - v) <= TOLERANCE * largest);
    });
  });
}
