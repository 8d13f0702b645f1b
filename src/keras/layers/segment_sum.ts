/**
 * The kernel `UnsortedSegmentSum` for the backend `wasm`, which lacks it: without it the gradient of
 * `tf.gather` throws there, and so no model with an Embedding can be trained.
 */
import * as tf from '@tensorflow/tfjs-core';

const KERNEL = 'UnsortedSegmentSum';
const BACKEND = 'wasm';

interface Given {
  /** [n, …], float32 */
  x: tf.TensorInfo;
  /** [n], int32: to which sum each slice of x belongs; one outside of them belongs to none. */
  segmentIds: tf.TensorInfo;
}

/** Registers the kernel. Safe to repeat; one that is there already stays. */
export function registerSegmentSum(): void {
  if (tf.getKernel(KERNEL, BACKEND)) return;
  tf.registerKernel({
    kernelName: KERNEL,
    backendName: BACKEND,
    kernelFunc: ({inputs, attrs}) =>
      segmentSum(inputs as unknown as Given, Number(attrs?.numSegments)),
  });
}

/** [numSegments, …]: the sum of the slices of x that belong to each segment. */
function segmentSum({x, segmentIds}: Given, numSegments: number): tf.TensorInfo {
  const [n, ...rest] = x.shape;
  const size = tf.util.sizeFromShape(rest);
  const [values, ids] = [x, segmentIds].map((info) => tf.backend().readSync(info.dataId));
  const sums = new Float32Array(numSegments * size);
  for (let i = 0; i < n; i++) {
    const segment = Number(ids[i]);
    if (segment < 0 || segment >= numSegments) continue;
    for (let k = 0; k < size; k++) sums[segment * size + k] += Number(values[i * size + k]);
  }
  return tf.tensor(sums, [numSegments, ...rest], 'float32');
}
