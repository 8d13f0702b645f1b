/**
 * The process of an environment in a browser: serves the bundle of `in_page.mjs` and the files that
 * it loads by address, and opens it in the Chromium of the tests.
 */
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {build} from 'esbuild';
import {chromium} from 'playwright-core';
import {browserLaunchOptions} from '../scripts/setup/browser.mjs';
import {serve} from '../test/backends/browser/server.mjs';

const root = process.cwd();
const SCRIPT = '/in_page.js';

/** WebAssembly and workers: loaded by address, they cannot be bundled. */
const FOLDERS = {
  '/tfjs-wasm/': 'node_modules/@tensorflow/tfjs-backend-wasm/dist',
  '/onnxruntime/': 'node_modules/onnxruntime-web/dist',
};

process.once('message', async ({environment, ...request}) => {
  let browser;
  let server;
  try {
    server = await serve(await filesOfPage(environment.backend), SCRIPT);
    browser = await chromium.launch(browserLaunchOptions());
    const page = await browser.newPage();
    const said = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(error.message));
    await page.exposeFunction('onBenchProgress', (progress) => process.send({progress}));
    await page.goto(server.origin);
    await page.waitForFunction('window.runBench', null, {timeout: 60_000}).catch(() => {
      throw new Error(`The page did not start: ${said.join('\n')}`);
    });
    const report = await page.evaluate((given) => window.runBench(given), {
      environment,
      ...request,
    });
    process.send({report: {...report, browser: browser.version()}});
  } catch (error) {
    process.send({failure: error.stack});
  } finally {
    await browser?.close();
    await server?.close();
    process.disconnect();
  }
});

async function filesOfPage(backend) {
  const {outputFiles} = await build({
    absWorkingDir: root,
    entryPoints: [path.join(root, 'bench/in_page.mjs')],
    outfile: path.join(root, SCRIPT),
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    external: ['/onnxruntime/*'],
    define: {'process.env.NODE_ENV': '"production"'},
    logLevel: 'silent',
  });
  const files = new Map([[SCRIPT, outputFiles[0].contents]]);
  for (const [address, folder] of Object.entries(FOLDERS)) {
    if (address === '/tfjs-wasm/' && backend !== 'wasm') continue;
    for (const name of readdirSync(path.join(root, folder))) {
      if (/\.(wasm|mjs)$/.test(name))
        files.set(address + name, readFileSync(path.join(root, folder, name)));
    }
  }
  return files;
}
