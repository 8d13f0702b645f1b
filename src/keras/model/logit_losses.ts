/**
 * Crossentropy of logits. Where a model ends with softmax or sigmoid, Keras takes its crossentropy from
 * what these were given; tfjs takes it from the probabilities, and cuts them at 1e-7. So tfjs's losses
 * and gradients are others once an output is all but certain.
 *
 * Source: `_get_logits` in keras/src/backend/tensorflow/nn.py, in Keras 2.15 in backend.py. As there,
 * each of the three losses takes the logits of either activation.
 */
import * as tf from '@tensorflow/tfjs-core';
import type {LayersModel, layers, SymbolicTensor} from '@tensorflow/tfjs-layers';
import {KerasOperation} from '../operations/keras_operation.js';

type Loss = (target: tf.Tensor, output: tf.Tensor) => tf.Tensor;

/** A training or a test step: from inputs and targets to losses and metrics. */
type Step = (data: tf.Tensor[]) => tf.Scalar[];

/** What tfjs's class keeps of how it was compiled; its types keep it to themselves. */
interface Compiled {
  loss: string | string[] | Record<string, string>;
  lossFunctions: Loss[];
  outputNames: string[];
  outputs: SymbolicTensor[];
  testFunction: Step;
  makeTrainFunction(): Step;
  makeTestFunction(): void;
}

interface Activation {
  apply(x: tf.Tensor, axis?: number): tf.Tensor;
  getClassName(): string;
}

type Layer = layers.Layer & {activation?: Activation; outputs?: SymbolicTensor[]};

/** What an activation gave, with what it was given. */
type Logits = Map<tf.Tensor, tf.Tensor>;

/**
 * −Σ target · log softmax(logits): [batch, …, classes] and logits of this shape → [batch, …]
 *
 * tfjs's own takes the softmax of the gradient as the exponential of a logarithm, which on `webgl` is off by
 * a thousandth.
 */
const categorical: Loss = tf.customGrad((...args) => {
  const [target, logits] = args as unknown as tf.Tensor[];
  const save = args[2] as unknown as (tensors: tf.Tensor[]) => void;
  const cost = tf.neg(tf.logSoftmax(logits));
  save([target, logits, cost]);
  return {
    value: tf.sum(tf.mul(target, cost), -1),
    gradFunc: (dy: tf.Tensor, [t, x, c]: tf.Tensor[]) => {
      const upstream = tf.expandDims(dy, -1);
      const slope = tf.sub(tf.mul(tf.softmax(x), tf.sum(t, -1, true)), t);
      return [tf.mul(upstream, c), tf.mul(upstream, slope)];
    },
  };
});

const LOSSES: Record<string, Loss> = {
  categoricalCrossentropy: categorical,
  sparseCategoricalCrossentropy: (target, logits) => {
    const classes = tf.cast(tf.floor(tf.reshape(target, [-1])), 'int32');
    const oneHot = tf.oneHot(classes, logits.shape.at(-1) as number);
    return categorical(tf.reshape(oneHot, logits.shape), logits);
  },
  binaryCrossentropy: (target, logits) => {
    const ifOne = tf.mul(target, tf.softplus(tf.neg(logits)));
    const ifZero = tf.mul(tf.sub(1, target), tf.softplus(logits));
    return tf.mean(tf.add(ifOne, ifZero), -1);
  },
};

/** Has the crossentropies of a compiled model take the logits, where it has some. */
export function takeLogits(compiled: LayersModel): void {
  // A Sequential has a functional model in it that trains in its place.
  const model = ((compiled as {model?: LayersModel}).model ?? compiled) as unknown as Compiled;
  let logits: Logits | undefined;
  const remember = (given: tf.Tensor, made: tf.Tensor) => {
    logits?.set(made, tf.keep(tf.clone(given))); // else it goes with the layer's call
  };
  const replaced = model.lossFunctions.map((loss, i) => {
    const fromLogits = LOSSES[nameOf(model, i)];
    if (!fromLogits || !watchActivation(model.outputs[i], remember)) return loss;
    return (target: tf.Tensor, output: tf.Tensor) => {
      const given = logits?.get(output);
      return given ? fromLogits(target, given) : loss(target, output);
    };
  });
  if (replaced.every((loss, i) => loss === model.lossFunctions[i])) return;
  model.lossFunctions = replaced;
  const remembering =
    (step: Step): Step =>
    (data) => {
      const kept: Logits = new Map();
      logits = kept;
      try {
        return step(data);
      } finally {
        logits = undefined;
        tf.dispose([...kept.values()]);
      }
    };
  const {makeTrainFunction, makeTestFunction} = model;
  model.makeTrainFunction = () => remembering(makeTrainFunction.call(model));
  model.makeTestFunction = () => {
    makeTestFunction.call(model);
    model.testFunction = remembering(model.testFunction);
  };
}

/** tfjs's name of the loss of an output. */
function nameOf({loss, outputNames}: Compiled, i: number): string {
  if (typeof loss === 'string') return loss;
  return Array.isArray(loss) ? loss[i] : loss[outputNames[i]];
}

/** Whether an output is that of a softmax or sigmoid, of which `remember` is told from now on. */
function watchActivation(
  output: SymbolicTensor,
  remember: (given: tf.Tensor, made: tf.Tensor) => void,
): boolean {
  const layer = output.sourceLayer as Layer;
  if (layer.outputs) return watchActivation(layer.outputs[output.outputTensorIndex ?? 0], remember);
  const {activation} = layer;
  if (isWithLogits(activation?.getClassName())) {
    const watched = Object.create(activation as Activation);
    watched.apply = (x: tf.Tensor, axis?: number) => {
      const y = (activation as Activation).apply(x, axis);
      remember(x, y);
      return y;
    };
    layer.activation = watched;
    return true;
  }
  const name = layer instanceof KerasOperation ? layer.operationName : layer.getClassName();
  if (!isWithLogits(name)) return false;
  const {call} = layer;
  layer.call = (inputs, kwargs) => {
    const y = call.call(layer, inputs, kwargs);
    const given = [inputs].flat();
    // A Softmax with a mask is given it, too, and has other logits.
    if (given.length === 1) remember(given[0], y as tf.Tensor);
    return y;
  };
  return true;
}

const isWithLogits = (name = '') => /^(softmax|sigmoid)$/i.test(name);
