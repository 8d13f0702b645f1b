/**
 * Compiles `src/kernels/wasm/assembly` (AssemblyScript) and embeds the modules, as base64, in
 * `src/kernels/wasm/module_bytes.ts`:
 *
 *     simd          for a memory of one thread
 *     simdShared    for a memory shared between threads: an import must say which it takes
 *     plain         where SIMD is missing; there tfjs has no threads either
 *
 * The file is committed, so that type checks and tests need no build; a unit test holds it to the
 * source. `npm run build` writes it anew.
 */
import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {attempt, root} from '../tools/shell.mjs';

const COMPILER = 'node_modules/assemblyscript/bin/asc.js';

const entryPoint = 'src/kernels/wasm/assembly/index.ts';
const outputFile = path.join(root, 'src/kernels/wasm/module_bytes.ts');

/** Chrome compiles at once, without a promise, only what is smaller. */
const maxModuleBytes = 4096;

const commonFlags = [
  // The next level inlines more into the loops over rows: no faster here, and 300 bytes longer.
  ...['-O2', '--converge', '--noAssert', '--runtime', 'stub', '--importMemory'],
  ...['--disableWarning', '112'], // v128 in signatures: none is exported
];

interface Variant {
  flags: string[];
  memory: WebAssembly.MemoryDescriptor;
}

const variants: Record<string, Variant> = {
  simd: {
    flags: ['--enable', 'simd'],
    memory: {initial: 1},
  },
  simdShared: {
    flags: [
      ...['--enable', 'simd', '--enable', 'threads', '--sharedMemory'],
      // Its most is that of tfjs's memory, all of 4 GiB: an import may not ask for less.
      ...['--initialMemory', '0', '--maximumMemory', '65536'],
    ],
    memory: {initial: 1, maximum: 65536, shared: true},
  },
  plain: {
    flags: ['sign-extension', 'bulk-memory', 'nontrapping-f2i'].flatMap((f) => ['--disable', f]),
    memory: {initial: 1},
  },
};

/** The bytes of a module. @throws Error It does not compile, or is not fit to share a memory. */
function compile({flags, memory}: Variant): Uint8Array<ArrayBuffer> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'wasm-'));
  try {
    const file = path.join(folder, 'module.wasm');
    // In a process of its own: tsx would take seconds to look through the compiler's code.
    const args = [entryPoint, '--outFile', file, ...commonFlags, ...flags];
    const {ok, output} = attempt(process.execPath, [COMPILER, ...args]);
    if (!ok) throw new Error(`AssemblyScript: ${output}`);
    const binary = Uint8Array.from(readFileSync(file));
    checkModule(binary, new WebAssembly.Memory(memory));
    return binary;
  } finally {
    rmSync(folder, {recursive: true});
  }
}

/** A module with data (strings, objects) would write it over the tensors of the memory. */
function checkModule(binary: Uint8Array<ArrayBuffer>, memory: WebAssembly.Memory): void {
  if (binary.length > maxModuleBytes) {
    throw new Error(`The module has ${binary.length} bytes; at most ${maxModuleBytes} are wanted.`);
  }
  const bytes = new Uint8Array(memory.buffer).fill(255);
  new WebAssembly.Instance(new WebAssembly.Module(binary), {env: {memory}});
  if (bytes.some((byte) => byte !== 255)) {
    throw new Error('The module writes to memory when it starts: use no strings and no objects.');
  }
}

/** The text of `module_bytes.ts`. */
export function moduleBytes(): string {
  const lines = [
    '// biome-ignore-all format: made by a program',
    '/** Made by `npm run build` from `assembly/`; do not edit. WebAssembly modules in base64. */',
    'export const moduleBytes = {',
  ];
  for (const [name, variant] of Object.entries(variants)) {
    lines.push(`  ${name}: '${Buffer.from(compile(variant)).toString('base64')}',`);
  }
  return [...lines, '};', ''].join('\n');
}

/** Writes `module_bytes.ts`. */
export function buildWasm(): void {
  writeFileSync(outputFile, moduleBytes());
}
