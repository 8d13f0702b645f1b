/**
 * Choices between tensors of more than four dimensions (`tf.where`), for the backends that know four at most:
 * tfjs's own kernel is given them as vectors.
 */
import * as tf from '@tensorflow/tfjs-core';
import {call, putInPlace} from './kernel_in_place.js';

/** The rank up to which tfjs's kernel works. */
const MOST_RANK = 4;

interface Given {
  inputs: Record<'condition' | 't' | 'e', tf.TensorInfo>;
  backend: {disposeData(dataId: object): void};
}

export function mendChoices(): void {
  putInPlace('choosesInFourDimensions', tf.Select, asVectors);
}

function asVectors(choose: tf.KernelFunc, backendName: string) {
  return (given: Given): tf.TensorInfo => {
    const {inputs, backend} = given;
    const {shape} = inputs.t;
    const isAlike = Object.values(inputs).every((info) => tf.util.arraysEqual(info.shape, shape));
    if (shape.length <= MOST_RANK || !isAlike) return call(choose, given);
    const {kernelFunc: reshape} = tf.getKernel(tf.Reshape, backendName);
    const reshaped = (x: tf.TensorInfo, to: number[]) =>
      call(reshape, {inputs: {x}, attrs: {shape: to}, backend});
    const flat = {
      condition: reshaped(inputs.condition, [-1]),
      t: reshaped(inputs.t, [-1]),
      e: reshaped(inputs.e, [-1]),
    };
    const chosen = call(choose, {inputs: flat, backend});
    const result = reshaped(chosen, shape);
    for (const {dataId} of [...Object.values(flat), chosen]) backend.disposeData(dataId);
    return result;
  };
}
