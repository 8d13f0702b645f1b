/**
 * Einsum of two tensors, where a backend (wasm) has no kernel for it: attention in Keras is made of
 * these. Transposed and reshaped, each is one batched matrix product.
 */
import * as tf from '@tensorflow/tfjs-core';

/**
 * @param equation Such as `abc,cde->abde`: a letter a dimension, none twice in one tensor, no
 *     ellipsis. A letter of one input alone must be in the output.
 * @throws Error Another equation, or tensors that do not fit it.
 */
export function einsum(equation: string, a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const {left, right, output} = parse(equation);
  const sizes = sizesOf(equation, [left, a], [right, b]);
  const both = [...left].filter((label) => right.includes(label));
  const batch = both.filter((label) => output.includes(label));
  const summed = both.filter((label) => !output.includes(label));
  const rows = [...left].filter((label) => !both.includes(label));
  const cols = [...right].filter((label) => !both.includes(label));

  const size = (labels: string[]) => labels.reduce((n, label) => n * (sizes.get(label) ?? 1), 1);
  const arrange = (x: tf.Tensor, labels: string, groups: string[][]): tf.Tensor3D => {
    const moved = tf.transpose(
      x,
      groups.flat().map((label) => labels.indexOf(label)),
    );
    return tf.reshape(moved, groups.map(size) as [number, number, number]);
  };
  return tf.tidy(() => {
    const product = tf.matMul(
      arrange(a, left, [batch, rows, summed]),
      arrange(b, right, [batch, summed, cols]),
    );
    const labels = [...batch, ...rows, ...cols];
    const split = tf.reshape(
      product,
      labels.map((label) => sizes.get(label) ?? 1),
    );
    return tf.transpose(
      split,
      [...output].map((label) => labels.indexOf(label)),
    );
  });
}

function parse(equation: string): {left: string; right: string; output: string} {
  const parts = /^([a-zA-Z]+),([a-zA-Z]+)->([a-zA-Z]+)$/.exec(equation.replace(/\s/g, ''));
  const [left, right, output] = parts?.slice(1) ?? ['', '', ''];
  const isPlain = [left, right, output].every((labels) => new Set(labels).size === labels.length);
  const alone = [...left, ...right].filter((l) => !(left.includes(l) && right.includes(l)));
  const isKnown = [...output].every((label) => left.includes(label) || right.includes(label));
  if (!parts || !isPlain || !isKnown || alone.some((label) => !output.includes(label))) {
    throw new Error(
      `Einsum: the equation '${equation}' is not one that this backend can run: ` +
        "two inputs without '...', no letter twice in one, none summed in one alone.",
    );
  }
  return {left, right, output};
}

function sizesOf(equation: string, ...inputs: [string, tf.Tensor][]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const [labels, {shape, rank}] of inputs) {
    const fits = [...labels].every((l, i) => (sizes.get(l) ?? shape[i]) === shape[i]);
    if (rank !== labels.length || !fits) {
      const shapes = inputs.map(([, x]) => `[${x.shape}]`).join(' and ');
      throw new Error(`Einsum: the shapes ${shapes} do not fit '${equation}'.`);
    }
    [...labels].forEach((label, i) => {
      sizes.set(label, shape[i]);
    });
  }
  return sizes;
}
