/**
 * Runs the addon's C kernels for arm64 under emulation (addon/test/fuzz.c), on Linux: random shapes
 * and hard numbers against plain loops in double, from three threads at once.
 *
 *     npm run test:arm64
 *
 * The emulator and the C library come from Debian's packages, unpacked into `.setup`.
 */
import {existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {addonDir, instructionSets, parts} from '../tools/addon.mjs';
import {parseFlags, positiveInteger} from '../tools/flags.mjs';
import {TARGETS} from '../tools/prebuilds.mjs';
import {setup} from '../tools/setup/index.mjs';
import {zig} from '../tools/setup/zig.mjs';
import {fail, run, setupDir, UserError} from '../tools/shell.mjs';

const system = path.join(setupDir, 'arm64');
const emulator = path.join(system, 'usr/bin/qemu-aarch64-static');
const DEBIAN_PACKAGES = ['qemu-user-static', 'libc6-arm64-cross'];

async function main() {
  const {cases} = parseFlags({
    command: 'npm run test:arm64 --',
    about: "Runs the addon's C kernels for arm64 under emulation.",
    flags: {
      cases: {value: 'N', about: 'cases for each thread', default: 100, parse: positiveInteger},
    },
  });
  await setup(['zig']);
  if (!existsSync(emulator)) unpackSystem();
  const folder = mkdtempSync(path.join(os.tmpdir(), 'arm64-'));
  try {
    const prefix = path.join(system, 'usr/aarch64-linux-gnu');
    run(emulator, ['-L', prefix, compile(folder), '1', `${cases}`], {
      advice: 'what it found is above.',
    });
  } finally {
    rmSync(folder, {recursive: true});
  }
}

function unpackSystem(): void {
  console.log(`Downloading ${DEBIAN_PACKAGES.join(' and ')} from Debian.`);
  mkdirSync(system, {recursive: true});
  const advice = 'Debian or Ubuntu is needed, and `apt-get update` to have been run.';
  run('apt-get', ['download', ...DEBIAN_PACKAGES], {cwd: system, advice});
  for (const file of readdirSync(system).filter((name) => name.endsWith('.deb'))) {
    run('dpkg-deb', ['-x', file, '.'], {cwd: system, advice: 'is the disk full?'});
    rmSync(path.join(system, file));
  }
}

/** Compiles the fuzzer with the kernels; gives the path of the program. */
function compile(folder: string): string {
  const flags = ['-target', TARGETS['linux-arm64'].zig, ...parts.flags, '-fno-sanitize=undefined'];
  const cc = (args: string[]) => {
    const {ok, output} = zig(['cc', ...flags, ...args], {cwd: addonDir});
    if (!ok) throw new UserError(`It does not compile:\n${output}`, 'see the words above.');
  };
  const [{defines}] = instructionSets('arm64');
  const object = path.join(folder, 'portable.o');
  const names = defines.map((define) => `-D${define}`);
  cc([...names, '-c', 'src/row_kernels_vector.c', '-o', object]);
  const kernels = ['layer_norm', 'layer_norm_grad', 'row_kernels', 'row_kernels_double'];
  const sources = [...kernels, 'row_stats', 'thread_pool'].map((name) => `src/${name}.c`);
  const program = path.join(folder, 'fuzz');
  const libraries = ['-Wl,--wrap=malloc', '-lm', '-lpthread', '-ldl'];
  cc(['test/fuzz.c', ...sources, ...parts.sources_linux, object, ...libraries, '-o', program]);
  return program;
}

main().catch(fail);
