/**
 * Puts small faults into a folder of the sources, one at a time, and looks whether a test fails: a
 * fault that no test sees is a gap in the tests. Stryker does it, with Jest on the backend `cpu`.
 *
 *     npm run mutants -- src/ops
 *     npm run mutants -- src/ops/axes.ts --concurrency 2
 *
 * `docs/mutants.md` has the scores, and the faults that change nothing. What each run found is in
 * out/mutants, by folder: a page with every fault in its place.
 */
import path from 'node:path';
import {parseFlags, positiveInteger} from '../tools/flags.mjs';
import {fail, root, run, UsageError} from '../tools/shell.mjs';

/** The specs that bear on each folder, by their paths in `test`. */
const SPECS: Record<string, string[]> = {
  'src/ops': ['spec/op/*.spec.ts', 'spec/layers/*.spec.ts'],
  'src/gradients': ['spec/op/*.spec.ts', 'spec/layers/*.spec.ts'],
  'src/layers': ['spec/layers/*.spec.ts', 'spec/keras/layers.spec.ts'],
  'src/kernels/cpu': ['spec/op/*.spec.ts', 'spec/kernels/*(contract|cpu).spec.ts'],
  'src/kernels/composed': ['spec/op/*.spec.ts', 'spec/kernels/*(contract|cpu).spec.ts'],
  'src/graph': ['spec/graph/*.spec.ts', 'unit/*(fuse_graph|graph_patterns).test.ts'],
  'src/keras': ['spec/keras/*.spec.ts', 'unit/keras_files.test.ts'],
};

const FOLDERS = Object.keys(SPECS);

/** Stryker's configuration, in which the sources to mutate are named on its command line. */
const CONFIG = 'test/mutants/stryker.config.mjs';

const {concurrency, rest} = parseFlags({
  command: 'npm run mutants --',
  about: 'Puts faults into the sources one at a time, and looks whether a test sees them.',
  flags: {
    concurrency: {value: 'N', about: 'processes at a time', default: 1, parse: positiveInteger},
  },
  rest: {name: 'path', about: `some of ${FOLDERS.join(', ')}, or a file in one (default all)`},
});

function mutate(given: string): void {
  const folder = FOLDERS.find((name) => given === name || given.startsWith(`${name}/`));
  if (!folder) {
    throw new UsageError(
      `Nothing is mutated in “${given}”.`,
      `Name some of ${FOLDERS.join(', ')}.`,
    );
  }
  const sources = given === folder ? `${folder}/**/*.ts` : given;
  const stryker = path.join(root, 'node_modules/@stryker-mutator/core/bin/stryker.js');
  run(process.execPath, [stryker, 'run', CONFIG, '--mutate', sources], {
    advice:
      'see the message above; where it says that the score is too low, docs/mutants.md helps.',
    env: {
      ...process.env,
      MUTANTS_SPECS: SPECS[folder].join(','),
      MUTANTS_NAME: given.replaceAll('/', '_').replace(/\.ts$/, ''),
      MUTANTS_CONCURRENCY: String(concurrency),
    },
  });
}

try {
  for (const given of rest.length ? rest : FOLDERS) mutate(given.replace(/\/$/, ''));
} catch (error) {
  fail(error);
}
