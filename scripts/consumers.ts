/**
 * Packs the package, installs it from the tarball into new projects (`test/consumers`) in a folder
 * for temporary files, and uses it there, as its users would.
 *
 *     npm run test:consumers
 *     npm run test:consumers -- vite jest                   these alone
 *     npm run test:consumers -- --tfjs 4.0.0 node_esm       with another version of tfjs
 *
 * Each project's `package.json` says under `consumer` which backend it is to run on, and which page
 * is to be opened once its script `test` has built it. What it reports (`test/consumers/check.mjs`)
 * is printed, written to a file, or shown in the page. The last line is `N passed, N failed`.
 */
import {spawn} from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {gunzipSync} from 'node:zlib';
import {chromium} from 'playwright-core';
import {browserLaunchOptions} from '../tools/browser.mjs';
import {parseFlags} from '../tools/flags.mjs';
import {prebuild} from '../tools/prebuilds.mjs';
import {serve} from '../tools/server.mjs';
import {setup} from '../tools/setup/index.mjs';
import {buildPackage, fail, root} from '../tools/shell.mjs';
import {TARGETS} from '../tools/targets.mjs';

/** What is read of a project's package.json. */
interface Manifest {
  /** What installs its packages, as `pnpm@10.12.1`; absent: npm. */
  packageManager?: string;
  dependencies: Record<string, string>;
  scripts?: {test?: string};
  /** `like`: the project whose files it has, beside its own. */
  consumer: {backend: string; page?: string; report?: string; like?: string};
}

const consumersDir = path.join(root, 'test/consumers');
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

/** A page may have to compile its shaders in software. */
const PAGE_TIMEOUT_MS = 120_000;

