/**
 * Builds the addon's C kernels with a fuzzer around them (addon/test/fuzz.c) and runs it under
 * AddressSanitizer with LeakSanitizer and UndefinedBehaviorSanitizer, then under ThreadSanitizer.
 *
 *     npm run sanitize
 *     npm run sanitize -- --seed 7 --cases 2000      cases: for each thread and instruction set
 *
 * GCC or clang is needed, with its sanitizers (libasan, libubsan, libtsan).
 */
import {mkdtempSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {addonDir, instructionSets, parts} from '../tools/addon.mjs';
import {integerFrom, parseFlags, positiveInteger} from '../tools/flags.mjs';
import {attempt, fail, run} from '../tools/shell.mjs';

const SANITIZERS = {
  'AddressSanitizer, UndefinedBehaviorSanitizer': [
    '-fsanitize=address,undefined',
    '-fno-sanitize-recover=all',
  ],
  ThreadSanitizer: ['-fsanitize=thread'],
};

const SOURCES = [
  ...[
    'add_layer_norm',
    'layer_norm',
    'layer_norm_grad',
    'row_kernels',
    'row_kernels_double',
    'row_stats',
  ],
  'thread_pool',
].map((name) => `src/${name}.c`);

const compiler = process.env.CC ?? 'cc';
const advice = 'GCC or clang with its sanitizers is needed: `apt-get install build-essential`.';

/** Compiles fuzz.c and the kernels; returns the path of the program. */
function build(folder: string, sanitizer: string[]): string {
  const flags = [
    ...['-std=gnu11', '-g', '-O1', '-fno-math-errno', '-ffp-contract=off', '-Wall', '-Wextra'],
    ...sanitizer,
  ];
  const compile = (args: string[]) => run(compiler, [...flags, ...args], {cwd: addonDir, advice});
  const objects = instructionSets(process.arch).map(({name, defines, flags: setFlags}) => {
    const object = path.join(folder, `${name}.o`);
    const names = defines.map((define) => `-D${define}`);
    compile([...names, ...setFlags, '-c', 'src/row_kernels_vector.c', '-o', object]);
    return object;
  });
  const program = path.join(folder, 'fuzz');
  const sources = [...SOURCES, ...parts.sources_linux];
  const libraries = ['-Wl,--wrap=malloc', '-lm', '-lpthread', '-ldl'];
  compile(['test/fuzz.c', ...sources, ...objects, ...libraries, '-o', program]);
  return program;
}

function main() {
  const {seed, cases} = parseFlags({
    command: 'npm run sanitize --',
    about: "Runs the addon's C kernels under the sanitizers of GCC or clang.",
    flags: {
      seed: {value: 'N', about: 'the first random number', default: 1, parse: integerFrom(0)},
      cases: {
        value: 'N',
        about: 'cases for each thread and instruction set',
        default: 200,
        parse: positiveInteger,
      },
    },
  });
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sanitize-'));
  // ThreadSanitizer wants addresses that Linux does not always give at random.
  const fixedAddresses = attempt('setarch', ['-R', 'true']).ok ? ['setarch', '-R'] : [];
  try {
    for (const [name, flags] of Object.entries(SANITIZERS)) {
      console.log(`${name}, seed ${seed}`);
      const [command, ...args] = [...fixedAddresses, build(folder, flags), `${seed}`];
      run(command, [...args, `${cases}`], {
        env: {...process.env, TSAN_OPTIONS: 'halt_on_error=1', UBSAN_OPTIONS: 'print_stacktrace=1'},
        advice: 'what it found is above; the same seed finds it again.',
      });
    }
  } finally {
    rmSync(folder, {recursive: true});
  }
  console.log('Nothing found.');
}

try {
  main();
} catch (error) {
  fail(error);
}
