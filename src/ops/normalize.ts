/** What the ops share: the checks, the rows, the kernel and the way back. */
import * as tf from '@tensorflow/tfjs-core';
import {AddLayerNorm, type KernelName, LayerNorm} from '../kernels/contract.js';
import {placeholder} from '../kernels/placeholder.js';
import {ensureKernels} from '../kernels/register.js';
import {checkEpsilon, resolveAxes} from './axes.js';
import {movesAxes, rowView} from './row_view.js';

export interface NormalizeOptions {
  gamma?: tf.Tensor | tf.TensorLike | null;
  beta?: tf.Tensor | tf.TensorLike | null;
  axis: number | readonly number[];
  epsilon: number;
  center: boolean;
}

type Input = tf.Tensor | tf.TensorLike;

/** What an op computes with, once its input and its options are found to be right. */
interface Checked {
  x: tf.Tensor;
  axes: number[];
  gamma?: tf.Tensor;
  beta?: tf.Tensor;
}

export function normalize(opName: string, input: Input, options: NormalizeOptions): tf.Tensor {
  return normalizeChecked(check(opName, input, options), options);
}

/** y, the sum x + residual normalised, and the sum. */
export function addAndNormalize(
  opName: string,
  input: Input,
  residualInput: Input,
  options: NormalizeOptions,
): [y: tf.Tensor, sum: tf.Tensor] {
  const checked = check(opName, input, options);
  const {x, axes} = checked;
  const residual = toFloats(opName, 'residual', residualInput);
  if (!tf.util.arraysEqual(residual.shape, x.shape)) {
    throw new Error(
      `${opName}: residual must have the shape of x, [${x.shape}], but has [${residual.shape}].`,
    );
  }
  if (addsApart(checked)) {
    const sum = tf.add(x, residual);
    return [normalizeChecked({...checked, x: sum}, options), sum];
  }
  const {toRows, fromRows} = rowView(x.shape, axes);
  const inputs = {x: toRows(x), residual: toRows(residual)};
  const [y, , sum] = run(AddLayerNorm, inputs, checked, options);
  return [fromRows(y), fromRows(sum)];
}

/**
 * Whether the sum is to be computed by an op of its own, before it is normalised.
 *
 * So it is over axes that must be moved, since one kernel for both would have the summands and the sum
 * moved as well. And so it is while a gradient is recorded: tfjs hands the gradient of a kernel zeros for
 * an output that nothing used, and to make and add these, where only y is used, costs more than one
 * kernel saves. tfjs's own fused ops do likewise.
 */
function addsApart({x, axes}: Checked): boolean {
  return x.size === 0 || movesAxes(x.shape, axes) || tf.engine().state.gradientDepth > 0;
}

function check(opName: string, input: Input, options: NormalizeOptions): Checked {
  const x = toFloats(opName, 'x', input);
  checkEpsilon(opName, options.epsilon);
  const axes = resolveAxes(opName, options.axis, x.rank);
  const paramShape = axes.map((a) => x.shape[a]);
  const param = (name: 'gamma' | 'beta') => checkedParam(opName, name, options[name], paramShape);
  return {x, axes, gamma: param('gamma'), beta: param('beta')};
}

function normalizeChecked(checked: Checked, options: NormalizeOptions): tf.Tensor {
  const {x, axes, gamma, beta} = checked;
  if (x.size === 0) return normalizeEmpty(x, gamma, beta);
  const {toRows, fromRows} = rowView(x.shape, axes);
  const [y] = run(LayerNorm, {x: toRows(x)}, checked, options);
  return fromRows(y);
}

function run(
  kernel: KernelName,
  inputs: tf.NamedTensorMap,
  {gamma, beta}: Checked,
  {epsilon, center}: NormalizeOptions,
): tf.Tensor[] {
  ensureKernels();
  inputs.gamma = gamma ? flat(gamma) : placeholder();
  if (beta) inputs.beta = flat(beta);
  return tf.engine().runKernel(kernel, inputs, {epsilon, center}) as tf.Tensor[];
}

/** [cols], without a call of tfjs where it has that shape. */
function flat(param: tf.Tensor): tf.Tensor {
  return param.rank === 1 ? param : tf.reshape(param, [-1]);
}

function toTensor(opName: string, name: string, value: Input): tf.Tensor {
  if (!(value instanceof tf.Tensor)) return tf.tensor(value);
  if (value.isDisposed) throw new Error(`${opName}: ${name} is disposed.`);
  return value;
}

function toFloats(opName: string, name: string, value: Input): tf.Tensor {
  const tensor = toTensor(opName, name, value);
  if (tensor.dtype === 'float32') return tensor;
  if (tensor.dtype === 'int32') return tf.cast(tensor, 'float32');
  throw new Error(`${opName}: ${name} must be float32 or int32, but is ${tensor.dtype}.`);
}

function checkedParam(
  opName: string,
  name: string,
  value: Input | null | undefined,
  shape: number[],
): tf.Tensor | undefined {
  if (value == null) return undefined;
  const param = toTensor(opName, name, value);
  if (param.dtype !== 'float32') {
    throw new Error(`${opName}: ${name} must be float32, but is ${param.dtype}.`);
  }
  if (!tf.util.arraysEqual(param.shape, shape)) {
    throw new Error(
      `${opName}: ${name} must have the shape of the normalised dimensions, [${shape}], ` +
        `but has [${param.shape}].`,
    );
  }
  return param;
}

/**
 * No kernel is asked to run on nothing: y is x, and no row adds to dγ and dβ. The product of dy and
 * x, nothing times nothing, leads from dx to x: the gradient of the gradient looks for such a way.
 */
function normalizeEmpty(x: tf.Tensor, gamma?: tf.Tensor, beta?: tf.Tensor): tf.Tensor {
  const inputs = [x, gamma, beta].filter((tensor) => tensor != null);
  return tf.customGrad((...args) => {
    const save = args.pop() as (tensors: tf.Tensor[]) => void;
    save(args as tf.Tensor[]);
    return {
      value: (args[0] as tf.Tensor).clone(),
      gradFunc: (dy: tf.Tensor, [input, ...params]: tf.Tensor[]) => [
        tf.mul(dy, input),
        ...params.map((param) => tf.zerosLike(param)),
      ],
    };
  })(...inputs);
}
