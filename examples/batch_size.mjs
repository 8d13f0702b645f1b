/**
 * Trains the same network with layer and with batch normalisation, on batches of 1, 2, 8 and 64.
 *
 *     npm run example:batch-size
 *     npm run example:batch-size -- --digits 5000 --backend wasm
 *
 * Batch normalisation takes its mean and variance over the examples of a batch: a batch of one has
 * no spread, and of two has little to say. Layer normalisation takes them over the features of one
 * example, whoever else is in the batch.
 */

import {parseFlags, positiveInteger} from '../tools/flags.mjs';
import {printTable} from '../tools/table.mjs';
import {loadDigits} from './support/digits_data.mjs';
import {loadTfjs} from './support/tfjs.mjs';
import {trainWithProgress} from './support/train.mjs';

const BATCH_SIZES = [1, 2, 8, 64];

const flags = parseFlags({
  command: 'npm run example:batch-size --',
  about: 'Trains with layer and with batch normalisation, on batches of 1, 2, 8 and 64.',
  flags: {
    depth: {default: 3, value: 'N', parse: positiveInteger, about: 'hidden layers of each network'},
    epochs: {
      default: 1,
      value: 'N',
      parse: positiveInteger,
      about: 'times that each digit is seen',
    },
    digits: {
      default: 2500,
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
const {layerNormalization} = await import('tfjs-layernorm');
const {train, test} = loadDigits(tf, flags.digits);

const contenders = [
  {name: 'layer normalisation', normalization: layerNormalization},
  {
    name: 'batch normalisation',
    // Keras's 0.99 needs hundreds of steps to know the statistics that the test uses: not fair here.
    normalization: () => tf.layers.batchNormalization({momentum: 0.9}),
  },
];

reportCompany();
await reportAccuracy();

/** How far one digit's output moves when other digits share its batch. */
function reportCompany() {
  const moved = ({normalization}, batchSize) =>
    tf.tidy(() => {
      const layer = normalization();
      const outputOfFirst = (n) =>
        layer.apply(tf.slice(train.images, 0, n), {training: true}).slice(0, 1);
      const difference = tf.max(tf.abs(tf.sub(outputOfFirst(batchSize), outputOfFirst(64))));
      return difference.dataSync()[0];
    });
  console.log(
    '\nHow far the output for one digit moves, against a batch of 64, if its batch is smaller\n' +
      '(0: the batch size does not matter):',
  );
  printTable(
    ['batch size', ...BATCH_SIZES],
    contenders.map((contender) => [
      contender.name,
      ...BATCH_SIZES.map((batchSize) => moved(contender, batchSize).toFixed(4)),
    ]),
  );
}

async function reportAccuracy() {
  const rows = [];
  for (const contender of contenders) {
    const row = [contender.name];
    for (const batchSize of BATCH_SIZES) {
      const {testAccuracy} = await trainWithProgress({
        title: `${contender.name}, batches of ${String(batchSize).padEnd(2)}`,
        model: createModel(contender.normalization),
        train,
        test,
        epochs: flags.epochs,
        batchSize,
      });
      row.push(`${(100 * testAccuracy[testAccuracy.length - 1]).toFixed(1)} %`);
    }
    rows.push(row);
  }
  console.log(
    `\nDigits told right, of ${test.images.shape[0]} never trained on (larger batches: fewer steps):`,
  );
  printTable(['batch size', ...BATCH_SIZES], rows);
}

/** 28 × 28 pixels → `depth` hidden layers of 64 → ten classes. */
function createModel(normalization) {
  const model = tf.sequential();
  for (let i = 0; i < flags.depth; i++) {
    // A seed for each layer, so that all networks start from the same weights.
    const kernelInitializer = tf.initializers.heNormal({seed: i + 1});
    const inputShape = i === 0 ? [784] : undefined;
    model.add(tf.layers.dense({units: 64, kernelInitializer, inputShape}));
    model.add(normalization());
    model.add(tf.layers.activation({activation: 'relu'}));
  }
  const kernelInitializer = tf.initializers.glorotNormal({seed: flags.depth + 1});
  model.add(tf.layers.dense({units: 10, activation: 'softmax', kernelInitializer}));
  model.compile({
    optimizer: tf.train.adam(0.001),
    loss: 'categoricalCrossentropy',
    metrics: ['accuracy'],
  });
  return model;
}
