/**
 * WebKitGTK as Debian ships it, over WebDriver: JavaScriptCore's compiler of WebAssembly, and WebGL by
 * ANGLE on Mesa's llvmpipe. It has no WebGPU and, as built by Debian, no SharedArrayBuffer.
 */
import {libraryFile, missingOf, openDisplay} from './debian.mjs';
import {startDriver} from './webdriver.mjs';
import {WebDriverPage} from './webdriver_page.mjs';

/** @typedef {import('playwright-core').Browser} Browser */
/** @typedef {Awaited<ReturnType<typeof startDriver>>} Driver */

export const title = 'WebKit';

/** @type {readonly import('../backends.mjs').Backend[]} */
export const backends = ['cpu', 'wasm', 'webgl'];

/** WebDriver has neither Playwright's locators nor its mouse, by which the walk is made. */
export const walksPage = false;

export const missing = () => missingOf(['webkit2gtk-driver', 'xvfb', 'libgl1-mesa-dri']);

/** The driver opens one window of this small browser, which comes with the library. */
const CAPABILITIES = {
  'webkitgtk:browserOptions': {
    binary: libraryFile('webkit2gtk-4.1/MiniBrowser'),
    args: ['--automation'],
  },
};

export async function launch() {
  const display = await openDisplay();
  // The sandbox asks for namespaces, which containers do not give.
  const env = {...display.env, WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1'};
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
    async newPage() {
      const context = await browser.newContext();
      return context.newPage();
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
