/**
 * The browser engines that the specification and the page can be run in. The set-up brings Chromium,
 * which `npm test` uses; the others are those of Debian, for `npm run test:browsers`.
 */
import * as chromium from './chromium.mjs';
import * as firefox from './firefox.mjs';
import * as webkit from './webkit.mjs';

/**
 * One engine, a file beside this one.
 *
 * @typedef {object} Engine
 * @property {string} title
 * @property {readonly import('../backends.mjs').Backend[]} backends those that run in it
 * @property {() => string[]} missing the Debian packages that are not installed and that it needs
 * @property {() => Promise<Browser>} launch
 */

/**
 * A browser as Playwright has it. WebKit's is one of ours, with as much of it as its callers use.
 *
 * @typedef {import('playwright-core').Browser} Browser
 */

/** @typedef {'chromium' | 'firefox' | 'webkit'} EngineName */

/** @type {Record<EngineName, Engine>} */
export const ENGINES = {chromium, firefox, webkit};

/** @type {readonly EngineName[]} */
export const ENGINE_NAMES = ['chromium', 'firefox', 'webkit'];

/**
 * The projects of Jest of an engine: the specification on each backend, and the walk through the page.
 *
 * @param {EngineName} engine
 * @returns {string[]} for example firefox-webgl, firefox-page
 */
export const projectsOf = (engine) => [
  ...ENGINES[engine].backends.map((backend) => `${engine}-${backend}`),
  `${engine}-page`,
];
