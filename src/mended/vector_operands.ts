/**
 * Ops on a vector and a tensor of five dimensions or more, for the backends that lose the vector there. The
 * vector is handed to tfjs's own kernel as [1, 1, 1, 1, n], which has the same data.
 */
import * as tf from '@tensorflow/tfjs-core';
import {call, putInPlace} from './kernel_in_place.js';

/** The rank from which on a vector is lost. */
const LEAST_RANK = 5;

/** tfjs's kernels on two operands that broadcast. */
const KERNELS = [
  ...[tf.Add, tf.Sub, tf.Multiply, tf.RealDiv, tf.FloorDiv, tf.Mod, tf.Pow, tf.Atan2],
  ...[tf.Maximum, tf.Minimum, tf.SquaredDifference, tf.Prelu],
  ...[tf.Equal, tf.NotEqual, tf.Less, tf.LessEqual, tf.Greater, tf.GreaterEqual],
  ...[tf.LogicalAnd, tf.LogicalOr],
];

interface Given {
  inputs: tf.NamedTensorInfoMap;
}

export function mendVectorOperands(): void {
  for (const name of KERNELS) putInPlace('losesVectors', name, inOneRank);
}

function inOneRank(compute: tf.KernelFunc) {
  return (given: Given) => call(compute, {...given, inputs: withOneRank(given.inputs)});
}

function withOneRank(inputs: tf.NamedTensorInfoMap): tf.NamedTensorInfoMap {
  const all = Object.entries(inputs) as [string, tf.TensorInfo][];
  const rank = Math.max(...all.map(([, {shape}]) => shape.length));
  if (rank < LEAST_RANK) return inputs;
  const ones = Array<number>(rank - 1).fill(1);
  return Object.fromEntries(
    all.map(([name, {dataId, dtype, shape}]) => {
      const isVector = shape.length === 1;
      return [name, {dataId, dtype, shape: isVector ? [...ones, ...shape] : shape}];
    }),
  );
}
