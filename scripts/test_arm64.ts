/**
 * Tries the addon on Linux for arm64, under emulation, on any Linux machine: first its C kernels alone
 * (addon/test/fuzz.c: random shapes and hard numbers against plain loops in double, from three threads at
 * once), then the prebuilt addon in tfjs-node and libtensorflow for arm64, by Jest's project `tensorflow`.
 *
 *     npm run test:arm64
 *     npm run test:arm64 -- --part specs spec/op/numerics
 *     npm run test:arm64 -- --part specs spec/           all specs
 *
 * The last line is `N passed, N failed`, over the tests of Jest and the fuzz.
 */
import {spawnSync} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {addonDir, instructionSets, parts} from '../tools/addon.mjs';
import {parseFlags, positiveInteger, someOf} from '../tools/flags.mjs';
import {prebuild} from '../tools/prebuilds.mjs';
import {EMULATOR, MODULES, tfjsNode} from '../tools/setup/arm64.mjs';
import {foreignNode} from '../tools/setup/foreign.mjs';
import {setup} from '../tools/setup/index.mjs';
import {zig} from '../tools/setup/zig.mjs';
import {fail, root, setupDir, UserError} from '../tools/shell.mjs';
import {TARGETS} from '../tools/targets.mjs';

/** What looks into the kernels; the other specs, of models, ask for hundreds of ops of TensorFlow's own. */
const SPECS = ['spec/op/', 'spec/kernels/', 'spec/layers/', 'spec/graph/graph'];

/** A test takes some ten times as long as on the processor itself. */
const TEST_TIMEOUT_MS = 600_000;

async function main() {
  const {cases, part, rest} = parseFlags({
    command: 'npm run test:arm64 --',
    about: 'Tries the addon on Linux for arm64, under emulation.',
    flags: {
      cases: {
        value: 'N',
        about: 'cases of the fuzz for each thread',
        default: 100,
        parse: positiveInteger,
      },
      part: {
        value: 'LIST',
        about: 'fuzz: the C kernels alone; specs: in tfjs-node (default both)',
        parse: someOf(['fuzz', 'specs']),
      },
    },
    rest: {
      name: 'pattern',
      about: `of the paths of specs, e.g. spec/ for all (default ${SPECS.join(', ')})`,
    },
  });
  await setup(['zig', 'tfjs-node', 'arm64']);
  const total = {passed: 0, failed: 0};
  const add = ({passed, failed}: typeof total) => {
    total.passed += passed;
    total.failed += failed;
  };
  if (part?.includes('fuzz') ?? true) add(fuzz(cases));
  if (part?.includes('specs') ?? true) add(runSpecs(rest.length ? rest : SPECS));
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  process.exit(total.failed === 0 ? 0 : 1);
}

/** Runs a program for arm64, its output shown; true where it ends well. */
function emulate(program: string, args: string[], env: NodeJS.ProcessEnv = {}): boolean {
  const [emulator, ...options] = EMULATOR;
  const {status, error} = spawnSync(emulator, [...options, program, ...args], {
    cwd: root,
    env: {...process.env, ...env},
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error) throw new UserError(`The emulator does not run: ${error.message}.`, 'see `df -h`.');
  return status === 0;
}

function fuzz(cases: number) {
  console.log('\nThe C kernels');
  const folder = mkdtempSync(path.join(os.tmpdir(), 'arm64-'));
  try {
    const passed = emulate(compileFuzz(folder), ['1', `${cases}`]);
    return {passed: Number(passed), failed: Number(!passed)};
  } finally {
    rmSync(folder, {recursive: true});
  }
}

/** Compiles the fuzzer with the kernels; gives the path of the program. */
function compileFuzz(folder: string): string {
  const flags = ['-target', TARGETS['linux-arm64'].zig, ...parts.flags, '-fno-sanitize=undefined'];
  const cc = (args: string[]) => {
    const {ok, output} = zig(['cc', ...flags, ...args], {cwd: addonDir});
    if (!ok) throw new UserError(`It does not compile:\n${output}`, 'see the words above.');
  };
  const [{defines}] = instructionSets('arm64');
  const object = path.join(folder, 'portable.o');
  const names = defines.map((define) => `-D${define}`);
  cc([...names, '-c', 'src/row_kernels_vector.c', '-o', object]);
  const kernels = [
    'add_layer_norm',
    'layer_norm',
    'layer_norm_grad',
    'row_kernels',
    'row_kernels_double',
  ];
  const sources = [...kernels, 'row_stats', 'thread_pool'].map((name) => `src/${name}.c`);
  const program = path.join(folder, 'fuzz');
  const libraries = ['-Wl,--wrap=malloc', '-lm', '-lpthread', '-ldl'];
  cc(['test/fuzz.c', ...sources, ...parts.sources_linux, object, ...libraries, '-o', program]);
  return program;
}

/** Runs specs on `tensorflow`: Jest, Node, tfjs-node, libtensorflow and the addon are all for arm64. */
function runSpecs(patterns: string[]) {
  console.log('\nCompiling the addon.');
  prebuild('linux-arm64');
  const results = path.join(setupDir, 'jest_arm64.json');
  rmSync(results, {force: true});
  const jest = [
    ...['node_modules/jest/bin/jest.js', '--selectProjects=tensorflow', '--runInBand'],
    ...[`--testTimeout=${TEST_TIMEOUT_MS}`, `--testPathPatterns=${patterns.join('|')}`],
    ...['--json', `--outputFile=${results}`, '--silent'],
    `--cacheDirectory=${path.join(setupDir, 'jest_arm64')}`,
  ];
  emulate(foreignNode('linux-arm64'), jest, {
    TFJS_NODE: tfjsNode,
    NODE_PATH: MODULES, // where what is compiled for Jest is found
    PREBUILDS_ONLY: '1', // addon/build is this machine's
    TF_CPP_MIN_LOG_LEVEL: '2',
  });
  if (!existsSync(results)) return {passed: 0, failed: 1};
  const counts = JSON.parse(readFileSync(results, 'utf8'));
  return {
    passed: counts.numPassedTests,
    // A file that could not even be loaded has no tests to count.
    failed: counts.numFailedTests + counts.numRuntimeErrorTestSuites,
  };
}

main().catch(fail);
