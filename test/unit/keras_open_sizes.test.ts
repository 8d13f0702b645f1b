/**
 * Models whose inputs have open sizes, as Keras's `Input((None, None, 3))`: each is refused, or its
 * shapes leave open what depends on them, and its values are Keras's.
 */
import '../support/quiet_cpu.js';
import * as tf from '@tensorflow/tfjs-core';
import type {LayersModel} from '@tensorflow/tfjs-layers';
import {loadKerasModel} from '../../src/keras/index.js';
import {artifactsOfDrawn, drawnModels} from '../fixtures/keras/drawn.js';
import hubFixture from '../fixtures/keras/hub_models.json';
import layerFixture from '../fixtures/keras/layer_models_keras3.json';
import {operationFixtures, unpack} from '../fixtures/keras_operations/index.js';
import {maxError} from '../support/close.js';
import {artifactsOf, type ModelCase} from '../support/model_case.js';

interface Case {
  name: string;
  artifacts: tf.io.ModelArtifacts;
  xs: () => tf.Tensor[];
  ys: {shape: number[]; values: number[]}[];
}

async function operations(source: {packed: string}): Promise<Case[]> {
  const {inputs, cases} = await unpack(source);
  return cases.map(({name, config, keras, inputs: names, ys}) => ({
    name,
    artifacts: {
      modelTopology: {keras_version: keras, model_config: config},
      weightSpecs: [],
      weightData: new ArrayBuffer(0),
    },
    xs: () =>
      names.map((each) => {
        const {values, shape, dtype} = inputs[each];
        return tf.tensor(values.map(Number), shape, dtype);
      }),
    ys: ys.map(({shape, values}) => ({shape, values: values.map(Number)})),
  }));
}

const layers = [...layerFixture.cases, ...hubFixture.cases].map((each): Case => {
  const {name, xs, ys, dtype} = each as unknown as ModelCase;
  return {
    name,
    artifacts: artifactsOf(each as unknown as ModelCase),
    xs: () => xs.map(([shape, values]) => tf.tensor(values, shape, dtype)),
    ys: ys.map(([shape, values]) => ({shape, values})),
  };
});

const drawn = drawnModels.flatMap(({version, cases}) =>
  cases.map(
    (each): Case => ({
      name: `${version} ${each.name}`,
      artifacts: artifactsOfDrawn(each, version),
      xs: () => each.xs.map(([shape, values, dtype]) => tf.tensor(values, shape, dtype)),
      ys: each.ys.map(([shape, values]) => ({shape, values})),
    }),
  ),
);

type IsOpen = (axis: number, rank: number) => boolean;

/** The case's model with sizes of its inputs open. */
function opened({artifacts}: Case, isOpen: IsOpen): Promise<LayersModel> {
  const modelTopology = withOpenInputs(artifacts.modelTopology, isOpen) as object;
  return loadKerasModel(tf.io.fromMemory({...artifacts, modelTopology}));
}

/** A copy of a config in which the shapes of inputs are open. */
function withOpenInputs(value: unknown, isOpen: IsOpen): unknown {
  if (Array.isArray(value)) return value.map((each) => withOpenInputs(each, isOpen));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, each]) => {
    const isShape = Array.isArray(each) && /^batch_(input_)?shape$/.test(key);
    if (!isShape) return [key, withOpenInputs(each, isOpen)];
    return [key, each.map((size, axis) => (isOpen(axis, each.length) ? null : size))];
  });
  return Object.fromEntries(entries);
}

/** What is wrong with the model; nothing, if all is right. */
function faults(model: LayersModel, {xs, ys}: Case): string[] {
  return tf.tidy(() => {
    const given = xs();
    const actual = [model.predict(given.length === 1 ? given[0] : given)].flat();
    return actual.flatMap((y, i) => {
      const {shape, values} = ys[i];
      const declared = model.outputs[i].shape;
      if (String(y.shape) !== String(shape)) return [`the shape [${y.shape}]`];
      const fits = declared.every((size, axis) => size === null || size === y.shape[axis]);
      if (!fits || declared.length !== y.rank) return [`declares [${declared}], gives [${shape}]`];
      const error = maxError(y.dataSync(), values);
      return error <= 2e-5 ? [] : [`off by ${error}`];
    });
  });
}

const sizes: [what: string, isOpen: IsOpen][] = [
  ['all sizes open', () => true],
  ['all but the last open', (axis, rank) => axis < rank - 1],
];

/** On TensorFlow, Keras finds the axis of a bias by the sizes of what it is added to: see `addBias`. */
const OTHERWISE_IN_KERAS = ['EinsumDense whose second dimension has the size of the bias'];

/** A layer with weights needs to know the size of the last dimension. */
const sources: [string, typeof sizes, () => Promise<Case[]>][] = [
  ...operationFixtures.map((each): [string, typeof sizes, () => Promise<Case[]>] => [
    `operations of ${each.source}`,
    sizes,
    () => operations(each),
  ]),
  ['layers', sizes.slice(1), async () => layers],
  ['drawn models', sizes.slice(1), async () => drawn],
];

describe.each(sources)('%s', (_, sizesOf, casesOf) => {
  test.each(sizesOf)('with %s', async (_, isOpen) => {
    const before = tf.memory().numTensors;
    const wrong: Record<string, string> = {};
    for (const each of await casesOf()) {
      if (OTHERWISE_IN_KERAS.includes(each.name)) continue;
      const model = await opened(each, isOpen).catch(() => undefined);
      if (!model) continue;
      try {
        const [fault] = faults(model, each);
        if (fault) wrong[each.name] = fault;
      } catch (error) {
        wrong[each.name] = `throws ${(error as Error).message}`;
      }
      tf.dispose(model.weights.map((weight) => weight.read()));
    }
    expect(wrong).toEqual({});
    expect(tf.memory().numTensors).toBe(before);
  });
});
