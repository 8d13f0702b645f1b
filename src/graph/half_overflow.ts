/**
 * Constants that the converter's `--quantize_float16` made infinite: masks such as −1e9, of which
 * float16 has none so large. A graph multiplies them by 0 where nothing is masked, which gives NaN.
 */
import type * as tf from '@tensorflow/tfjs-core';
import type {Constants} from './constants.js';
import {allNodes, type GraphDef, inputsOf, nodeName} from './graph_def.js';

/** The bits of ±65504, the largest numbers of float16: before a softmax they are as good as infinite. */
const LARGEST = new Map([
  [Number.POSITIVE_INFINITY, 0x7bff],
  [Number.NEGATIVE_INFINITY, 0xfbff],
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
  const changes = specs.flatMap(({name, quantization}) => {
    if (quantization?.dtype !== 'float16' || !factors.has(name)) return [];
    const constant = constants.value(name);
    const bits = constant?.values.length === 1 ? LARGEST.get(constant.values[0]) : undefined;
    return constant && bits !== undefined ? [{start: constant.start, bits}] : [];
  });
  if (changes.length === 0) return data;
  // In parts of their own, for what the handler gave is not ours to change.
  const parts = (Array.isArray(data) ? data : [data]).map((part) => new Uint8Array(part.slice(0)));
  for (const {start, bits} of changes) write(parts, start, bits);
  const buffers = parts.map(({buffer}) => buffer);
  return Array.isArray(data) ? buffers : buffers[0];
}

/** Writes two bytes, the low one first. They may lie in two parts: what is beyond a part's ends is not written. */
function write(parts: readonly Uint8Array[], start: number, bits: number): void {
  let at = start;
  for (const part of parts) {
    part[at] = bits & 0xff;
    part[at + 1] = bits >> 8;
    at -= part.length;
  }
}
