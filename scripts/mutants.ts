/**
 * Puts small faults into a folder of the sources, one at a time, and looks whether a test fails: a
 * fault that no test sees is a gap in the tests. Stryker does it, with Jest on the backend `cpu`.
 *
 *     npm run mutants -- src/ops
 *     npm run mutants -- src/ops/axes.ts --concurrency 2
 *     npm run mutants -- src/keras --sample 100 --seed 1    some of the folder's faults, drawn at random
 *     npm run mutants -- src/keras --sample 100 --seed 1 --again    those of that run that no test saw
 *
 * `docs/mutants.md` has the scores, and the faults that change nothing. What each run found is in
 * out/mutants, by folder: a page with every fault in its place.
 */
import path from 'node:path';
import {counts, wilson} from '../test/mutants/report.mjs';
import {integerFrom, parseFlags, positiveInteger} from '../tools/flags.mjs';
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

const {concurrency, sample, seed, again, rest} = parseFlags({
  command: 'npm run mutants --',
  about: 'Puts faults into the sources one at a time, and looks whether a test sees them.',
  flags: {
    concurrency: {value: 'N', about: 'processes at a time', default: 1, parse: positiveInteger},
    sample: {
      value: 'N',
      about: 'so many faults, drawn at random (default all)',
      parse: positiveInteger,
    },
    seed: {value: 'N', about: 'which sample', default: 1, parse: integerFrom(0)},
    again: {about: 'the faults alone that the run with the same arguments did not see'},
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
  const drawn = sample === undefined ? '' : `_${sample}_of_seed_${seed}`;
  const first = given.replaceAll('/', '_').replace(/\.ts$/, '') + drawn;
  const name = again ? `${first}_again` : first;
  const reportOf = (run: string) => path.join(root, `out/mutants/${run}.json`);
  const stryker = path.join(root, 'node_modules/@stryker-mutator/core/bin/stryker.js');
  run(process.execPath, [stryker, 'run', CONFIG, '--mutate', sources], {
    advice:
      'see the message above; where it says that the score is too low, docs/mutants.md helps.',
    env: {
      ...process.env,
      MUTANTS_SPECS: `test/mutants/${folder.replace('src/', '').replace('/', '_')}.spec.ts`,
      MUTANTS_NAME: name,
      MUTANTS_CONCURRENCY: String(concurrency),
      ...(sample === undefined ? {} : {MUTANTS_SAMPLE: String(sample), MUTANTS_SEED: String(seed)}),
      ...(again ? {MUTANTS_ONLY: reportOf(first)} : {}),
    },
  });
  console.log(`${name}: ${summary(reportOf(name))}`);
}

/** What a report comes to, with the interval in which the whole folder's score lies. */
function summary(report: string): string {
  const {seen, endless, notSeen, refusedByCompiler, notLoaded} = counts(report);
  const total = seen + endless + notSeen;
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  const [from, to] = wilson(seen + endless, total).map(percent);
  return (
    `${total} faults, ${seen} seen, ${endless} endless, ${notSeen} not seen: ` +
    `${percent((seen + endless) / total)} (95 %: ${from} to ${to}). Not counted: ` +
    `${refusedByCompiler} that the compiler refuses, ${notLoaded} with which nothing can be loaded.`
  );
}

try {
  for (const given of rest.length ? rest : FOLDERS) mutate(given.replace(/\/$/, ''));
} catch (error) {
  fail(error);
}
