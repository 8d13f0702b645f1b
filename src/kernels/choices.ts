/**
 * Choices between tensors of more than four dimensions (`tf.where`), for the backends that know four at most:
 * tfjs's own kernel is given them as vectors.
 */
import * as tf from '@tensorflow/tfjs-core';
import {backendsThat} from './traits.js';

/** The rank up to which tfjs's kernel works. */
const MOST_RANK = 4;

/** The kernels that were put in the place of tfjs's. */
const ours = new WeakSet<tf.KernelFunc>();

interface Given {
  inputs: Record<'condition' | 't' | 'e', tf.TensorInfo>;
  backend: {disposeIntermediateTensorInfo(info: tf.TensorInfo): void};
}

/** Puts kernels in the place of tfjs's on the backends that need it and are there. Safe to repeat. */
export function ensureChoices(): void {
  for (const backendName of backendsThat('choosesInFourDimensions')) {
    const kernelName = tf.Select;
    const run = tf.getKernel(kernelName, backendName)?.kernelFunc;
    if (!run || ours.has(run)) continue;
    const kernelFunc = asVectors(run, backendName) as unknown as tf.KernelFunc;
    ours.add(kernelFunc);
    tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel({kernelName, backendName, kernelFunc});
  }
}

function asVectors(run: tf.KernelFunc, backendName: string) {
  return (given: Given): tf.TensorInfo => {
    const {inputs, backend} = given;
    const {shape} = inputs.t;
    const isAlike = Object.values(inputs).every((info) => tf.util.arraysEqual(info.shape, shape));
    if (shape.length <= MOST_RANK || !isAlike) return call(run, given);
    const {kernelFunc: reshape} = tf.getKernel(tf.Reshape, backendName);
    const reshaped = (x: tf.TensorInfo, to: number[]) =>
      call(reshape, {inputs: {x}, attrs: {shape: to}, backend});
    const flat = Object.entries(inputs).map(([name, info]) => [name, reshaped(info, [-1])]);
    const chosen = call(run, {inputs: Object.fromEntries(flat), backend});
    const result = reshaped(chosen, shape);
    for (const [, info] of flat) backend.disposeIntermediateTensorInfo(info as tf.TensorInfo);
    backend.disposeIntermediateTensorInfo(chosen);
    return result;
  };
}

function call(kernel: tf.KernelFunc, given: object): tf.TensorInfo {
  return kernel(given as Parameters<tf.KernelFunc>[0]) as tf.TensorInfo;
}
