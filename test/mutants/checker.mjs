/**
 * What Stryker asks of each fault before it runs the tests, which it calls a checker: whether the fault
 * is one of those that `scripts/mutants.ts` wants tested, and whether TypeScript still compiles. A fault
 * that the compiler refuses cannot be made by accident, so it is not counted.
 *
 *     MUTANTS_DRAWN   a file with the keys of the faults that are wanted; all are where it is not set
 */
import {execFile} from 'node:child_process';
import {cpSync, mkdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {placeKey} from './draw.mjs';
import {NOT_DRAWN} from './report.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const typesDir = path.join(root, 'out/mutants/types', process.env.MUTANTS_NAME ?? 'src');

/** @typedef {import('./report.mjs').Fault & {id: string, fileName: string}} Mutant */

class WantedChecker {
  async init() {
    rmSync(typesDir, {recursive: true, force: true});
    mkdirSync(typesDir, {recursive: true});
    cpSync(path.join(root, 'src'), path.join(typesDir, 'src'), {recursive: true});
    writeFileSync(path.join(typesDir, 'tsconfig.json'), JSON.stringify(TSCONFIG));
  }

  /** All in one group: the compiler tries one of each file at a time. @param {Mutant[]} mutants */
  async group(mutants) {
    return [mutants.map(({id}) => id)];
  }

  /** @param {Mutant[]} mutants */
  async check(mutants) {
    const wanted = new Set(wantedOf(mutants));
    const refused = await refusedByCompiler([...wanted]);
    return Object.fromEntries(
      mutants.map((mutant) => {
        const reason = wanted.has(mutant) ? refused.get(mutant) : NOT_DRAWN;
        return [mutant.id, reason ? {status: 'compileError', reason} : {status: 'passed'}];
      }),
    );
  }
}

/**
 * Those that are wanted: others lie in the same expressions, and Stryker puts them in as well.
 *
 * @param {Mutant[]} mutants
 */
function wantedOf(mutants) {
  const {MUTANTS_DRAWN: file} = process.env;
  if (!file) return mutants;
  const keys = new Set(JSON.parse(readFileSync(file, 'utf8')));
  return mutants.filter((mutant) =>
    keys.has(placeKey({...mutant, fileName: path.relative(root, mutant.fileName)})),
  );
}

const TSCONFIG = {
  extends: path.join(root, 'tsconfig.json'),
  include: ['src'],
  exclude: ['src/kernels/wasm/assembly'],
  // A fault may leave a name unused or a line unreachable: that is no error of types.
  compilerOptions: {
    ...{incremental: true, tsBuildInfoFile: './tsbuildinfo', noEmit: true},
    ...{noUnusedLocals: false, noUnusedParameters: false, allowUnreachableCode: true},
  },
};

/**
 * The compiler's word on each fault that it refuses. One fault of each file is tried at a time; those
 * in files with errors once more, alone, since a file can have errors by a fault in another.
 *
 * @param {Mutant[]} mutants
 * @returns {Promise<Map<Mutant, string>>}
 */
async function refusedByCompiler(mutants) {
  /** @type {Map<string, Mutant[]>} */
  const byFile = new Map();
  for (const mutant of mutants) {
    byFile.set(mutant.fileName, [...(byFile.get(mutant.fileName) ?? []), mutant]);
  }
  const refused = new Map();
  for (let round = 0; round < Math.max(0, ...[...byFile.values()].map((m) => m.length)); round++) {
    const together = [...byFile.values()].flatMap((list) => list.slice(round, round + 1));
    const errors = await compileWith(together);
    const isIn = (/** @type {string} */ error, /** @type {Mutant} */ {fileName}) =>
      error.includes(`${path.relative(root, fileName)}(`);
    const elsewhere = errors.some((error) => !together.some((mutant) => isIn(error, mutant)));
    for (const mutant of together) {
      if (!elsewhere && !errors.some((error) => isIn(error, mutant))) continue;
      const alone = together.length === 1 ? errors : await compileWith([mutant]);
      if (alone.length > 0) refused.set(mutant, alone[0]);
    }
  }
  return refused;
}

/** The compiler's errors with some faults put in. @param {Mutant[]} mutants @returns {Promise<string[]>} */
async function compileWith(mutants) {
  for (const {fileName, location, replacement} of mutants) {
    const source = readFileSync(fileName, 'utf8');
    const [from, to] = [location.start, location.end].map((at) => offsetOf(source, at));
    writeFileSync(copyOf(fileName), source.slice(0, from) + replacement + source.slice(to));
  }
  const tsc = path.join(root, 'node_modules/typescript/bin/tsc');
  const output = await new Promise((resolve) => {
    execFile(process.execPath, [tsc, '-p', typesDir, '--pretty', 'false'], (_, stdout) =>
      resolve(stdout),
    );
  });
  for (const {fileName} of mutants) cpSync(fileName, copyOf(fileName));
  return output.split('\n').filter((/** @type {string} */ line) => line.includes('error TS'));
}

/** @param {string} fileName */
function copyOf(fileName) {
  return path.join(typesDir, path.relative(root, fileName));
}

/**
 * @param {string} source
 * @param {{line: number, column: number}} at counted from 0
 */
function offsetOf(source, {line, column}) {
  let offset = 0;
  for (let i = 0; i < line; i++) offset = source.indexOf('\n', offset) + 1;
  return offset + column;
}

/** Stryker finds a checker by this. */
export const strykerPlugins = [{kind: 'Checker', name: 'wanted', injectableClass: WantedChecker}];
