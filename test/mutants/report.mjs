/** Stryker's report of a run, as far as `npm run mutants` reads it: which faults were seen. */
import {readFileSync} from 'node:fs';

/**
 * @typedef {object} Fault
 * @property {string} mutatorName
 * @property {string} replacement
 * @property {{start: Position, end: Position}} location
 */

/** @typedef {{line: number, column: number}} Position counted from 1 in a report, from 0 elsewhere */

/**
 * @typedef {object} Report
 * @property {Record<string, {source: string, mutants: (Fault & {status: string, statusReason?: string})[]}>} files
 */

/** Why a fault was not tested that is not in the sample. */
export const NOT_DRAWN = 'not drawn';

const NOT_SEEN = ['Survived', 'NoCoverage'];

/**
 * How many faults were seen, of those that were tested.
 *
 * @param {string} file
 */
export function counts(file) {
  const faults = Object.values(read(file).files).flatMap(({mutants}) => mutants);
  const count = (/** @type {string[]} */ ...statuses) =>
    faults.filter(
      ({status, statusReason}) => statuses.includes(status) && statusReason !== NOT_DRAWN,
    ).length;
  return {
    seen: count('Killed'),
    endless: count('Timeout'),
    notSeen: count(...NOT_SEEN),
    refusedByCompiler: count('CompileError'),
    notLoaded: count('RuntimeError'),
  };
}

/** The faults that no test saw, each as its key. @param {string} file @returns {Set<string>} */
export function notSeen(file) {
  const keys = Object.entries(read(file).files).flatMap(([name, {source, mutants}]) => {
    const lines = source.split('\n');
    return mutants
      .filter(({status}) => NOT_SEEN.includes(status))
      .map(({mutatorName, replacement, location: {start}}) =>
        textKey(name, mutatorName, replacement, lines[start.line - 1], start.column - 1),
      );
  });
  return new Set(keys);
}

/** What tells a fault from the others, also after lines were added above it. @param {(string | number)[]} parts */
export function textKey(...parts) {
  return JSON.stringify(parts);
}

/**
 * The interval in which a share lies with 95 % probability (Wilson 1927).
 *
 * @param {number} count
 * @param {number} total
 * @returns {[number, number]}
 */
export function wilson(count, total) {
  const z = 1.96;
  const share = count / total;
  const middle = share + z ** 2 / (2 * total);
  const half = z * Math.sqrt((share * (1 - share)) / total + z ** 2 / (4 * total ** 2));
  const scale = 1 + z ** 2 / total;
  return [(middle - half) / scale, (middle + half) / scale];
}

/** @param {string} file @returns {Report} */
function read(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
