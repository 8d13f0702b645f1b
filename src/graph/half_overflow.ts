/**
 * Constants that the converter's `--quantize_float16` made infinite: masks such as −1e9, of which
 * float16 has none so large. A graph multiplies them by 0 where nothing is masked, which gives NaN.
 */
import * as tf from '@tensorflow/tfjs-core';
import type {Constants} from './constants.js';
import {allNodes, type GraphDef, inputsOf, nodeName} from './graph_def.js';

/** The infinities of float16, and ±65504, its largest numbers: before a softmax as good as infinite. */
const LARGEST_INSTEAD = new Map([
  [0x7c00, 0x7bff],
  [0xfc00, 0xfbff],
]);

/**
 * The weights with the largest number in place of an infinite one, in the scalars that are factors of a
 * product. Infinite values that are selected, and not multiplied, stay: they are meant so.
 */
export function withoutHalfOverflow(
  graph: GraphDef,
  specs: readonly tf.io.WeightsManifestEntry[],
  constants: Constants,
  data: tf.io.WeightData,
): tf.io.WeightData {
  const factors = new Set(
    allNodes(graph).flatMap((node) => (node.op === 'Mul' ? inputsOf(node).map(nodeName) : [])),
  );
  const scalars = specs.filter(
    ({name, shape, quantization}) =>
      quantization?.dtype === 'float16' && tf.util.sizeFromShape(shape) === 1 && factors.has(name),
  );
  const infinite = scalars.filter(
    ({name}) => !Number.isFinite(constants.value(name)?.values[0] ?? 0),
  );
  if (infinite.length === 0) return data;
  // In parts of their own, for what the handler gave is not ours to change.
  const parts = (Array.isArray(data) ? data : [data]).map((part) => new Uint8Array(part.slice(0)));
  for (const {name} of infinite) setLargest(parts, constants.start(name) ?? 0);
  const buffers = parts.map(({buffer}) => buffer);
  return Array.isArray(data) ? buffers : buffers[0];
}

/** @param start Where the two bytes begin, low one first; they may lie in two parts. */
function setLargest(parts: Uint8Array[], start: number): void {
  const places = [start, start + 1].map((at) => placeOf(parts, at));
  const [low, high] = places.map(({part, index}) => part[index]);
  const largest = LARGEST_INSTEAD.get(low | (high << 8)) ?? 0;
  places[0].part[places[0].index] = largest & 0xff;
  places[1].part[places[1].index] = largest >> 8;
}

function placeOf(parts: Uint8Array[], at: number): {part: Uint8Array; index: number} {
  let index = at;
  for (const part of parts) {
    if (index < part.length) return {part, index};
    index -= part.length;
  }
  throw new RangeError(`There is no byte ${at} in the weights.`);
}
