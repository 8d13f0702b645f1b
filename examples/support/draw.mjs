/**
 * Draws one number of each row, as likely as its logits say; the same for the same seed, on every backend.
 * What is largest after noise of Gumbel's distribution is added is drawn so (Gumbel 1954). tfjs's own
 * `multinomial` draws the same for each row on `cpu`.
 *
 * @param {typeof import('@tensorflow/tfjs')} tf
 * @param {import('@tensorflow/tfjs').Tensor} logits [rows, numbers]
 * @param {number} seed
 * @returns {number[]}
 */
export function draw(tf, logits, seed) {
  return tf.tidy(() => {
    const uniform = tf.randomUniform(logits.shape, 1e-30, 1, 'float32', seed);
    const noise = tf.neg(tf.log(tf.neg(tf.log(uniform))));
    return [...tf.argMax(logits.add(noise), 1).dataSync()];
  });
}
