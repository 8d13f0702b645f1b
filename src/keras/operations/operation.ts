/** What a row of the table of operations is, and the forms that most rows have. */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {withOneRank} from '../layers/broadcasting.js';
import {choose, withoutGradient} from './gradients.js';
import {broadcastShapes} from './shapes.js';
import {type Arguments, type Kind, kindOf, widest} from './values.js';

export interface Operation {
  /** The function's arguments in Keras's order, with their defaults. */
  signature: string;
  /** @throws Error An argument is not as it must be. */
  shape(args: Arguments): Shape | Shape[];
  /** The dtypes of the arguments are those that Keras would find; the result's are Keras's, too. */
  compute(args: Arguments<tf.Tensor>): tf.Tensor | tf.Tensor[];
}

export type Table = Readonly<Record<string, Operation>>;

type Unary = (x: tf.Tensor, args: Arguments<tf.Tensor>) => tf.Tensor;
type Binary = (a: tf.Tensor, b: tf.Tensor, args: Arguments<tf.Tensor>) => tf.Tensor;

/** Float to bool is whether it is not 0, which the cast of some backends gets wrong below 1. */
export function cast(x: tf.Tensor, kind: Kind): tf.Tensor {
  if (x.dtype === kind) return x;
  if (kind === 'bool') return withoutGradient([x], () => tf.notEqual(x, tf.scalar(0, x.dtype)));
  if (kind === 'int32' && x.dtype === 'float32') {
    return withoutGradient([x], () => tf.cast(x, 'int32'));
  }
  return tf.cast(x, kind);
}

export const toFloat = (x: tf.Tensor) => cast(x, 'float32');

/** Both in the dtype that holds both, a bool as int32: Keras's rules for those that tfjs has. */
export function promoted(args: Arguments<tf.Tensor>, ...names: string[]): tf.Tensor[] {
  const kind = args.kind(...names);
  return names.map((name) => cast(args.tensor(name), kind === 'bool' ? 'int32' : kind));
}

export const shapeLike =
  (name: string) =>
  (args: Arguments): Shape =>
    args.tensor(name).shape;

export const broadcast =
  (...names: string[]) =>
  (args: Arguments): Shape =>
    broadcastShapes(...names.map((name) => args.tensor(name).shape));

/** A function of each element, in floats whatever it is given. */
export const floats = (f: Unary, signature = 'x'): Operation => {
  const [name] = signature.split(',');
  return {
    signature,
    shape: shapeLike(name),
    compute: (args) => f(toFloat(args.tensor(name)), args),
  };
};

/** A function of each element that leaves the dtype; a bool counts as int32. */
export const numbers = (f: Unary, signature = 'x'): Operation => {
  const [name] = signature.split(',');
  return {
    signature,
    shape: shapeLike(name),
    compute: (args) => f(promoted(args, name)[0], args),
  };
};

/** A function of each element to bool, which has no gradient. */
export const tests = (f: Unary, signature = 'x'): Operation => {
  const [name] = signature.split(',');
  return {
    signature,
    shape: shapeLike(name),
    compute: (args) => {
      const x = args.tensor(name);
      return withoutGradient([x], () => f(x, args));
    },
  };
};

/** A function of two tensors that broadcasts them. */
export const binary = (f: Binary, signature = 'x1, x2'): Operation => {
  const [a, b] = signature.split(/[,=]\s*/);
  return {
    signature,
    shape: broadcast(a, b),
    compute: (args) => {
      const [x1, x2] = promoted(args, a, b);
      return f(...withOneRank(x1, x2), args);
    },
  };
};

/** As `binary`, in floats. */
export const floatBinary = (f: Binary, signature?: string): Operation =>
  binary((a, b, args) => f(toFloat(a), toFloat(b), args), signature);

/** As `binary`, without a gradient: comparisons, and what gives whole numbers. */
export const discreteBinary = (f: Binary, signature?: string): Operation =>
  binary((a, b, args) => withoutGradient([a, b], () => f(a, b, args)), signature);

/** Two bools, made of whatever is given, to a bool. */
export const logicalBinary = (f: Binary, signature = 'x1, x2'): Operation => {
  const [a, b] = signature.split(', ');
  return {
    signature,
    shape: broadcast(a, b),
    compute: (args) => {
      const [x1, x2] = [args.tensor(a), args.tensor(b)];
      return withoutGradient([x1, x2], () => f(cast(x1, 'bool'), cast(x2, 'bool'), args));
    },
  };
};

/** Tensors in the dtype that holds them all. */
export function promotedList(tensors: tf.Tensor[]): tf.Tensor[] {
  const kind = widest(tensors.map(({dtype}) => kindOf(dtype)));
  return tensors.map((x) => cast(x, kind));
}

/** tfjs's kernel for bools writes past its memory on wasm, and others lack one: they go as int32. */
export function throughInt(x: tf.Tensor, f: (x: tf.Tensor) => tf.Tensor): tf.Tensor {
  return x.dtype === 'bool' ? cast(f(tf.cast(x, 'int32')), 'bool') : f(x);
}

/** Where the condition is not 0 the one, else the other, in the dtype that holds both. */
export function select(condition: tf.Tensor, x1: tf.Tensor, x2: tf.Tensor): tf.Tensor {
  const kind = widest([x1.dtype, x2.dtype]);
  const numeric = kind === 'bool' ? 'int32' : kind;
  const chosen = choose(cast(condition, 'bool'), cast(x1, numeric), cast(x2, numeric));
  return cast(chosen, kind);
}
