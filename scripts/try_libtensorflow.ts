/**
 * Tries the addon on another libtensorflow than the one that the set-up installed, beside a copy of
 * tfjs-node in a temporary folder. Linux on x64; 1 GB is downloaded or unpacked for each version.
 *
 *     npx tsx scripts/try_libtensorflow.ts 2.9.1 2.18.1
 *
 * The libraries come from TensorFlow's wheels on PyPI. Old ones have the C API in the module for
 * Python alone; that loads without Python as well, once its symbols stand for something.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {parseFlags} from '../tools/flags.mjs';
import {attempt, fail, root, run, UsageError} from '../tools/shell.mjs';

const FRAMEWORK = 'tensorflow/libtensorflow_framework.so.2';
const C_API = 'tensorflow/libtensorflow_cc.so.2';
const C_API_FOR_PYTHON = 'tensorflow/python/_pywrap_tensorflow_internal.so';

const PLATFORMS = ['manylinux2014_x86_64', 'manylinux_2_27_x86_64'];
const WHEEL = [
  ...['--only-binary=:all:', '--python-version=3.10'],
  ...PLATFORMS.map((platform) => `--platform=${platform}`),
];

/** Prints the version, and how far values and gradients are from those of the backend `cpu`. */
const PROGRAM = `
  const tf = require('@tensorflow/tfjs-node');
  const {layerNorm, usesFusedKernel} = require('tfjs-layernorm');
  if (!usesFusedKernel()) throw new Error('the addon does not serve');
  const f = (x, gamma, beta) => layerNorm(x, {gamma, beta});
  (async () => {
    const errors = [];
    for (const shape of [[8, 64], [1031, 768], [3, 70001]]) {
      const shapes = [shape, [shape[1]], [shape[1]], shape]; // of x, gamma, beta and dy
      const numbers = shapes.map((s, i) => tf.randomNormal(s, 0.5, 2, 'float32', i).dataSync());
      const results = () => {
        const [x, gamma, beta, dy] = numbers.map((values, i) => tf.tensor(values, shapes[i]));
        return [f(x, gamma, beta), ...tf.grads(f)([x, gamma, beta], dy)].map((t) => t.dataSync());
      };
      const actual = results();
      await tf.setBackend('cpu');
      const expected = results();
      await tf.setBackend('tensorflow');
      actual.forEach((values, i) => {
        const size = expected[i].reduce((max, value) => Math.max(max, Math.abs(value)), 0);
        const far = values.reduce((max, v, j) => Math.max(max, Math.abs(v - expected[i][j])), 0);
        errors.push(far / size);
      });
    }
    const error = Math.max(...errors);
    if (!(error < 2e-6)) throw new Error('relative error ' + error);
    const version = tf.backend().binding.TF_Version;
    console.log('libtensorflow ' + version + ': works, relative error ' + error.toExponential(1));
  })();`;

function unpackWheel(version: string, folder: string): void {
  const pip = ['-m', 'pip', 'download', '--quiet', '--no-deps', ...WHEEL, '--dest', folder];
  run('python3', [...pip, `tensorflow-cpu==${version}`], {advice: 'is there such a version?'});
  const [wheel] = readdirSync(folder).filter((name) => name.endsWith('.whl'));
  const script = path.join(root, 'tools/setup/unpack_wheel.py');
  const wanted = [FRAMEWORK, C_API, C_API_FOR_PYTHON];
  run('python3', [script, path.join(folder, wheel), folder, ...wanted], {
    advice: 'is the disk full?',
  });
}

/** A library with the functions of Python that the module for Python wants and never calls. */
function standInForPython(folder: string, module: string): string {
  const {output} = attempt('nm', ['-D', '--undefined-only', module], {maxBuffer: 2 ** 26});
  const names = [...output.matchAll(/\bU (_?Py\w+)/g)].map(([, name]) => name);
  const [source, library] = ['python.c', 'python.so'].map((name) => path.join(folder, name));
  writeFileSync(source, names.map((name) => `void ${name}(void) {__builtin_trap();}`).join('\n'));
  run('cc', ['-w', '-shared', '-fPIC', source, '-o', library], {advice: 'a C compiler is needed.'});
  return library;
}

/** Makes node_modules as in this checkout, but tfjs-node a copy that finds the other libraries. */
function linkModules(folder: string, cApi: string): void {
  const scope = '@tensorflow';
  const from = path.join(root, 'node_modules', scope);
  const to = path.join(folder, 'node_modules', scope);
  mkdirSync(path.join(to, 'tfjs-node/deps/lib'), {recursive: true});
  for (const name of readdirSync(from)) {
    if (name !== 'tfjs-node') symlinkSync(path.join(from, name), path.join(to, name));
  }
  for (const part of ['package.json', 'dist', 'lib']) {
    cpSync(path.join(from, 'tfjs-node', part), path.join(to, 'tfjs-node', part), {recursive: true});
  }
  for (const name of readdirSync(path.join(root, 'node_modules'))) {
    const link = path.join(folder, 'node_modules', name);
    if (name !== scope) symlinkSync(path.join(root, 'node_modules', name), link);
  }
  symlinkSync(root, path.join(folder, 'node_modules/tfjs-layernorm'));
  const lib = path.join(to, 'tfjs-node/deps/lib');
  symlinkSync(path.join(folder, FRAMEWORK), path.join(lib, path.basename(FRAMEWORK)));
  for (const name of ['libtensorflow.so.2', path.basename(C_API)]) {
    symlinkSync(cApi, path.join(lib, name));
  }
}

function tryVersion(version: string): void {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'libtensorflow-'));
  try {
    unpackWheel(version, folder);
    const isForPython = !existsSync(path.join(folder, C_API));
    const cApi = path.join(folder, isForPython ? C_API_FOR_PYTHON : C_API);
    linkModules(folder, cApi);
    const env: NodeJS.ProcessEnv = {...process.env, TF_CPP_MIN_LOG_LEVEL: '3'};
    if (isForPython) env.LD_PRELOAD = standInForPython(folder, cApi);
    writeFileSync(path.join(folder, 'program.cjs'), PROGRAM);
    run(process.execPath, ['program.cjs'], {cwd: folder, env, advice: 'see the error above.'});
  } finally {
    rmSync(folder, {recursive: true});
  }
}

try {
  const {rest} = parseFlags({
    command: 'npx tsx scripts/try_libtensorflow.ts',
    about: 'Tries the addon on other versions of libtensorflow.',
    flags: {},
    rest: {name: 'version', about: 'such as 2.9.1'},
  });
  if (rest.length === 0) throw new UsageError('No version is named.', 'Name some, such as 2.9.1.');
  for (const version of rest) tryVersion(version);
} catch (error) {
  fail(error);
}
