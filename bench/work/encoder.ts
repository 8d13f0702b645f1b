/** A transformer encoder of dense weights and one kind of normalisation, twice in each block. */
import type {Scalar, Tensor, Variable} from '@tensorflow/tfjs';
import {type CreateLayer, disposeWeights, variableOf} from '../contenders/layers.js';
import type {Context, Tfjs} from '../types.js';

const HEADS = 4;

/** [batch, tokens, width] */
export type Shape = [number, number, number];

/** An encoder with an input of its own, which is always the same. */
export interface Encoder {
  /** All weights that a step of training changes: of each block γ and β twice, then its six matrices. */
  variables: Variable[];
  /** The input, and what the output is to become. */
  data: [x: Tensor, target: Tensor];
  /** The output for the input. The caller disposes of it. */
  forward(): Tensor;
  /** Trains by one step of gradient descent on the input, and gives the loss. The caller disposes of it. */
  step(): Scalar;
  dispose(): void;
}

/** Makes an encoder whose weights are the same each time. */
export function createEncoder(
  {tf}: Context,
  {createLayer, shape, blocks: count}: {createLayer: CreateLayer; shape: Shape; blocks: number},
): Encoder {
  const width = shape[2];
  const variables: Variable[] = [];
  const layers: ReturnType<CreateLayer>[] = [];
  const weight = (rows: number, cols: number) => {
    const values = tf.randomNormal([rows, cols], 0, 0.02, 'float32', variables.length + 1);
    const variable = tf.variable(values);
    variables.push(variable);
    values.dispose();
    return variable;
  };
  const norm = () => {
    const layer = createLayer();
    layer.build(shape);
    layers.push(layer);
    variables.push(...layer.trainableWeights.map(variableOf));
    return (x: Tensor) => layer.apply(x) as Tensor;
  };
  const blocks = Array.from({length: count}, () => createBlock(tf, {weight, norm, width}));
  const x = tf.randomNormal(shape, 0, 1, 'float32', 1);
  const target = tf.randomNormal(shape, 0, 1, 'float32', 2);
  const optimizer = tf.train.sgd(0.01);
  const output = () => blocks.reduce((value, block) => block(value), x as Tensor);
  const loss = () => tf.losses.meanSquaredError(target, output()) as Scalar;
  return {
    variables,
    data: [x, target],
    forward: () => tf.tidy(output),
    step: () => optimizer.minimize(loss, true, variables) as Scalar,
    dispose() {
      for (const layer of layers) disposeWeights(layer);
      tf.dispose([x, target, ...variables.filter((variable) => !variable.isDisposed)]);
    },
  };
}

/** Normalise, attend, add; normalise, two dense layers, add. */
function createBlock(
  tf: Tfjs,
  {
    weight,
    norm,
    width,
  }: {
    weight: (rows: number, cols: number) => Variable;
    norm: () => (x: Tensor) => Tensor;
    width: number;
  },
): (x: Tensor) => Tensor {
  const [normA, normB] = [norm(), norm()];
  const [query, key, value, output] = [0, 1, 2, 3].map(() => weight(width, width));
  const [expand, contract] = [weight(width, 4 * width), weight(4 * width, width)];
  const dense = (x: Tensor, w: Variable): Tensor => {
    const [batch, tokens, size] = x.shape;
    return tf.reshape(tf.matMul(tf.reshape(x, [-1, size]), w), [batch, tokens, w.size / size]);
  };
  const split = (x: Tensor) => {
    const [batch, tokens, size] = x.shape;
    return tf.transpose(tf.reshape(x, [batch, tokens, HEADS, size / HEADS]), [0, 2, 1, 3]);
  };
  const attend = (x: Tensor) => {
    const [q, k, v] = [query, key, value].map((w) => split(dense(x, w)));
    const scores = tf.mul(tf.matMul(q, k, false, true), 1 / Math.sqrt(width / HEADS));
    const mixed = tf.transpose(tf.matMul(tf.softmax(scores), v), [0, 2, 1, 3]);
    return dense(tf.reshape(mixed, x.shape), output);
  };
  return (x) => {
    const attended = tf.add(x, attend(normA(x)));
    return tf.add(attended, dense(tf.relu(dense(normB(attended), expand)), contract));
  };
}
