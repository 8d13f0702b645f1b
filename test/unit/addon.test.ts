/**
 * The Node backend's addon in processes of their own: in whatever order, however often and in
 * however many threads it is loaded, with however many threads it works.
 */
import {execFile} from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {promisify} from 'node:util';

const root = path.resolve(__dirname, '../..');

/** What the code prints, run by a plain Node in the checkout with the built package. */
async function run(code: string, env: Record<string, string> = {}): Promise<string> {
  const {stdout} = await promisify(execFile)(process.execPath, ['-e', code], {
    cwd: root,
    env: {...process.env, TF_CPP_MIN_LOG_LEVEL: '3', ...env},
  });
  return stdout.trim();
}

const tfjsNode = "const tf = require('@tensorflow/tfjs-node');";
const library = "const {layerNorm, usesFusedKernel} = require('tfjs-layernorm');";
const addon = "const addon = require('tfjs-layernorm/addon');";

/** Prints whether the kernel is fused, and the row [1, 3] normalised. */
const use =
  'console.log(usesFusedKernel(), Array.from(layerNorm([[1, 3]], {epsilon: 0}).dataSync()));';
const worked = 'true [ -1, 1 ]';

describe('it works when', () => {
  test.each([
    ['the package is loaded after tfjs-node', [tfjsNode, library, use]],
    ['the package is loaded before tfjs-node', [library, tfjsNode, use]],
    ['the addon itself is loaded before tfjs-node', [addon, tfjsNode, library, use]],
    [
      'the addon looked for tfjs-node too early',
      [addon, 'try { addon.register() } catch {}', tfjsNode, library, use],
    ],
    ['it registers again', [tfjsNode, addon, 'addon.register();'.repeat(3), library, use]],
    [
      'its module is loaded again',
      [
        ...[tfjsNode, addon, 'addon.register();'],
        'for (const file of Object.keys(require.cache)) {',
        "  if (file.includes('tfjs_layernorm') || file.includes('addon')) delete require.cache[file];",
        '}',
        "if (require('tfjs-layernorm/addon') === addon) throw new Error('it was not loaded again');",
        "require('tfjs-layernorm/addon').register();",
        ...[library, use],
      ],
    ],
  ])('%s', async (_, lines) => {
    expect(await run(lines.join('\n'))).toBe(worked);
  });

  test('two copies of the package are in one process', async () => {
    const copy = mkdtempSync(path.join(os.tmpdir(), 'tfjs-layernorm-'));
    try {
      mkdirSync(path.join(copy, 'addon'));
      for (const part of ['package.json', 'dist', 'addon/index.cjs', 'addon/build/Release']) {
        cpSync(path.join(root, part), path.join(copy, part), {recursive: true});
      }
      symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
      const other = (file: string) => `require(${JSON.stringify(path.join(copy, file))})`;
      const code = `
        ${tfjsNode} ${addon}
        if (${other('addon/index.cjs')} === addon) throw new Error('they are one');
        ${other('addon/index.cjs')}.register();
        addon.register();
        {
          const {layerNorm, usesFusedKernel} = ${other('dist/cjs/index.js')};
          ${use}
        }
        ${library} ${use}`;
      expect((await run(code)).split('\n')).toEqual([worked, worked]);
    } finally {
      rmSync(copy, {recursive: true});
    }
  });

  test('worker threads come and go, one after another and together, beside the main thread', async () => {
    const code = `
      ${tfjsNode} ${library}
      const {Worker} = require('node:worker_threads');
      const work = ${JSON.stringify(`
        ${tfjsNode} ${library}
        const x = tf.randomNormal([512, 512]); // enough for the thread pool
        const f = (v) => layerNorm(v).sum();
        for (let i = 0; i < 20; i++) tf.tidy(() => void tf.grad(f)(x).dataSync());
        require('node:worker_threads').parentPort.postMessage(usesFusedKernel());`)};
      const worker = () => new Promise((resolve, reject) => {
        let message;
        new Worker(work, {eval: true})
          .on('message', (value) => { message = value; })
          .on('error', reject)
          .on('exit', () => resolve(message));
      });
      (async () => {
        const answers = [await worker(), await worker()];
        ${use}
        answers.push(...await Promise.all([worker(), worker(), worker(), worker()]));
        ${use}
        console.log(answers.join());
      })();`;
    const everyone = 'true,true,true,true,true,true';
    expect((await run(code)).split('\n')).toEqual([worked, worked, everyone]);
  });
});

test('without tfjs-node it says so', async () => {
  const code = `${addon} try { addon.register(); } catch (error) { console.log(error.message); }`;
  expect(await run(code)).toBe('@tensorflow/tfjs-node is not loaded in this process');
});

