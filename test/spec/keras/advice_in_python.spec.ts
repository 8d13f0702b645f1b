/** What an error advises to change in Python was changed there: the model is refused before, and opens after. */
import {loadKerasModel} from '../../../src/keras/index.js';
import {tf} from '../../backends/current.js';
import fixture from '../../fixtures/keras/advice_keras3.json';
import {expectClose} from '../../support/close.js';
import {artifactsOf, type ModelCase, type Stored} from '../../support/model_case.js';

type Advised = ModelCase & {refused: Pick<ModelCase, 'config' | 'weights'>};

/** The words of the error that advise what was done. */
const ADVICE: Record<string, string> = {
  'activity regulariser in a wrapper': 'In Python set it to None before saving.',
  'several tensors in a Sequential':
    'In Python make it a functional model: keras.Model(inputs, outputs).',
  "activation of one's own, as operations":
    'In Python write a class of layers of your own in its place, ' +
    'or operations of keras.ops after the layer, and save the model anew.',
  'glu in a layer': 'Use a layer Activation("glu") after it.',
  'whole numbers and others': 'In Python cast the whole numbers to float32 before it.',
  Lambda: 'In Python, write operations of keras.ops in its place',
  texts: "cut the model after it, keras.Model(model.get_layer('words').output, model.outputs)",
  hashes: "cut the model after it, keras.Model(model.get_layer('hashes').output, model.outputs)",
  'weights by frequency':
    "cut the model after it, keras.Model(model.get_layer('lookup').output, model.outputs)",
  'several places for other numbers': 'In Python set num_oov_indices=1.',
  'vocabulary learnt':
    'In Python make the layer anew, IntegerLookup(vocabulary=[…]), with a list of numbers',
  'bounds not learnt': 'In Python call adapt() before saving, or give it bin_boundaries.',
  'crops at random': 'In Python put a CenterCrop or a Resizing in its place.',
  'a model called with a mask and without': 'use a layer of its own for each of the calls.',
  'a mask of each step for a model':
    'In Python, let that model make the mask, by an Embedding or a Masking in it.',
  'steps of another rank': 'In Python reshape the tensor before the call.',
  'a model called with another rank': 'In Python reshape the tensor before the call.',
  'an empty input': 'In Python give the layer some values.',
  "an operation as a layer of one's own":
    'In Python, put it into a layer of your own, a class that extends keras.layers.Layer, and save ' +
    'the model anew; then give loadKerasModel a class for it that extends tf.layers.Layer.',
  'a class of models':
    'Build it in Python as a functional model, keras.Model(inputs, outputs), and save that',
};

/** The determinants of matrices of two rows, [batch, 2, 2] to [batch]. */
class Determinant extends tf.layers.Layer {
  override computeOutputShape(shape: tf.Shape): tf.Shape {
    return shape.slice(0, 1);
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const [a, b, c, d] = tf.unstack(tf.reshape([inputs].flat()[0], [-1, 4]), 1);
    return tf.sub(tf.mul(a, d), tf.mul(b, c));
  }
}

const tensors = (stored: Stored[], dtype: 'float32' | 'int32') =>
  stored.map(([shape, values]) => tf.tensor(values, shape, dtype));

const cases = fixture.cases as unknown as Advised[];

test('each piece of advice has a model', () => {
  expect(cases.map(({name}) => name)).toEqual(Object.keys(ADVICE));
});

test.each(cases)('$name', async (one) => {
  const before = tf.memory().numTensors;
  const refused = tf.io.fromMemory(artifactsOf({...one, ...one.refused}));
  await expect(loadKerasModel(refused)).rejects.toThrow(ADVICE[one.name]);
  expect(tf.memory().numTensors).toBe(before);

  const customObjects = {Determinant};
  const model = await loadKerasModel(tf.io.fromMemory(artifactsOf(one)), {customObjects});
  const xs = tensors(one.xs, one.dtype);
  const ys = [model.predict(xs.length > 1 ? xs : xs[0])].flat();
  expect(ys.map(({shape}) => shape)).toEqual(one.ys.map(([shape]) => shape));
  for (const [i, y] of ys.entries()) expectClose(await y.data(), one.ys[i][1], 2e-5);
  tf.dispose([...xs, ...ys]);
  model.dispose();
});
