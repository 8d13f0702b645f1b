/**
 * A training step of a transformer encoder of 12 blocks: forward, backward, and the update of all
 * weights. Two encoders, alike but for the layer that normalises, twice in each block.
 */
import type {Scalar, Tensor, Variable} from '@tensorflow/tfjs';
import type {Backend} from '../../tools/backends.mjs';
import {type CreateLayer, disposeWeights, variableOf} from '../contenders/layers.js';
import {readOne} from '../contenders/tfjs.js';
import {timeInTurn} from '../support/timing.js';
import type {Context, Row, Runnable, Tfjs, Work} from '../types.js';
import {firstLine} from './layer_norm.js';

const BLOCKS = 12;
const HEADS = 4;

/** [batch, tokens, width], so that a step takes seconds at most. */
const STEP_SHAPES: Record<Backend, [number, number, number]> = {
  cpu: [2, 32, 64],
  wasm: [4, 64, 128],
  tensorflow: [8, 64, 256],
  webgl: [2, 64, 128],
  webgpu: [2, 64, 128],
};

type Step = Pick<Work, 'time'> & {dispose(): void};

/** Times a step with this package's layer and with the built-in one. */
export async function measureTrainingStep(
  context: Context,
  contenders: Runnable[],
): Promise<{shape: number[]; rows: Row[]}> {
  const {tf, library, backend, limits} = context;
  const shape = STEP_SHAPES[backend];
  const layers: Record<string, CreateLayer> = {
    layer: library.layerNormalization,
    'built-in': tf.layers.layerNormalization,
  };
  const rows: Row[] = [];
  const ready: {name: string; row: Row; work: Step}[] = [];
  for (const {name} of contenders) {
    if (!layers[name]) continue;
    const row: Row = {contender: name};
    rows.push(row);
    try {
      const work = createStep(context, layers[name], shape);
      await work.time(1);
      ready.push({name, row, work});
    } catch (error) {
      row.reason = firstLine(error);
    }
  }
  const times = await timeInTurn(ready, {...limits, rounds: Math.min(limits.rounds, 9)});
  for (const {name, row, work} of ready) {
    Object.assign(row, times.get(name));
    work.dispose();
  }
  return {shape, rows};
}

function createStep(
  {tf}: Context,
  createLayer: CreateLayer,
  [batch, tokens, width]: [number, number, number],
): Step {
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
    layer.build([batch, tokens, width]);
    layers.push(layer);
    variables.push(...layer.trainableWeights.map(variableOf));
    return (x: Tensor) => layer.apply(x) as Tensor;
  };
  const blocks = Array.from({length: BLOCKS}, () => createBlock(tf, {weight, norm, width}));
  const x = tf.randomNormal([batch, tokens, width], 0, 1, 'float32', 1);
  const target = tf.randomNormal([batch, tokens, width], 0, 1, 'float32', 2);
  const optimizer = tf.train.sgd(0.01);
  const loss = () => {
    const output = blocks.reduce((value, block) => block(value), x as Tensor);
    return tf.losses.meanSquaredError(target, output) as Scalar;
  };

  return {
    async time(calls: number) {
      const start = performance.now();
      for (let i = 0; i < calls; i++) {
        const cost = optimizer.minimize(loss, true, variables);
        const value = (await cost?.data())?.[0];
        cost?.dispose();
        if (!Number.isFinite(value)) throw new Error(`The loss became ${value}.`);
        // The loss is ready before the update is: that is done when a weight can be read.
        await readOne(tf, variables[0]);
      }
      return (performance.now() - start) / calls;
    },
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
