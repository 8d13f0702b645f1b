/**
 * The values of a graph's small constants: its axes, epsilons and shapes, which the converter puts
 * among the weights. Only those that are asked for are decoded; gammas and kernels stay bytes.
 */
import * as tf from '@tensorflow/tfjs-core';

export interface Constant {
  shape: number[];
  values: number[];
  /** The byte at which it begins. */
  start: number;
}

export interface Constants {
  /** Absent: there is no such weight. */
  shape(name: string): number[] | undefined;
  /** Absent: there is no such weight, or it holds no numbers, or more than a graph's settings do. */
  value(name: string): Constant | undefined;
}

/** Axes, shapes and epsilons are no longer than this. */
const LARGEST = 64;

const BYTES_PER_ELEMENT: Record<string, number> = {
  float32: 4,
  int32: 4,
  bool: 1,
  complex64: 8,
  float16: 2,
  uint8: 1,
  uint16: 2,
};

/** @throws Error Specs or data of another form, an unknown dtype, or too few bytes. */
export function readConstants(
  specs: readonly tf.io.WeightsManifestEntry[],
  data: tf.io.WeightData,
): Constants {
  const parts = Array.isArray(data) ? data : [data];
  if (!parts.every((part) => part?.byteLength >= 0)) {
    throw new Error('fuseGraph: weightData must be an ArrayBuffer, or a list of them.');
  }
  if (!Array.isArray(specs)) throw new Error('fuseGraph: weightSpecs must be a list.');
  const bytes = new Bytes(parts);
  const places = new Map<string, {spec: tf.io.WeightsManifestEntry; start: number; end: number}>();
  let start = 0;
  for (const spec of specs) {
    checkSpec(spec);
    const end = start + byteLength(spec, bytes, start);
    if (end > bytes.length) {
      throw new Error(
        `fuseGraph: the weights end at byte ${bytes.length}, within '${spec.name}': ` +
          'the weight file is truncated or belongs to another model.',
      );
    }
    places.set(spec.name, {spec, start, end});
    start = end;
  }

  return {
    shape: (name) => places.get(name)?.spec.shape,
    value(name) {
      const place = places.get(name);
      if (!place || place.spec.dtype === 'string' || place.spec.dtype === 'complex64') return;
      const {spec, start} = place;
      if (tf.util.sizeFromShape(spec.shape) > LARGEST) return undefined;
      const decoded = decode(bytes.slice(start, place.end), spec);
      try {
        return {shape: spec.shape, values: Array.from(decoded.dataSync()), start};
      } finally {
        decoded.dispose();
      }
    },
  };
}

/** @throws Error The spec names no weight, or not a shape. */
function checkSpec(spec: tf.io.WeightsManifestEntry | null): void {
  if (typeof spec?.name !== 'string') {
    throw new Error(`fuseGraph: weightSpecs has an entry without a name: ${JSON.stringify(spec)}.`);
  }
  const {name, shape} = spec;
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw new Error(
      `fuseGraph: the shape of the weight '${name}' must be a list of sizes, ` +
        `but is ${JSON.stringify(shape)}.`,
    );
  }
}

function decode(data: ArrayBuffer, spec: tf.io.WeightsManifestEntry): tf.Tensor {
  try {
    return tf.io.decodeWeights(data, [spec])[spec.name];
  } catch (error) {
    throw new Error(
      `fuseGraph: the weight '${spec.name}' cannot be decoded: ${(error as Error).message}`,
    );
  }
}

function byteLength(spec: tf.io.WeightsManifestEntry, bytes: Bytes, start: number): number {
  const size = tf.util.sizeFromShape(spec.shape);
  if (spec.dtype === 'string') return stringsByteLength(size, bytes, start);
  const dtype = spec.quantization?.dtype ?? spec.dtype;
  if (!Object.hasOwn(BYTES_PER_ELEMENT, dtype)) {
    throw new Error(
      `fuseGraph: the weight '${spec.name}' has the unknown dtype '${typeof dtype === 'string' ? dtype : JSON.stringify(dtype)}'.`,
    );
  }
  return size * BYTES_PER_ELEMENT[dtype];
}

/**
 * Each string is its length, 4 bytes, and then itself. The result is Infinity where the bytes end before
 * the last string does.
 */
function stringsByteLength(count: number, bytes: Bytes, start: number): number {
  let at = start;
  for (let i = 0; i < count; i++) {
    if (at + 4 > bytes.length) return Number.POSITIVE_INFINITY;
    at += 4 + new DataView(bytes.slice(at, at + 4)).getUint32(0, true);
  }
  return at - start;
}

/** Weights that come in several parts, as one run of bytes. Not joined: they may be large. */
class Bytes {
  readonly length: number;

  constructor(private readonly parts: readonly ArrayBuffer[]) {
    this.length = parts.reduce((length, part) => length + part.byteLength, 0);
  }

  /** A copy. */
  slice(start: number, end: number): ArrayBuffer {
    const bytes = new Uint8Array(end - start);
    let partStart = 0;
    for (const part of this.parts) {
      const from = Math.max(start - partStart, 0);
      const to = Math.min(end - partStart, part.byteLength);
      if (from < to) bytes.set(new Uint8Array(part, from, to - from), partStart + from - start);
      partStart += part.byteLength;
    }
    return bytes.buffer;
  }
}
