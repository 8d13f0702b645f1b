import type {Shape} from '@tensorflow/tfjs-layers';
import {resolveAxes} from '../ops/axes.js';

/**
 * What a layer learns when it is built: its axes as non-negative integers in the order given, and
 * the shape of its weights, the dimensions in that order.
 *
 * @throws Error Bad axes, or a normalised dimension that is not known yet.
 */
export function resolveBuildShape(
  layer: {
    getClassName(): string;
    name: string;
    axis: number | readonly number[];
  },
  inputShape: Shape | Shape[],
): {axes: number[]; paramShape: number[]} {
  const where = `${layer.getClassName()} layer "${layer.name}"`;
  const shape = onlyShape(where, inputShape);
  const axes = resolveAxes(where, layer.axis, shape.length);
  const paramShape = axes.map((axis) => {
    const size = shape[axis];
    if (size == null) {
      throw new Error(
        `${where}: dimension ${axis} of the input shape [${shape.map((d) => d ?? 'null')}] is ` +
          'normalised over, so its size must be known when the layer is built, but it is null.',
      );
    }
    return size;
  });
  return {axes, paramShape};
}

function onlyShape(where: string, inputShape: Shape | Shape[]): Shape {
  if (!Array.isArray(inputShape[0])) return inputShape as Shape;
  if (inputShape.length === 1) return inputShape[0];
  throw new Error(`${where}: expected one input, but was given ${inputShape.length}.`);
}
