/** A small transformer that reads and writes names, a character at a time. */
import * as tf from '@tensorflow/tfjs-core';
import {layerNorm} from 'tfjs-layernorm';

/** Where the normalisation is: before each half of a block, after its sum, or nowhere. */
export type Placement = 'pre' | 'post' | 'none';

/** a is 1, … z is 26. The end of a name, and the start, is 0. */
const END = 0;
const CHARACTERS = 27;
/** Characters of the longest name, and its end. */
export const CONTEXT = 11;

const WIDTH = 32;
const HEADS = 4;
const EPSILON = 1e-3;

export interface TransformerOptions {
  placement: Placement;
  /** Blocks. */
  depth: number;
  seed: number;
  learningRate: number;
}

export interface NormWeights {
  name: string;
  /** [WIDTH] */
  gamma: tf.Variable;
  /** [WIDTH] */
  beta: tf.Variable;
}

interface Block {
  query: tf.Variable;
  key: tf.Variable;
  value: tf.Variable;
  output: tf.Variable;
  up: tf.Variable;
  down: tf.Variable;
  /** The weights of two normalisations, before attention and before the feed-forward half; or none. */
  norms: NormWeights[];
}

/** A batch of names: what the model reads, and what is to come next, [n, CONTEXT] each. */
export interface NameBatch {
  inputs: tf.Tensor2D;
  targets: tf.Tensor2D;
  /** 1 where there is something to foretell, 0 in the padding. */
  mask: tf.Tensor2D;
}

export function encode(names: string[]): NameBatch {
  const inputs = new Int32Array(names.length * CONTEXT);
  const targets = new Int32Array(names.length * CONTEXT);
  const mask = new Float32Array(names.length * CONTEXT);
  for (const [row, name] of names.entries()) {
    for (let i = 0; i <= name.length; i++) {
      const at = row * CONTEXT + i;
      inputs[at] = i === 0 ? END : name.charCodeAt(i - 1) - 96;
      targets[at] = i === name.length ? END : name.charCodeAt(i) - 96;
      mask[at] = 1;
    }
  }
  const shape: [number, number] = [names.length, CONTEXT];
  return {
    inputs: tf.tensor2d(inputs, shape, 'int32'),
    targets: tf.tensor2d(targets, shape, 'int32'),
    mask: tf.tensor2d(mask, shape),
  };
}

export class NameTransformer {
  readonly norms: NormWeights[] = [];
  private readonly blocks: Block[];
  private readonly finalNorm: NormWeights | null;
  private readonly characters: tf.Variable;
  private readonly positions: tf.Variable;
  private readonly head: tf.Variable;
  private readonly optimizer: tf.Optimizer;
  /** [CONTEXT, CONTEXT]: 0 where a character may look, −1e9 where it would see the future. */
  private readonly future: tf.Tensor2D;
  private seed: number;

  constructor(private readonly options: TransformerOptions) {
    const {placement, depth, learningRate, seed} = options;
    this.seed = seed * 1000;
    this.characters = this.weight([CHARACTERS, WIDTH], 0.5);
    this.positions = this.weight([CONTEXT, WIDTH], 0.5);
    this.blocks = Array.from({length: depth}, (_, i) => ({
      query: this.weight([WIDTH, WIDTH]),
      key: this.weight([WIDTH, WIDTH]),
      value: this.weight([WIDTH, WIDTH]),
      output: this.weight([WIDTH, WIDTH]),
      up: this.weight([WIDTH, 4 * WIDTH], Math.sqrt(2 / WIDTH)),
      down: this.weight([4 * WIDTH, WIDTH]),
      norms: [`block ${i + 1}, attention`, `block ${i + 1}, feed-forward`].flatMap((name) =>
        placement === 'none' ? [] : [this.norm(name)],
      ),
    }));
    // Before the head, where the sums of a pre-norm model have grown over all its blocks.
    this.finalNorm = placement === 'pre' ? this.norm('before the output') : null;
    this.head = this.weight([WIDTH, CHARACTERS]);
    this.optimizer = tf.train.adam(learningRate);
    this.future = tf.tidy(() => {
      const places = tf.range(0, CONTEXT);
      const isLater = tf.greater(tf.expandDims(places, 0), tf.expandDims(places, 1));
      return tf.mul(tf.cast(isLater, 'float32'), -1e9) as tf.Tensor2D;
    });
  }

  /** One step of training. @returns the loss before it. */
  async train(batch: NameBatch): Promise<number> {
    const loss = this.optimizer.minimize(() => this.loss(batch), true) as tf.Scalar;
    const [value] = await loss.data();
    loss.dispose();
    return value;
  }

  /** How surprised the model is, on average, by each character of names. */
  async evaluate(batch: NameBatch): Promise<number> {
    const loss = tf.tidy(() => this.loss(batch));
    const [value] = await loss.data();
    loss.dispose();
    return value;
  }

