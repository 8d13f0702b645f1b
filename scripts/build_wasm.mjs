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
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import asc from 'assemblyscript/asc';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const entryPoint = 'src/kernels/wasm/assembly/index.ts';
const output = path.join(root, 'src/kernels/wasm/module_bytes.ts');

/** Chrome compiles at once, without a promise, only what is smaller. */
const maxModuleBytes = 4096;

const commonFlags = [
  ...['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--importMemory'],
  ...['--disableWarning', '112'], // v128 in signatures: none is exported
];

const variants = {
  simd: {
    flags: ['--enable', 'simd'],
    memory: {initial: 1},
  },
  simdShared: {
    flags: [
      ...['--enable', 'simd', '--enable', 'threads', '--sharedMemory'],
      // As tfjs makes it: all of 4 GiB at most. An import may not ask for less.
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
async function compile({flags, memory}) {
  let binary;
  const {error, stderr} = await asc.main(
    [entryPoint, '--outFile', 'module', ...commonFlags, ...flags],
    {
      readFile: (name, base) => readIfThere(path.resolve(root, base, name)),
      writeFile: (_name, contents) => {
        binary = contents;
      },
      listFiles: () => [],
    },
  );
  if (error) throw new Error(`AssemblyScript: ${error.message}\n${stderr}`);
  checkModule(binary, new WebAssembly.Memory(memory));
  return binary;
}

function readIfThere(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null; // so the compiler looks for it elsewhere
  }
}

/** A module with data (strings, objects) would write it over the tensors of the memory. */
function checkModule(binary, memory) {
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
export async function moduleBytes() {
  const lines = [
    '// biome-ignore-all format: made by a program',
    '/** Made by `npm run build` from `assembly/`; do not edit. WebAssembly modules in base64. */',
    'export const moduleBytes = {',
  ];
  for (const [name, variant] of Object.entries(variants)) {
    lines.push(`  ${name}: '${Buffer.from(await compile(variant)).toString('base64')}',`);
  }
  return [...lines, '};', ''].join('\n');
}

/** Writes `module_bytes.ts`. */
export async function buildWasm() {
  writeFileSync(output, await moduleBytes());
}
