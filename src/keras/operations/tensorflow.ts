/** Functions of TensorFlow that do what no one operation of Keras 3 does. */
import * as tf from '@tensorflow/tfjs-core';
import {addBias} from '../layers/bias.js';
import {gelu} from './activations.js';
import {greaterEqual, lessEqual, logicalAnd} from './conditions.js';
import {band, diagonalOf} from './diagonals.js';
import {cumulativeSum, gather, multiplyNoNaN, withoutGradient} from './gradients.js';
import {oneHotOf} from './indexing.js';
import {matMul} from './matrix_product.js';
import {
  binary,
  cast,
  floatBinary,
  floats,
  type Operation,
  promotedList,
  select,
  type Table,
  toFloat,
} from './operation.js';
import {placesAlong, sortedAlong} from './ordering.js';
import {axesOf, broadcastShapes, sizeOfShape, toAxis, withSize} from './shapes.js';
import {type Arguments, isList, kindOf} from './values.js';

const same = (name: string) => (args: Arguments) => args.tensor(name).shape;

const flagged = (args: Arguments, name: string, values: readonly unknown[]) => {
  const value = args.get(name);
  if (values.includes(value)) return;
  throw new Error(`tfjs cannot do its ${name} = ${value}.`);
};

const swapLast = (x: tf.Tensor) => {
  const order = [...x.shape.keys()];
  return tf.transpose(x, [...order.slice(0, -2), x.rank - 1, x.rank - 2]);
};

const product: Operation = {
  signature: 'a, b, transpose_a=False, transpose_b=False',
  shape: (args) => {
    const turned = (name: string) => {
      const {shape} = args.tensor(name);
      const [rows, cols] = shape.slice(-2);
      return args.flag(`transpose_${name}`) ? [...shape.slice(0, -2), cols, rows] : shape;
    };
    const [a, b] = [turned('a'), turned('b')];
    const [k, l] = [a.at(-1), b.at(-2)];
    if (k != null && l != null && k !== l)
      throw new Error(`the shapes [${a}] and [${b}] do not fit.`);
    const before = broadcastShapes(a.slice(0, -2), b.slice(0, -2));
    return [...before, a.at(-2) ?? null, b.at(-1) ?? null];
  },
  compute: (args) => {
    const turned = (name: string) => {
      const x = toFloat(args.tensor(name));
      return args.flag(`transpose_${name}`) ? swapLast(x) : x;
    };
    return matMul(turned('a'), turned('b'));
  },
};

const gathered: Operation = {
  signature: 'x, indices, axis=0, batch_dims=0',
  shape: (args) => {
    flagged(args, 'batch_dims', [0, null]);
    const {shape} = args.tensor('x');
    const axis = toAxis(args.integer('axis', 0), shape.length);
    return [...shape.slice(0, axis), ...args.tensor('indices').shape, ...shape.slice(axis + 1)];
  },
  compute: (args) => {
    const x = args.tensor('x');
    return gather(
      x,
      cast(args.tensor('indices'), 'int32'),
      toAxis(args.integer('axis', 0), x.rank),
    );
  },
};

/** Entries no further below the diagonal, and above it, than so many; any where that is negative. */
const bandPart: Operation = {
  signature: 'x, num_lower, num_upper',
  shape: same('x'),
  compute: (args) => {
    const x = args.tensor('x');
    const [rows, cols] = x.shape.slice(-2);
    const [below, above] = ['num_lower', 'num_upper'].map((name) => args.integer(name));
    const far = rows + cols;
    const keeps = band(rows, cols, (row, col) => {
      const up = tf.sub(col, row);
      return logicalAnd(
        greaterEqual(up, below < 0 ? -far : -below),
        lessEqual(up, above < 0 ? far : above),
      );
    });
    return select(keeps, x, tf.zerosLike(x));
  },
};

const oneHot: Operation = {
  signature: 'x, num_classes, on_value=1, off_value=0, axis=-1, dtype=None',
  shape: (args) => {
    const {shape} = args.tensor('x');
    const axis = toAxis(args.integer('axis', -1), shape.length + 1);
    return [...shape.slice(0, axis), args.integer('num_classes'), ...shape.slice(axis)];
  },
  compute: (args) => {
    const x = args.tensor('x');
    const axis = toAxis(args.integer('axis', -1), x.rank + 1);
    const [on, off] = [args.number('on_value', 1), args.number('off_value', 0)];
    const isHot = withoutGradient([x], () => oneHotOf(x, args.integer('num_classes'), axis));
    const values = tf.add(tf.mul(tf.cast(isHot, 'float32'), on - off), off);
    return args.has('dtype') ? cast(values, kindOf(args.text('dtype'))) : values;
  },
};

/** Into equal parts, or parts of these sizes, one of which may be what is left. */
const split: Operation = {
  signature: 'x, indices_or_sections, axis=0',
  shape: (args) => {
    const {shape} = args.tensor('x');
    const axis = toAxis(args.integer('axis', 0), shape.length);
    return partSizes(args, shape[axis]).map((size) => withSize(shape, axis, size));
  },
  compute: (args) => {
    const x = args.tensor('x');
    const axis = toAxis(args.integer('axis', 0), x.rank);
    return tf.split(x, partSizes(args, x.shape[axis]) as number[], axis);
  },
};

