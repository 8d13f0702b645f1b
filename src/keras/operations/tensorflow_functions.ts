/**
 * Functions of TensorFlow that stand between the layers of a model of Keras 2, and the operations of
 * the table that do the same.
 */
import type {Saved} from './expression.js';

export interface TensorFlowFunction {
  operation: string;
  /** TensorFlow's names of the arguments, in its order, and the operation's. */
  parameters: Map<string, string>;
  /** What TensorFlow takes for arguments that are not given, where the operation takes something else. */
  defaults: Record<string, Saved>;
  /** Arguments that change nothing here. */
  ignored: string[];
}

/** Arguments without a part in what is computed, or with one value only where there is one tensor. */
const IGNORED = [
  'name',
  'validate_indices',
  'conjugate',
  'use_cudnn_on_gpu',
  'preserve_aspect_ratio',
  'out_type',
  'output_type',
];

/**
 * @param row `Operation: x, axis=0, perm>axes`: the arguments in TensorFlow's order; where the operation
 *     calls one otherwise, its name follows `>`, and where it has another default, TensorFlow's follows `=`
 */
function read(row: string): TensorFlowFunction {
  const [operation, list] = row.split(': ');
  const defaults: Record<string, Saved> = {};
  const pairs = list.split(', ').map((text): [string, string] => {
    const [names, otherwise] = text.split('=');
    const [theirs, ours = theirs] = names.split('>');
    if (otherwise !== undefined) defaults[ours] = Number(otherwise);
    return [theirs, ours];
  });
  return {operation, parameters: new Map(pairs), defaults, ignored: IGNORED};
}

const rows = (table: Record<string, string>) =>
  Object.entries(table).map(([name, row]): [string, TensorFlowFunction] => [name, read(row)]);

/** The same under several names. */
const named = (names: string, row: string) =>
  rows(Object.fromEntries(names.split(' ').map((n) => [n, row])));

const binaries = rows({
  '__operators__.add': 'Add: x>x1, y>x2',
  'math.add': 'Add: x>x1, y>x2',
  'math.atan2': 'Arctan2: y>x1, x>x2',
  'math.divide': 'TrueDivide: x>x1, y>x2',
  'math.divide_no_nan': 'DivideNoNan: x>x1, y>x2',
  'math.equal': 'Equal: x>x1, y>x2',
  'math.floordiv': 'FloorDivide: x>x1, y>x2',
  floor_div: 'FloorDivide: x>x1, y>x2',
  'math.floormod': 'Mod: x>x1, y>x2',
  'math.greater': 'Greater: x>x1, y>x2',
  'math.greater_equal': 'GreaterEqual: x>x1, y>x2',
  'math.less': 'Less: x>x1, y>x2',
  'math.less_equal': 'LessEqual: x>x1, y>x2',
  'math.logical_and': 'LogicalAnd: x>x1, y>x2',
  'math.logical_or': 'LogicalOr: x>x1, y>x2',
  'math.logical_xor': 'LogicalXor: x>x1, y>x2',
  'math.maximum': 'Maximum: x>x1, y>x2',
  'math.minimum': 'Minimum: x>x1, y>x2',
  'math.mod': 'Mod: x>x1, y>x2',
  'math.multiply': 'Multiply: x>x1, y>x2',
  'math.multiply_no_nan': 'TfMultiplyNoNan: x>x1, y>x2',
  'math.not_equal': 'NotEqual: x>x1, y>x2',
  'math.pow': 'Power: x>x1, y>x2',
  'math.scalar_mul': 'Multiply: scalar>x1, x>x2',
  'math.squared_difference': 'SquaredDifference: x>x1, y>x2',
  'math.subtract': 'Subtract: x>x1, y>x2',
  'math.truediv': 'TrueDivide: x>x1, y>x2',
  truediv: 'TrueDivide: x>x1, y>x2',
});

