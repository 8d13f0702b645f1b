/** Gives the weights of a file to the layers of a model: by path or by name, whichever it has. */
import type {LayersModel} from '@tensorflow/tfjs-layers';
import type {SavedLayer} from '../../config/saved.js';
import type {NamedTensor, StoredTensor} from '../../read/tensor.js';
import type {Assigned} from './assign.js';
import {assignByLayer, assignByName} from './by_name.js';
import {assignByPath} from './by_path.js';
import type {Layer} from './parts.js';

/** The weights of a file; all by path, or by layer, or by name. */
export interface StoredWeights {
  /** What a `.keras` file holds, by path: `layers/dense/vars/0`. */
  byPath?: Map<string, StoredTensor>;
  /** What an `.h5` file holds, by the name of the outermost layer, with their names within it. */
  byLayer?: Map<string, NamedTensor[]>;
  /** What the converter makes of an `.h5` file. */
  byName?: NamedTensor[];
}

/** How many values there are in all. */
export function countValues({byPath, byLayer, byName = []}: StoredWeights): number {
  const tensors = [...(byPath?.values() ?? []), ...(byLayer?.values() ?? []), ...byName].flat();
  // A file may name one tensor many times.
  return [...new Set(tensors)].reduce((sum, {size}) => sum + size, 0);
}

/**
 * Finds the tensor of each weight of a model; none is read yet.
 *
 * @param major Keras's version that saved the file, 2 or 3
 * @throws Error A weight is missing, left over, or of another shape than the layer's.
 */
export function matchWeights(
  model: LayersModel,
  saved: SavedLayer,
  stored: StoredWeights,
  major: number,
): Assigned {
  const layer = model as unknown as Layer;
  if (stored.byPath) return assignByPath(layer, saved, stored.byPath, major);
  if (stored.byLayer) return assignByLayer(layer, saved, stored.byLayer);
  return assignByName(layer, saved, stored.byName ?? []);
}
