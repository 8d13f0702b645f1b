/** A dense layer whose product is any that an equation of Einstein's notation says. */
import type * as tf from '@tensorflow/tfjs-core';
import type {LayerVariable, Shape} from '@tensorflow/tfjs-layers';
import {einsum} from '../../operations/einsum.js';
import {type Activation, type ActivationOption, resolveActivation} from '../activations/resolve.js';
import {addBias} from '../bias.js';
import type {DenseOptions} from '../dense_options.js';
import {type LayerArgs, OptionsLayer, shapesOf} from '../options_layer.js';
import {addWeightOf, resolveWeightKinds, type WeightKinds} from '../weight_kinds.js';

export interface EinsumDenseArgs extends LayerArgs, DenseOptions {
  /** Of the input and the kernel, such as `abc,cd->abd` or `...x,xy->...y`. */
  equation: {name: string};
  /** Without the batch, and without what an ellipsis stands for; null where a size is open. */
  outputShape: number | (number | null)[];
  activation?: ActivationOption;
  /** The labels of the output that the bias has; none: there is no bias. */
  biasAxes?: {name: string} | null;
  /** Whether a bias is added as Keras 3 does since 3.10 (`../bias.ts`). */
  guessesBiasAxis?: boolean;
}

/** The shapes that an equation gives for a shape of the input. */
interface Shapes {
  kernel: number[];
  bias: number[];
  output: Shape;
}

/**
 * einsum(equation, x, kernel) + bias.
 *
 * Source: keras/src/layers/core/einsum_dense.py.
 */
export class EinsumDense extends OptionsLayer {
  /** @nocollapse */
  static className = 'EinsumDense';

  private readonly equation: string;
  private readonly biasAxes: string;
  private readonly guessesBiasAxis: boolean;
  private builtShape?: Shape;
  /** The option `outputShape`, which is the name of a layer's own property. */
  private readonly givenShape: (number | null)[];
  private readonly activation: Activation;
  private readonly weightKinds: WeightKinds<'kernel' | 'bias'>;
  private kernel!: LayerVariable;
  private bias: LayerVariable | null = null;

  constructor(args: EinsumDenseArgs) {
    super(args, {});
    this.equation = args.equation.name.replace(/\s/g, '');
    this.biasAxes = args.biasAxes?.name ?? '';
    this.guessesBiasAxis = args.guessesBiasAxis ?? false;
    this.givenShape = [args.outputShape].flat();
    this.activation = resolveActivation(args.activation);
    this.weightKinds = resolveWeightKinds(args, {kernel: 'glorotUniform', bias: 'zeros'});
  }

  /** @throws Error The equation is none of the forms of Keras, or a size of the kernel is open. */
  override build(inputShape: Shape | Shape[]): void {
    const {kernel, bias, output} = this.shapes(shapesOf(inputShape)[0]);
    if (this.guessesBiasAxis) this.builtShape = output;
    const {kinds} = this.weightKinds;
    this.kernel = addWeightOf(this, kinds.kernel, 'kernel', kernel);
    if (this.biasAxes) this.bias = addWeightOf(this, kinds.bias, 'bias', bias);
    this.built = true;
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {
      ...super.getConfig(),
      equation: {name: this.equation},
      outputShape: this.givenShape,
      activation: this.activation.getClassName(),
      biasAxes: this.biasAxes ? {name: this.biasAxes} : null,
      ...this.weightKinds.saved,
      guessesBiasAxis: this.guessesBiasAxis,
    };
  }

  protected override compute([x]: tf.Tensor[]): tf.Tensor {
    const y = einsum(this.equation, [x, this.kernel.read()]);
    return this.activation.apply(this.bias ? addBias(y, this.bias.read(), this.builtShape) : y);
  }

  protected override shapeOf([shape]: Shape[]): Shape {
    return this.shapes(shape).output;
  }

  private shapes(input: Shape): Shapes {
    const found = /^(\.\.\.)?(\w+)(\.\.\.)?,(\w+)->(\.\.\.)?(\w+)(\.\.\.)?$/.exec(this.equation);
    const [, left, from, right, of, outLeft, to, outRight] = found ?? [];
    if (!found || left !== outLeft || right !== outRight || (left && right)) {
      throw this.error(
        `its equation "${this.equation}" must be of a form such as "ab,bc->ac", "...a,ab->...b" or ` +
          '"ab...,bc->ac...".',
      );
    }
    const elided = input.length - from.length;
    if (elided < 0 || (elided > 0 && !left && !right)) {
      throw this.error(`its equation "${this.equation}" does not fit the input [${input}].`);
    }
    const before = left ? elided : 0;
    const [batch, ...others] = input;
    // What the ellipsis stands for is as in the input; the batch may be of it, or the first label's.
    const output: Shape =
      left && elided
        ? [batch, ...others.slice(0, elided - 1), ...this.givenShape]
        : [batch, ...this.givenShape, ...(right ? input.slice(input.length - elided) : [])];
    // A size that is left open is the input's, where the label is one of the input's.
    [...to].forEach((label, k) => {
      const at = from.indexOf(label);
      if (at >= 0) output[before + k] ??= input[before + at];
    });
    const sizeOf = (label: string): number => {
      const size = from.includes(label)
        ? input[before + from.indexOf(label)]
        : output[before + to.indexOf(label)];
      if (size != null) return size;
      throw this.error(`the size of "${label}" in "${this.equation}" must be known.`);
    };
    const first = Math.min(...[...this.biasAxes].map((label) => to.indexOf(label)));
    const bias = [...to]
      .slice(first)
      .map((label) =>
        this.biasAxes.includes(label) ? (output[before + to.indexOf(label)] as number) : 1,
      );
    const after = Array<number>(right ? elided : 0).fill(1);
    return {kernel: [...of].map(sizeOf), bias: [...bias, ...after], output};
  }
}
