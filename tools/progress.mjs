import {SingleBar} from 'cli-progress';

/**
 * A progress bar; in a log, a line every few seconds.
 *
 * @param {string} format for cli-progress: what stands around `{bar}`
 */
export function createProgressBar(format) {
  return new SingleBar({
    format,
    barsize: 24,
    hideCursor: true,
    noTTYOutput: true,
    notTTYSchedule: 5000,
    etaBuffer: 100,
  });
}
