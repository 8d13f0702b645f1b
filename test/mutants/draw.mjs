/**
 * The faults that are possible in some sources, and which of them are drawn, before Stryker runs: it then
 * puts in these alone. With all of a large folder in place at once, each expression of the folder asks
 * whether it is the one to be changed, which makes its tests several times slower.
 */
import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {Instrumenter} from '@stryker-mutator/instrumenter';
import {notSeen, textKey} from './report.mjs';

/** @typedef {import('./report.mjs').Fault & {fileName: string}} PossibleFault positions from 0 */

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Every fault that Stryker could put into some files.
 *
 * @param {string[]} files by their paths from the root of the repository
 * @returns {Promise<PossibleFault[]>}
 */
export async function possibleFaults(files) {
  const silent = () => {};
  const instrumenter = new Instrumenter({
    ...{isTraceEnabled: () => false, isDebugEnabled: () => false, isInfoEnabled: () => false},
    ...{isWarnEnabled: () => false, isErrorEnabled: () => false, isFatalEnabled: () => false},
    ...{trace: silent, debug: silent, info: silent, warn: silent, error: silent, fatal: silent},
  });
  const sources = files.map((name) => ({
    name,
    content: readFileSync(path.join(root, name), 'utf8'),
    mutate: true,
  }));
  const options = {plugins: null, ignorers: [], excludedMutations: []};
  const {mutants} = await instrumenter.instrument(sources, options);
  return mutants.map(({fileName, mutatorName, replacement, location}) => {
    return {fileName, mutatorName, replacement, location};
  });
}

/**
 * Some of the faults at random, the same ones for the same seed as long as the sources stay.
 *
 * @param {PossibleFault[]} faults
 * @param {number} count
 * @param {number} seed
 */
export function drawn(faults, count, seed) {
  const rank = (/** @type {PossibleFault} */ fault) =>
    createHash('sha256')
      .update(`${seed} ${placeKey(fault)}`)
      .digest('hex');
  const ranked = faults.map((fault) => ({fault, rank: rank(fault)}));
  ranked.sort((a, b) => (a.rank < b.rank ? -1 : 1));
  return ranked.slice(0, count).map(({fault}) => fault);
}

/**
 * Those that no test saw in an earlier run, also where lines were added above them since.
 *
 * @param {PossibleFault[]} faults
 * @param {string} report of that run
 */
export function unseen(faults, report) {
  const wanted = notSeen(report);
  return faults.filter(({fileName, mutatorName, replacement, location: {start}}) => {
    const line = readFileSync(path.join(root, fileName), 'utf8').split('\n')[start.line];
    return wanted.has(textKey(fileName, mutatorName, replacement, line, start.column));
  });
}

/** What tells a fault from all others of the same sources. @param {PossibleFault} fault */
export function placeKey({fileName, mutatorName, replacement, location: {start, end}}) {
  const places = [start, end].flatMap(({line, column}) => [line, column]);
  return JSON.stringify([fileName, mutatorName, replacement, ...places]);
}

/** Where a fault is, as Stryker takes it: lines from 1, columns from 0. @param {PossibleFault} fault */
export function range({fileName, location: {start, end}}) {
  return `${fileName}:${start.line + 1}:${start.column}-${end.line + 1}:${end.column}`;
}
