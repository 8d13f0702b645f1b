import * as tf from '@tensorflow/tfjs-core';
import {layers, type Shape} from '@tensorflow/tfjs-layers';
import {toDtype} from './elementwise.js';
import {decode, type Expression} from './expression.js';
import type {Operation} from './operation.js';
import {operations} from './table.js';
import {Arguments, type Constant, kindOf, type TensorLike} from './values.js';

type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

export interface KerasOperationArgs extends LayerArgs {
  /** Its name is an `Expression` as JSON. */
  expression: {name: string};
}

/**
 * An operation of Keras between layers, such as `x * 2`, `x[:, 0]` or `ops.softmax(x)`, with its
 * constants and options. It has no weights, and its output has no mask.
 *
 * Source of what each computes: `keras.ops` of Keras 3, on TensorFlow.
 */
export class KerasOperation extends layers.Layer {
  /** @nocollapse */
  static className = 'KerasOperation';

  private readonly text: string;
  private readonly expression: Expression;
  private readonly operation: Operation;

  /** @throws Error There is no such operation. */
  constructor(args: KerasOperationArgs) {
    super(args);
    this.text = args.expression.name;
    this.expression = JSON.parse(this.text);
    const operation = Object.hasOwn(operations, this.expression.operation)
      ? operations[this.expression.operation]
      : undefined;
    if (!operation) {
      throw new Error(`KerasOperation: there is no operation ${this.expression.operation}.`);
    }
    this.operation = operation;
  }

  /** What it computes, as in the table of operations. */
  get operationName(): string {
    return this.expression.operation;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor | tf.Tensor[] {
    return tf.tidy(() => {
      const tensors = [inputs].flat().map((x, i) => {
        const dtype = this.expression.dtypes[i];
        return dtype ? toDtype(x, dtype) : x;
      });
      const outputs = this.operation.compute(
        this.bound(tensors, (constant) => constant.toTensor()),
      );
      return Array.isArray(outputs) && outputs.length === 1 ? outputs[0] : outputs;
    });
  }

  /** @throws Error An argument is not what the operation takes, or the shapes do not fit. */
  override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
    const shapes = (Array.isArray(inputShape[0]) ? inputShape : [inputShape]) as Shape[];
    const tensors = shapes.map((shape, i) => {
      const dtype = this.expression.dtypes[i];
      return {shape, dtype: dtype ? kindOf(dtype) : 'float32'};
    });
    try {
      const args = this.bound<TensorLike>(tensors, (constant) => constant);
      if (args.has('dtype')) kindOf(args.text('dtype'));
      const outputs = this.operation.shape(args);
      return Array.isArray(outputs[0]) && outputs.length === 1 ? (outputs[0] as Shape) : outputs;
    } catch (error) {
      throw new Error(`the operation ${this.expression.operation}: ${(error as Error).message}`);
    }
  }

  /** An operation passes no mask on. */
  override computeMask(): tf.Tensor | tf.Tensor[] {
    return null as unknown as tf.Tensor; // tfjs's own layers do so
  }

  override getConfig(): tf.serialization.ConfigDict {
    return {...super.getConfig(), expression: {name: this.text}};
  }

  private bound<T extends TensorLike>(tensors: T[], make: (constant: Constant) => T): Arguments<T> {
    const {signature} = this.operation;
    return new Arguments<T>(decode(this.expression, signature, tensors), make);
  }
}
