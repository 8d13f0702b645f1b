/** Opens HDF5 files: their tensors by path, and in a file of a whole model what else is there. */
import type {Dataset, File as Hdf5File, Group as Hdf5Group} from 'h5wasm';
import {checkHeaps, damaged} from './hdf5_heaps.js';
import type {NamedTensor, Pace, StoredTensor} from './tensor.js';
import {mostBytes} from './zip.js';

/** An open file. Its tensors can be read until it is closed. */
export interface Hdf5Model {
  /** All tensors, by their path in the file, without a slash before it. */
  tensors: Map<string, StoredTensor>;
  /** The rest only in files saved as `.h5`. */
  config?: string;
  kerasVersion?: string;
  training?: string;
  /** Each layer's weights with their names, in Keras's order. */
  layerWeights?: Map<string, NamedTensor[]>;
  close(): void;
}

type Hdf5 = typeof import('h5wasm');

/**
 * Loads the library when the first file is opened.
 *
 * @throws Error There is none. React Native gets an empty module in its place (`scripts/build.ts`), as
 *     its JavaScript engine has no WebAssembly and cannot even parse a bundle with the library in it.
 */
async function loadLibrary(): Promise<Hdf5> {
  const hdf5: Partial<Hdf5> = await import('h5wasm');
  if (hdf5.ready) return hdf5 as Hdf5;
  throw new Error(
    'the weights are in an HDF5 file, which takes WebAssembly to read, and React Native has none. ' +
      'Open the model in a browser or in Node, save it there with `model.save` of tfjs, and load ' +
      'that here with `tf.loadLayersModel`.',
  );
}

/** Runs what uses the library at once, so that a failure of it becomes an error that says why. */
type Guard = <T>(use: () => T) => T;

let files = 0;

/**
 * Opens a file without a copy of its bytes, which must stay as they are until it is closed.
 *
 * @throws Error Not a whole HDF5 file, or one damaged.
 */
export async function openHdf5(bytes: Uint8Array, pace: Pace): Promise<Hdf5Model> {
  await checkHeaps(bytes, pace);
  const hdf5 = await loadLibrary();
  const library = await hdf5.ready;
  await pace(); // the library has taken its time to start
  const FS = library.FS as typeof library.FS & Streams;
  const name = `/keras_${files++}.h5`;
  FS.writeFile(name, bytes, {canOwn: true});
  const most = mostBytes(bytes.length);
  const guard: Guard = (use) => {
    const streams = new Set(FS.streams);
    library.activate_throwing_error_handler(); // instead of one that prints
    try {
      return withinMemory(most, use);
    } catch (error) {
      // An error leaves files of the library's own open, in which it writes what has happened.
      for (const stream of FS.streams) if (stream && !streams.has(stream)) FS.close(stream);
      throw explained(error);
    } finally {
      library.deactivate_throwing_error_handler();
    }
  };
  let file: Hdf5File | undefined;
  const close = () => {
    try {
      guard(() => file?.close());
    } finally {
      // A file that the library could not close is open still.
      for (const stream of FS.streams) if (stream?.path === name) FS.close(stream);
      FS.unlink(name);
    }
  };
  try {
    const opened = guard(() => new hdf5.File(name, 'r'));
    file = opened;
    await pace();
    const tensors = await readTensors(hdf5, opened, most, guard, pace);
    return {tensors, ...guard(() => readModel(hdf5, opened, tensors)), close};
  } catch (error) {
    try {
      close();
    } catch {
      // What failed first is the reason that the file cannot be closed either.
    }
    throw error;
  }
}

/** What h5wasm's types leave out. */
interface Streams {
  streams: ({path: string} | null)[];
  close(stream: object): void;
  writeFile(name: string, bytes: Uint8Array, options: {canOwn: boolean}): void;
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

/** Finds the tensors, whose values it leaves where they are. */
async function readTensors(
  {Dataset}: Hdf5,
  file: Hdf5File,
  most: number,
  guard: Guard,
  pace: Pace,
): Promise<Map<string, StoredTensor>> {
  const tensors = new Map<string, StoredTensor>();
  let size = 0;
  const add = (path: string) => {
    const entity = file.get(path);
    if (!(entity instanceof Dataset) || !entity.shape) return;
    const count = entity.shape.reduce((product, n) => product * n, 1);
    size += count * Math.max(4, entity.metadata.size);
    if (size > most) throw new Error(`the HDF5 file claims to hold more than ${most} bytes.`);
    if (!isOfNumbers(entity)) return;
    const read = (pace: Pace) => readValues(entity, count, guard, pace);
    tensors.set(path.replace(/^\//, ''), {shape: entity.shape, size: count, read});
  };
  for (const path of guard(() => file.paths())) {
    guard(() => add(path));
    await pace();
  }
  return tensors;
}

/** What a file of a whole model has besides its tensors. */
function readModel(
  {Group}: Hdf5,
  file: Hdf5File,
  tensors: Map<string, StoredTensor>,
): Omit<Hdf5Model, 'close' | 'tensors'> {
  const text = (name: string) => {
    const value = file.attrs[name]?.value;
    return typeof value === 'string' ? value : undefined;
  };
  const model = {
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
    const twice = names.find((name, i) => names.indexOf(name) < i);
    if (twice !== undefined) {
      throw new Error(
        `the .h5 file has one "${twice}" for several weights of the layer "${layer}": Keras 3.0 and ` +
          '3.1 stop in the middle of such a file. Save the model as .keras, or by a later version.',
      );
    }
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

/** Whether h5wasm names the type as one of numbers: `<f`, `<d`, `<i`, `<B` and their like. */
const isOfNumbers = ({dtype}: Dataset) => typeof dtype === 'string' && /^[<>][a-zA-Z]$/.test(dtype);

/** Values that the library reads at a time: it takes as much memory again, and takes it for good. */
const MOST_AT_ONCE = 2 ** 18;

/** Reads so many rows at a time that neither memory nor a page's patience runs out. */
async function readValues(
  dataset: Dataset,
  count: number,
  guard: Guard,
  pace: Pace,
): Promise<Float32Array> {
  const shape = dataset.shape ?? [];
  const rows = shape[0] ?? 1;
  if (count <= MOST_AT_ONCE || rows === 1) return numbers(guard(() => dataset.value));
  const values = new Float32Array(count);
  await pace(); // memory of that size takes a while to be had
  const cols = count / rows;
  const rowsAtOnce = Math.max(1, Math.floor(MOST_AT_ONCE / cols));
  const rest = shape.slice(1).map((size): [number, number] => [0, size]);
  for (let row = 0; row < rows; row += rowsAtOnce) {
    const end = Math.min(rows, row + rowsAtOnce);
    values.set(numbers(guard(() => dataset.slice([[row, end], ...rest]))), row * cols);
    await pace();
  }
  return values;
}

function numbers(value: unknown): Float32Array {
  if (value instanceof Float32Array) return value;
  if (ArrayBuffer.isView(value)) {
    return Float32Array.from(value as unknown as ArrayLike<number | bigint>, Number);
  }
  return Float32Array.of(Number(value));
}
