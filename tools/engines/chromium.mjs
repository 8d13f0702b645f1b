/** Chromium, the one that the set-up found, with its GPU in software (SwiftShader). */
import {browserLaunchOptions} from '../browser.mjs';

export const title = 'Chromium';

/** @type {readonly import('../backends.mjs').Backend[]} */
export const backends = ['wasm', 'webgl', 'webgpu'];

/** The set-up brings it. @returns {string[]} */
export const missing = () => [];

export async function launch() {
  const {chromium} = await import('playwright-core');
  return chromium.launch(browserLaunchOptions());
}
