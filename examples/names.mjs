/**
 * A small transformer and a GRU learn to write first names, letter by letter, each with layer
 * normalisation and without.
 *
 *     npm run example:names
 *     npm run example:names -- --norm rms --steps 800 --seed 7 --backend wasm
 *     npm run example:names -- --learning-rate 0.02
 *
 * Names have different lengths, so that a batch of them needs padding, and a mask that says which
 * places are padding. Layer normalisation takes the mean and variance of one letter's features,
 * whatever stands beside it: it needs no mask, and padding cannot change it.
 *
 * At the defaults the GRU learns better with it; a transformer of three blocks as well without.
 */
import path from 'node:path';
import {parseFlags, positiveInteger, positiveNumber} from '../tools/flags.mjs';
import {createProgressBar} from '../tools/progress.mjs';
import {printTable} from '../tools/table.mjs';
import {writeLineChart} from './support/chart.mjs';
import {draw} from './support/draw.mjs';
import {END, loadNames, PADDING} from './support/names_data.mjs';
import {loadTfjs} from './support/tfjs.mjs';

const WIDTH = 48; // features of each letter, in both models
const HEADS = 4;
const BLOCKS = 3; // of the transformer
const GRU_LAYERS = 2;
const BATCH_SIZE = 64;
const WRITTEN = 10; // names that each model writes at the end
const OUT = path.resolve('out/names');