function partSizes(args: Arguments, size: number | null): (number | null)[] {
  const sizes = args.integers('indices_or_sections');
  if (!isList(args.get('indices_or_sections'))) {
    return Array(sizes[0]).fill(size === null ? null : size / sizes[0]);
  }
  const rest = size === null ? null : size - sizes.reduce((sum, n) => sum + Math.max(n, 0), 0);
  return sizes.map((n) => (n < 0 ? rest : n));
}

const sorting = (
  signature: string,
  f: (x: tf.Tensor, axis: number, greatestFirst: boolean) => tf.Tensor,
): Operation => ({
  signature,
  shape: (args) => {
    flagged(args, 'direction', ['ASCENDING', 'DESCENDING']);
    return args.tensor('x').shape;
  },
  compute: (args) => {
    const x = args.tensor('x');
    const axis = toAxis(args.integer('axis', -1), x.rank);
    return f(x, axis, args.text('direction') === 'DESCENDING');
  },
});

const sums: Operation = {
  signature: 'x, axis=0, exclusive=False, reverse=False',
  shape: same('x'),
  compute: (args) => {
    const x = args.tensor('x');
    const y = cumulativeSum(x, toAxis(args.integer('axis', 0), x.rank), args.flag('reverse'));
    return args.flag('exclusive') ? tf.sub(y, x) : y;
  },
};

/** x over the root of its squares' sum, which counts as at least ε. */
const l2Normalize: Operation = {
  signature: 'x, axis=None, epsilon=1e-12',
  shape: same('x'),
  compute: (args) => {
    const x = toFloat(args.tensor('x'));
    const squares = tf.sum(tf.square(x), axesOf(args, x.rank), true);
    return tf.mul(x, tf.rsqrt(tf.maximum(squares, args.number('epsilon', 1e-12))));
  },
};

const addAll: Operation = {
  signature: 'xs',
  shape: (args) => broadcastShapes(...args.tensors('xs').map(({shape}) => shape)),
  compute: (args) => promotedList(args.tensors('xs')).reduce((sum, x) => tf.add(sum, x)),
};

const relu: Operation = floats((x, args) => {
  const [threshold, slope] = [args.number('threshold', 0), args.number('alpha', 0)];
  const isAbove = greaterEqual(x, threshold);
  const y = select(isAbove, x, tf.mul(slope, tf.sub(x, threshold)));
  return args.has('max_value') ? tf.minimum(y, args.number('max_value')) : y;
}, 'x, alpha=0.0, max_value=None, threshold=0.0');

export const tensorflow: Table = {
  AddAll: addAll,
  BandPart: bandPart,
  BatchFlatten: {
    signature: 'x',
    shape: (args) => {
      const [batch, ...others] = args.tensor('x').shape;
      return [batch, sizeOfShape(others)];
    },
    compute: (args) => {
      const x = args.tensor('x');
      return tf.reshape(x, [x.shape[0], -1]);
    },
  },
  MatrixTranspose: {
    signature: 'x',
    shape: (args) => {
      const {shape} = args.tensor('x');
      const [rows, cols] = shape.slice(-2);
      return [...shape.slice(0, -2), cols, rows];
    },
    compute: (args) => swapLast(args.tensor('x')),
  },
  Shape: {
    signature: 'x',
    shape: (args) => [args.tensor('x').shape.length],
    compute: (args) => tf.tensor1d(args.tensor('x').shape, 'int32'),
  },
  SquaredDifference: binary((a, b) => tf.square(tf.sub(a, b))),
  TfArgsort: sorting("x, axis=-1, direction='ASCENDING', stable=False", placesAlong),
  TfBiasAdd: binary((x, bias) => addBias(x, bias, x.shape)),
  TfCumsum: sums,
  TfDiagPart: {
    signature: 'x, k=0',
    shape: (args) => {
      const {shape} = args.tensor('x');
      const [rows, cols] = shape.slice(-2);
      flagged(args, 'k', [0]);
      return [...shape.slice(0, -2), rows === null || cols === null ? null : Math.min(rows, cols)];
    },
    compute: (args) => diagonalOf(args.tensor('x'), 0),
  },
  TfGather: gathered,
  TfGelu: floats((x, args) => gelu(x, args.flag('approximate')), 'x, approximate=False'),
  TfHardSigmoid: floats((x) => tf.minimum(tf.maximum(tf.add(tf.mul(x, 0.2), 0.5), 0), 1)),
  TfL2Normalize: l2Normalize,
  TfMatmul: product,
  TfMultiplyNoNan: floatBinary(multiplyNoNaN),
  TfOneHot: oneHot,
  TfRelu: relu,
  TfSort: sorting("x, axis=-1, direction='ASCENDING'", sortedAlong),
  TfSplit: split,
  TfSwish: floats(
    (x, args) => tf.mul(x, tf.sigmoid(tf.mul(x, args.number('beta', 1)))),
    'x, beta=1.0',
  ),
};
