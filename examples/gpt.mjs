/**
 * A GPT-2 of KerasHub learns to write first names, letter by letter; or a checkpoint of your own goes on
 * with a text.
 *
 *     npm run example:gpt
 *     npm run example:gpt -- --steps 1000 --temperature 0.7 --backend wasm
 *     npm run example:gpt -- --model gpt2.keras --tokenizer gpt2 --prompt "Once upon a time"
 *
 * Without --model it opens a small GPT-2 whose weights are random, and trains them here. A checkpoint is
 * saved in Python, with its vocabulary beside it:
 *
 *     backbone = keras_hub.models.GPT2Backbone.from_preset("gpt2_base_en")
 *     keras.Model(backbone.inputs, backbone.outputs).save("gpt2.keras")
 *     keras_hub.tokenizers.GPT2Tokenizer.from_preset("gpt2_base_en").save_to_preset("gpt2")
 */
import {readFileSync, statSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {parseFlags, positiveInteger, positiveNumber} from '../tools/flags.mjs';
import {createProgressBar} from '../tools/progress.mjs';
import {draw} from './support/draw.mjs';
import {END, loadNames, PADDING} from './support/names_data.mjs';
import {loadTfjs} from './support/tfjs.mjs';

const UNTRAINED = fileURLToPath(new URL('data/gpt2.keras', import.meta.url));
const BATCH_SIZE = 64;
const LEARNING_RATE = 0.005;
const WRITTEN = 10; // names that are written at the end

const flags = parseFlags({
  command: 'npm run example:gpt --',
  about: 'A GPT-2 of KerasHub learns to write first names, or goes on with a text.',
  flags: {
    steps: {
      default: 300,
      value: 'N',
      parse: positiveInteger,
      about: `training steps, of ${BATCH_SIZE} names each`,
    },
    model: {value: 'FILE', about: 'a .keras or .h5 file of your own, in place of the training'},
    tokenizer: {value: 'FOLDER', about: 'where its vocabulary is, vocabulary.json and merges.txt'},
    prompt: {value: 'TEXT', default: 'Once upon a time', about: 'what it goes on with'},
    tokens: {value: 'N', default: 40, parse: positiveInteger, about: 'how much it writes'},
    temperature: {
      value: 'N',
      default: 0.8,
      parse: positiveNumber,
      about: 'how daring it writes: near 0 always the likeliest',
    },
    seed: {
      default: 1,
      value: 'N',
      parse: positiveInteger,
      about: 'for the order of names and the writing',
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
const {usesFusedKernel} = await import('tfjs-layernorm');
const {loadKerasModel} = await import('tfjs-layernorm/keras');

/** @typedef {import('@tensorflow/tfjs').Tensor} Tensor */

const model = await loadKerasModel(flags.model ?? UNTRAINED, {compile: false});
// Of KerasHub's two inputs the one says which places are padding.
const names = model.inputs.map(({name}) => name.replace(/:\d+$/, ''));
const embeddings = model.getLayer('token_embedding').getWeights()[0]; // [vocabulary, width]
const [vocabulary, width] = embeddings.shape;
const [longest] = model.getLayer('position_embedding').getWeights()[0].shape;

console.log(
  `Backend: ${tf.getBackend()}, ` +
    `${usesFusedKernel() ? 'with a fused kernel' : 'with composed ops'} for normalisation.`,
);
console.log(
  `GPT-2 with ${model.countParams()} weights: ${vocabulary} tokens of ${width} numbers, ` +
    `texts of up to ${longest} tokens.\n`,
);

await (flags.model ? goOnWithText() : learnNames());

/**
 * What the model says at each place: how likely each token is the next.
 *
 * @param {Tensor} tokens [texts, length]
 * @param {Tensor} mask [texts, length], 0 where a text has ended
 * @param {{training?: boolean}} [options]
 * @returns {Tensor} [texts, length, vocabulary]
 */
function logits(tokens, mask, options) {
  const inputs = names.map((name) => (name === 'padding_mask' ? mask : tokens));
  const output = /** @type {Tensor} */ (model.apply(inputs, options));
  if (output.shape.at(-1) === vocabulary) return output;
  // A backbone alone ends before the head, which in GPT-2 has the matrix of the embedding.
  const rows = output.reshape([-1, Number(width)]);
  const [table] = model.getLayer('token_embedding').trainableWeights;
  const scores = tf.matMul(rows, table.read(), false, true);
  return scores.reshape([...tokens.shape, Number(vocabulary)]);
}

/** The next token of each text, drawn as likely as the model says. */
function drawNext(texts, seed) {
  return tf.tidy(() => {
    const tokens = tf.tensor2d(texts, undefined, 'int32');
    const [count, length] = tokens.shape;
    const all = logits(tokens, tf.onesLike(tokens));
    const last = all.slice([0, length - 1, 0], [-1, 1, -1]).reshape([count, -1]);
    return draw(tf, last.div(flags.temperature), seed);
  });
}

// ---------------------------------------------------------------- names

async function learnNames() {
  const data = loadNames(tf, flags.seed);
  train(data);
  writeNames(data);
}

/**
 * What the model reads, and what it is to say at each place: the letter that comes next.
 *
 *     inputs    . a n n a _ _        _ is padding, which has weight 0; . is the end
 *     targets   a n n a . _ _
 */
function encode(batch, {symbols, longest}) {
  const padded = (row) => [...row, ...Array(longest + 1 - row.length).fill(PADDING)];
  const rows = batch.map((name) => [...name].map((letter) => symbols.indexOf(letter)));
  const table = (each) => tf.tensor2d(rows.map(each), undefined, 'int32');
  const inputs = table((row) => padded([END, ...row]));
  const targets = table((row) => padded([...row, END]));
  return {inputs, targets, mask: tf.notEqual(inputs, PADDING).toInt()};
}

/** Cross-entropy in bits per letter. */
function bitsPerLetter(batch, data) {
  const {inputs, targets, mask} = encode(batch, data);
  const wanted = tf.oneHot(targets, vocabulary).toFloat();
  const weights = mask.toFloat();
  const said = logits(inputs, mask, {training: true});
  return tf.losses.softmaxCrossEntropy(wanted, said, weights).div(Math.LN2).asScalar();
}

function train(data) {
  const {trainNames, validationNames} = data;
  const validate = () => tf.tidy(() => bitsPerLetter(validationNames, data).dataSync()[0]);
  const before = validate();
  const bar = createProgressBar(
    'training {bar} step {value}/{total}, loss {loss} bits, {eta} s left',
  );
  const optimizer = tf.train.adam(LEARNING_RATE);
  bar.start(flags.steps, 0, {loss: '–'});
  for (let step = 0; step < flags.steps; step++) {
    const at = (i) => trainNames[(step * BATCH_SIZE + i) % trainNames.length];
    const batch = Array.from({length: BATCH_SIZE}, (_, i) => at(i));
    const loss = tf.tidy(
      () => optimizer.minimize(() => bitsPerLetter(batch, data), true)?.dataSync()[0],
    );
    bar.increment({loss: loss?.toFixed(2)});
  }
  bar.stop();
  optimizer.dispose();
  console.log(
    `A letter of names never trained on takes ${before.toFixed(2)} bits before the training, ` +
      `${validate().toFixed(3)} after it.`,
  );
}

function writeNames({names, symbols, longest}) {
  let texts = Array.from({length: WRITTEN}, () => [END]);
  for (let length = 1; length <= longest; length++) {
    const next = drawNext(texts, flags.seed + length);
    texts = texts.map((text, i) => [...text, next[i]]);
  }
  const known = new Set(names);
  const written = texts.map(([, ...text]) => {
    const end = text.findIndex((token) => token <= END || token >= symbols.length);
    const name = text
      .slice(0, end < 0 ? longest : end)
      .map((token) => symbols[token])
      .join('');
    return name.charAt(0).toUpperCase() + name.slice(1) + (known.has(name) ? '*' : '');
  });
  console.log(`Names that it writes (* is in the data):\n  ${written.join('  ')}`);
}

// ---------------------------------------------------------------- a checkpoint

async function goOnWithText() {
  const tokenizer = await readTokenizer();
  const text = tokenizer.encode(flags.prompt).ids;
  const bar = createProgressBar('writing {bar} token {value}/{total}, {eta} s left');
  bar.start(flags.tokens, 0);
  for (let i = 0; i < flags.tokens; i++) {
    const [next] = drawNext([text.slice(-longest)], flags.seed + i);
    text.push(next);
    bar.increment();
  }
  bar.stop();
  console.log(tokenizer.decode(text));
}

/** The vocabulary as KerasHub and OpenAI write it, for a library that reads another form of it. */
async function readTokenizer() {
  const {Tokenizer} = await import('@huggingface/tokenizers');
  const folder = flags.tokenizer ?? path.dirname(path.resolve(/** @type {string} */ (flags.model)));
  const read = (...files) => {
    const folders = ['', 'assets/tokenizer'].map((below) => path.join(folder, below));
    const found = folders
      .flatMap((each) => files.map((file) => path.join(each, file)))
      .find((file) => statSync(file, {throwIfNoEntry: false}));
    if (found) return readFileSync(found, 'utf8');
    console.error(`There is no ${files[0]} in ${folder}: name its folder with --tokenizer.`);
    process.exit(2);
  };
  const vocab = JSON.parse(read('vocabulary.json', 'vocab.json'));
  const merges = read('merges.txt')
    .split('\n')
    .filter((line) => line && !line.startsWith('#version'));
  const pieces = {type: 'ByteLevel', add_prefix_space: false, use_regex: true};
  return new Tokenizer(
    {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [],
      normalizer: null,
      pre_tokenizer: pieces,
      post_processor: null,
      decoder: pieces,
      model: {type: 'BPE', vocab, merges: merges.map((line) => line.split(' '))},
    },
    {},
  );
}
