/** Reads HDF5 files: their tensors by path, and in a file of a whole model what else is there. */
import type {File as Hdf5File, Group as Hdf5Group} from 'h5wasm';
import {checkHeaps, damaged} from './hdf5_heaps.js';
import {mostBytes} from './zip.js';

export interface StoredTensor {
  shape: number[];
  values: Float32Array;
}

/** A weight, by the name that Keras or the converter gave it. */
export type NamedTensor = StoredTensor & {name: string};

export interface Hdf5Model {
  /** All tensors, by their path in the file, without a slash before it. */
  tensors: Map<string, StoredTensor>;
  /** The rest only in files saved as `.h5`. */
  config?: string;
  kerasVersion?: string;
  training?: string;
  /** Each layer's weights with their names, in Keras's order. */
  layerWeights?: Map<string, NamedTensor[]>;
}

type Hdf5 = typeof import('h5wasm');

let files = 0;

/** @throws Error Not a whole HDF5 file, or one damaged. */
export async function readHdf5(bytes: Uint8Array): Promise<Hdf5Model> {
  checkHeaps(bytes);
  const hdf5 = await import('h5wasm');
  const library = await hdf5.ready;
  const FS = library.FS as typeof library.FS & Streams;
  const streams = new Set(FS.streams);
  const name = `/keras_${files++}.h5`;
  FS.writeFile(name, bytes);
  library.activate_throwing_error_handler(); // instead of one that prints
  const most = mostBytes(bytes.length);
  try {
    return withinMemory(most, () => {
      const file = new hdf5.File(name, 'r');
      try {
        return readModel(hdf5, file, most);
      } finally {
        file.close();
      }
    });
  } catch (error) {
    throw explained(error);
  } finally {
    library.deactivate_throwing_error_handler();
    closeOthers(FS, streams);
    FS.unlink(name);
  }
}

/** What h5wasm's types leave out. */
interface Streams {
  streams: (object | null)[];
  close(stream: object): void;
}

/** Closes what is open, but for `streams`: an error of the library leaves its files so. */
function closeOthers(fs: Streams, streams: Set<object | null>): void {
  for (const stream of fs.streams) if (stream && !streams.has(stream)) fs.close(stream);
}

/**
 * What `read` returns, while no memory of WebAssembly grows by more than `most` bytes at once: the
 * library asks for as much as a file claims that a text is long, and its memory never shrinks.
 */
function withinMemory<T>(most: number, read: () => T): T {
  const {prototype} = WebAssembly.Memory;
  const {grow} = prototype;
  prototype.grow = function (pages) {
    if (pages * 2 ** 16 > most) throw new RangeError(`it asks for more than ${most} bytes`);
    return grow.call(this, pages);
  };
  try {
    return read();
  } finally {
    prototype.grow = grow;
  }
}

/** The library tells the whole way through its sources; the first reason is the last line's. */
function explained(error: unknown): unknown {
  const {name, message} = error as Partial<Error>;
  const isOfLibrary = !(error instanceof Error) || name === 'RuntimeError'; // of WebAssembly
  const reason = isOfLibrary
    ? 'the HDF5 library fails on it'
    : /\(\): (.*)/.exec(`${message}`)?.[1];
  return reason ? damaged(reason, error) : error;
}

function readModel({Dataset, Group}: Hdf5, file: Hdf5File, most: number): Hdf5Model {
  const tensors = new Map<string, StoredTensor>();
  let size = 0;
  for (const path of file.paths()) {
    const entity = file.get(path);
    if (!(entity instanceof Dataset) || !entity.shape) continue;
    size += entity.shape.reduce((product, n) => product * n, Math.max(4, entity.metadata.size));
    if (size > most) throw new Error(`the HDF5 file claims to hold more than ${most} bytes.`);
    const values = numbers(entity.value);
    if (values) tensors.set(path.replace(/^\//, ''), {shape: entity.shape, values});
  }

  const text = (name: string) => {
    const value = file.attrs[name]?.value;
    return typeof value === 'string' ? value : undefined;
  };
  const model = {
    tensors,
    config: text('model_config'),
    kerasVersion: text('keras_version'),
    training: text('training_config'),
  };
  const group = file.get('model_weights');
  if (!(group instanceof Group)) return model;
  const layerWeights = new Map<string, NamedTensor[]>();
  // By the list of them: a name with a slash is that of a group within a group.
  for (const layer of listOf(group, 'layer_names')) {
    const entry = group.get(layer);
    const names = entry instanceof Group ? listOf(entry, 'weight_names') : [];
    const named = names.map((name) => {
      const tensor = tensors.get(`model_weights/${layer}/${name}`);
      if (tensor) return {...tensor, name};
      throw damaged(`it has not the weight "${name}" that it lists for the layer "${layer}"`);
    });
    layerWeights.set(layer, named);
  }
  const own = group.get('top_level_model_weights');
  const [extra] = own instanceof Group ? listOf(own, 'weight_names') : [];
  if (extra) {
    throw new Error(
      `the model has the weight "${extra}", which is of none of its layers: its class in Python ` +
        'makes it. Move it into a layer.',
    );
  }
  return {...model, layerWeights};
}

/** A list of names. Keras cuts one of more than 64 KB in pieces, with numbers after its name. */
function listOf(group: Hdf5Group, name: string): string[] {
  const {attrs} = group;
  const whole = attrs[name];
  if (whole) return textsOf(whole.value);
  const texts: string[] = [];
  for (let i = 0; attrs[`${name}${i}`]; i++) texts.push(...textsOf(attrs[`${name}${i}`].value));
  return texts;
}

/** An empty list is a list of numbers. */
const textsOf = (value: unknown): string[] =>
  Array.from((value ?? []) as ArrayLike<string>, String);

/** A tensor's values; undefined where they are no numbers. */
function numbers(value: unknown): Float32Array | undefined {
  if (value instanceof Float32Array) return value;
  if (typeof value === 'number' || typeof value === 'bigint') {
    return Float32Array.of(Number(value));
  }
  if (!ArrayBuffer.isView(value)) return undefined;
  return Float32Array.from(value as unknown as ArrayLike<number | bigint>, Number);
}
