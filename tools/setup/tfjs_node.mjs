/**
 * Step: the native part of @tensorflow/tfjs-node, libtensorflow and its addon.
 *
 * First as its makers deliver it. Where their storage is out of reach, libtensorflow comes from
 * TensorFlow's wheel on PyPI, which holds the library and its headers, and the addon is compiled
 * here from the sources that the npm package holds.
 */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import path from 'node:path';
import {nodeHeaders} from '../addon.mjs';
import {attempt, root, run as runCommand, setupDir, UserError} from '../shell.mjs';
import {checkHash} from './foreign.mjs';

export const name = 'TensorFlow for Node';

const packageDir = path.join(root, 'node_modules/@tensorflow/tfjs-node');
const wheelDir = path.join(setupDir, 'wheel');
const VERSION = '2.15.1';

/** Where the makers keep the binaries; asked first, briefly. */
const MAKERS_STORAGE = 'https://storage.googleapis.com/tf-builds/';
const PROBE_MS = 5_000;

/**
 * A wheel, and the libraries in it that tfjs-node needs. `sha256`: of its file, where it was looked at.
 *
 * @typedef {{project: string, platform: string, libraries: string[], sha256?: string}} Wheel
 */

const LIBRARIES = ['tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2'];

/**
 * Wheels of PyPI that hold libtensorflow, by system and processor. That of linux-arm64 has been tried
 * under emulation (`npm run test:arm64`).
 *
 * @type {Record<string, Wheel>}
 */
const wheels = {
  'linux-x64': {
    project: 'tensorflow-cpu',
    platform: 'manylinux2014_x86_64',
    libraries: LIBRARIES,
  },
  'linux-arm64': {
    project: 'tensorflow-cpu-aws',
    platform: 'manylinux2014_aarch64',
    libraries: [...LIBRARIES, 'tensorflow_cpu_aws.libs/libomp-54bf90fd.so.5'],
    sha256: 'd4c3a3a9363bf42999adedbbd514e3a133be2d62f61fee9cfa46aaefb087c09e',
  },
};

export function isDone() {
  return existsSync(path.join(packageDir, 'lib/napi-v8/tfjs_binding.node')) && check().ok;
}

export async function run() {
  if (!(await fromMakers())) fromPyPI();
  const {ok, output} = check();
  if (ok) return;
  throw new UserError(
    `@tensorflow/tfjs-node is installed, but does not run: ${output}`,
    'remove node_modules and run this again; else leave the backend out, by name: ' +
      '`npm test -- --exclude-backends tensorflow`.',
  );
}

/** Loads it in a process of its own, and computes. */
function check() {
  const script =
    "const tf = require('@tensorflow/tfjs-node');" +
    "if (tf.getBackend() !== 'tensorflow' || tf.add(1, 2).dataSync()[0] !== 3) process.exit(1);";
  return attempt(process.execPath, ['-e', script], {
    env: {...process.env, TF_CPP_MIN_LOG_LEVEL: '2'},
  });
}

async function fromMakers() {
  try {
    await fetch(MAKERS_STORAGE, {method: 'HEAD', signal: AbortSignal.timeout(PROBE_MS)});
  } catch (error) {
    const {name, cause} = /** @type {Error & {cause?: {code?: string}}} */ (error);
    const reason = cause?.code ?? name;
    console.log(`  Its makers’ storage is out of reach (${reason}); PyPI’s wheel serves instead.`);
    return false;
  }
  const bin = path.join(root, 'node_modules/.bin');
  const env = {...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}`};
  const {ok, output} = attempt(process.execPath, ['scripts/install.js'], {cwd: packageDir, env});
  if (ok && check().ok) return true;
  console.log(`  Its own install script did not do; PyPI’s wheel serves instead. It said:`);
  console.log(output.split('\n').slice(-5).join('\n'));
  return false;
}

function fromPyPI() {
  libraryFromPyPI(`${process.platform}-${process.arch}`, packageDir);
  compileAddon();
}

/**
 * Puts libtensorflow and its headers where the package expects them: deps/lib and deps/include.
 *
 * @param {string} system and processor, as Node names them
 * @param {string} packageDir the folder of @tensorflow/tfjs-node
 */
export function libraryFromPyPI(system, packageDir) {
  const wheel = wheels[system];
  if (!wheel) {
    throw new UserError(
      `For ${system} there is no other source of libtensorflow.`,
      'get its makers’ storage within reach, or leave the backend out, by name: ' +
        '`npm test -- --exclude-backends tensorflow`.',
    );
  }
  try {
    unpackWheel(downloadWheel(wheel), wheel.libraries, path.join(packageDir, 'deps'));
  } finally {
    rmSync(wheelDir, {recursive: true, force: true});
  }
}

/** @param {Wheel} wheel */
function downloadWheel({project, platform, sha256}) {
  console.log(`  Downloading ${project} ${VERSION} from PyPI, some 200 MB.`);
  mkdirSync(wheelDir, {recursive: true});
  const target = ['--only-binary=:all:', '--platform', platform, '--python-version', '3.11'];
  const args = ['-m', 'pip', 'download', '--no-deps', ...target, '--dest', wheelDir];
  runCommand('python3', [...args, `${project}==${VERSION}`], {
    advice: 'Python 3 with pip is needed (`python3 -m pip --version`), and PyPI within reach.',
  });
  const file = path.join(wheelDir, readdirSync(wheelDir)[0]);
  if (sha256) checkHash(file, `sha256-${Buffer.from(sha256, 'hex').toString('base64')}`);
  return file;
}

/**
 * @param {string} wheel its file
 * @param {string[]} libraries
 * @param {string} deps
 */
function unpackWheel(wheel, libraries, deps) {
  console.log('  Unpacking libtensorflow.');
  const script = path.join(root, 'tools/setup/unpack_wheel.py');
  const wanted = [...libraries, 'tensorflow/include/'];
  runCommand('python3', [script, wheel, wheelDir, ...wanted], {advice: 'is the disk full?'});

  rmSync(deps, {recursive: true, force: true});
  mkdirSync(path.join(deps, 'lib'), {recursive: true});
  renameSync(path.join(wheelDir, 'tensorflow/include'), path.join(deps, 'include'));
  for (const library of libraries) {
    const file = path.join(deps, 'lib', path.basename(library));
    renameSync(path.join(wheelDir, library), file);
    chmodSync(file, 0o755);
  }
  const links = {
    'libtensorflow.so': 'libtensorflow_cc.so.2',
    'libtensorflow.so.2': 'libtensorflow_cc.so.2',
    'libtensorflow_framework.so': 'libtensorflow_framework.so.2',
  };
  for (const [link, target] of Object.entries(links)) {
    symlinkSync(target, path.join(deps, 'lib', link));
  }
}

function compileAddon() {
  console.log('  Compiling the addon.');
  const gyp = path.join(root, 'node_modules/node-gyp/bin/node-gyp.js');
  // Absolute, since a relative path would be taken from the folder of the build.
  const module_path = path.join(packageDir, 'lib/napi-v8');
  const module = {module_name: 'tfjs_binding', module_path, napi_build_version: '8'};
  const options = Object.entries(module).map(([key, value]) => `--${key}=${value}`);
  runCommand(process.execPath, [gyp, 'rebuild', ...nodeHeaders(), ...options], {
    cwd: packageDir,
    advice: 'a C++ compiler, make and Python 3 are needed: `apt-get install build-essential`.',
  });
}
