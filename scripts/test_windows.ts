/**
 * Tries the addon for Windows in Node for Windows: under Wine, on Linux. TensorFlow's library for
 * Windows is out of reach, so a stand-in of its C API is compiled (addon/test/stand_in), and the ops
 * run through it: values and gradients, threads, errors.
 *
 *     npm run test:windows
 */
import {spawnSync} from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {addonDir} from '../tools/addon.mjs';
import {parseFlags} from '../tools/flags.mjs';
import {prebuild} from '../tools/prebuilds.mjs';
import {foreignNode} from '../tools/setup/foreign.mjs';
import {setup} from '../tools/setup/index.mjs';
import {zig} from '../tools/setup/zig.mjs';
import {attempt, fail, root, setupDir, UserError} from '../tools/shell.mjs';

const standIn = path.join(addonDir, 'test/stand_in');
const headers = path.join(root, 'node_modules/node-api-headers');

async function main() {
  parseFlags({
    command: 'npm run test:windows --',
    about: 'Tries the addon for Windows in Node for Windows, under Wine.',
    flags: {},
  });
  await setup(['zig']);
  const wine = findWine();
  const node = foreignNode('win-x64');
  const folder = mkdtempSync(path.join(os.tmpdir(), 'windows-'));
  try {
    console.log('Compiling the addon and the stand-in of TensorFlow.');
    copyFileSync(prebuild('win32-x64'), path.join(folder, 'addon.node'));
    compileStandIn(folder);
    const env = wineEnvironment();
    mkdirSync(env.WINEPREFIX, {recursive: true});
    const winecfg = attempt(wine, ['winecfg', '-v', 'win10'], {env});
    if (!winecfg.ok) throw new UserError(`Wine does not run: ${winecfg.output}`, wineAdvice);
    const check = path.join(standIn, 'check.cjs');
    runIntoFile(wine, [node, check, folder], path.join(folder, 'output.txt'), env);
  } finally {
    rmSync(folder, {recursive: true});
  }
}

/** Under Wine, Node for Windows ends at once where its output is a pipe; so that goes by way of a file. */
function runIntoFile(command: string, args: string[], file: string, env: NodeJS.ProcessEnv): void {
  const output = openSync(file, 'w');
  const {status, error} = spawnSync(command, args, {env, stdio: ['ignore', output, output]});
  closeSync(output);
  console.log(error ? error.message : readFileSync(file, 'utf8').trim());
  if (status !== 0) {
    throw new UserError('The check in Node for Windows failed.', 'see what it says above.');
  }
}

const wineAdvice = 'install Wine 8 or newer: `apt-get install --no-install-recommends wine64`.';

function findWine(): string {
  const usual = ['wine64', 'wine', '/usr/lib/wine/wine64'];
  const found = usual.find((name) => attempt(name, ['--version']).ok);
  if (!found) throw new UserError('Wine was not found.', wineAdvice);
  return found;
}

/** Wine keeps its registry and its drive C: in the set-up's folder. */
function wineEnvironment() {
  const WINEPREFIX = path.join(setupDir, 'wine');
  return {...process.env, WINEPREFIX, WINEARCH: 'win64', WINEDEBUG: '-all'};
}

/** tensorflow.dll, and a tfjs_binding.node that is linked to it. */
function compileStandIn(folder: string): void {
  const at = (name: string) => path.join(folder, name);
  const flags = ['-target', 'x86_64-windows-gnu', '-O2', '-Wall', '-Wextra', '-shared'];
  const zigOrFail = (args: string[]) => {
    const {ok, output} = zig(args, {cwd: standIn});
    if (!ok) throw new UserError(`It does not compile:\n${output}`, 'see the words above.');
  };
  const compile = (...args: string[]) =>
    zigOrFail(['cc', ...flags, '-fno-sanitize=undefined', '-DNAPI_VERSION=8', ...args]);
  const importLibrary = at('tensorflow.lib');
  compile('tensorflow.c', '-o', at('tensorflow.dll'), `-Wl,--out-implib,${importLibrary}`);
  const definitions = path.join(headers, 'def/node_api.def');
  const nodeApi = at('node_api.lib');
  const machine = ['-m', 'i386:x86-64'];
  zigOrFail(['dlltool', ...machine, '-D', 'node.exe', '-d', definitions, '-l', nodeApi]);
  const include = `-I${path.join(headers, 'include')}`;
  compile(include, 'binding.c', importLibrary, nodeApi, '-o', at('tfjs_binding.node'));
  if (!existsSync(at('tfjs_binding.node'))) throw new Error('zig left no tfjs_binding.node');
}

main().catch(fail);
