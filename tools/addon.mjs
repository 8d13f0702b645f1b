/**
 * Compiles the Node backend's addon, into addon/build/Release for this machine, or into
 * addon/prebuilds for the published package (`npm run prebuilds`).
 *
 * A prebuilt binary serves every Node with Node-API 8 on the same system and processor, with the C
 * library of the machine that built it or a newer one: built on Debian 12, glibc 2.34. Before
 * `npm publish`, run it on linux-x64 and on linux-arm64, and put both folders into addon/prebuilds.
 * Who has neither (another processor, musl, an older glibc) compiles at install; where that fails,
 * the install goes on, and the kernel of `cpu` serves.
 */
import {existsSync} from 'node:fs';
import path from 'node:path';
import {root, run} from './shell.mjs';

export const addonDir = path.join(root, 'addon');

const advice = 'a C compiler, make and Python 3 are needed: `apt-get install build-essential`.';

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

/** @throws {UserError} It cannot be compiled here. */
export function prebuildAddon() {
  const prebuildify = path.join(root, 'node_modules/prebuildify/bin.js');
  const args = ['--napi', '--strip', '--tag-libc', '--name', 'tfjs-layernorm'];
  const [headers] = nodeHeaders();
  const env = headers && {npm_config_nodedir: headers.split('=')[1]};
  run(process.execPath, [prebuildify, ...args], {
    cwd: addonDir,
    env: {...process.env, ...env},
    advice,
  });
}
