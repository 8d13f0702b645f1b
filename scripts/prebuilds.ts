/**
 * Compiles the addon of the Node backend for every system into addon/prebuilds, on one Linux machine,
 * and checks what it has made:
 *
 *     npm run prebuilds
 *     npm run prebuilds -- linux-x64         this alone
 */
import {readdirSync, rmSync, statSync} from 'node:fs';
import path from 'node:path';
import {addonDir} from '../tools/addon.mjs';
import {parseFlags} from '../tools/flags.mjs';
import {prebuild, prebuiltFile} from '../tools/prebuilds.mjs';
import {setup} from '../tools/setup/index.mjs';
import {python} from '../tools/setup/zig.mjs';
import {attempt, fail, root, UserError} from '../tools/shell.mjs';
import {TARGETS} from '../tools/targets.mjs';

const MAX_TARBALL_BYTES = 1.5e6;

async function main() {
  const all = Object.keys(TARGETS);
  const {rest} = parseFlags({
    command: 'npm run prebuilds --',
    about: 'Compiles the addon of the Node backend for every system, into addon/prebuilds.',
    flags: {},
    rest: {name: 'target', about: `some of ${all.join(', ')} (default all)`, choices: all},
  });
  await setup(['zig']);
  const names = rest.length ? rest : all;
  removeOthers();
  for (const [i, name] of names.entries()) {
    const start = performance.now();
    console.log(`[${i + 1}/${names.length}] ${name}: compiling`);
    const {size} = statSync(prebuild(name));
    const seconds = ((performance.now() - start) / 1000).toFixed(0);
    console.log(`[${i + 1}/${names.length}] ${name}: ${(size / 1000).toFixed(0)} KB, ${seconds} s`);
    check(name);
  }
  if (names.length === all.length) checkTarball();
}

/** Takes away what would be published but is no target. */
function removeOthers(): void {
  const folder = path.join(addonDir, 'prebuilds');
  for (const name of attempt('ls', [folder]).ok ? readdirSync(folder) : []) {
    if (!(name in TARGETS)) rmSync(path.join(folder, name), {recursive: true});
  }
}

/** Has scripts/check_prebuilt.py look at a file: what it asks of a system, and what it offers. */
function check(name: string): void {
  const script = path.join(root, 'scripts/check_prebuilt.py');
  const {ok, output} = python([script, name, prebuiltFile(name)]);
  console.log(output.replace(/^/gm, '      '));
  if (!ok) {
    throw new UserError(
      `The prebuilt addon for ${name} would not load everywhere.`,
      'see what is wrong with it above.',
    );
  }
}

/** All targets are in what would be published, which is not too large. */
function checkTarball(): void {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const {output} = attempt(npm, ['pack', '--json', '--dry-run', '--ignore-scripts']);
  const [{size, files}] = JSON.parse(output) as [{size: number; files: {path: string}[]}];
  const packed = new Set(files.map((file) => file.path));
  const missing = Object.keys(TARGETS).filter(
    (name) => !packed.has(path.relative(root, prebuiltFile(name)).replaceAll(path.sep, '/')),
  );
  if (missing.length) {
    throw new UserError(`The package lacks ${missing.join(', ')}.`, 'see `files` in package.json.');
  }
  if (size > MAX_TARBALL_BYTES) {
    throw new UserError(`The package has ${size} bytes, more than 1.5 MB.`, 'what has grown?');
  }
  console.log(`The package holds all ${Object.keys(TARGETS).length}; it has ${size} bytes.`);
}

main().catch(fail);
