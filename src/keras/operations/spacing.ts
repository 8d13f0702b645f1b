/** Operations that space numbers evenly, and those on the gaps between neighbours. */
import * as tf from '@tensorflow/tfjs-core';
import {notEqual} from './conditions.js';
import {broadcastTo} from './gradients.js';
import {getItem} from './indexing.js';
import {cast, type Operation, promoted, type Table, throughInt, toFloat} from './operation.js';
import {broadcastShapes, sizeOfShape, toAxis, withSize} from './shapes.js';
import {ALL, type Arguments, kindOf, Slice} from './values.js';

const meshgrid: Operation = {
  signature: "*x, indexing='xy'",
  shape: (args) => {
    const tensors = args.tensors('x');
    const sizes = tensors.map(({shape}) => sizeOfShape(shape));
    const isXy = args.text('indexing', 'xy') === 'xy' && sizes.length > 1;
    const shape = isXy ? [sizes[1], sizes[0], ...sizes.slice(2)] : sizes;
    return tensors.map(() => shape);
  },
  compute: (args) => {
    const tensors = args.tensors('x');
    const isXy = args.text('indexing', 'xy') === 'xy' && tensors.length > 1;
    const axisOf = (i: number) => (isXy && i < 2 ? 1 - i : i);
    const shape = tensors.map((_, axis) => {
      const i = tensors.findIndex((__, j) => axisOf(j) === axis);
      return tensors[i].size;
    });
    return tensors.map((x, i) => {
      const own = shape.map((size, axis) => (axis === axisOf(i) ? size : 1));
      return throughInt(tf.reshape(x, own), (y) => broadcastTo(y, shape));
    });
  },
};

const difference: Operation = {
  signature: 'a, n=1, axis=-1',
  shape: (args) => {
    const {shape} = args.tensor('a');
    const axis = toAxis(args.integer('axis', -1), shape.length);
    const size = shape[axis];
    return withSize(shape, axis, size === null ? null : Math.max(0, size - args.integer('n', 1)));
  },
  compute: (args) => {
    const x = args.tensor('a');
    const axis = toAxis(args.integer('axis', -1), x.rank);
    const key = (slice: Slice) => x.shape.map((_, i) => (i === axis ? slice : ALL));
    let y = x;
    for (let i = 0; i < args.integer('n', 1); i++) {
      const [later, sooner] = [new Slice(1, null, null), new Slice(null, -1, null)].map((slice) =>
        getItem(y, key(slice)),
      );
      y =
        y.dtype === 'bool'
          ? notEqual(tf.cast(later, 'int32'), tf.cast(sooner, 'int32'))
          : tf.sub(later, sooner);
    }
    return y === x ? tf.clone(x) : y;
  },
};

const vander: Operation = {
  signature: 'x, N=None, increasing=False',
  shape: (args) => {
    const {shape} = args.tensor('x');
    return [shape[0], args.has('N') ? args.integer('N') : shape[0]];
  },
  compute: (args) => {
    const x = args.tensor('x');
    const n = args.has('N') ? args.integer('N') : x.size;
    const powers = Array.from({length: n}, (_, i) => (args.flag('increasing') ? i : n - 1 - i));
    const values = tf.pow(tf.reshape(toFloat(x), [-1, 1]), tf.tensor2d(powers, [1, n]));
    return cast(values, kindOf(x.dtype));
  },
};

const trapezoid: Operation = {
  signature: 'y, x=None, dx=1.0, axis=-1',
  shape: (args) => {
    const {shape} = args.tensor('y');
    const axis = toAxis(args.integer('axis', -1), shape.length);
    return shape.filter((_, i) => i !== axis);
  },
  compute: (args) => {
    const given = toFloat(args.tensor('y'));
    const axis = toAxis(args.integer('axis', -1), given.rank);
    const last = (x: tf.Tensor) =>
      tf.transpose(x, [...[...x.shape.keys()].filter((i) => i !== axis), axis]);
    const ends = (x: tf.Tensor) =>
      [new Slice(1, null, null), new Slice(null, -1, null)].map((slice) =>
        getItem(x, [...Array(x.rank - 1).fill(ALL), slice]),
      );
    const [later, sooner] = ends(last(given));
    const heights = tf.mul(0.5, tf.add(later, sooner));
    if (!args.has('x')) return tf.sum(tf.mul(heights, args.number('dx', 1)), -1);
    const at = toFloat(args.tensor('x'));
    const [after, before] = ends(at.rank === given.rank ? last(at) : at);
    return tf.sum(tf.mul(heights, tf.sub(after, before)), -1);
  },
};

/** Numbers from a first to a last one, which may be tensors; as float32, where `values` gives such alone. */
const spaced = (
  signature: string,
  values: (args: Arguments, start: tf.Tensor, stop: tf.Tensor, share: tf.Tensor) => tf.Tensor,
  isOfFloats = true,
): Operation => {
  const shapeOf = (args: Arguments) =>
    broadcastShapes(args.tensor('start').shape, args.tensor('stop').shape);
  const kindFor = (args: Arguments) => kindOf(args.has('dtype') ? args.text('dtype') : 'float32');
  return {
    signature,
    shape: (args) => {
      if (args.flag('retstep')) throw new Error('its retstep gives a number beside the tensor.');
      const kind = kindFor(args);
      if (isOfFloats && kind !== 'float32') {
        throw new Error(`its dtype must be one of floats, but is ${args.text('dtype')}.`);
      }
      const shape = shapeOf(args);
      const axis = toAxis(args.integer('axis', 0), shape.length + 1);
      return [...shape.slice(0, axis), args.integer('num', 50), ...shape.slice(axis)];
    },
    compute: (args) => {
      const num = args.integer('num', 50);
      const rank = shapeOf(args).length;
      const axis = toAxis(args.integer('axis', 0), rank + 1);
      const [start, stop] = promoted(args, 'start', 'stop').map((x) => {
        // As in Keras on TensorFlow, both ends are of the result's type already.
        const end = toFloat(cast(x, kindFor(args)));
        const padded = tf.reshape(end, [...Array(rank - x.rank).fill(1), ...x.shape]);
        return tf.expandDims(padded, axis);
      });
      const steps = args.flag('endpoint') ? Math.max(1, num - 1) : num;
      const shares = Array.from({length: num}, (_, i) => i / steps);
      const shape = Array.from({length: rank + 1}, (_, i) => (i === axis ? num : 1));
      const spread = values(args, start, stop, tf.tensor(shares, shape, 'float32'));
      return kindFor(args) === 'float32' ? spread : cast(tf.floor(spread), kindFor(args));
    },
  };
};

const between = (start: tf.Tensor, stop: tf.Tensor, share: tf.Tensor) =>
  tf.add(start, tf.mul(tf.sub(stop, start), share));

export const spacing: Table = {
  Diff: difference,
  Geomspace: spaced('start, stop, num=50, endpoint=True, dtype=None, axis=0', (_, a, b, share) =>
    tf.mul(a, tf.pow(tf.div(b, a), share)),
  ),
  Linspace: spaced(
    'start, stop, num=50, endpoint=True, retstep=False, dtype=None, axis=0',
    (_, a, b, share) => between(a, b, share),
    false,
  ),
  Logspace: spaced(
    'start, stop, num=50, endpoint=True, base=10, dtype=None, axis=0',
    (args, a, b, share) => tf.pow(args.number('base', 10), between(a, b, share)),
  ),
  Meshgrid: meshgrid,
  Trapezoid: trapezoid,
  Vander: vander,
};
