/**
 * WebKitGTK as Debian ships it, over WebDriver: JavaScriptCore's compiler of WebAssembly, and WebGL by
 * ANGLE on Mesa's llvmpipe. It has no WebGPU and, as built by Debian, no SharedArrayBuffer.
 */
import path from 'node:path';
import {libraryFile, missingOf, openDisplay} from './debian.mjs';
import {startDriver} from './webdriver.mjs';
import {WebDriverPage} from './webdriver_page.mjs';

/** @typedef {import('playwright-core').Browser} Browser */
/** @typedef {Awaited<ReturnType<typeof startDriver>>} Driver */

export const title = 'WebKit';

/** @type {readonly import('../backends.mjs').Backend[]} */
export const backends = ['cpu', 'wasm', 'webgl'];

export const missing = () => missingOf(['webkit2gtk-driver', 'xvfb', 'libgl1-mesa-dri']);

/** A folder of configuration as GTK reads it. */
const GTK_SETTINGS = path.join(import.meta.dirname, 'gtk_settings');

/** The driver opens one window of this small browser, which comes with the library. */
const CAPABILITIES = {
  'webkitgtk:browserOptions': {
    binary: libraryFile('webkit2gtk-4.1/MiniBrowser'),
    args: ['--automation'],
  },
};

export async function launch() {
  const display = await openDisplay();
  const env = {
    ...display.env,
    // The sandbox asks for namespaces, which containers do not give.
    WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1',
    // Pages are told that motion is to be reduced: a click does not wait until a page has scrolled.
    XDG_CONFIG_DIRS: GTK_SETTINGS,
  };
  /** @type {Set<Driver>} */
  const drivers = new Set();
  let version = '';
  let isOpen = true;
  const browser = {
    /** A context is a browser of its own, with one page: so one that is stuck takes no other along. */
    async newContext() {
      const driver = await startDriver('WebKitWebDriver', CAPABILITIES, env);
      drivers.add(driver);
      version = driver.browserVersion;
      const context = {
        newPage: async () => new WebDriverPage(driver, context),
        async close() {
          drivers.delete(driver);
          await driver.close();
        },
        /** Its clipboard asks nobody. */
        async grantPermissions() {},
      };
      return context;
    },
    /** @param {{viewport?: {width: number, height: number}}} [options] */
    async newPage({viewport} = {}) {
      const context = await browser.newContext();
      const page = await context.newPage();
      if (viewport) await page.setViewportSize(viewport);
      return page;
    },
    version: () => version,
    isConnected: () => isOpen,
    async close() {
      isOpen = false;
      await Promise.all([...drivers].map((driver) => driver.close()));
      display.close();
    },
  };
  return /** @type {Browser} */ (/** @type {unknown} */ (browser));
}
