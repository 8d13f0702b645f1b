/** Gives the weights of a file to the layers of a model, by their place in each layer. */
import * as tf from '@tensorflow/tfjs-core';
import type {LayersModel, layers} from '@tensorflow/tfjs-layers';
import type {Hdf5Model, StoredTensor} from './hdf5.js';

/** @throws Error A weight is missing, left over, or of another shape than the layer's. */
export function assignWeights(model: LayersModel, file: Hdf5Model): void {
  if (file.layerWeights) assignByLayer(model, file);
  else assignByPath(model, file.tensors, '');
}

function assignByLayer(model: LayersModel, {tensors, layerWeights}: Hdf5Model): void {
  for (const layer of model.layers) {
    const paths = layerWeights?.get(layer.name) ?? [];
    setWeights(
      layer,
      paths.flatMap((path) => tensors.get(path) ?? tensors.get(`/${path}`) ?? []),
    );
  }
}

function assignByPath(
  model: LayersModel,
  tensors: Map<string, StoredTensor>,
  prefix: string,
): void {
  const counts = new Map<string, number>();
  const folders = ['layers', '_layer_checkpoint_dependencies'];
  const paths = [...tensors.keys()].map((path) => path.replace(/^\//, ''));
  const folder = folders.find((name) => paths.some((path) => path.startsWith(`${prefix}${name}`)));
  for (const layer of model.layers) {
    const kind = snakeCase(layer.getClassName());
    const count = counts.get(kind) ?? 0;
    counts.set(kind, count + 1);
    const path = `${prefix}${folder}/${count ? `${kind}_${count}` : kind}`;
    if ('layers' in layer) assignByPath(layer as unknown as LayersModel, tensors, `${path}/`);
    else setWeights(layer, below(tensors, path));
  }
}

/** A layer's own weights, those of what it wraps, forward before backward, by number. */
function below(tensors: Map<string, StoredTensor>, path: string): StoredTensor[] {
  const order = (key: string) => key.replace(/forward_layer/, '0').replace(/\d+$/, pad);
  return [...tensors]
    .map(([key, value]) => [key.replace(/^\//, ''), value] as const)
    .filter(([key]) => key.startsWith(`${path}/`))
    .sort(([a], [b]) => (order(a) < order(b) ? -1 : 1))
    .map(([, value]) => value);
}

const pad = (digits: string) => digits.padStart(4, '0');

function setWeights(layer: layers.Layer, stored: StoredTensor[]): void {
  const wanted = layer.getWeights();
  const where = `${layer.getClassName()} layer "${layer.name}"`;
  if (stored.length !== wanted.length) {
    throw new Error(`${where} has ${wanted.length} weights, the file has ${stored.length} for it.`);
  }
  stored.forEach(({shape}, i) => {
    if (String(shape) === String(wanted[i].shape)) return;
    throw new Error(`${where}: weight ${i} is [${wanted[i].shape}], in the file [${shape}].`);
  });
  if (!stored.length) return;
  stored.forEach(({shape, values}, i) => {
    // Not by `setWeights`, which applies constraints: Keras loads weights as they were saved.
    const value = tf.tensor(values, shape, 'float32');
    (layer.weights[i].read() as tf.Variable).assign(value);
    value.dispose();
  });
}

/** As Keras names the folders of a class. */
function snakeCase(name: string): string {
  return name
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
