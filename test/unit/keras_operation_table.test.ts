/** Each row of the tables of operations is met by a model of the fixtures, with values of Keras. */
import {kerasOperations, operations} from '../../src/keras/operations/table.js';
import {tensorFlowFunctions} from '../../src/keras/operations/tensorflow_functions.js';
import {operationFixtures, unpack} from '../fixtures/keras_operations/index.js';

/** Operations without a case, and why. */
const OPERATIONS_WITHOUT: Record<string, string> = {
  Abs: 'Keras saves Absolute in its place',
  Conj: 'Keras saves Conjugate in its place',
  EmptyLike: 'its values are whatever the memory held',
  Mish: 'Keras saves the operations that it is made of',
  Ndim: 'Keras cannot use its result',
};

/** Functions without a case, and why. */
const FUNCTIONS_WITHOUT: Record<string, string> = {
  'math.logical_xor': 'TensorFlow saves what it is made of',
  'nn.moments': 'TensorFlow saves what it is made of',
  softplus: 'TensorFlow saves math.softplus in its place',
};

/** Names that versions before 2.15 saved for functions of Keras; the operations have cases by other names. */
const isOfOldKeras = (name: string) => /^keras\.(activations|backend)\./.test(name);

interface Saved {
  class_name: string;
  config: {function?: string};
}

/** The classes and functions of all layers of the fixtures. */
async function metNames(): Promise<Set<string>> {
  const met = new Set<string>();
  for (const fixture of operationFixtures) {
    for (const {config} of (await unpack(fixture)).cases) {
      for (const layer of (config.config as {layers: Saved[]}).layers) {
        const name = layer.config.function ?? layer.class_name;
        met.add(name.replace(/^compat\.v[12]\./, ''));
      }
    }
  }
  return met;
}

test('each operation is met by a case, or says why not', async () => {
  const met = await metNames();
  const missing = Object.keys(kerasOperations).filter((name) => !met.has(name));
  expect(missing.sort()).toEqual(Object.keys(OPERATIONS_WITHOUT).sort());
});

test('each function of TensorFlow is met by a case, or by one with the same row, or says why not', async () => {
  const met = await metNames();
  const rowOf = (name: string) => {
    const {operation, parameters, defaults} = tensorFlowFunctions[name];
    return JSON.stringify([operation, [...parameters], defaults]);
  };
  const names = Object.keys(tensorFlowFunctions);
  const rows = new Set(names.filter((name) => met.has(name)).map(rowOf));
  const missing = names.filter((name) => !rows.has(rowOf(name)) && !isOfOldKeras(name));
  expect(missing.sort()).toEqual(Object.keys(FUNCTIONS_WITHOUT).sort());
});

test('each function of TensorFlow names an operation, and arguments that it has', () => {
  for (const [name, {operation, parameters}] of Object.entries(tensorFlowFunctions)) {
    const {signature} = operations[operation];
    const taken = signature.split(/,\s*/).map((text) => text.split('=')[0].replace('*', ''));
    const unknown = [...parameters.values()].filter((argument) => !taken.includes(argument));
    expect({name, unknown}).toEqual({name, unknown: []});
  }
});
