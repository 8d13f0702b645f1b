/**
 * Crossentropy of logits. Where a model ends with softmax or sigmoid, Keras takes its crossentropy from
 * what these were given; tfjs takes it from the probabilities, and cuts them at 1e-7. So tfjs's losses
 * and gradients are others once an output is all but certain.
 *
 * Source: `_get_logits` in keras/src/backend/tensorflow/nn.py, in Keras 2.15 in backend.py. As there,
 * each of the three losses takes the logits of either activation.
 */
import * as tf from '@tensorflow/tfjs-core';
import type {layers, SymbolicTensor} from '@tensorflow/tfjs-layers';
import {epsilonOfBackend} from '../../kernels/traits.js';
import {type Json, own} from '../config/saved.js';
import {type ByVersion, inVersion, type KerasVersion} from '../config/version.js';
import {Softmax} from '../layers/activations/layers.js';
import {KerasOperation} from '../operations/keras_operation.js';
import {changeTests, changeTraining, type Loss, type TrainedModel} from './trained_model.js';

interface Activation {
  apply(x: tf.Tensor, axis?: number): tf.Tensor;
  /** The name; of a layer in the place of an activation what makes one. */
  getClassName(): string | {config: {layer: {className: string; config: Json}}};
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

/** Probabilities kept from 0 and 1, as Keras keeps them. */
function clipped(output: tf.Tensor): tf.Tensor {
  const epsilon = epsilonOfBackend();
  return tf.clipByValue(output, epsilon, 1 - epsilon);
}

/** −mean of target · log output and of the same for what is left to 1, where `epsilon` is added to both */
const binary = (target: tf.Tensor, output: tf.Tensor, epsilon: number): tf.Tensor => {
  const y = clipped(output);
  const ifOne = tf.mul(target, tf.log(tf.add(y, epsilon)));
  const ifZero = tf.mul(tf.sub(1, target), tf.log(tf.add(tf.sub(1, y), epsilon)));
  return tf.neg(tf.mean(tf.add(ifOne, ifZero), -1));
};

/** Losses of outputs without logits. Those of tfjs keep from 0 by 1e-4 on `webgl`. */
const FROM_OUTPUTS: Readonly<Record<string, ByVersion<Loss>>> = {
  categoricalCrossentropy: {
    '2.0': (target, output) => {
      const shares = clipped(tf.div(output, tf.sum(output, -1, true)));
      return tf.neg(tf.sum(tf.mul(target, tf.log(shares)), -1));
    },
  },
  sparseCategoricalCrossentropy: {
    '2.0': (target, output) =>
      LOSSES.sparseCategoricalCrossentropy(target, tf.log(clipped(output))),
  },
  binaryCrossentropy: {
    // Keras 2 adds epsilon once more, to what is cut already.
    '2.0': (target, output) => binary(target, output, epsilonOfBackend()),
    '3.0': (target, output) => binary(target, output, 0),
  },
};

/** Has the crossentropies of a compiled model take the logits, where its version of Keras finds some. */
export function takeLogits(model: TrainedModel, version: KerasVersion): void {
  let logits: Logits | undefined;
  const watch: Watch = {
    remember(given, made) {
      logits?.set(made, tf.keep(tf.clone(given))); // else it goes with the layer's call
    },
    known: (made) => logits?.get(made),
    version,
  };
  const replaced = model.lossFunctions.map((loss, i) => {
    const name = model.loss[i];
    const fromLogits = LOSSES[name];
    const fromOutputs = inVersion(FROM_OUTPUTS[name] ?? {}, version) ?? loss;
    if (!fromLogits || !watchActivation(model.outputs[i], watch)) return fromOutputs;
    return (target: tf.Tensor, output: tf.Tensor) => {
      const given = logits?.get(output);
      return given ? fromLogits(target, given) : fromOutputs(target, output);
    };
  });
  if (replaced.every((loss, i) => loss === model.lossFunctions[i])) return;
  // The losses of each of several outputs are metrics, too.
  model.metricsTensors = model.metricsTensors.map(([metric, output]) =>
    metric === model.lossFunctions[output] ? [replaced[output], output] : [metric, output],
  );
  model.lossFunctions = replaced;
  const remembering =
    <Data, Found>(step: (data: Data) => Found) =>
    (data: Data): Found => {
      const kept: Logits = new Map();
      logits = kept;
      try {
        return step(data);
      } finally {
        logits = undefined;
        tf.dispose([...kept.values()]);
      }
    };
  changeTraining(model, remembering);
  changeTests(model, remembering);
}

/** Who is told of logits, and asked for them. */
interface Watch {
  remember(given: tf.Tensor, made: tf.Tensor): void;
  known(made: tf.Tensor): tf.Tensor | undefined;
  version: KerasVersion;
}

/**
 * Layers that hand on the very tensor that they are given, and with it its logits, unless they do something
 * in training; and the version of Keras from which they do so and make no copy.
 */
const HAND_ON: Readonly<Record<string, ByVersion<true>>> = {
  ActivityRegularization: {'2.0': true},
  AlphaDropout: {'2.0': true},
  Dropout: {'3.0': true},
  GaussianDropout: {'2.0': true},
  GaussianNoise: {'2.0': true},
  Identity: {'3.0': true},
  SpatialDropout1D: {'3.0': true},
  SpatialDropout2D: {'3.0': true},
  SpatialDropout3D: {'3.0': true},
};

/** Whether an output may have logits, of which `watch` is told from now on. */
function watchActivation(output: SymbolicTensor, watch: Watch): boolean {
  const layer = output.sourceLayer as Layer;
  if (layer.outputs) return watchActivation(layer.outputs[output.outputTensorIndex ?? 0], watch);
  const {activation} = layer;
  if (activation && isWithLogits(nameOfActivation(activation))) {
    const watched = Object.create(activation as Activation);
    watched.apply = (x: tf.Tensor, axis?: number) => {
      const y = (activation as Activation).apply(x, axis);
      watch.remember(x, y);
      return y;
    };
    layer.activation = watched;
    return true;
  }
  const name = layer instanceof KerasOperation ? layer.operationName : layer.getClassName();
  const logitsOf = layer instanceof Softmax ? layer.logits.bind(layer) : ([x]: tf.Tensor[]) => x;
  if (isWithLogits(name)) {
    watchCall(layer, (given, y) => {
      tf.tidy(() => {
        const logits = logitsOf(given);
        if (logits) watch.remember(logits, y);
      });
      return y;
    });
    return true;
  }
  const {inputTensors} = layer.inboundNodes[output.nodeIndex];
  if (!handsOn(layer, name, watch.version) || !watchActivation(inputTensors[0], watch))
    return false;
  watchCall(layer, ([x], y, training) => {
    const logits = watch.known(x);
    if (!logits || (training && changesInTraining(layer))) return y;
    const own = y === x ? tf.clone(y) : y; // tfjs hands on a copy of what a layer only hands on
    watch.remember(logits, own);
    return own;
  });
  return true;
}

function handsOn({activation}: Layer, name: string, version: KerasVersion): boolean {
  if (name === 'Activation' && activation) return nameOfActivation(activation) === 'linear';
  const since = own(HAND_ON, name);
  return since !== undefined && inVersion(since, version) === true;
}

/** Whether a layer that is one of HAND_ON has a rate or a deviation above 0. */
function changesInTraining(layer: Layer): boolean {
  const {rate = 0, stddev = 0} = layer.getConfig();
  return rate !== 0 || stddev !== 0;
}

/** Has `then` see each call of a layer, and give what the layer gives. */
function watchCall(
  layer: Layer,
  then: (given: tf.Tensor[], y: tf.Tensor, training: boolean) => tf.Tensor,
): void {
  const {call} = layer;
  layer.call = (inputs, kwargs) =>
    then(
      [inputs].flat(),
      [call.call(layer, inputs, kwargs)].flat()[0], // Dropout gives the list that it is given
      Boolean(kwargs?.training),
    );
}

/** Of a layer in the place of an activation its class, if it takes its softmax along one axis. */
function nameOfActivation(activation: Activation): string {
  const name = activation.getClassName();
  if (typeof name === 'string') return name;
  const {className, config} = name.config.layer;
  return [config.axis].flat().length > 1 ? '' : className;
}

const isWithLogits = (name = '') => /^(softmax|sigmoid)$/i.test(name);
