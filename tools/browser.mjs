/** How to launch the Chromium that the set-up found (`setup/browser.mjs`). */
import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {root, setupDir, UserError} from './shell.mjs';

/**
 * What the set-up has found; a path may be relative to the root.
 *
 * @typedef {{executablePath: string, libraryPath?: string}} Browser
 */

/** The file in which the set-up keeps what it found. */
export const record = path.join(setupDir, 'browser.json');

/** Software rendering, so that results do not depend on the machine's GPU. */
const SOFTWARE = [
  '--use-angle=swiftshader',
  '--use-webgpu-adapter=swiftshader',
  '--use-vulkan=swiftshader', // without it WebGPU reads back zeros and loses its device
];
const FLAGS = [
  '--no-sandbox',
  '--headless=new',
  '--use-gl=angle',
  '--enable-unsafe-swiftshader',
  '--ignore-gpu-blocklist',
  '--enable-unsafe-webgpu',
  '--enable-features=Vulkan',
];

/**
 * Set where Chromium is to render on the machine's GPU (`gpu.mjs`), to what ANGLE reaches it by. In the
 * environment, so that the processes of tests and benchmarks have it too.
 */
export const ANGLE_VARIABLE = 'TFJS_LAYERNORM_ANGLE';

/**
 * How playwright-core is to launch the browser that the set-up found.
 *
 * @throws {UserError} The set-up has not been run.
 */
export function browserLaunchOptions() {
  if (!existsSync(record)) {
    throw new UserError('No browser has been set up.', 'run `npm run setup`.');
  }
  return launchOptions(recordedBrowser(), process.env[ANGLE_VARIABLE]);
}

/** @returns {Browser} with whole paths */
export function recordedBrowser() {
  /** @type {Browser} */
  const {executablePath, libraryPath} = JSON.parse(readFileSync(record, 'utf8'));
  return {
    executablePath: path.resolve(root, executablePath),
    ...(libraryPath && {libraryPath: path.resolve(root, libraryPath)}),
  };
}

/**
 * @param {Browser} browser
 * @param {string} [angle] by what to render on the GPU; absent: in software
 * @returns {{executablePath: string, args: string[], env: NodeJS.ProcessEnv}}
 */
export function launchOptions({executablePath, libraryPath}, angle) {
  const libraries = [libraryPath, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':');
  return {
    executablePath,
    args: [...FLAGS, ...(angle ? [`--use-angle=${angle}`] : SOFTWARE)],
    env: libraries ? {...process.env, LD_LIBRARY_PATH: libraries} : {...process.env},
  };
}
