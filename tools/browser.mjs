/** How to launch the Chromium that the set-up found (`setup/browser.mjs`). */
import {existsSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {setupDir, UserError} from './shell.mjs';

/**
 * What the set-up has found.
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
 * How playwright-core is to launch the browser that the set-up found.
 *
 * @param {{gpu?: boolean}} options `gpu`: render on the machine's GPU, not in software
 * @throws {UserError} The set-up has not been run.
 */
export function browserLaunchOptions({gpu = false} = {}) {
  if (!existsSync(record)) {
    throw new UserError('No browser has been set up.', 'run `npm run setup`.');
  }
  return launchOptions(recordedBrowser(), gpu);
}

/** @returns {Browser} */
export function recordedBrowser() {
  return JSON.parse(readFileSync(record, 'utf8'));
}

/**
 * @param {Browser} browser
 * @returns {{executablePath: string, args: string[], env: NodeJS.ProcessEnv}}
 */
export function launchOptions({executablePath, libraryPath}, gpu = false) {
  const libraries = [libraryPath, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':');
  return {
    executablePath,
    args: [...FLAGS, ...(gpu ? ['--use-angle=vulkan'] : SOFTWARE)],
    env: libraries ? {...process.env, LD_LIBRARY_PATH: libraries} : {...process.env},
  };
}
