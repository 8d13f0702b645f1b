/** What `layerNorm` and `rmsNorm` share: the checks, the rows, the kernel and the way back. */
import * as tf from '@tensorflow/tfjs-core';
import {LayerNorm} from '../kernels/contract.js';
import {placeholder} from '../kernels/placeholder.js';
import {ensureKernels} from '../kernels/register.js';
import {checkEpsilon, resolveAxes} from './axes.js';
import {rowView} from './row_view.js';

export interface NormalizeOptions {
  gamma?: tf.Tensor | tf.TensorLike | null;
  beta?: tf.Tensor | tf.TensorLike | null;
  axis: number | readonly number[];
  epsilon: number;
  center: boolean;
}

export function normalize(
  opName: string,
  input: tf.Tensor | tf.TensorLike,
  options: NormalizeOptions,
): tf.Tensor {
  const {axis, epsilon, center} = options;
  const tensor = toTensor(opName, 'x', input);
  if (tensor.dtype !== 'float32' && tensor.dtype !== 'int32') {
    throw new Error(`${opName}: x must be float32 or int32, but is ${tensor.dtype}.`);
  }
  checkEpsilon(opName, epsilon);
  const axes = resolveAxes(opName, axis, tensor.rank);
  const paramShape = axes.map((a) => tensor.shape[a]);
  const gamma = checkedParam(opName, 'gamma', options.gamma, paramShape);
  const beta = checkedParam(opName, 'beta', options.beta, paramShape);

  const x = tensor.dtype === 'float32' ? tensor : tf.cast(tensor, 'float32');
  if (x.size === 0) return normalizeEmpty(x, gamma, beta);

  ensureKernels();
  const {toRows, fromRows} = rowView(x.shape, axes);
  const inputs: tf.NamedTensorMap = {
    x: toRows(x),
    gamma: gamma ? flat(gamma) : placeholder(),
  };
  if (beta) inputs.beta = flat(beta);
  const [y] = tf.engine().runKernel(LayerNorm, inputs, {epsilon, center}) as tf.Tensor[];
  return fromRows(y);
}

/** [cols], without a call of tfjs where it has that shape. */
function flat(param: tf.Tensor): tf.Tensor {
  return param.rank === 1 ? param : tf.reshape(param, [-1]);
}

function toTensor(opName: string, name: string, value: tf.Tensor | tf.TensorLike): tf.Tensor {
  if (!(value instanceof tf.Tensor)) return tf.tensor(value);
  if (value.isDisposed) throw new Error(`${opName}: ${name} is disposed.`);
  return value;
}

function checkedParam(
  opName: string,
  name: string,
  value: tf.Tensor | tf.TensorLike | null | undefined,
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
