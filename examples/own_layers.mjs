// @ts-nocheck: the classes are written as a reader of the example would write them, without types.
/**
 * Opens a model with layers of its author's own, from both of Keras's formats.
 *
 *     npm run example:own-layers
 *
 * The model is a text classifier (test/fixtures/make/make_example_own_layers.py), in which the
 * embedding of words and places and the transformer's block are classes written in Python. Here are the
 * same two classes in JavaScript: one class serves for `.keras` and for `.h5`.
 */
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseFlags} from '../tools/flags.mjs';
import {loadTfjs} from './support/tfjs.mjs';

const DATA = fileURLToPath(new URL('data', import.meta.url));
const TOLERANCE = 1e-5;

const flags = parseFlags({
  command: 'npm run example:own-layers --',
  about: "Opens a model of Keras that has layers of its author's own.",
  flags: {
    backend: {
      value: 'NAME',
      default: 'wasm',
      choices: ['tensorflow', 'wasm', 'cpu'],
      about: 'what computes',
    },
  },
});

const tf = await loadTfjs(flags.backend);
const {addLayerNormalization} = await import('tfjs-layernorm');
const {KerasLayer, loadKerasModel, MultiHeadAttention} = await import('tfjs-layernorm/keras');

/** The vector of each word plus that of its place. */
class TokenAndPositionEmbedding extends KerasLayer {
  static className = 'TokenAndPositionEmbedding';
  // Both may have weights of one shape, and an .h5 file names them alike: Python makes them in this order.
  static innerLayers = ['tokenEmb', 'posEmb'];

  constructor(args) {
    super(args);
    this.args = args; // get_config() of Python, its keys in camelCase
    this.tokenEmb = tf.layers.embedding({inputDim: args.vocabSize, outputDim: args.embedDim});
    this.posEmb = tf.layers.embedding({inputDim: args.maxLength, outputDim: args.embedDim});
  }

  build(shape) {
    this.tokenEmb.build(shape);
    this.posEmb.build(shape);
    super.build(shape);
  }

  call(inputs) {
    return tf.tidy(() => {
      const places = tf.range(0, this.args.maxLength, 1, 'int32');
      return tf.add(this.tokenEmb.call([inputs].flat()[0]), this.posEmb.call(places));
    });
  }

  computeOutputShape(shape) {
    return [...shape, this.args.embedDim];
  }

  getConfig() {
    const {maxLength, vocabSize, embedDim} = this.args;
    return {...super.getConfig(), maxLength, vocabSize, embedDim};
  }
}

/**
 * A transformer's block: attention, then two dense layers, each with a normalisation after it. What in
 * Python is `layernorm1(x + attended)` is one layer here, with the same weights.
 */
class TransformerBlock extends KerasLayer {
  static className = 'TransformerBlock';
  static innerLayers = ['att', 'ffnIn', 'ffnOut', 'layernorm1', 'layernorm2'];

  constructor(args) {
    super(args);
    this.args = args;
    const {embedDim, numHeads, ffDim} = args;
    this.att = new MultiHeadAttention({numHeads, keyDim: embedDim});
    this.ffnIn = tf.layers.dense({units: ffDim, activation: 'relu'});
    this.ffnOut = tf.layers.dense({units: embedDim});
    this.layernorm1 = addLayerNormalization({epsilon: 1e-6});
    this.layernorm2 = addLayerNormalization({epsilon: 1e-6});
  }

  build(shape) {
    this.att.build([shape, shape]);
    this.ffnIn.build(shape);
    this.ffnOut.build([...shape.slice(0, -1), this.args.ffDim]);
    this.layernorm1.build([shape, shape]);
    this.layernorm2.build([shape, shape]);
    super.build(shape);
  }

  call(inputs) {
    return tf.tidy(() => {
      const [x] = [inputs].flat();
      const [attended] = this.layernorm1.call([x, this.att.call([x, x], {})], {});
      const widened = this.ffnIn.call(attended, {});
      return this.layernorm2.call([attended, this.ffnOut.call(widened, {})], {})[0];
    });
  }

  getConfig() {
    const {embedDim, numHeads, ffDim} = this.args;
    return {...super.getConfig(), embedDim, numHeads, ffDim};
  }
}

// The names under which Python registered the classes, with its package.
const customObjects = {
  'Reviews>TokenAndPositionEmbedding': TokenAndPositionEmbedding,
  'Reviews>TransformerBlock': TransformerBlock,
};

const expected = JSON.parse(readFileSync(path.join(DATA, 'review_transformer.json'), 'utf8'));
let worst = 0;
for (const format of ['keras', 'h5']) {
  const file = path.join(DATA, `review_transformer.${format}`);
  const model = await loadKerasModel(file, {customObjects});
  const texts = tf.tensor(expected.texts, undefined, 'int32');
  const probabilities = model.predict(texts);
  const off = [...probabilities.dataSync()].map((p, i) =>
    Math.abs(p - expected.probabilities.flat()[i]),
  );
  worst = Math.max(worst, ...off);
  console.log(
    `${path.basename(file)}: ${model.layers.map((layer) => layer.getClassName()).join(', ')}; ` +
      `at most ${Math.max(...off).toExponential(0)} from what ${expected.source} gives.`,
  );
  tf.dispose([texts, probabilities]);
  model.dispose();
}
if (!(worst <= TOLERANCE)) {
  console.error('The classes are not those of Python: they give other numbers.');
  process.exit(1);
}
