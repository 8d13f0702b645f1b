import type {Tensor} from '@tensorflow/tfjs-core';

/** The one input of a layer. @throws Error There are several. */
export function onlyTensor(
  layer: {getClassName(): string; name: string},
  inputs: Tensor | Tensor[],
): Tensor {
  if (!Array.isArray(inputs)) return inputs;
  if (inputs.length === 1) return inputs[0];
  throw new Error(
    `${layer.getClassName()} layer "${layer.name}": expected one input, ` +
      `but was given ${inputs.length}.`,
  );
}
