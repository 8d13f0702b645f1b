/** How a kernel of tfjs that is wrong or slow on a backend gets another one in its place. */
import * as tf from '@tensorflow/tfjs-core';
import {backendsThat, type Trait} from '../kernels/traits.js';

/** The kernels that were put in the place of tfjs's. */
const ours = new WeakSet<tf.KernelFunc>();

/** Calls a kernel, whose types are those of all kernels. */
export function call(kernel: tf.KernelFunc, given: object): tf.TensorInfo {
  return kernel(given as Parameters<tf.KernelFunc>[0]) as tf.TensorInfo;
}

/**
 * Puts a kernel in the place of tfjs's on the backends that have a trait and are there. Safe to repeat.
 *
 * @param make The kernel, which is given tfjs's own to call.
 */
export function putInPlace<Given>(
  trait: Trait,
  kernelName: string,
  make: (ofTfjs: tf.KernelFunc, backendName: string) => (given: Given) => tf.TensorInfo,
): void {
  for (const backendName of backendsThat(trait)) {
    const ofTfjs = tf.getKernel(kernelName, backendName)?.kernelFunc;
    if (!ofTfjs || ours.has(ofTfjs)) continue;
    const kernelFunc = make(ofTfjs, backendName) as unknown as tf.KernelFunc;
    ours.add(kernelFunc);
    tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel({kernelName, backendName, kernelFunc});
  }
}
