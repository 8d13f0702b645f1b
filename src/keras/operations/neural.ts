/** Operations of networks: normalisation, attention, losses, and what rearranges pictures. */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {layerNorm} from '../../ops/layer_norm.js';
import {rmsNorm} from '../../ops/rms_norm.js';
import {softmaxOver} from './activations.js';
import {greaterEqual} from './conditions.js';
import {band} from './diagonals.js';
import {broadcastTo, tiled, withGradient} from './gradients.js';
import {takeAlongAxis} from './indexing.js';
import {cast, type Operation, select, type Table, toFloat} from './operation.js';
import {logSumExp, variance} from './reductions.js';
import {axesOf, reducedShape, sameShape, timesSize, toAxis} from './shapes.js';
import type {Arguments} from './values.js';

const EPSILON = 1e-7;

const floatsOf = (args: Arguments<tf.Tensor>, ...names: string[]) =>
  names.map((name) => (args.has(name) ? toFloat(args.tensor(name)) : undefined));

/** A weight over some axes, in the shape in which it is multiplied with x. */
function along(weight: tf.Tensor | undefined, x: tf.Tensor, axes: number[]): tf.Tensor | undefined {
  if (!weight || weight.rank === x.rank) return weight;
  if (axes.length === 1 && axes[0] === x.rank - 1) return weight;
  return tf.reshape(
    weight,
    x.shape.map((size, i) => (axes.includes(i) ? size : 1)),
  );
}

const sortedAxes = (args: Arguments, rank: number) => axesOf(args, rank).sort((a, b) => a - b);

const layerNormalization: Operation = {
  signature: 'x, gamma=None, beta=None, axis=-1, epsilon=None, rms_scaling=False',
  shape: (args) => args.tensor('x').shape,
  compute: (args) => {
    const [x, gamma, beta] = floatsOf(args, 'x', 'gamma', 'beta') as tf.Tensor[];
    const axis = sortedAxes(args, x.rank);
    const epsilon = args.number('epsilon', EPSILON);
    if (!args.flag('rms_scaling')) {
      const weights = {gamma: flat(gamma, x, axis), beta: flat(beta, x, axis)};
      if (weights.gamma !== null && weights.beta !== null) {
        return layerNorm(x, {...(weights as object), axis, epsilon});
      }
      const y = layerNorm(x, {axis, epsilon});
      const scaled = gamma ? tf.mul(y, along(gamma, x, axis) as tf.Tensor) : y;
      return beta ? tf.add(scaled, along(beta, x, axis) as tf.Tensor) : scaled;
    }
    const y = tf.mul(x, tf.rsqrt(tf.add(variance(x, axis, true), epsilon)));
    return gamma ? tf.mul(y, along(gamma, x, axis) as tf.Tensor) : y;
  },
};

/** The weight in the shape that our own op takes; null where it broadcasts otherwise. */
function flat(
  weight: tf.Tensor | undefined,
  x: tf.Tensor,
  axes: number[],
): tf.Tensor | null | undefined {
  if (!weight) return undefined;
  const shape = axes.map((axis) => x.shape[axis]);
  return String(weight.shape) === String(shape) ? weight : null;
}

const rmsNormalization: Operation = {
  signature: 'x, scale=None, axis=-1, epsilon=None',
  shape: (args) => args.tensor('x').shape,
  compute: (args) => {
    const [x, scale] = floatsOf(args, 'x', 'scale') as tf.Tensor[];
    const y = rmsNorm(x, {
      axis: sortedAxes(args, x.rank),
      epsilon: args.number('epsilon', EPSILON),
    });
    return scale ? tf.mul(y, scale) : y; // as it broadcasts, over whichever axes
  },
};

const batchNormalization: Operation = {
  signature: 'x, mean, variance, axis, offset=None, scale=None, epsilon=0.001',
  shape: (args) => args.tensor('x').shape,
  compute: (args) => {
    const x = toFloat(args.tensor('x'));
    const axis = [toAxis(args.integer('axis', -1), x.rank)];
    const weight = (name: string) =>
      args.has(name) ? along(toFloat(args.tensor(name)), x, axis) : undefined;
    const [mean, spread] = [weight('mean'), weight('variance')] as tf.Tensor[];
    const inverse = tf.rsqrt(tf.add(spread, args.number('epsilon', 1e-3)));
    const scale = weight('scale');
    const y = tf.mul(tf.sub(x, mean), scale ? tf.mul(inverse, scale) : inverse);
    const offset = weight('offset');
    return offset ? tf.add(y, offset) : y;
  },
};

const LOWEST = -0.7 * 3.4028234663852886e38;