const unaries = (
  [
    ['abs', 'Absolute'],
    ['acos', 'Arccos'],
    ['acosh', 'Arccosh'],
    ['asin', 'Arcsin'],
    ['asinh', 'Arcsinh'],
    ['atan', 'Arctan'],
    ['atanh', 'Arctanh'],
    ['ceil', 'Ceil'],
    ['cos', 'Cos'],
    ['cosh', 'Cosh'],
    ['erf', 'Erf'],
    ['erfc', 'Erfc'],
    ['erfinv', 'Erfinv'],
    ['exp', 'Exp'],
    ['expm1', 'Expm1'],
    ['floor', 'Floor'],
    ['is_finite', 'Isfinite'],
    ['is_inf', 'Isinf'],
    ['is_nan', 'Isnan'],
    ['log', 'Log'],
    ['log1p', 'Log1p'],
    ['log_sigmoid', 'LogSigmoid'],
    ['logical_not', 'LogicalNot'],
    ['negative', 'Negative'],
    ['reciprocal', 'Reciprocal'],
    ['round', 'Round'],
    ['rsqrt', 'Rsqrt'],
    ['sigmoid', 'Sigmoid'],
    ['sign', 'Sign'],
    ['sin', 'Sin'],
    ['sinh', 'Sinh'],
    ['softplus', 'Softplus'],
    ['sqrt', 'Sqrt'],
    ['square', 'Square'],
    ['tan', 'Tan'],
    ['tanh', 'Tanh'],
  ] as const
).flatMap(([theirs, ours]) => rows({[`math.${theirs}`]: `${ours}: x`, [theirs]: `${ours}: x`}));

const activations = rows({
  'nn.elu': 'Elu: features>x',
  'nn.gelu': 'TfGelu: features>x, approximate',
  'nn.leaky_relu': 'LeakyRelu: features>x, alpha>negative_slope',
  'nn.log_softmax': 'LogSoftmax: logits>x, axis',
  'nn.relu': 'Relu: features>x',
  'nn.relu6': 'Relu6: features>x',
  'nn.selu': 'Selu: features>x',
  'nn.sigmoid': 'Sigmoid: x',
  'nn.silu': 'TfSwish: features>x, beta',
  'nn.swish': 'TfSwish: features>x, beta',
  'nn.softmax': 'Softmax: logits>x, axis',
  'nn.softplus': 'Softplus: features>x',
  'nn.softsign': 'Softsign: features>x',
  'nn.tanh': 'Tanh: x',
  'math.softplus': 'Softplus: features>x',
  'keras.activations.elu': 'Elu: x, alpha',
  'keras.activations.exponential': 'Exp: x',
  'keras.activations.gelu': 'TfGelu: x, approximate',
  'keras.activations.hard_sigmoid': 'TfHardSigmoid: x',
  'keras.activations.linear': 'Copy: x',
  'keras.activations.mish': 'Mish: x',
  'keras.activations.relu': 'TfRelu: x, alpha, max_value, threshold',
  'keras.activations.selu': 'Selu: x',
  'keras.activations.sigmoid': 'Sigmoid: x',
  'keras.activations.softmax': 'Softmax: x, axis',
  'keras.activations.softplus': 'Softplus: x',
  'keras.activations.softsign': 'Softsign: x',
  'keras.activations.swish': 'Silu: x',
  'keras.activations.tanh': 'Tanh: x',
  'keras.backend.relu': 'TfRelu: x, alpha, max_value, threshold',
  'keras.backend.hard_sigmoid': 'TfHardSigmoid: x',
  'keras.backend.elu': 'Elu: x, alpha',
});

const reductions = [
  ...[
    ['all', 'All'],
    ['any', 'Any'],
    ['max', 'Max'],
    ['mean', 'Mean'],
    ['min', 'Min'],
    ['prod', 'Prod'],
    ['std', 'Std'],
    ['sum', 'Sum'],
    ['variance', 'Var'],
  ].flatMap(([theirs, ours]) =>
    named(`math.reduce_${theirs} reduce_${theirs}`, `${ours}: input_tensor>x, axis, keepdims`),
  ),
  ...rows({
    'math.reduce_logsumexp': 'Logsumexp: input_tensor>x, axis, keepdims',
    'math.count_nonzero': 'CountNonzero: input>x, axis',
    'math.argmax': 'Argmax: input>x, axis=0',
    argmax: 'Argmax: input>x, axis=0',
    'math.argmin': 'Argmin: input>x, axis=0',
    'math.cumsum': 'TfCumsum: x, axis, exclusive, reverse',
    'math.cumprod': 'Cumprod: x, axis=0',
    'math.top_k': 'TopK: input>x, k=1, sorted',
    'nn.moments': 'Moments: x, axes, keepdims',
    argsort: 'TfArgsort: values>x, axis, direction, stable',
    sort: 'TfSort: values>x, axis, direction',
    norm: 'Norm: tensor>x, ord, axis, keepdims',
    'linalg.norm': 'Norm: tensor>x, ord, axis, keepdims',
    'math.l2_normalize': 'TfL2Normalize: x, axis, epsilon',
    'linalg.l2_normalize': 'TfL2Normalize: x, axis, epsilon',
    'nn.l2_normalize': 'TfL2Normalize: x, axis, epsilon',
    'math.add_n': 'AddAll: inputs>xs',
    add_n: 'AddAll: inputs>xs',
  }),
];

