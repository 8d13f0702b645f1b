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
import {mkdirSync, readdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {drawn, placeKey, possibleFaults, range, unseen} from '../test/mutants/draw.mjs';
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

async function mutate(given: string): Promise<void> {
  const folder = FOLDERS.find((name) => given === name || given.startsWith(`${name}/`));
  if (!folder) {
    throw new UsageError(
      `Nothing is mutated in “${given}”.`,
      `Name some of ${FOLDERS.join(', ')}.`,
    );
  }
  const ofSample = sample === undefined ? '' : `_${sample}_of_seed_${seed}`;
  const first = given.replaceAll('/', '_').replace(/\.ts$/, '') + ofSample;
  const name = again ? `${first}_again` : first;
  const wanted =
    sample === undefined && !again ? undefined : await choose(sourcesIn(given), reportOf(first));
  if (wanted?.length === 0) return console.log(`${name}: no such fault is left.`);
  const stryker = path.join(root, 'node_modules/@stryker-mutator/core/bin/stryker.js');
  const mutated = wanted ? wanted.map(range) : sourcesIn(given);
  run(process.execPath, [stryker, 'run', CONFIG, '--mutate', mutated.join(',')], {
    advice:
      'see the message above; where it says that the score is too low, docs/mutants.md helps.',
    env: {
      ...process.env,
      MUTANTS_SPECS: `test/mutants/${folder.replace('src/', '').replace('/', '_')}.spec.ts`,
      MUTANTS_NAME: name,
      MUTANTS_CONCURRENCY: String(concurrency),
      ...(wanted && {MUTANTS_DRAWN: listOf(name, wanted)}),
    },
  });
  console.log(`${name}: ${summary(reportOf(name))}`);
}

/** Where Stryker writes what a run found. */
const reportOf = (run: string) => path.join(root, `out/mutants/${run}.json`);

/** A folder's sources, or the one file that is named. */
function sourcesIn(given: string): string[] {
  if (given.endsWith('.ts')) return [given];
  const files = readdirSync(path.join(root, given), {recursive: true, encoding: 'utf8'});
  return files
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${given}/${file}`)
    .sort();
}

/** The sample, or what a run with the same arguments did not see. */
async function choose(sources: string[], report: string) {
  const faults = await possibleFaults(sources);
  return again ? unseen(faults, report) : drawn(faults, Number(sample), seed);
}

/** Writes down which faults are wanted. */
function listOf(name: string, wanted: Parameters<typeof placeKey>[0][]): string {
  const file = path.join(root, `out/mutants/${name}_drawn.json`);
  mkdirSync(path.dirname(file), {recursive: true});
  writeFileSync(file, JSON.stringify(wanted.map(placeKey)));
  return file;
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
  for (const given of rest.length ? rest : FOLDERS) await mutate(given.replace(/\/$/, ''));
} catch (error) {
  fail(error);
}
