/**
 * How fast each pair of features turns from one position to the next. Rounded to float32 at each step,
 * as in Keras: far out, an angle has few digits left.
 *
 * Source: `_get_inverse_freq` of keras_hub/src/layers/modeling/rotary_embedding.py; for YaRN, Peng et
 * al. 2023 (arXiv 2309.00071).
 */
export interface Rope {
  /** Default: 10,000. */
  maxWavelength: number;
  /** How much positions are stretched. Default: 1. */
  scalingFactor: number;
  /** `linear`, `dynamic` or `yarn`; any other leaves positions as they are. Default: linear. */
  ropeType: string;
  betaFast: number;
  betaSlow: number;
  originalMaxPositionEmbeddings: number;
  truncate: boolean;
  /** What the features are counted by. Default: how many there are. */
  denominatorDim: number | null;
}

const {fround} = Math;

/** One for each of half of the features. */
export function inverseFrequencies(rope: Rope, features: number): number[] {
  const {maxWavelength, scalingFactor, ropeType, denominatorDim} = rope;
  const base = fround(maxWavelength);
  const count = features / 2;
  const ratio = (i: number, by: number) => fround((2 * i) / by);
  if (ropeType === 'yarn') {
    const [low, high] = yarnRange(rope, features);
    const width = Math.max(high - low, 0.001);
    return Array.from({length: count}, (_, i) => {
      const frequency = fround(base ** ratio(i, features));
      const ramp = Math.min(Math.max((i - low) / width, 0), 1);
      const stretched = fround(1 / (scalingFactor * frequency));
      return fround(stretched * ramp + fround(1 / frequency) * (1 - ramp));
    });
  }
  const dynamic = fround(scalingFactor) ** fround(features / Math.max(1, features - 2));
  const divisor = ropeType === 'linear' ? scalingFactor : ropeType === 'dynamic' ? dynamic : 1;
  return Array.from({length: count}, (_, i) =>
    fround(fround(base ** -ratio(i, denominatorDim ?? features)) / fround(divisor)),
  );
}

/** The pairs between which the frequencies go over from their own to the stretched ones. */
function yarnRange(rope: Rope, features: number): [low: number, high: number] {
  const {maxWavelength, betaFast, betaSlow, originalMaxPositionEmbeddings, truncate} = rope;
  const at = (turns: number) =>
    (features * Math.log(originalMaxPositionEmbeddings / (turns * 2 * Math.PI))) /
    (2 * Math.log(maxWavelength));
  const [low, high] = [at(betaFast), at(betaSlow)];
  return [
    Math.max(truncate ? Math.floor(low) : low, 0),
    Math.min(truncate ? Math.ceil(high) : high, features - 1),
  ];
}

/** What YaRN multiplies cosines and sines by. */
export const yarnFactor = ({ropeType, scalingFactor}: Rope): number =>
  ropeType === 'yarn' ? 0.1 * Math.log(scalingFactor) + 1 : 1;