test('where it cannot be compiled, the install goes on without it', async () => {
  const copy = mkdtempSync(path.join(os.tmpdir(), 'tfjs-layernorm-'));
  try {
    const addonParts = ['binding.gyp', 'parts.gypi', 'index.cjs', 'src'];
    for (const part of ['package.json', ...addonParts.map((name) => `addon/${name}`)]) {
      cpSync(path.join(root, part), path.join(copy, part), {recursive: true});
    }
    symlinkSync(path.join(root, 'node_modules'), path.join(copy, 'node_modules'));
    // A machine without a compiler, make and Python.
    mkdirSync(path.join(copy, 'bin'));
    symlinkSync(process.execPath, path.join(copy, 'bin/node'));
    symlinkSync('/bin/sh', path.join(copy, 'bin/sh'));
    const PATH = `${path.join(copy, 'bin')}:${path.join(root, 'node_modules/.bin')}`;
    const {install} = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).scripts;
    const options = {cwd: copy, env: {PATH, HOME: copy}};
    const {stderr} = await promisify(execFile)('/bin/sh', ['-c', install], options);
    expect(stderr).toContain('gyp ERR! find Python');
    expect(existsSync(path.join(copy, 'addon/build/Release'))).toBe(false);
  } finally {
    rmSync(copy, {recursive: true});
  }
});

test('where it cannot be loaded, one notice says so and another kernel serves', async () => {
  const code = `
    const Module = require('node:module');
    const load = Module._load;
    Module._load = function (request, ...rest) {
      if (request.endsWith('addon/index.cjs')) throw new Error('this test hides it');
      return load.call(this, request, ...rest);
    };
    const notices = [];
    console.warn = (text) => notices.push(text);
    ${tfjsNode} ${library}
    ${use.repeat(2)}
    console.log(tf.grad((x) => layerNorm(x).square().sum())(tf.tensor([1, 1])).arraySync());
    console.log(notices.join());`;
  expect((await run(code)).split('\n')).toEqual([
    'false [ -1, 1 ]',
    'false [ -1, 1 ]',
    '[ 0, 0 ]',
    "tfjs-layernorm: no fused kernel for the backend 'tensorflow' (its addon could not be loaded: " +
      "this test hides it); the kernel of 'cpu' serves instead: the same values, more slowly. " +
      'The package holds it for the usual systems; elsewhere its install script compiles it, which ' +
      'takes a C compiler, make and Python 3. Let the script run: `npm install-scripts approve ' +
      'tfjs-layernorm && npm rebuild tfjs-layernorm`, `pnpm approve-builds`, or `bun pm trust ' +
      'tfjs-layernorm`.',
  ]);
});

test('y, dx, dgamma and dbeta are the same bits for every number of threads', async () => {
  // Divided by rows, by rows with a rest, and by columns.
  const code = `
    ${tfjsNode} ${library} ${addon}
    const hash = require('node:crypto').createHash('sha256');
    for (const shape of [[1031, 768], [333, 1023], [3, 70001]]) {
      const cols = shape[1];
      const tensor = (shape, seed) => tf.randomNormal(shape, 0.5, 2, 'float32', seed);
      const [x, dy] = [tensor(shape, 1), tensor(shape, 2)];
      const [gamma, beta] = [tensor([cols], 3), tensor([cols], 4)];
      const f = (x, gamma, beta) => layerNorm(x, {gamma, beta});
      for (const t of [f(x, gamma, beta), ...tf.grads(f)([x, gamma, beta], dy)]) {
        hash.update(t.dataSync());
      }
    }
    console.log(usesFusedKernel(), addon.threadCount(), hash.digest('hex'));`;
  const counts = ['1', '2', '3', '8'];
  const printed = await Promise.all(
    counts.map((count) => run(code, {TF_NUM_INTRAOP_THREADS: count})),
  );
  const answers = printed.map((line) => line.split(' '));
  expect(answers.map(([isFused, threads]) => [isFused, threads])).toEqual(
    counts.map((count) => ['true', count]),
  );
  expect(new Set(answers.map(([, , hash]) => hash)).size).toBe(1);
});

test('memory that there is not is an error', async () => {
  // Empty, but with statistics of 8 PB. TensorFlow tries for 10 seconds.
  const code = `
    ${tfjsNode} ${library} ${addon}
    addon.register();
    const {TF_ATTR_BOOL, TF_ATTR_FLOAT} = tf.backend().binding;
    const attrs = [
      {name: 'epsilon', type: TF_ATTR_FLOAT, value: 1e-3},
      ...['center', 'scale', 'offset'].map((name) => ({name, type: TF_ATTR_BOOL, value: false})),
    ];
    const x = tf.zeros([2 ** 50, 0]);
    try {
      tf.backend().executeMultipleOutputs('TfjsLayerNorm', attrs, [x, x, x], 2);
    } catch (error) {
      console.log(error.message);
    }
    ${use}`;
  const [status, message, then] = (await run(code)).split('\n');
  expect(status).toBe('Invalid TF_Status: 8');
  expect(message).toMatch(/OOM when allocating tensor with shape\[1125899906842624,2\]/);
  expect(then).toBe(worked);
});