/** query [batch, T, heads, width], key and value [batch, S, heads or fewer, width] */
const dotProductAttention: Operation = {
  signature:
    'query, key, value, bias=None, mask=None, scale=None, is_causal=False, flash_attention=None, ' +
    'attn_logits_soft_cap=None',
  shape: (args) => {
    if (args.has('attn_logits_soft_cap')) {
      throw new Error('Keras on TensorFlow does not know its attn_logits_soft_cap.');
    }
    const [query, value] = ['query', 'value'].map((name) => args.tensor(name).shape);
    return [...query.slice(0, -1), value.at(-1) ?? null];
  },
  compute: (args) => {
    const [query, key, value, bias] = floatsOf(args, 'query', 'key', 'value', 'bias');
    const heads = (query as tf.Tensor).shape[2] as number;
    const [q, k, v] = [query, key, value].map((x) => toHeads(x as tf.Tensor, heads));
    const own = 1 / Math.sqrt(k.shape[3] as number);
    const scale = args.has('scale') ? toFloat(args.tensor('scale')) : own;
    const scores = tf.mul(tf.matMul(q, k, false, true), scale);
    const biased = bias ? tf.add(scores, bias) : scores;
    const weights = softmaxOver(masked(biased, args), [3]);
    return tf.transpose(tf.matMul(weights, v), [0, 2, 1, 3]);
  },
};

/** [batch, places, heads or fewer, width] → [batch, heads, places, width] */
function toHeads(x: tf.Tensor, heads: number): tf.Tensor4D {
  const [batch, places, own, width] = x.shape as number[];
  const moved = tf.transpose(x, [0, 2, 1, 3]);
  if (own === heads) return moved as tf.Tensor4D;
  const apart = tiled(tf.expandDims(moved, 2), [1, 1, heads / own, 1, 1]);
  return tf.reshape(apart, [batch, heads, places, width]);
}

function masked(scores: tf.Tensor, args: Arguments<tf.Tensor>): tf.Tensor {
  const [rows, cols] = scores.shape.slice(-2);
  const hidden = tf.fill(scores.shape, LOWEST);
  const causal = args.flag('is_causal')
    ? select(
        broadcastTo(tf.cast(band(rows, cols, greaterEqual), 'int32'), scores.shape),
        scores,
        hidden,
      )
    : scores;
  return args.has('mask') ? select(args.tensor('mask'), causal, hidden) : causal;
}

const isFirst = (args: Arguments) => args.get('data_format') === 'channels_first';

/** A picture with its channels last: [batch, height, width, channels]. */
const onPictures = (
  signature: string,
  shape: (shape: Shape, args: Arguments) => Shape,
  f: (x: tf.Tensor, args: Arguments) => tf.Tensor,
): Operation => {
  const name = signature.split(',')[0];
  return {
    signature,
    shape: (args) => {
      const given = args.tensor(name).shape;
      if (!isFirst(args)) return shape(given, args);
      const n = given.length;
      const out = shape([...given.slice(0, n - 3), ...given.slice(n - 2), given[n - 3]], args);
      return [...out.slice(0, n - 3), out[n - 1], ...out.slice(n - 3, n - 1)];
    },
    compute: (args) => {
      const x = args.tensor(name);
      if (!isFirst(args)) return f(x, args);
      const before = [...Array(x.rank - 3).keys()];
      const n = x.rank;
      const last = tf.transpose(x, [...before, n - 2, n - 1, n - 3]);
      return tf.transpose(f(last, args), [...before, n - 1, n - 3, n - 2]);
    },
  };
};

const depthToSpace = onPictures(
  "x, block_size, data_format='channels_last'",
  ([batch, height, width, channels], args) => {
    const n = args.integer('block_size');
    if (channels !== null && channels % (n * n)) {
      throw new Error(`${channels} channels are not blocks of ${n} × ${n}.`);
    }
    const depth = channels === null ? null : channels / (n * n);
    return [batch, timesSize(height, n), timesSize(width, n), depth];
  },
  (x, args) => {
    const n = args.integer('block_size');
    const [batch, height, width, channels] = x.shape;
    const depth = channels / (n * n);
    const apart = tf.reshape(x, [batch, height, width, n, n, depth]);
    const moved = tf.transpose(apart, [0, 1, 3, 2, 4, 5]);
    return tf.reshape(moved, [batch, height * n, width * n, depth]);
  },
);

const spaceToDepth = onPictures(
  "x, block_size, data_format='channels_last'",
  ([batch, height, width, channels], args) => {
    const n = args.integer('block_size');
    const part = (size: number | null) => {
      if (size !== null && size % n) throw new Error(`${size} places are not blocks of ${n}.`);
      return size === null ? null : size / n;
    };
    return [batch, part(height), part(width), timesSize(channels, n * n)];
  },
  (x, args) => {
    const n = args.integer('block_size');
    const [batch, height, width, channels] = x.shape;
    const apart = tf.reshape(x, [batch, height / n, n, width / n, n, channels]);
    const moved = tf.transpose(apart, [0, 1, 3, 2, 4, 5]);
    return tf.reshape(moved, [batch, height / n, width / n, n * n * channels]);
  },
);

