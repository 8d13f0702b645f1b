/**
 * Step: what builds and checks the prebuilt addons, from PyPI: zig, a C compiler for every system,
 * and LIEF, which reads the executables of every system.
 */
import {rmSync} from 'node:fs';
import path from 'node:path';
import {attempt, run as runCommand, setupDir} from '../shell.mjs';

export const name = 'zig, the cross compiler';

const ZIG = '0.17.1';
const LIEF = '1.0.0';

/** The folder of the two Python packages, for PYTHONPATH. */
const packages = path.join(setupDir, 'python');

/** An environment in which Python finds the packages, and zig keeps what it has compiled. */
const env = {
  ...process.env,
  PYTHONPATH: packages,
  ZIG_GLOBAL_CACHE_DIR: path.join(setupDir, 'zig-cache'),
  ZIG_LOCAL_CACHE_DIR: path.join(setupDir, 'zig-cache'),
};

/**
 * Runs zig.
 *
 * @param {string[]} args
 * @param {{cwd?: string}} [options]
 */
export const zig = (args, options) => python(['-m', 'ziglang', ...args], options);

/**
 * Runs Python with zig and LIEF at hand.
 *
 * @param {string[]} args
 * @param {{cwd?: string, maxBuffer?: number}} [options]
 */
export const python = (args, options) => attempt('python3', args, {...options, env});

export function isDone() {
  const has = python(['-c', 'import lief; print(lief.__version__)']);
  return has.ok && has.output.startsWith(LIEF) && zig(['version']).output === ZIG;
}

export function run() {
  rmSync(packages, {recursive: true, force: true});
  console.log('  Downloading zig and LIEF from PyPI, some 100 MB.');
  const options = ['--quiet', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check'];
  const versions = [`ziglang==${ZIG}`, `lief==${LIEF}`];
  runCommand('python3', ['-m', 'pip', 'install', ...options, '--target', packages, ...versions], {
    advice: 'Python 3 with pip is needed (`python3 -m pip --version`), and PyPI within reach.',
  });
}
