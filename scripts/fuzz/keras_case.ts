/** Opens a model that Keras drew and saved, and compares its predictions with Keras's. */
import {existsSync, readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import type * as tfjs from '@tensorflow/tfjs';

const require = createRequire(import.meta.url);

/** Where models can be run: the backends of Node. */
export const BACKENDS = ['cpu', 'wasm', 'tensorflow'] as const;

/** What became of a file. */
export type Outcome = {
  /**
   * `agrees`: within 1e-5 of the largest number of each output. `near`: within 1e-4. `wrong`: not.
   * `refused`: an error when it was loaded. `throws`: it loads, and cannot predict. `leaks`: an
   * error when it was loaded that left tensors.
   */
  status: 'agrees' | 'near' | 'wrong' | 'refused' | 'throws' | 'leaks';
  detail: string;
  /** The largest difference, relative to the largest number of the output, where one was measured. */
  error?: number;
};

/** What Keras gave, with NaN and the infinities as text. */
export interface Outputs {
  outputs: Nested[];
  shapes: number[][];
}

/** What Keras was given and gave. */
interface InputsAndOutputs extends Outputs {
  /** Those of Keras; tfjs has int32 for all whole numbers. */
  dtypes: string[];
  inputs: Nested[];
}

type Nested = number | string | Nested[];

let tf: typeof tfjs;
let loadKerasModel: typeof import('tfjs-layernorm/keras').loadKerasModel;

/** Loads the built package beside the CommonJS copy of tfjs that the Node backends share. */
export async function setUpBackend(backend: (typeof BACKENDS)[number]): Promise<void> {
  tf = require(backend === 'tensorflow' ? '@tensorflow/tfjs-node' : '@tensorflow/tfjs');
  if (backend === 'wasm') {
    const wasm = require('@tensorflow/tfjs-backend-wasm');
    wasm.setWasmPaths(`${path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  }
  ({loadKerasModel} = require('tfjs-layernorm/keras'));
  await tf.setBackend(backend);
  await tf.ready();
}

/** What became of each file of a case, by its format. */
export async function openCase(folder: string): Promise<[format: string, Outcome][]> {
  const io = readInputsAndOutputs(folder);
  const outcomes: [string, Outcome][] = [];
  for (const format of ['keras', 'h5']) {
    const file = path.join(folder, `m.${format}`);
    if (existsSync(file)) outcomes.push([format, await open(file, io)]);
  }
  return outcomes;
}

/** What becomes of one file of a case, held against other outputs than the case has. */
export function openAgainst(folder: string, format: string, expected: Outputs): Promise<Outcome> {
  const io = {...readInputsAndOutputs(folder), ...expected};
  return open(path.join(folder, `m.${format}`), io);
}

function readInputsAndOutputs(folder: string): InputsAndOutputs {
  return JSON.parse(readFileSync(path.join(folder, 'io.json'), 'utf8'));
}

async function open(file: string, io: InputsAndOutputs): Promise<Outcome> {
  const before = tf.memory().numTensors;
  let model: tfjs.LayersModel;
  try {
    model = await loadKerasModel(file);
  } catch (error) {
    const left = tf.memory().numTensors - before;
    const {message} = error as Error;
    if (left) return {status: 'leaks', detail: `${left} tensors are left after: ${message}`};
    return {status: 'refused', detail: message};
  }
  try {
    return tf.tidy(() => compare(model, io));
  } catch (error) {
    return {status: 'throws', detail: (error as Error).message};
  } finally {
    model.dispose();
    tf.disposeVariables();
  }
}

function compare(model: tfjs.LayersModel, io: InputsAndOutputs): Outcome {
  const inputs = io.inputs.map((x, i) =>
    tf.tensor(x as tfjs.TensorLike, undefined, /int/.test(io.dtypes[i]) ? 'int32' : 'float32'),
  );
  const outputs = [model.predict(inputs.length > 1 ? inputs : inputs[0])].flat();
  if (outputs.length !== io.outputs.length) {
    return {status: 'wrong', detail: `${outputs.length} outputs, not ${io.outputs.length}`};
  }
  let worst = 0;
  for (const [i, output] of outputs.entries()) {
    if (String(output.shape) !== String(io.shapes[i])) {
      return {status: 'wrong', detail: `shape [${output.shape}], not [${io.shapes[i]}]`};
    }
    worst = Math.max(worst, errorOf(output.dataSync(), [io.outputs[i]].flat(8).map(Number)));
  }
  const status = worst <= 1e-5 ? 'agrees' : worst <= 1e-4 ? 'near' : 'wrong';
  return {status, detail: worst.toExponential(1), error: worst};
}

/** The largest difference, relative to the largest number; Infinity where one is not a number. */
function errorOf(actual: ArrayLike<number>, expected: number[]): number {
  const largest = expected.reduce((most, v) => Math.max(most, Math.abs(v)), 0) || 1;
  return expected.reduce((worst, v, k) => {
    const off = Math.abs(actual[k] - v) / largest;
    return Number.isNaN(off) ? Number.POSITIVE_INFINITY : Math.max(worst, off);
  }, 0);
}
