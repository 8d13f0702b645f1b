/** Attributes that a node leaves out are what TensorFlow takes them for. */
import '../support/quiet_cpu.js';
import * as tf from '@tensorflow/tfjs-core';
import {loadGraphModel} from '../../src/graph/index.js';
import defaultsOfOps from '../fixtures/graph_op_defaults.json';
import {expectClose} from '../support/close.js';
import {graphOfCase, inputName, type OpCase, opCases} from '../support/op_cases.js';

beforeAll(() => {
  jest.spyOn(console, 'debug').mockImplementation(() => {});
});

const DEFAULTS = defaultsOfOps as Record<string, Record<string, unknown>>;

/** The case without the attributes that have their default, or nothing where it has none of these. */
function withoutDefaults(opCase: OpCase): OpCase[] {
  const defaults = DEFAULTS[opCase.op] ?? {};
  const isDefault = (name: string, value: unknown) =>
    JSON.stringify(value) === JSON.stringify(defaults[name]);
  const all = Object.entries(opCase.attrs);
  const left = all.filter(([name, value]) => !isDefault(name, value));
  return left.length < all.length ? [{...opCase, attrs: Object.fromEntries(left)}] : [];
}

const bare = opCases.flatMap(withoutDefaults);

test('most of the ops that have defaults have a case', () => {
  expect(new Set(bare.map(({op}) => op)).size).toBeGreaterThan(20);
});

test.each(bare)('$name', async (opCase) => {
  const {inputs, y} = opCase;
  const model = await loadGraphModel(tf.io.fromMemory(graphOfCase(opCase).artifacts(['out'])));
  const named = inputs.map(({shape, dtype, values}, i) => [
    inputName(i),
    tf.tensor(values, shape, dtype as 'float32'),
  ]);
  const output = model.execute(Object.fromEntries(named)) as tf.Tensor;
  expect([output.shape, output.dtype]).toEqual([y.shape, y.dtype]);
  expectClose(Array.from(output.dataSync(), Number), y.values, 1e-5);
});