const flags = parseFlags({
  command: 'npm run example:names --',
  about: 'A transformer and a GRU learn to write first names, with and without normalisation.',
  flags: {
    steps: {
      default: 160,
      value: 'N',
      parse: positiveInteger,
      about: `training steps, of ${BATCH_SIZE} names each`,
    },
    norm: {
      value: 'NAME',
      default: 'layer',
      choices: ['layer', 'rms'],
      about: 'layer or RMS normalisation',
    },
    'learning-rate': {
      default: 0.005,
      value: 'N',
      parse: positiveNumber,
      about: 'how far each step goes',
    },
    seed: {
      default: 1,
      value: 'N',
      parse: positiveInteger,
      about: 'for first weights, order of names, writing',
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
const {layerNormalization, rmsNormalization, usesFusedKernel} = await import('tfjs-layernorm');

/** @typedef {import('@tensorflow/tfjs').Tensor} Tensor */

// ---------------------------------------------------------------- names as rows of numbers

const {names, trainNames, validationNames, letters, symbols, longest} = loadNames(tf, flags.seed);

/**
 * What a model reads, and what it is to say at each place: the letter that comes next.
 *
 *     inputs    _ _ . a n n a        _ is padding, put in front, so that all names end in the
 *     targets   _ _ a n n a .        same column; . is the end
 *
 * @returns {{inputs: Tensor, targets: Tensor, mask: Tensor}} each [names, length]; the mask
 *     is 1 where there is a letter or end, 0 where there is padding
 */
function encode(batch, length = 1 + Math.max(...batch.map((name) => name.length))) {
  const rows = batch.map((name) => [...name].map((letter) => symbols.indexOf(letter)));
  const padded = (row) => [...Array(length - row.length).fill(PADDING), ...row];
  const inputs = tf.tensor2d(
    rows.map((row) => padded([END, ...row])),
    undefined,
    'int32',
  );
  const targets = tf.tensor2d(
    rows.map((row) => padded([...row, END])),
    undefined,
    'int32',
  );
  return {inputs, targets, mask: tf.notEqual(inputs, PADDING).toFloat()};
}

// ---------------------------------------------------------------- the two models

/** Number i becomes a row of `count` numbers, all 0 but the ith. */
function oneHot(ids, count) {
  return tf.oneHot(ids.toInt(), count).toFloat();
}

/** Layers whose first weights depend on the seed alone: all models start alike. */
function seededLayers() {
  let seed = flags.seed;
  const glorot = () => tf.initializers.glorotUniform({seed: seed++});
  const small = () => tf.initializers.randomNormal({stddev: 0.1, seed: seed++});
  return {
    dense: (units, activation) => tf.layers.dense({units, activation, kernelInitializer: glorot()}),
    /** A row of WIDTH weights for each of `count` numbers: as tf.layers.embedding, on `wasm` too. */
    embedding: (count) => {
      const table = tf.layers.dense({units: WIDTH, useBias: false, kernelInitializer: small()});
      return (ids) => /** @type {Tensor} */ (table.apply(oneHot(ids, count)));
    },
    gru: () =>
      tf.layers.gru({
        units: WIDTH,
        returnSequences: true,
        kernelInitializer: glorot(),
        recurrentInitializer: glorot(),
      }),
  };
}

/** In each block the letters look at those before them (attention), then each thinks by itself. */
class Transformer {
  static title = 'transformer';

  /** @param normalization makes a layer, from its name */
  constructor(normalization) {
    const {dense, embedding} = seededLayers();
    this.letters = embedding(symbols.length);
    this.positions = embedding(longest + 2);
    this.blocks = Array.from({length: BLOCKS}, (_, i) => ({
      normalizeBeforeAttention: normalization(`block_${i + 1}/attention`),
      query: dense(WIDTH),
      key: dense(WIDTH),
      value: dense(WIDTH),
      attended: dense(WIDTH),
      normalizeBeforeThought: normalization(`block_${i + 1}/thought`),
      thought: dense(4 * WIDTH, 'relu'),
      concluded: dense(WIDTH),
    }));
    this.normalizeAtEnd = normalization('end');
    this.output = dense(symbols.length);
  }

  /** [names, length] → [names, length, symbols]: for each place, how likely each symbol is next. */
  logits(inputs, mask) {
    // Places count from the name's begin, not from the padding's.
    const positions = tf.cumsum(mask, 1);
    /** @type {Tensor} */
    let x = tf.add(this.letters(inputs), this.positions(positions));
    for (const block of this.blocks) {
      x = x.add(this.attention(block, block.normalizeBeforeAttention.apply(x), mask));
      const thought = block.thought.apply(block.normalizeBeforeThought.apply(x));
      x = tf.add(x, /** @type {Tensor} */ (block.concluded.apply(thought)));
    }
    return this.output.apply(this.normalizeAtEnd.apply(x));
  }

  /** x and what comes of it: [names, length, WIDTH] */
  attention(block, x, mask) {
    const [count, length] = x.shape;
    const heads = (y) => y.reshape([count, length, HEADS, WIDTH / HEADS]).transpose([0, 2, 1, 3]);
    const query = heads(block.query.apply(x)); // [names, HEADS, length, WIDTH / HEADS]
    const key = heads(block.key.apply(x));
    const value = heads(block.value.apply(x));

    // A letter may look at itself and at letters before it, but not at padding.
    const notLater = tf.linalg.bandPart(tf.ones([length, length]), -1, 0);
    const allowed = notLater.mul(mask.reshape([count, 1, 1, length]));
    const scores = tf.matMul(query, key, false, true).div(Math.sqrt(WIDTH / HEADS));
    const weights = tf.softmax(scores.add(allowed.sub(1).mul(1e9))); // [names, HEADS, length, length]

    const seen = tf.matMul(weights, value).transpose([0, 2, 1, 3]).reshape([count, length, WIDTH]);
    return block.attended.apply(seen);
  }
}

/** Reads from left to right, and keeps WIDTH numbers in mind. */
class Gru {
  static title = 'GRU';

  constructor(normalization) {
    const {dense, embedding, gru} = seededLayers();
    this.letters = embedding(symbols.length);
    this.layers = Array.from({length: GRU_LAYERS}, (_, i) => ({
      gru: gru(),
      normalize: normalization(`gru_${i + 1}`),
    }));
    this.output = dense(symbols.length);
  }

  /** The same as the transformer's. Where the mask is 0, a GRU passes over, its memory unchanged. */
  logits(inputs, mask) {
    let x = this.letters(inputs);
    for (const {gru, normalize} of this.layers) x = normalize.apply(gru.apply(x, {mask}));
    return this.output.apply(x);
  }
}

// ---------------------------------------------------------------- training

const plain = {title: 'without', createLayer: undefined};
const normalized =
  flags.norm === 'rms'
    ? {title: 'RMS normalisation', createLayer: rmsNormalization}
    : {title: 'layer normalisation', createLayer: layerNormalization};

console.log(
  `Backend: ${tf.getBackend()}, ` +
    `${usesFusedKernel() ? 'with a fused kernel' : 'with composed ops'} for normalisation.`,
);
console.log(
  `Names: ${trainNames.length} to train on, ${validationNames.length} to validate with, ` +
    `of 2 to ${longest} letters.\n`,
);

const contenders = [Transformer, Gru].flatMap((Model) =>
  [plain, normalized].map((norm) => createContender(Model, norm)),
);
for (const contender of contenders) train(contender);

reportLosses();
reportChart();
for (const contender of contenders) reportNames(contender);
reportWeights();
reportPadding();

function createContender(Model, {title, createLayer}) {
  const normalizations = [];
  const normalization = (name) => {
    if (!createLayer) return tf.layers.activation({activation: 'linear'}); // changes nothing
    const layer = createLayer({name: `${Model.title}/${name}`});
    normalizations.push(layer);
    return layer;
  };
  return {name: `${Model.title}, ${title}`, title, model: new Model(normalization), normalizations};
}

/** Cross-entropy in bits per letter. Padding has weight 0, so that only what is real counts. */
function bitsPerLetter(model, {inputs, targets, mask}) {
  const probabilities = oneHot(targets, symbols.length);
  const nats = tf.losses.softmaxCrossEntropy(probabilities, model.logits(inputs, mask), mask);
  return nats.div(Math.LN2).asScalar();
}

function validate(model) {
  return tf.tidy(() => bitsPerLetter(model, encode(validationNames)).dataSync()[0]);
}

/** Adds to the contender: the loss before, at each step and after, and the seconds. */
function train(contender) {
  const {name, model} = contender;
  contender.before = validate(model); // the first call also makes the weights
  const longestName = Math.max(...contenders.map((other) => other.name.length));
  const bar = createProgressBar(
    `${name.padEnd(longestName)} {bar} step {value}/{total}, loss {loss} bits, {eta} s left`,
  );
  const optimizer = tf.train.adam(flags['learning-rate']);
  const start = performance.now();
  bar.start(flags.steps, 0, {loss: '–'});
  contender.losses = Array.from({length: flags.steps}, (_, step) => {
    const batch = Array.from(
      {length: BATCH_SIZE},
      (_, i) => trainNames[(step * BATCH_SIZE + i) % trainNames.length],
    );
    const loss = tf.tidy(() => {
      const encoded = encode(batch);
      const cost = optimizer.minimize(() => bitsPerLetter(model, encoded), true);
      return cost ? cost.dataSync()[0] : Number.NaN;
    });
    bar.increment({loss: loss.toFixed(2)});
    return loss;
  });
  bar.stop();
  optimizer.dispose();
  contender.seconds = (performance.now() - start) / 1000;
  contender.after = validate(model);
}

// ---------------------------------------------------------------- what came of it

function reportLosses() {
  console.log(
    '\nHow many bits a letter of names never trained on takes, the fewer the better ' +
      `(a blind guess: ${Math.log2(letters.length + 1).toFixed(2)}):`,
  );
  printTable(
    ['model', 'before', 'after', 'time'],
    contenders.map(({name, before, after, seconds}) => [
      name,
      before.toFixed(2),
      after.toFixed(3),
      `${seconds.toFixed(1)} s`,
    ]),
  );
}

function reportChart() {
  const file = writeLineChart({
    file: path.join(OUT, 'loss.svg'),
    title: 'Loss of a transformer and a GRU that learn to write names',
    yLabel: 'bits per letter',
    xLabel: 'training step',
    fromZero: false,
    lines: contenders.map(({name, losses}) => ({name, values: losses})),
  });
  console.log(`Loss over time, as a picture: ${file}\n`);
}

function reportNames({name, model}) {
  const known = new Set(names);
  const capitalized = (word) => word.charAt(0).toUpperCase() + word.slice(1);
  const written = write(model).map((word) => capitalized(word) + (known.has(word) ? '*' : ''));
  if (name === contenders[0].name) console.log('Names that they write (* is in the data):');
  console.log(`  ${name}:\n    ${written.join('  ')}`);
}

/** All names at once, a letter at a time, each drawn as likely as the model says. */
function write(model) {
  let rows = Array.from({length: WRITTEN}, () => [END]);
  for (let length = 1; length <= longest; length++) {
    const next = tf.tidy(() => {
      const logits = model.logits(
        tf.tensor2d(rows, undefined, 'int32'),
        tf.ones([WRITTEN, length]),
      );
      const ofLast = logits.slice([0, length - 1, 0], [-1, 1, -1]).reshape([WRITTEN, -1]);
      return draw(tf, ofLast, flags.seed + length);
    });
    rows = rows.map((row, i) => [...row, next[i]]);
  }
  return rows.map(([, ...row]) => {
    const end = row.findIndex((symbol) => symbol === END || symbol === PADDING);
    return row
      .slice(0, end < 0 ? longest : end)
      .map((symbol) => symbols[symbol])
      .join('');
  });
}

/** γ starts at 1 and β at 0: have they learnt anything? */
function reportWeights() {
  const range = (tensor) => {
    if (!tensor) return 'has none';
    const values = tensor.dataSync();
    return `${Math.min(...values).toFixed(3)} to ${Math.max(...values).toFixed(3)}`;
  };
  const rows = contenders.flatMap(({normalizations}) =>
    normalizations.map((layer) => {
      const [gamma, beta] = layer.getWeights();
      return [layer.name, range(gamma), range(beta)];
    }),
  );
  printTable([normalized.title, 'gamma (began as 1)', 'beta (began as 0)'], rows);
}

/** The same name with much padding and with none must get the same logits. */
function reportPadding() {
  const name = 'anna';
  const logits = (model, length, withMask) => {
    const {inputs, mask} = encode([name], length);
    const ofAll = model.logits(inputs, withMask ? mask : tf.onesLike(mask));
    return ofAll.slice([0, length - name.length - 1, 0]); // what was said of its letters
  };
  const difference = (model, withMask) =>
    tf.tidy(() => {
      const alone = logits(model, name.length + 1, true);
      const padded = logits(model, longest + 1, withMask);
      return tf.max(tf.abs(tf.sub(alone, padded))).dataSync()[0];
    });
  console.log(
    `How far the logits for “${name}” move when ${longest - name.length} places of padding ` +
      'are put in front:',
  );
  printTable(
    ['model', 'with the mask', 'were the mask forgotten'],
    contenders.map(({name, model}) => [
      name,
      difference(model, true).toExponential(1),
      difference(model, false).toFixed(2),
    ]),
  );
}
