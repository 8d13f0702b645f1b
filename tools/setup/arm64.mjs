/**
 * Step: Linux on arm64 under emulation, with Node, tfjs-node and what Jest needs there. The emulator and
 * the C library come from Debian's packages, whose signatures apt checks.
 */
import {cpSync, existsSync, mkdirSync, readdirSync, rmSync} from 'node:fs';
import path from 'node:path';
import {root, run as runCommand, setupDir, UserError} from '../shell.mjs';
import {TARGETS} from '../targets.mjs';
import {foreignNode, lockedPackage} from './foreign.mjs';
import {libraryFromPyPI} from './tfjs_node.mjs';
import {zig} from './zig.mjs';

export const name = 'Linux on arm64, under emulation';

const system = path.join(setupDir, 'arm64');

/** The emulator, and what lets it find the C library. */
export const EMULATOR = [
  path.join(system, 'usr/bin/qemu-aarch64-static'),
  '-L',
  path.join(system, 'usr/aarch64-linux-gnu'),
];

const DEBIAN_PACKAGES = [
  'qemu-user-static',
  'libc6-arm64-cross',
  'libgcc-s1-arm64-cross',
  'libstdc++6-arm64-cross',
];

/** Modules that are others for arm64. Below `root`, so that they find all the rest in its node_modules. */
export const MODULES = path.join(system, 'node_modules');

/** What Jest loads that is compiled. */
const COMPILED = ['@swc/core-linux-arm64-gnu', '@unrs/resolver-binding-linux-arm64-gnu'];

export const tfjsNode = path.join(MODULES, '@tensorflow/tfjs-node');
const binding = path.join(tfjsNode, 'lib/napi-v8/tfjs_binding.node');

/** The last file of the packages. */
const libstdcxx = path.join(system, 'usr/aarch64-linux-gnu/lib/libstdc++.so.6');

const hasModules = () => COMPILED.every((name) => existsSync(path.join(MODULES, name)));

export const isDone = () => [EMULATOR[0], libstdcxx, binding].every(existsSync) && hasModules();

export function run() {
  if (!existsSync(libstdcxx)) unpackSystem();
  foreignNode('linux-arm64');
  for (const name of COMPILED) lockedPackage(MODULES, name);
  if (!existsSync(binding)) makeTfjsNode();
}

function unpackSystem() {
  console.log(`  Downloading ${DEBIAN_PACKAGES.join(', ')} from Debian.`);
  mkdirSync(system, {recursive: true});
  const advice = 'Debian or Ubuntu is needed, and `apt-get update` to have been run.';
  runCommand('apt-get', ['download', '-qq', ...DEBIAN_PACKAGES], {cwd: system, advice});
  for (const file of readdirSync(system).filter((name) => name.endsWith('.deb'))) {
    runCommand('dpkg-deb', ['-x', file, '.'], {cwd: system, advice: 'is the disk full?'});
    rmSync(path.join(system, file));
  }
}

/** The package as npm has it, with the library for arm64 and a binding compiled from its sources. */
function makeTfjsNode() {
  const source = path.join(root, 'node_modules/@tensorflow/tfjs-node');
  for (const part of ['package.json', 'dist', 'binding']) {
    cpSync(path.join(source, part), path.join(tfjsNode, part), {recursive: true});
  }
  const deps = path.join(tfjsNode, 'deps');
  if (!existsSync(path.join(deps, 'include'))) libraryFromPyPI('linux-arm64', tfjsNode);
  console.log(
    "  Compiling tfjs-node's binding; the first time, zig's C++ library too: some minutes.",
  );
  mkdirSync(path.dirname(binding), {recursive: true});
  const headers = path.join(root, 'node_modules/node-api-headers/include');
  const {ok, output} = zig(
    [
      ...['c++', '-target', TARGETS['linux-arm64'].zig, '-std=c++17', '-O2', '-shared', '-fPIC'],
      ...['-fno-sanitize=undefined', '-DNAPI_VERSION=8'],
      ...[`-I${headers}`, '-Ideps/include', '-I.'],
      ...['binding/tfjs_backend.cc', 'binding/tfjs_binding.cc'],
      ...['-Ldeps/lib', '-l:libtensorflow_cc.so.2', '-l:libtensorflow_framework.so.2'],
      ...['-Wl,-rpath,$ORIGIN/../../deps/lib', '-o', binding],
    ],
    {cwd: tfjsNode},
  );
  if (!ok) {
    throw new UserError(`tfjs-node's binding does not compile:\n${output}`, 'see the words above.');
  }
  rmSync(path.join(deps, 'include'), {recursive: true});
}
