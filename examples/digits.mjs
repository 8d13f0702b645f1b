/**
 * Trains two deep networks on handwritten digits, alike but for layer normalisation, and compares.
 *
 *     npm start
 *     npm start -- --depth 20 --epochs 6 --batch-size 64 --backend wasm
 *
 * Each layer multiplies its input by random weights, so that over many layers the numbers shrink
 * (or grow) and learning all but stops. Layer normalisation sets each example's numbers back to
 * mean 0 and variance 1 after each layer. Both networks have the same weights to start with, the
 * same data in the same order and the same optimiser.
 */
import path from 'node:path';
import {parseFlags, positiveInteger} from '../tools/flags.mjs';
import {printTable} from '../tools/table.mjs';
import {writeLineChart} from './support/chart.mjs';
import {loadDigits} from './support/digits_data.mjs';
import {modelFiles} from './support/model_files.mjs';
import {loadTfjs} from './support/tfjs.mjs';
import {trainWithProgress} from './support/train.mjs';

const TARGET_ACCURACY = 0.85;
const OUT = path.resolve('out/digits');

const flags = parseFlags({
  command: 'npm start --',
  about: 'Trains two deep networks on handwritten digits, with and without layer normalisation.',
  flags: {
    depth: {
      default: 12,
      value: 'N',
      parse: positiveInteger,
      about: 'hidden layers of each network',
    },
    epochs: {
      default: 5,
      value: 'N',
      parse: positiveInteger,
      about: 'times that each digit is seen',
    },
    'batch-size': {
      default: 50,
      value: 'N',
      parse: positiveInteger,
      about: 'digits to a training step',
    },
    digits: {
      default: 10_000,
      value: 'N',
      parse: positiveInteger,
      about: 'digits used, a fifth of them to test',
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
const {layerNormalization, usesFusedKernel} = await import('tfjs-layernorm');
console.log(
  `Backend: ${tf.getBackend()}, ` +
    `${usesFusedKernel() ? 'with a fused kernel' : 'without a fused kernel'} for layer normalisation.`,
);

const {train, test} = loadDigits(tf, flags.digits);
console.log(
  `Digits: ${train.images.shape[0]} to train on, ${test.images.shape[0]} to test with.\n`,
);

const contenders = [
  {name: 'without', normalize: false},
  {name: 'with layer normalisation', normalize: true},
];
for (const contender of contenders) {
  contender.model = createModel(contender.normalize);
  contender.result = await trainWithProgress({
    title: contender.name.padEnd('with layer normalisation'.length),
    model: contender.model,
    train,
    test,
    epochs: flags.epochs,
    batchSize: flags['batch-size'],
  });
}

reportComparison();
await reportChart();
const [, {model}] = contenders;
reportWeights(model);
await reportSavedModel(model);

/** 28 × 28 pixels → `depth` hidden layers of 64 → ten classes. */
function createModel(normalize) {
  const model = tf.sequential();
  for (let i = 0; i < flags.depth; i++) {
    // A seed for each layer, so that both networks start from the same weights.
    const kernelInitializer = tf.initializers.randomNormal({stddev: 0.05, seed: i + 1});
    const inputShape = i === 0 ? [784] : undefined;
    model.add(tf.layers.dense({units: 64, kernelInitializer, inputShape}));
    if (normalize) model.add(layerNormalization());
    model.add(tf.layers.activation({activation: 'relu'}));
  }
  const kernelInitializer = tf.initializers.randomNormal({stddev: 0.05, seed: flags.depth + 1});
  model.add(tf.layers.dense({units: 10, activation: 'softmax', kernelInitializer}));
  model.compile({
    optimizer: tf.train.adam(0.001),
    loss: 'categoricalCrossentropy',
    metrics: ['accuracy'],
  });
  return model;
}

function reportComparison() {
  const percent = (value) => `${(100 * value).toFixed(1)} %`;
  const epochsToTarget = ({testAccuracy}) => {
    const at = testAccuracy.findIndex((accuracy) => accuracy >= TARGET_ACCURACY);
    return at < 0 ? `not in ${testAccuracy.length}` : `${at + 1}`;
  };
  printTable(
    [`${flags.depth} hidden layers`, `epochs to ${100 * TARGET_ACCURACY} %`, 'at the end', 'time'],
    contenders.map(({name, result}) => [
      name,
      epochsToTarget(result),
      percent(result.testAccuracy.at(-1)),
      `${result.seconds.toFixed(1)} s`,
    ]),
  );
}

async function reportChart() {
  const file = await writeLineChart({
    file: path.join(OUT, 'loss.svg'),
    title: `Loss of two networks of ${flags.depth} hidden layers, by training step`,
    yLabel: 'loss',
    xLabel: 'training step',
    lines: contenders.map(({name, result}) => ({name, values: result.batchLoss})),
  });
  console.log(`Loss over time, as a picture: ${file}\n`);
}

/** γ starts at 1 and β at 0: have they learnt anything? */
function reportWeights(model) {
  const layers = model.layers.filter((layer) => layer.getClassName() === 'LayerNormalization');
  const range = (tensor) => {
    const values = tensor.dataSync();
    return `${Math.min(...values).toFixed(3)} to ${Math.max(...values).toFixed(3)}`;
  };
  const shown = [...new Set([0, Math.floor(layers.length / 2), layers.length - 1])];
  printTable(
    ['layer normalisation', 'gamma (began as 1)', 'beta (began as 0)'],
    shown.map((i) => [`after hidden layer ${i + 1}`, ...layers[i].getWeights().map(range)]),
  );
}

/**
 * What comes back from the disk must predict what the model in memory predicts.
 *
 * @param {import('@tensorflow/tfjs').LayersModel} model
 */
async function reportSavedModel(model) {
  const folder = path.join(OUT, 'model');
  await model.save(modelFiles(tf, folder));
  const loaded = await tf.loadLayersModel(modelFiles(tf, folder));
  const difference = tf.tidy(() => {
    const [expected, actual] = [model, loaded].flatMap((each) => each.predict(test.images));
    return tf.max(tf.abs(tf.sub(expected, actual))).dataSync();
  });
  console.log(`Saved to ${folder} and loaded again with tf.loadLayersModel.`);
  console.log(`Largest difference between their predictions: ${difference[0]}`);
}