const shapes = rows({
  '__operators__.getitem': 'GetItem: tensor>x, slice_spec>key',
  broadcast_to: 'BroadcastTo: input>x, shape',
  cast: 'Cast: x, dtype',
  clip_by_value: 'Clip: t>x, clip_value_min>x_min, clip_value_max>x_max',
  concat: 'Concatenate: values>xs, axis',
  expand_dims: 'ExpandDims: input>x, axis',
  gather: 'TfGather: params>x, indices, axis, batch_dims',
  identity: 'Copy: input>x',
  'linalg.band_part': 'BandPart: input>x, num_lower, num_upper',
  'linalg.diag_part': 'TfDiagPart: input>x, k',
  'linalg.matmul': 'TfMatmul: a, b, transpose_a, transpose_b',
  matmul: 'TfMatmul: a, b, transpose_a, transpose_b',
  'linalg.matrix_transpose': 'MatrixTranspose: a>x',
  'linalg.tensordot': 'Tensordot: a>x1, b>x2, axes',
  tensordot: 'Tensordot: a>x1, b>x2, axes',
  'nn.bias_add': 'Add: value>x1, bias>x2',
  'nn.depth_to_space': 'DepthToSpace: input>x, block_size, data_format',
  'nn.space_to_depth': 'SpaceToDepth: input>x, block_size, data_format',
  one_hot: 'TfOneHot: indices>x, depth>num_classes, on_value, off_value, axis, dtype',
  ones_like: 'OnesLike: input>x, dtype',
  zeros_like: 'ZerosLike: input>x, dtype',
  pad: 'Pad: tensor>x, paddings>pad_width, mode, constant_values',
  repeat: 'Repeat: input>x, repeats, axis',
  reshape: 'Reshape: tensor>x, shape>newshape',
  reverse: 'Flip: tensor>x, axis',
  roll: 'Roll: input>x, shift, axis',
  searchsorted: 'SearchSorted: sorted_sequence, values, side',
  shape: 'Shape: input>x',
  slice: 'Slice: input_>inputs, begin>start_indices, size>shape',
  split: 'TfSplit: value>x, num_or_size_splits>indices_or_sections, axis',
  squeeze: 'Squeeze: input>x, axis, squeeze_dims>axis',
  stack: 'Stack: values>x, axis',
  stop_gradient: 'StopGradient: input>variable',
  tile: 'Tile: input>x, multiples>repeats',
  transpose: 'Transpose: a>x, perm>axes',
  unstack: 'Unstack: value>x, num, axis',
  where: 'Where: condition, x>x1, y>x2',
  'image.resize': 'Resize: images, size, method>interpolation, antialias',
  'keras.backend.batch_flatten': 'BatchFlatten: x',
});

const POOL = 'input>inputs, value>inputs, ksize>pool_size, strides, padding, data_format';
const CONV =
  'input>inputs, filters>kernel, filter>kernel, stride>strides, strides, padding, data_format, ' +
  'dilations>dilation_rate';

const layers = [
  ...named('nn.avg_pool nn.avg_pool1d nn.avg_pool2d nn.avg_pool3d', `AveragePool: ${POOL}`),
  ...named('nn.max_pool nn.max_pool1d nn.max_pool2d nn.max_pool3d', `MaxPool: ${POOL}`),
  ...named('nn.conv1d nn.conv2d nn.conv3d nn.convolution', `Conv: ${CONV}`),
];

export const tensorFlowFunctions: Readonly<Record<string, TensorFlowFunction>> = Object.fromEntries(
  [...binaries, ...unaries, ...activations, ...reductions, ...shapes, ...layers],
);
