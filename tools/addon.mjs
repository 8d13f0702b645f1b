/** The addon of the Node backend: what it is made of, and its build for this machine. */
import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {root, run} from './shell.mjs';

export const addonDir = path.join(root, 'addon');

/**
 * The lists of addon/parts.gypi: sources, flags and defines.
 *
 * @type {Record<string, string[]>}
 */
export const parts = JSON.parse(
  readFileSync(path.join(addonDir, 'parts.gypi'), 'utf8').replace(/^\s*#.*$/gm, ''),
).variables;

const advice = 'a C compiler, make and Python 3 are needed: `apt-get install build-essential`.';

/**
 * The row kernels, which are compiled once for each instruction set of a processor.
 *
 * @param {string} arch as Node names it
 * @returns {{name: string, defines: string[], flags: string[]}[]}
 */
export function instructionSets(arch) {
  const names = arch === 'x64' ? ['portable', 'avx2', 'avx512'] : ['portable'];
  return names.map((name) => ({
    name,
    defines: parts[`defines_${name}`],
    flags: parts[`flags_${name}`] ?? [],
  }));
}

/**
 * Where Node's headers are, for node-gyp: beside most Nodes. Where they are not, node-gyp downloads
 * them.
 *
 * @returns {string[]}
 */
export function nodeHeaders() {
  const prefix = path.resolve(path.dirname(process.execPath), '..');
  const isThere = existsSync(path.join(prefix, 'include/node/node_api.h'));
  return isThere ? [`--nodedir=${prefix}`] : [];
}

/** @throws {UserError} It cannot be compiled here. */
export function buildAddon() {
  const gyp = path.join(root, 'node_modules/node-gyp/bin/node-gyp.js');
  const quiet = '--loglevel=warn';
  run(process.execPath, [gyp, 'rebuild', quiet, ...nodeHeaders()], {cwd: addonDir, advice});
}
