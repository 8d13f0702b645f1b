/** Reads `model.json` and its weights, as tfjs's converter writes them from a file of Keras. */
import * as tf from '@tensorflow/tfjs-core';
import {checkManifest, checkWeightSpecs} from '../config/check.js';
import {type Json, own} from '../config/saved.js';
import type {Source} from './source.js';
import type {NamedTensor} from './tensor.js';

/** A handler for the `model.json` read from `source`. @throws Error It is no layers model. */
export function modelJsonHandler({bytes, beside}: Source): tf.io.IOHandler {
  return {
    async load() {
      const json = parse(bytes);
      return tf.io.getModelArtifactsForJSON(json, async (manifest) => {
        if (!beside) {
          throw new Error(
            'a model.json alone has no weights: load it from its path or URL, or with a handler, ' +
              'such as tf.io.browserFiles([json, ...weights]).',
          );
        }
        const files = await Promise.all(manifest.flatMap(({paths}) => paths).map(beside));
        const specs = manifest.flatMap(({weights}) => weights);
        const data = files.map((file) => file.slice().buffer as ArrayBuffer);
        return [specs, tf.io.concatenateArrayBuffers(data)];
      });
    },
  };
}

function parse(bytes: Uint8Array): tf.io.ModelJSON {
  const json = parseJson(new TextDecoder().decode(bytes), 'the file');
  if (json.format === 'graph-model') {
    throw new Error("it is a graph model: load it with loadGraphModel of 'tfjs-layernorm/graph'.");
  }
  if (!json.modelTopology || !json.weightsManifest) {
    throw new Error('the JSON is no model: it has no modelTopology and weightsManifest.');
  }
  checkManifest(json.weightsManifest);
  return json;
}

/** Python writes numbers that JSON has not. @throws Error It is not JSON. */
export function parseJson(text: string, what: string): Json {
  try {
    return JSON.parse(text);
  } catch (error) {
    const parsed = parseWithNonFinite(text);
    if (parsed !== undefined) return parsed;
    throw new Error(`${what} is no JSON: ${(error as Error).message}`);
  }
}

/** Texts are left as they are: in them, the words mean nothing. */
const TEXT_OR_NUMBER = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g;

function parseWithNonFinite(text: string): Json {
  const mark = '\u0001not a number';
  const numbers: Record<string, string> = {
    Infinity: '1e999',
    '-Infinity': '-1e999',
    NaN: JSON.stringify(mark),
  };
  try {
    const plain = text.replace(TEXT_OR_NUMBER, (found) => own(numbers, found) ?? found);
    return JSON.parse(plain, (_, value) => (value === mark ? Number.NaN : value));
  } catch {
    return undefined;
  }
}

/** The weights in their order; quantised ones are read as the numbers that they stand for. */
export function storedWeights(artifacts: tf.io.ModelArtifacts): NamedTensor[] {
  const {weightData} = artifacts;
  if (!weightData) throw new Error('the model comes without weights.');
  const specs = checkWeightSpecs(artifacts.weightSpecs ?? []);
  const data = tf.io.CompositeArrayBuffer.join(weightData);
  const needed = specs.reduce((sum, spec) => sum + bytesOf(spec), 0);
  if (needed > data.byteLength) {
    throw new Error(`the weights need ${needed} bytes, but there are ${data.byteLength}.`);
  }
  let start = 0;
  return specs.map((spec) => {
    const [from, to] = [start, start + bytesOf(spec)];
    start = to;
    const size = tf.util.sizeFromShape(spec.shape);
    const read = () => decode(data.slice(from, to), spec);
    return {name: spec.name, shape: spec.shape, size, read};
  });
}

async function decode(data: ArrayBuffer, spec: tf.io.WeightsManifestEntry): Promise<Float32Array> {
  // A name of its own: some names mean something in an object.
  const {weight} = tf.io.decodeWeights(data, [{...spec, name: 'weight'}]);
  try {
    return Float32Array.from(await weight.data());
  } finally {
    weight.dispose();
  }
}

function bytesOf({shape, dtype, quantization}: tf.io.WeightsManifestEntry): number {
  const bytes = {uint8: 1, uint16: 2, float16: 2};
  const each = quantization ? bytes[quantization.dtype] : dtype === 'bool' ? 1 : 4;
  return each * tf.util.sizeFromShape(shape);
}
