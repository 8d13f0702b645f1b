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

/** The folders that are mutated; test/mutants has for each a file of the specs that bear on it. */
const FOLDERS = [
  'src/ops',
  'src/gradients',
  'src/layers',
  'src/kernels/cpu',
  'src/kernels/composed',
  'src/graph',
  'src/keras',
];

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
      MUTANTS_SPECS: `test/mutants/${folder.replace('src/', '').replace('/', '_')}.spec.ts`,
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