  /** New names, each character drawn by the chances that the model gives it. */
  async write(count: number, seed: number): Promise<string[]> {
    const names = Array<string>(count).fill('');
    const isEnded = Array<boolean>(count).fill(false);
    for (let i = 0; i < CONTEXT - 1 && isEnded.includes(false); i++) {
      const drawn = tf.tidy(() => {
        const {inputs} = encode(names);
        const logits = tf.reshape(this.logits(inputs), [count, CONTEXT, CHARACTERS]);
        const next = tf.squeeze(tf.slice(logits, [0, i, 0], [count, 1, CHARACTERS]), [1]);
        // The largest of logits with Gumbel noise is a draw by their softmax.
        const uniform = tf.randomUniform([count, CHARACTERS], 1e-6, 1, 'float32', seed + i);
        return tf.argMax(tf.sub(next, tf.log(tf.neg(tf.log(uniform)))), 1);
      });
      const values = await drawn.data();
      drawn.dispose();
      for (const [n, value] of values.entries()) {
        if (value === END) isEnded[n] = true;
        if (!isEnded[n]) names[n] += String.fromCharCode(96 + value);
      }
    }
    return names;
  }

  private loss({inputs, targets, mask}: NameBatch): tf.Scalar {
    const logits = this.logits(inputs);
    const wanted = oneHot(targets);
    const surprise = tf.sub(tf.logSumExp(logits, 1), tf.sum(tf.mul(logits, wanted), 1));
    const weights = tf.reshape(mask, [-1]);
    return tf.div(tf.sum(tf.mul(surprise, weights)), tf.sum(weights));
  }

  /** [n, CONTEXT] → [n · CONTEXT, CHARACTERS] */
  private logits(inputs: tf.Tensor2D): tf.Tensor2D {
    const [n] = inputs.shape;
    const embedded = tf.matMul(oneHot(inputs), this.characters as tf.Tensor2D);
    const placed = tf.add(tf.reshape(embedded, [n, CONTEXT, WIDTH]), this.positions);
    let h: tf.Tensor2D = tf.reshape(placed, [n * CONTEXT, WIDTH]);
    for (const block of this.blocks) {
      h = this.half(h, block.norms[0], (x) => this.attend(x, block, n));
      h = this.half(h, block.norms[1], (x) => feedForward(x, block));
    }
    if (this.finalNorm) h = normalize(h, this.finalNorm);
    return tf.matMul(h, this.head as tf.Tensor2D);
  }

  /** What a half of a block adds, and where the normalisation stands. */
  private half(
    h: tf.Tensor2D,
    norm: NormWeights | undefined,
    compute: (x: tf.Tensor2D) => tf.Tensor2D,
  ): tf.Tensor2D {
    if (!norm) return tf.add(h, compute(h));
    if (this.options.placement === 'pre') return tf.add(h, compute(normalize(h, norm)));
    return normalize(tf.add(h, compute(h)), norm);
  }

  /** Each character looks at those before it. [n · CONTEXT, WIDTH], in and out. */
  private attend(x: tf.Tensor2D, block: Block, n: number): tf.Tensor2D {
    const size = WIDTH / HEADS;
    const heads = (weight: tf.Variable): tf.Tensor3D => {
      const product = tf.reshape(tf.matMul(x, weight as tf.Tensor2D), [n, CONTEXT, HEADS, size]);
      return tf.reshape(tf.transpose(product, [0, 2, 1, 3]), [n * HEADS, CONTEXT, size]);
    };
    const scores = tf.matMul(heads(block.query), heads(block.key), false, true);
    const chances = tf.softmax(tf.add(tf.div(scores, Math.sqrt(size)), this.future));
    const seen = tf.matMul(chances, heads(block.value));
    const together = tf.transpose(tf.reshape(seen, [n, HEADS, CONTEXT, size]), [0, 2, 1, 3]);
    const output = block.output as tf.Tensor2D;
    return tf.matMul(tf.reshape(together, [n * CONTEXT, WIDTH]), output);
  }

  /** Random weights; the default deviation keeps the size of what they are multiplied with. */
  private weight(shape: [number, number], deviation = 1 / Math.sqrt(shape[0])): tf.Variable {
    return tf.tidy(() => tf.variable(tf.randomNormal(shape, 0, deviation, 'float32', this.seed++)));
  }

  private norm(name: string): NormWeights {
    const norm = {
      name,
      gamma: tf.variable(tf.ones([WIDTH])),
      beta: tf.variable(tf.zeros([WIDTH])),
    };
    this.norms.push(norm);
    return norm;
  }
}

/** [n, CONTEXT] → [n · CONTEXT, CHARACTERS], float32 */
function oneHot(characters: tf.Tensor2D): tf.Tensor2D {
  const flat = tf.reshape(characters, [-1]) as tf.Tensor1D;
  return tf.cast(tf.oneHot(flat, CHARACTERS), 'float32') as tf.Tensor2D;
}

function feedForward(x: tf.Tensor2D, {up, down}: Block): tf.Tensor2D {
  return tf.matMul(tf.relu(tf.matMul(x, up as tf.Tensor2D)), down as tf.Tensor2D);
}

function normalize(x: tf.Tensor2D, {gamma, beta}: NormWeights): tf.Tensor2D {
  return layerNorm(x, {gamma, beta, epsilon: EPSILON}) as tf.Tensor2D;
}
