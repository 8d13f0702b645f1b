/**
 * Opens a model that Keras saved, says what is in it, and runs it.
 *
 *     npm run example:keras
 *     npm run example:keras -- --file path/to/your.keras --backend wasm
 *
 * Without a file it opens a small transformer that Keras trained on handwritten digits
 * (test/fixtures/make/make_example_model.py), checks that it gives here what it gives in Keras, and
 * lets it read digits that it was not trained on.
 */
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseFlags, positiveInteger} from '../tools/flags.mjs';
import {printTable} from '../tools/table.mjs';
import {loadDigits} from './support/digits_data.mjs';
import {loadTfjs} from './support/tfjs.mjs';

const DATA = fileURLToPath(new URL('data', import.meta.url));
const EXAMPLE = path.join(DATA, 'digits_transformer.keras');
const TOLERANCE = 1e-5;

const flags = parseFlags({
  command: 'npm run example:keras --',
  about: 'Opens a model of Keras, prints its layers and runs it.',
  flags: {
    file: {
      value: 'FILE',
      default: path.relative('', EXAMPLE),
      about: 'a .keras or .h5 file, or a model.json',
    },
    digits: {
      default: 2000,
      value: 'N',
      parse: positiveInteger,
      about: 'digits for the example model to read',
    },
    backend: {
      value: 'NAME',
      default: 'tensorflow',
      choices: ['tensorflow', 'wasm', 'cpu'],
      about: 'what computes',
    },
  },
});

const tf = await loadTfjs(flags.backend);
const {loadKerasModel} = await import('tfjs-layernorm/keras');

const start = performance.now();
const model = await loadKerasModel(flags.file).catch((error) => {
  console.error(error.message);
  process.exit(1);
});
console.log(
  `\n${flags.file}: the model "${model.name}" with ${model.countParams()} weights, ` +
    `opened in ${Math.round(performance.now() - start)} ms on the backend '${tf.getBackend()}'.`,
);
printLayers();
const isExample = path.resolve(flags.file) === EXAMPLE;
await (isExample ? readDigits() : runOnNoise());

/** Each layer with its output's shape, and what the normalisations learnt. */
function printLayers() {
  const shape = (dims) => `[${dims.map((size) => size ?? 'n').join(', ')}]`;
  const rows = flat(model).map((layer) => [
    layer.getClassName(),
    layer.name,
    outputShapes(layer).map(shape).join(' '),
    layer.countParams() || '',
    layer.gamma ? range(layer.gamma) : '',
    layer.beta ? range(layer.beta) : '',
  ]);
  printTable(['class', 'layer', 'output', 'weights', 'γ', 'β'], rows);
}

/** The shapes of a layer's first call: one that is called more than once has no one shape. */
function outputShapes({inboundNodes}) {
  const {outputShapes: shapes} = inboundNodes[0];
  return Array.isArray(shapes[0]) ? shapes : [shapes];
}

/** The layers of a model, of those within it too. */
function flat({layers}) {
  return layers.flatMap((layer) => [layer, ...(layer.layers ? flat(layer) : [])]);
}

function range(weight) {
  const values = weight.read().dataSync();
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `${least.toFixed(2)} … ${most.toFixed(2)}`;
}

/** The example model: its outputs against Keras's, and how many digits it reads right. */
async function readDigits() {
  const {source, probabilities} = JSON.parse(
    readFileSync(path.join(DATA, 'digits_transformer.json'), 'utf8'),
  );
  // All 10,000, so that the test digits are those that the training in Keras left out.
  const {images, labels} = loadDigits(tf, 10000).test;
  const error = tf.tidy(() => {
    const [outputs] = [model.predict(images.slice(0, probabilities.length))].flat();
    return tf.max(tf.abs(tf.sub(outputs, probabilities))).dataSync()[0];
  });
  const verdict = error <= TOLERANCE ? 'the same' : 'NOT the same';
  console.log(
    `The first ${probabilities.length} outputs are ${verdict} as in ${source}: ` +
      `they differ by at most ${error.toExponential(1)}.`,
  );
  if (!(error <= TOLERANCE)) process.exitCode = 1;

  const count = Math.min(flags.digits, images.shape[0]);
  const began = performance.now();
  const right = tf.tidy(() => {
    const [outputs] = [model.predict(images.slice(0, count), {batchSize: 100})].flat();
    const hits = tf.equal(tf.argMax(outputs, 1), tf.argMax(labels.slice(0, count), 1));
    return tf.sum(hits).dataSync()[0];
  });
  const seconds = (performance.now() - began) / 1000;
  console.log(
    `Digits read right, of ${count} never trained on: ${((100 * right) / count).toFixed(1)} % ` +
      `(${seconds.toFixed(1)} s).\n`,
  );
}

/** Any other model: on noise of its inputs' shapes, in a batch of two. */
async function runOnNoise() {
  const inputs = model.inputs.map(({shape, dtype}) => {
    // A dimension of any size gets 8. Integers are most likely to be tokens: 0 and 1 are always some.
    const dims = [2, ...shape.slice(1).map((size) => size ?? 8)];
    return dtype === 'int32' ? tf.randomUniform(dims, 0, 2, 'int32') : tf.randomNormal(dims);
  });
  const outputs = [model.predict(inputs)].flat();
  outputs.forEach((output, i) => {
    const [mean, most] = tf.tidy(() => [tf.mean(output), tf.max(tf.abs(output))]);
    console.log(
      `On noise, its output "${model.outputNames[i]}" is of the shape [${output.shape}], with the ` +
        `mean ${mean.dataSync()[0].toFixed(4)} and at most ${most.dataSync()[0].toFixed(4)}.`,
    );
  });
  console.log();
}
