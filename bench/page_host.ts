/**
 * The process of an environment in a browser: serves the bundle of `in_page.ts` and the files that
 * it loads by address, and opens it in the Chromium of the tests.
 */
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {build} from 'esbuild';
import {type Browser, chromium} from 'playwright-core';
import {browserLaunchOptions} from '../tools/browser.mjs';
import {pageOf, serve} from '../tools/server.mjs';
import {root} from '../tools/shell.mjs';
import type {Environment, Message, Progress, Request, Task} from './types.js';

const SCRIPT = '/in_page.js';

/** WebAssembly and workers: loaded by address, they cannot be bundled. */
const FOLDERS = {
  '/tfjs-wasm/': 'node_modules/@tensorflow/tfjs-backend-wasm/dist',
  '/litert_wasm/': 'node_modules/@litertjs/core/wasm',
  '/onnxruntime/': 'node_modules/onnxruntime-web/dist',
};

const send = (message: Message) => process.send?.(message);

process.once('message', async ({environment, ...request}: Request & {environment: Environment}) => {
  let browser: Browser | undefined;
  let server: Awaited<ReturnType<typeof serve>> | undefined;
  try {
    const files = await filesOfPage(environment.backend, request.tasks);
    server = await serve((address) => (address === '/' ? pageOf(SCRIPT) : files.get(address)));
    browser = await chromium.launch(browserLaunchOptions());
    const page = await browser.newPage();
    const said: string[] = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(error.message));
    await page.exposeFunction('onBenchProgress', (progress: Progress) => send({progress}));
    await page.goto(server.origin);
    await page.waitForFunction('window.runBench', null, {timeout: 60_000}).catch(() => {
      throw new Error(`The page did not start: ${said.join('\n')}`);
    });
    const report = await page.evaluate((given) => window.runBench(given), {
      environment,
      ...request,
    });
    send({report: {...report, browser: browser.version()}});
  } catch (error) {
    send({failure: error instanceof Error ? error.stack : String(error)});
  } finally {
    await browser?.close();
    await server?.close();
    process.disconnect();
  }
});

async function filesOfPage(
  backend: string,
  tasks: readonly Task[],
): Promise<Map<string, Uint8Array>> {
  const runsLiteRt = tasks.some(({type}) => type === 'kerasModel');
  const {outputFiles} = await build({
    absWorkingDir: root,
    entryPoints: {
      in_page: path.join(root, 'bench/in_page.ts'),
      ...(runsLiteRt && {litert: '@litertjs/core'}),
    },
    outdir: root,
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    tsconfigRaw: '{}', // ours leads to src; what is measured is dist
    external: ['/onnxruntime/*', '/litert.js'],
    define: {'process.env.NODE_ENV': '"production"'},
    logLevel: 'silent',
  });
  const files = new Map<string, Uint8Array>();
  for (const {path: file, contents} of outputFiles) files.set(`/${path.basename(file)}`, contents);
  for (const [address, folder] of Object.entries(FOLDERS)) {
    if (address === '/tfjs-wasm/' && backend !== 'wasm') continue;
    if (address === '/litert_wasm/' && !runsLiteRt) continue;
    for (const name of readdirSync(path.join(root, folder))) {
      if (/\.(wasm|m?js)$/.test(name))
        files.set(address + name, readFileSync(path.join(root, folder, name)));
    }
  }
  return files;
}
