/**
 * Firefox as Debian ships it, over WebDriver BiDi: Gecko's compiler of WebAssembly, WebGL on Mesa's
 * llvmpipe, and WebGPU by wgpu and naga on Mesa's lavapipe.
 *
 * Playwright's own Firefox is another, patched one; the channel below drives a stock one. Version 1.64
 * of playwright-core is the last that does with an ESR of 2026: from 1.65 on it sends each new page a
 * command (`emulation.setMediaFeaturesOverride`) that Firefox 153 does not know.
 */
import {missingOf, openDisplay} from './debian.mjs';

export const title = 'Firefox';

/** @type {readonly import('../backends.mjs').Backend[]} */
export const backends = ['wasm', 'webgl', 'webgpu'];

export const missing = () =>
  missingOf(['firefox-esr', 'xvfb', 'libgl1-mesa-dri', 'mesa-vulkan-drivers']);

/** Allow what Firefox leaves off for renderers in software. */
const PREFERENCES = {
  'webgl.force-enabled': true,
  'webgl.disable-fail-if-major-performance-caveat': true,
  'dom.webgpu.enabled': true,
  'gfx.webgpu.ignore-blocklist': true,
  // Its sandbox asks for namespaces, which containers do not give.
  'security.sandbox.content.level': 0,
};

export async function launch() {
  const {firefox} = await import('playwright-core');
  const {env, close} = await openDisplay();
  try {
    const browser = await firefox.launch({
      channel: 'moz-firefox',
      executablePath: '/usr/bin/firefox-esr',
      headless: false, // without a display it has no WebGL
      firefoxUserPrefs: PREFERENCES,
      env,
    });
    browser.once('disconnected', close);
    return browser;
  } catch (error) {
    close();
    throw error;
  }
}
