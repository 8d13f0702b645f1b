/** Reads HDF5 files: the weights by path, and in a whole-model file the config. */

export interface StoredTensor {
  shape: number[];
  values: Float32Array;
}

export interface Hdf5Model {
  /** Only in files saved as `.h5`. */
  config?: string;
  /** All tensors, by their path in the file. */
  tensors: Map<string, StoredTensor>;
  /** Only in files saved as `.h5`: the paths of each layer's weights, in Keras's order. */
  layerWeights?: Map<string, string[]>;
}

let files = 0;

/** @throws Error Not an HDF5 file, or a weight that is not of numbers. */
export async function readHdf5(bytes: Uint8Array): Promise<Hdf5Model> {
  const {Dataset, File, Group, ready} = await import('h5wasm');
  const {FS} = await ready;
  const name = `/keras_${files++}.h5`;
  FS.writeFile(name, bytes);
  try {
    const file = new File(name, 'r');
    if (file.file_id < 0n) throw new Error('it is no readable HDF5 file.');
    try {
      const tensors = new Map<string, StoredTensor>();
      for (const path of file.paths()) {
        const entity = file.get(path);
        if (!(entity instanceof Dataset)) continue;
        const values = entity.value;
        if (!ArrayBuffer.isView(values) || typeof entity.shape === 'undefined') continue;
        const numbers = Array.from(values as unknown as ArrayLike<number | bigint>, Number);
        tensors.set(path, {shape: entity.shape ?? [], values: Float32Array.from(numbers)});
      }
      const config = file.attrs.model_config?.value;
      const group = file.get('model_weights');
      if (typeof config !== 'string' || !(group instanceof Group)) return {tensors};
      const layerWeights = new Map<string, string[]>();
      for (const layer of group.keys()) {
        const entry = group.get(layer);
        const list = entry instanceof Group ? entry.attrs.weight_names?.value : [];
        const paths = Array.from((list ?? []) as ArrayLike<string>, String);
        layerWeights.set(
          layer,
          paths.map((path) => `model_weights/${layer}/${path}`),
        );
      }
      return {config, tensors, layerWeights};
    } finally {
      file.close();
    }
  } finally {
    FS.unlink(name);
  }
}
