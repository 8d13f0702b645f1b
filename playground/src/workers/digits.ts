/** Real handwritten digits, 14 × 14 pixels each; `build/data.mjs` makes the file. */
import * as tf from '@tensorflow/tfjs-core';

export const PIXELS = 14 * 14;
const CLASSES = 10;

export interface Digits {
  /** How many. */
  count: number;
  /** [count, PIXELS], 0 (white) to 1 (black) */
  images: Float32Array;
  /** [count] */
  labels: Uint8Array;
}

export async function fetchDigits(address: string): Promise<Digits> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`The digits could not be loaded (HTTP ${response.status}).`);
  return parseDigits(new Uint8Array(await response.arrayBuffer()));
}

/** From the bytes of the file: for each digit its label and its pixels. */
export function parseDigits(bytes: Uint8Array): Digits {
  const count = bytes.length / (1 + PIXELS);
  const images = new Float32Array(count * PIXELS);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    const start = i * (1 + PIXELS);
    labels[i] = bytes[start];
    for (let p = 0; p < PIXELS; p++) images[i * PIXELS + p] = bytes[start + 1 + p] / 255;
  }
  return {count, images, labels};
}

/** Some of them as tensors: images [n, PIXELS], labels [n, 10], one-hot. */
export function batchOf(
  digits: Digits,
  indices: ArrayLike<number>,
): {x: tf.Tensor2D; y: tf.Tensor2D} {
  const n = indices.length;
  const images = new Float32Array(n * PIXELS);
  const labels = new Float32Array(n * CLASSES);
  for (let i = 0; i < n; i++) {
    const at = indices[i] * PIXELS;
    images.set(digits.images.subarray(at, at + PIXELS), i * PIXELS);
    labels[i * CLASSES + digits.labels[indices[i]]] = 1;
  }
  return {x: tf.tensor2d(images, [n, PIXELS]), y: tf.tensor2d(labels, [n, CLASSES])};
}