const binaryCrossentropy: Operation = {
  signature: 'target, output, from_logits=False',
  shape: (args) => sameShape(args.tensor('output').shape, args.tensor('target').shape),
  compute: (args) => {
    const [target, output] = floatsOf(args, 'target', 'output') as tf.Tensor[];
    if (args.flag('from_logits')) {
      const linear = tf.sub(tf.relu(output), tf.mul(output, target));
      return tf.add(linear, tf.log1p(tf.exp(tf.neg(tf.abs(output)))));
    }
    const p = tf.clipByValue(output, EPSILON, 1 - EPSILON);
    const yes = tf.mul(target, tf.log(p));
    return tf.neg(tf.add(yes, tf.mul(tf.sub(1, target), tf.log(tf.sub(1, p)))));
  },
};

/** The gradient is TensorFlow's, which takes it that the targets of a row add up to 1. */
function crossentropyOfLogits(target: tf.Tensor, logits: tf.Tensor, axis: number): tf.Tensor {
  const logShares = (x: tf.Tensor) => tf.sub(x, logSumExp(x, [axis], true));
  return withGradient(
    [target, logits],
    () => tf.neg(tf.sum(tf.mul(target, logShares(logits)), axis)),
    (dy, _, [targets, x]) => {
      const up = tf.expandDims(dy, axis);
      return [
        tf.neg(tf.mul(up, logShares(x))),
        tf.mul(up, tf.sub(softmaxOver(x, [axis]), targets)),
      ];
    },
  );
}

const categoricalCrossentropy: Operation = {
  signature: 'target, output, from_logits=False, axis=-1',
  shape: (args) => {
    const shape = sameShape(args.tensor('output').shape, args.tensor('target').shape);
    return reducedShape(shape, [toAxis(args.integer('axis', -1), shape.length)], false);
  },
  compute: (args) => {
    const [target, output] = floatsOf(args, 'target', 'output') as tf.Tensor[];
    const axis = toAxis(args.integer('axis', -1), output.rank);
    if (args.flag('from_logits')) {
      return crossentropyOfLogits(target, output, axis);
    }
    const shares = tf.div(output, tf.sum(output, axis, true));
    return tf.neg(
      tf.sum(tf.mul(target, tf.log(tf.clipByValue(shares, EPSILON, 1 - EPSILON))), axis),
    );
  },
};

const sparseCategoricalCrossentropy: Operation = {
  signature: 'target, output, from_logits=False, axis=-1',
  shape: (args) => {
    const {shape} = args.tensor('output');
    if (toAxis(args.integer('axis', -1), shape.length) !== shape.length - 1) {
      throw new Error('its axis must be the last, as in Keras.');
    }
    return shape.slice(0, -1);
  },
  compute: (args) => {
    const output = toFloat(args.tensor('output'));
    const places = tf.reshape(cast(args.tensor('target'), 'int32'), [
      ...output.shape.slice(0, -1),
      1,
    ]);
    const logits = args.flag('from_logits')
      ? output
      : tf.log(tf.clipByValue(output, EPSILON, 1 - EPSILON));
    const last = output.rank - 1;
    const logs = tf.sub(logits, logSumExp(logits, [last], true));
    return tf.neg(tf.squeeze(takeAlongAxis(logs, places, last), [last]));
  },
};

const psnr: Operation = {
  signature: 'x1, x2, max_val',
  shape: (args) => {
    sameShape(args.tensor('x1').shape, args.tensor('x2').shape);
    return [];
  },
  compute: (args) => {
    const [a, b] = floatsOf(args, 'x1', 'x2') as tf.Tensor[];
    const error = tf.mean(tf.square(tf.sub(a, b)));
    const highest = 20 * Math.log10(args.number('max_val'));
    return tf.sub(highest, tf.mul(10 / Math.LN10, tf.log(error)));
  },
};

export const neural: Table = {
  BatchNorm: batchNormalization,
  BinaryCrossentropy: binaryCrossentropy,
  CategoricalCrossentropy: categoricalCrossentropy,
  DepthToSpace: depthToSpace,
  DotProductAttention: dotProductAttention,
  LayerNorm: layerNormalization,
  PSNR: psnr,
  RMSNorm: rmsNormalization,
  SpaceToDepth: spaceToDepth,
  SparseCategoricalCrossentropy: sparseCategoricalCrossentropy,
};

export {onPictures};