async function main() {
  const {names, tfjs} = readFlags();
  await setup(['tfjs-node', 'addon', 'browser', 'zig']);
  buildPackage();
  const here = `${process.platform}-${process.arch}`;
  if (here in TARGETS) prebuild(here);

  const folder = mkdtempSync(path.join(os.tmpdir(), 'consumers-'));
  let failed = 0;
  try {
    const tarball = await pack(folder);
    for (const name of names) {
      const start = performance.now();
      const fault = await faultOf(name, {folder, tarball, tfjs});
      const seconds = ((performance.now() - start) / 1000).toFixed(0);
      console.log(`${fault ? '✗' : '✓'} ${name} (${seconds} s)${fault ? `\n${fault}` : ''}`);
      if (fault) failed++;
    }
  } finally {
    rmSync(folder, {recursive: true});
  }
  console.log(`\n${names.length - failed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

function readFlags(): {names: string[]; tfjs?: string} {
  const all = readdirSync(consumersDir).filter((name) =>
    existsSync(path.join(consumersDir, name, 'package.json')),
  );
  const {tfjs, rest} = parseFlags({
    command: 'npm run test:consumers --',
    about: 'Installs the packed package into new projects, and uses it there.',
    flags: {tfjs: {value: 'VERSION', about: 'of tfjs (default: as each project says)'}},
    rest: {name: 'project', about: `some of ${all.join(', ')} (default all)`, choices: all},
  });
  return {names: rest.length ? rest : all, tfjs};
}

/** The tarball that would be published. */
async function pack(folder: string): Promise<string> {
  const output = await shell(
    npm,
    ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
    root,
  );
  return path.join(folder, JSON.parse(output)[0].filename);
}

/** Makes the project, runs it, and looks at what it reports: what is wrong, or null. */
async function faultOf(
  name: string,
  {folder, tarball, tfjs}: {folder: string; tarball: string; tfjs?: string},
): Promise<string | null> {
  const project = path.join(folder, name);
  try {
    const source = path.join(consumersDir, name);
    const manifest: Manifest = JSON.parse(readFileSync(path.join(source, 'package.json'), 'utf8'));
    const {backend, page, report, like} = manifest.consumer;
    if (like) cpSync(path.join(consumersDir, like), project, {recursive: true});
    cpSync(source, project, {recursive: true});
    cpSync(path.join(consumersDir, 'check.mjs'), path.join(project, 'check.mjs'));
    writeFileSync(path.join(project, 'models.mjs'), models());
    await install(project, manifest, {tarball, tfjs});

    const printed = manifest.scripts?.test ? await shell(npm, ['test', '--silent'], project) : '';
    const reports = page
      ? [await reportOfPage(project, page)]
      : linesOf(report ? readFileSync(path.join(project, report), 'utf8') : printed);
    if (reports.length === 0) return `It reported nothing, but printed:\n${printed}`;
    const faults = reports.flatMap((text) => faultsOf(JSON.parse(text), backend));
    return faults.length ? `  ${faults.join('\n  ')}` : null;
  } catch (error) {
    return messageOf(error);
  }
}

/** A Keras model and a graph model of the fixtures, as a module. */
function models(): string {
  const read = (file: string) => readFileSync(path.join(root, 'test/fixtures', file), 'utf8');
  const kerasModel = JSON.parse(read('keras/keras3_mlp.json'));
  const gzipped = Buffer.from(kerasModel.files.keras, 'base64');
  kerasModel.files = {keras: gunzipSync(gzipped).toString('base64')};
  return (
    `export const kerasModel = ${JSON.stringify(kerasModel)};\n` +
    `export const graphModel = ${read('graph/keras2_mlp.json')};\n`
  );
}

async function install(
  project: string,
  manifest: Manifest,
  {tarball, tfjs}: {tarball: string; tfjs?: string},
): Promise<void> {
  const {dependencies} = manifest;
  for (const name of Object.keys(dependencies)) {
    if (tfjs && name.startsWith('@tensorflow/')) dependencies[name] = tfjs;
  }
  writeFileSync(path.join(project, 'package.json'), JSON.stringify(manifest, null, 2));
  const manager = manifest.packageManager ?? 'npm';
  // First tfjs, then what builds on it: npm would else take the newest tfjs that our range allows.
  await installPackages(project, manager);
  await installPackages(project, manager, tarball);

  const tfjsNode = 'node_modules/@tensorflow/tfjs-node';
  if (!existsSync(path.join(project, tfjsNode))) return;
  cpSync(path.join(root, tfjsNode, 'lib'), path.join(project, tfjsNode, 'lib'), {recursive: true});
  rmSync(path.join(project, tfjsNode, 'deps'), {recursive: true, force: true});
  symlinkSync(path.join(root, tfjsNode, 'deps'), path.join(project, tfjsNode, 'deps'));
}

/**
 * How each package manager installs what the manifest names, or adds a package from a tarball.
 * Scripts are off: that of tfjs-node downloads what this checkout has, and the rest need none.
 */
const INSTALL: Record<string, (tarball?: string) => string[]> = {
  npm: (tarball = '') =>
    'install --loglevel=error --ignore-scripts --prefer-offline --no-audit --no-fund'
      .split(' ')
      .concat(tarball || []),
  pnpm: (tarball) => [...(tarball ? ['add', tarball] : ['install']), '--ignore-scripts'],
  yarn: (tarball) => [
    ...(tarball ? ['add', `file:${tarball}`] : ['install']),
    ...['--ignore-scripts', '--no-progress', '--silent'],
  ],
};

/** @param manager `npm`, or another and its version, which npm brings: `pnpm@10.12.1` */
async function installPackages(project: string, manager: string, tarball?: string): Promise<void> {
  const args = INSTALL[manager.split('@')[0]](tarball);
  try {
    if (manager === 'npm') await shell(npm, args, project);
    else await shell(npm, ['exec', '--yes', '--', manager, ...args], project);
  } catch (error) {
    throw new Error(
      `${manager} could not install its packages; is the npm registry within reach?\n` +
        messageOf(error),
    );
  }
}

/** Opens a built page and waits until it shows its report. */
async function reportOfPage(project: string, page: string): Promise<string> {
  const server = await serve(filesIn(project), {isolated: false});
  const browser = await chromium.launch(browserLaunchOptions());
  const said: string[] = [];
  try {
    const tab = await browser.newPage();
    tab.on('console', (message) => said.push(message.text()));
    const shown = new Promise<unknown>((resolve, reject) => {
      tab.on('pageerror', reject);
      tab
        .waitForFunction(() => document.body?.textContent?.trim().startsWith('{'), null, {
          timeout: PAGE_TIMEOUT_MS,
        })
        .then(resolve, reject);
    });
    await tab.goto(`${server.origin}/${page}`);
    await shown;
    return (await tab.textContent('body')) ?? '';
  } catch (error) {
    throw new Error(`The page: ${messageOf(error)}\n${said.join('\n')}`);
  } finally {
    await browser.close();
    await server.close();
  }
}

/** The files of a folder, by their addresses. */
const filesIn = (folder: string) => (address: string) => {
  const file = path.join(folder, path.normalize(address));
  return existsSync(file) ? readFileSync(file) : undefined;
};

const linesOf = (printed: string) => printed.split('\n').filter((line) => line.startsWith('{'));

/** What is not as it should be in a report of `check.mjs`. */
function faultsOf(report: Record<string, unknown>, backend: string): string[] {
  const expected: Record<string, unknown> = {
    backend,
    isFused: true,
    row: [-1, 1],
    isTrained: true,
    isLoadedAsOurs: true,
  };
  const faults = Object.entries(expected)
    .filter(([key, value]) => JSON.stringify(report[key]) !== JSON.stringify(value))
    .map(
      ([key, value]) => `${key} is ${JSON.stringify(report[key])}, not ${JSON.stringify(value)}.`,
    );
  const {difference, kerasError = 0, graphError = 0} = report;
  for (const [key, value] of Object.entries({difference, kerasError, graphError})) {
    // NaN is no number of JSON: it arrives as null.
    if (typeof value !== 'number' || !(value <= 1e-5))
      faults.push(`${key} is ${value}, above 1e-5.`);
  }
  return faults;
}

/** Runs a command and gives what it printed. @throws Error It fails; with all that it said. */
function shell(command: string, args: string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = {...process.env, TF_CPP_MIN_LOG_LEVEL: '2', CI: '1'};
    const child = spawn(command, args, {cwd, env, shell: process.platform === 'win32'});
    let printed = '';
    let said = '';
    child.stdout.on('data', (text) => {
      printed += text;
    });
    child.stderr.on('data', (text) => {
      said += text;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve(printed);
      else reject(new Error(`\`${command} ${args[0]}\` ended with ${code}:\n${printed}${said}`));
    });
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

main().catch(fail);
