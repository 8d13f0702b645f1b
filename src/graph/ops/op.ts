/** What a file of this folder gives: an op of TensorFlow, composed of those that every backend has. */
import type {GraphNode} from '@tensorflow/tfjs-converter';
import type * as tf from '@tensorflow/tfjs-core';
import type {NodeDef} from '../graph_def.js';

/** Computes one node. Intermediate tensors are disposed by the caller. */
export type Op = (node: GraphNode) => tf.Tensor;

/** What a node may need to know of the graph around it. */
export interface AboutGraph {
  /** Whether a small constant holds a finite number beyond ±1e20, of which masks are made. */
  hasHuge: boolean;
}

export interface SuppliedOp {
  run: Op;
  /** Names of tfjs's kernels without which the op cannot run on a backend. */
  kernels?: string[];
  /** Whether a node needs it: tfjs runs the others rightly. Absent: every node does. */
  isNeeded?(node: NodeDef, about: AboutGraph): boolean;
  /** Changes a node at load, where its attributes cannot be read as they are. */
  prepare?(node: NodeDef): NodeDef;
}

/** The one value of a scalar input. */
export function scalarOf(tensor: tf.Tensor): number {
  return Number(tensor.dataSync()[0]);
}

/** An axis counted from the front. */
export function positiveAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((size, dim) => size * dim, 1);
}
