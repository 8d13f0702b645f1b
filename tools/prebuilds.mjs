/**
 * The prebuilt addons of the published package, for all systems from one Linux machine: compiled by
 * zig's C compiler, which brings the C libraries of every system along. No file is committed:
 * `npm pack` makes them (`npm run prebuilds`), from sources, headers and a compiler of pinned versions.
 *
 * A prebuilt file serves every Node with Node-API 8. Where none fits (musl, another processor), the
 * addon is compiled at install; where that fails, the install goes on, and the kernel of `cpu` serves.
 */
import {mkdirSync, mkdtempSync, readdirSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {addonDir, instructionSets, parts} from './addon.mjs';
import {zig} from './setup/zig.mjs';
import {root, UserError} from './shell.mjs';
import {TARGETS} from './targets.mjs';

/** The file of a target, there or not. @param {string} name */
export const prebuiltFile = (name) => path.join(addonDir, 'prebuilds', name, TARGETS[name].file);

/** Zig would check what is undefined in C as it runs; `npm run sanitize` does. */
const OWN_FLAGS = ['-fPIC', '-fno-sanitize=undefined', '-DNAPI_VERSION=8'];

/** The headers of Node-API, of the npm package node-api-headers. */
const HEADERS = `-I${path.join(root, 'node_modules/node-api-headers/include')}`;

/**
 * Compiles the addon for one target, into addon/prebuilds.
 *
 * @param {string} name one of `TARGETS`
 * @returns {string} the file
 * @throws {UserError} It does not compile; what the compiler says is shown.
 */
export function prebuild(name) {
  const {arch, zig: target, sources, link} = TARGETS[name];
  const flags = ['-target', target, ...parts.flags, ...OWN_FLAGS, HEADERS];
  /** @param {string[]} args */
  const compile = (args) => {
    const {ok, output} = zig(['cc', ...flags, ...args], {cwd: addonDir});
    if (!ok) throw new UserError(`The addon for ${name} does not compile:\n${output}`, advice);
    if (output) console.log(output);
  };
  const folder = mkdtempSync(path.join(os.tmpdir(), 'prebuild-'));
  try {
    const objects = instructionSets(arch).map(({name, defines, flags}) => {
      const object = path.join(folder, `${name}.o`);
      const names = defines.map((define) => `-D${define}`);
      compile([...flags, ...names, '-c', 'src/row_kernels_vector.c', '-o', object]);
      return object;
    });
    const file = prebuiltFile(name);
    rmSync(path.dirname(file), {recursive: true, force: true});
    mkdirSync(path.dirname(file), {recursive: true});
    const inputs = [...parts.sources, ...parts[sources], ...objects];
    compile(['-shared', '-Wl,-s', ...inputs, ...link, '-o', file]);
    // Beside a library for Windows lies one to link to, named as the first source; nobody does.
    for (const name of readdirSync(path.dirname(file))) {
      if (name.endsWith('.lib')) rmSync(path.join(path.dirname(file), name));
    }
    return file;
  } finally {
    rmSync(folder, {recursive: true});
  }
}

const advice = 'see the compiler’s words above.';
