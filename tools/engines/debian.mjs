/** What an engine needs of Debian: its packages, and a display without a screen. */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readdirSync} from 'node:fs';
import path from 'node:path';

/** The folder of shared libraries, which Debian names by the processor. */
const TRIPLE = process.arch === 'arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';

/** @param {string} name */
export const libraryFile = (name) => path.join('/usr/lib', TRIPLE, name);

/** A file of each package, by which it is known whether the package is installed. */
const FILES = {
  'firefox-esr': '/usr/bin/firefox-esr',
  'libgl1-mesa-dri': libraryFile('dri/swrast_dri.so'),
  'mesa-vulkan-drivers': '/usr/share/vulkan/icd.d/lvp_icd*.json',
  'webkit2gtk-driver': '/usr/bin/WebKitWebDriver',
  xvfb: '/usr/bin/Xvfb',
};

/** @typedef {keyof typeof FILES} DebianPackage */

/**
 * Those of some packages that are not installed.
 *
 * @param {readonly DebianPackage[]} names
 * @returns {string[]}
 */
export const missingOf = (names) => names.filter((name) => !isThere(FILES[name]));

/** @param {string} file a `*` stands for any letters of its last part */
function isThere(file) {
  if (!file.includes('*')) return existsSync(file);
  const [start, end] = path.basename(file).split('*');
  const folder = path.dirname(file);
  if (!existsSync(folder)) return false;
  return readdirSync(folder).some((name) => name.startsWith(start) && name.endsWith(end));
}

/**
 * Starts an X server that draws into memory. A browser without any display has no WebGL.
 *
 * @returns {Promise<{env: NodeJS.ProcessEnv, close: () => void}>} `env`: the environment of programs
 *     that are to draw there, by Mesa's renderers in software
 */
export async function openDisplay() {
  const args = ['-displayfd', '3', '-screen', '0', '1280x1024x24', '-nolisten', 'tcp'];
  const server = spawn('Xvfb', args, {stdio: ['ignore', 'ignore', 'ignore', 'pipe']});
  const close = () => server.kill();
  process.once('exit', close);
  const failed = once(server, 'exit').then(() => {
    throw new Error('Xvfb ended: it could not open a display.');
  });
  failed.catch(() => {}); // it ends with the browser, too
  const [number] = await Promise.race([
    once(/** @type {import('node:stream').Readable} */ (server.stdio[3]), 'data'),
    failed,
  ]);
  const DISPLAY = `:${String(number).trim()}`;
  return {
    env: {...process.env, DISPLAY, LIBGL_ALWAYS_SOFTWARE: '1'},
    close: () => {
      process.off('exit', close);
      close();
    },
  };
}
