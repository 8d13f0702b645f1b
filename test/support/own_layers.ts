/** What test/fixtures/make/make_weights.py has as classes of its own, in JavaScript. */
import {KerasLayer, MultiHeadAttention} from '../../src/keras/index.js';
import {LayerNormalization} from '../../src/layers/layer_normalization.js';
import {tf} from '../backends/current.js';

type Args = Record<string, unknown> & {name?: string};
type Inputs = tf.Tensor | tf.Tensor[];
const only = (inputs: Inputs) => [inputs].flat()[0];

export class TransformerBlock extends KerasLayer {
  static override className = 'TransformerBlock';
  static override innerLayers = ['att', 'ffn', 'layernorm1', 'layernorm2'];

  readonly layernorm2 = new LayerNormalization({epsilon: 1e-6});
  readonly layernorm1 = new LayerNormalization({epsilon: 1e-6});
  readonly att: MultiHeadAttention;
  readonly ffn: tf.Sequential;

  constructor(args: Args & {embedDim: number; numHeads: number; ffDim: number}) {
    super(args);
    const {embedDim, numHeads, ffDim} = args;
    this.att = new MultiHeadAttention({numHeads, keyDim: embedDim});
    this.ffn = tf.sequential({
      layers: [
        tf.layers.dense({units: ffDim, activation: 'relu', inputShape: [null, embedDim]}),
        tf.layers.dense({units: embedDim}),
      ],
    });
  }

  override build(shape: tf.Shape) {
    this.att.build([shape, shape]);
    this.layernorm1.build(shape);
    this.layernorm2.build(shape);
    super.build(shape);
  }

  override call(inputs: Inputs) {
    return tf.tidy(() => {
      const x = only(inputs);
      const h = this.layernorm1.call(tf.add(x, this.att.call([x, x]))) as tf.Tensor;
      return this.layernorm2.call(tf.add(h, this.ffn.apply(h) as tf.Tensor));
    });
  }
}

export class TokenAndPositionEmbedding extends KerasLayer {
  static override className = 'TokenAndPositionEmbedding';
  static override innerLayers = ['tokenEmb', 'posEmb'];

  readonly posEmb: tf.layers.Layer;
  readonly tokenEmb: tf.layers.Layer;

  constructor(readonly args: Args & {maxlen: number; vocabSize: number; embedDim: number}) {
    super(args);
    const {maxlen, vocabSize, embedDim} = args;
    this.posEmb = tf.layers.embedding({inputDim: maxlen, outputDim: embedDim});
    this.tokenEmb = tf.layers.embedding({inputDim: vocabSize, outputDim: embedDim});
  }

  override build(shape: tf.Shape) {
    this.tokenEmb.build(shape);
    this.posEmb.build(shape);
    super.build(shape);
  }

  override call(inputs: Inputs) {
    return tf.tidy(() => {
      const positions = tf.range(0, this.args.maxlen, 1, 'int32');
      return tf.add(
        this.tokenEmb.call(only(inputs), {}) as tf.Tensor,
        this.posEmb.call(positions, {}) as tf.Tensor,
      );
    });
  }

  override computeOutputShape(shape: tf.Shape) {
    return [...shape, this.args.embedDim];
  }
}

/** No layers in it, so an ordinary layer of tfjs. */
export class Gate extends tf.layers.Layer {
  static className = 'Gate';

  private scale?: tf.LayerVariable;
  private bias?: tf.LayerVariable;

  constructor(args: Args & {mode: string}) {
    super(args);
    if (args.mode !== 'add_bias') throw new Error(`the mode is ${args.mode}`);
  }

  override build(shape: tf.Shape) {
    this.scale = this.addWeight('scale', [4], 'float32', tf.initializers.zeros());
    this.bias = this.addWeight('bias', [4], 'float32', tf.initializers.zeros());
    super.build(shape);
  }

  override call(
    inputs: Inputs,
    {paddingMask, factor = 1}: {paddingMask?: tf.Tensor; factor?: number},
  ) {
    return tf.tidy(() => {
      const scaled = tf.mul(tf.mul(only(inputs), this.scale?.read() as tf.Tensor), factor);
      const y = tf.add(scaled, this.bias?.read() as tf.Tensor);
      return paddingMask ? tf.mul(y, tf.expandDims(paddingMask, -1)) : y;
    });
  }
}

/** Named as one of Keras's own. */
export class Scaling extends tf.layers.Layer {
  private kernel?: tf.LayerVariable;

  override build(shape: tf.Shape) {
    const size = shape.at(-1) as number;
    this.kernel = this.addWeight('kernel', [size], 'float32', tf.initializers.zeros());
    super.build(shape);
  }

  override call(inputs: Inputs) {
    return tf.mul(only(inputs), this.kernel?.read() as tf.Tensor);
  }
}

export class Towers extends KerasLayer {
  static override className = 'Towers';
  static override innerLayers = ['second', 'blocks', '_first'];

  readonly first = tf.layers.dense({units: 4});
  readonly blocks = [
    tf.layers.dense({units: 4}),
    new LayerNormalization(),
    tf.layers.dense({units: 4}),
  ];
  readonly second = tf.layers.dense({units: 4});

  override build(shape: tf.Shape) {
    for (const layer of [this.first, ...this.blocks, this.second]) layer.build(shape);
    super.build(shape);
  }

  override call(inputs: Inputs) {
    return tf.tidy(() => {
      const all = [this.first, ...this.blocks, this.second];
      return all.reduce((x, layer) => layer.call(x, {}) as tf.Tensor, only(inputs));
    });
  }
}

export const customObjects = {
  TransformerBlock,
  'Custom>TokenAndPositionEmbedding': TokenAndPositionEmbedding,
  'Mine>Gate': Gate,
  'Mine>Dense': Scaling,
  Towers,
};
