/**
 * Measures what `loadKerasModel` costs with large files: time, memory, and how long it lets nothing
 * else run. It makes the files itself.
 *
 *     npm run bench:load
 *     npm run bench:load -- --node 110 --page 300
 */
import {execFileSync} from 'node:child_process';
import {createReadStream, existsSync, mkdirSync, statSync} from 'node:fs';
import {createServer} from 'node:http';
import type {AddressInfo} from 'node:net';
import path from 'node:path';
import {build} from 'esbuild';
import {chromium} from 'playwright-core';
import {browserLaunchOptions} from '../tools/browser.mjs';
import {parseFlags, positiveInteger} from '../tools/flags.mjs';
import {pageOf} from '../tools/server.mjs';
import {setup} from '../tools/setup/index.mjs';
import {buildPackage, fail, root, setupDir} from '../tools/shell.mjs';
import {printTable} from '../tools/table.mjs';
import {makeKerasFile} from './load/make_file.js';
import type {LoadCost} from './load/measure.js';

const MB = 1e6;

const {node, page} = parseFlags({
  command: 'npm run bench:load --',
  about: 'Measures what loading large files of Keras costs, in Node and in a page.',
  flags: {
    node: {value: 'MB', about: 'size of the file in Node', default: 110, parse: positiveInteger},
    page: {value: 'MB', about: 'size of the file in a page', default: 300, parse: positiveInteger},
  },
});

async function main() {
  await setup(['packages', 'browser']);
  buildPackage();
  const inNode = await fileOf(node);
  const rows = [rowOf(`Node, a path of ${node} MB`, await loadInNode(inNode))];
  for (const [from, cost] of Object.entries(await loadInPage(await fileOf(page)))) {
    rows.push(rowOf(`Chromium, a ${from} of ${page} MB`, cost));
  }
  printTable(['source', 'time', 'longest block', 'memory / file', 'progress told'], rows);
}

function rowOf(source: string, {ms, longestBlockMs, reports, ratio}: LoadCost & {ratio?: number}) {
  const memory = ratio ? `${ratio.toFixed(2)}` : '';
  return [
    source,
    `${ms.toFixed(0)} ms`,
    `${longestBlockMs.toFixed(0)} ms`,
    memory,
    `${reports} times`,
  ];
}

async function fileOf(size: number): Promise<string> {
  const file = path.join(setupDir, `bench/load_${size}.keras`);
  mkdirSync(path.dirname(file), {recursive: true});
  if (!existsSync(file)) {
    console.log(`Making a file of ${size} MB.`);
    await makeKerasFile(file, size * MB);
  }
  return file;
}

/** In a process of its own, whose memory nothing else has grown. */
async function loadInNode(file: string): Promise<LoadCost & {ratio: number}> {
  const program = await bundle('in_node', 'node');
  const said = execFileSync(process.execPath, [program, file], {encoding: 'utf8', cwd: root});
  const {memory, ...cost} = JSON.parse(said.trim().split('\n').at(-1) ?? '');
  return {...cost, ratio: memory / statSync(file).size};
}

async function loadInPage(file: string): Promise<Record<'URL' | 'File', LoadCost>> {
  const script = await bundle('in_page', 'browser');
  const server = createServer(({url}, response) => {
    const paths: Record<string, string> = {'/in_page.js': script, '/model.keras': file};
    const served = paths[url ?? ''];
    const isScript = served === script;
    if (!served) return response.setHeader('content-type', 'text/html').end(pageOf('/in_page.js'));
    response.setHeader('content-type', isScript ? 'text/javascript' : 'application/octet-stream');
    response.setHeader('content-length', statSync(served).size);
    return createReadStream(served).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const browser = await chromium.launch(browserLaunchOptions());
  try {
    const load = async (from: 'URL' | 'File') => {
      const tab = await browser.newPage();
      await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
      await tab.waitForFunction('window.loadFile');
      const cost = await tab.evaluate((given) => window.loadFile('/model.keras', given), from);
      await tab.close();
      return cost;
    };
    return {URL: await load('URL'), File: await load('File')};
  } finally {
    await browser.close();
    server.close();
  }
}

async function bundle(name: string, platform: 'node' | 'browser'): Promise<string> {
  const outfile = path.join(setupDir, `bench/load_${name}.mjs`);
  await build({
    absWorkingDir: root,
    entryPoints: [path.join(root, `bench/load/${name}.ts`)],
    outfile,
    bundle: true,
    format: 'esm',
    platform,
    ...(platform === 'node' ? {packages: 'external'} : {}),
    tsconfigRaw: '{}', // ours leads to src; what is measured is dist
    define: {'process.env.NODE_ENV': '"production"'},
    logLevel: 'warning',
  });
  return outfile;
}

main().catch(fail);
