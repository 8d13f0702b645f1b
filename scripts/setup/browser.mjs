/**
 * Step: a Chromium with WebGL2 and WebGPU. An installed one if it does, else that of the npm
 * package @sparticuz/chromium, unpacked into `.setup/chromium`.
 */
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {createServer} from 'node:http';
import path from 'node:path';
import {attempt, root, SetupError, setupDir} from './shell.mjs';

export const name = 'browser';

/** What the step found: {executablePath, libraryPath?}. */
const record = path.join(setupDir, 'browser.json');

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
 * @returns {{executablePath: string, args: string[], env: object}}
 * @throws {SetupError} The set-up has not been run.
 */
export function browserLaunchOptions({gpu = false} = {}) {
  if (!existsSync(record)) {
    throw new SetupError('No browser has been set up.', 'run `npm run setup`.');
  }
  return launchOptions(JSON.parse(readFileSync(record, 'utf8')), gpu);
}

function launchOptions({executablePath, libraryPath}, gpu = false) {
  const libraries = [libraryPath, process.env.LD_LIBRARY_PATH].filter(Boolean).join(':');
  return {
    executablePath,
    args: [...FLAGS, ...(gpu ? ['--use-angle=vulkan'] : SOFTWARE)],
    env: libraries ? {...process.env, LD_LIBRARY_PATH: libraries} : {...process.env},
  };
}

export async function isDone() {
  if (!existsSync(record)) return false;
  return (await faultOf(JSON.parse(readFileSync(record, 'utf8')))) === null;
}

export async function run() {
  mkdirSync(setupDir, {recursive: true});
  const faults = [];
  for (const find of [installedBrowser, packagedBrowser, packagedBrowserWithLibraries]) {
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
  throw new SetupError(
    `No browser with WebGL2 and WebGPU was found.\n  ${faults.join('\n  ')}`,
    'install Chromium 121 or later and set CHROME_PATH to it, or leave the backends out, by ' +
      'name: `npm test -- --exclude-backends webgl,webgpu`.',
  );
}

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
  return executablePath && {executablePath};
}

/** The npm package holds a Chromium for linux-x64. */
function packagedBrowser() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return undefined;
  const folder = path.join(setupDir, 'chromium');
  mkdirSync(folder, {recursive: true});
  console.log('  Unpacking the Chromium of the npm package @sparticuz/chromium.');
  const script = path.join(root, 'scripts/setup/unpack_chromium.mjs');
  const env = {...process.env, TMPDIR: folder, AWS_LAMBDA_JS_RUNTIME: 'nodejs20.x'};
  const {ok, output} = attempt(process.execPath, [script], {env});
  if (!ok) throw new SetupError(`Chromium could not be unpacked: ${output}`, 'is the disk full?');
  return {executablePath: path.join(folder, 'chromium')};
}

function packagedBrowserWithLibraries() {
  const browser = packagedBrowser();
  return browser && {...browser, libraryPath: path.join(setupDir, 'chromium/al2023/lib')};
}

/** Launches it and looks: null where it has all, else what is wrong. */
async function faultOf(browser) {
  const {chromium} = await import('playwright-core');
  const server = createServer((_, response) => {
    response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>check</title>');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  let launched;
  try {
    launched = await chromium.launch(launchOptions(browser));
    const page = await launched.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    const has = await page.evaluate(async () => ({
      WebGL2: document.createElement('canvas').getContext('webgl2') !== null,
      WebGPU: Boolean(await navigator.gpu?.requestAdapter()),
    }));
    const missing = Object.keys(has).filter((feature) => !has[feature]);
    return missing.length ? `it has no ${missing.join(' and no ')}` : null;
  } catch (error) {
    return error.message.split('\n').slice(0, 3).join(' ');
  } finally {
    await launched?.close();
    server.close();
  }
}
