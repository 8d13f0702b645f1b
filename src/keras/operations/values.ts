/** What an operation is given: tensors, constants, slices and options, each under its name. */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';

/** The dtypes that tfjs computes in: Keras's others become these. */
export type Kind = 'bool' | 'int32' | 'float32';

/** A tensor, or what is known of one before there is one: `null` where a size is open. */
export interface TensorLike {
  readonly shape: Shape;
  readonly dtype: string;
}

/** A tensor that the file holds. */
export class Constant implements TensorLike {
  readonly shape: number[];
  readonly dtype: Kind;
  readonly values: number[];

  /** @throws Error The lists in it are not of one length, or hold what is no number. */
  constructor(value: unknown, dtype?: string) {
    this.shape = shapeOf(value);
    const flat = flatten(value);
    if (flat.length !== sizeOf(this.shape) || !flat.every(isScalar)) {
      throw new Error('a constant must be numbers in lists of one length.');
    }
    this.values = flat.map(Number);
    this.dtype = dtype ? kindOf(dtype) : kindOfScalars(flat);
  }

  toTensor(): tf.Tensor {
    return tf.tensor(this.values, this.shape, this.dtype);
  }

  toLists(shape = this.shape, values = this.values): unknown {
    if (!shape.length) return this.dtype === 'bool' ? Boolean(values[0]) : values[0];
    const size = sizeOf(shape.slice(1));
    return Array.from({length: shape[0]}, (_, i) =>
      this.toLists(shape.slice(1), values.slice(i * size, (i + 1) * size)),
    );
  }
}

export class Slice {
  constructor(
    readonly start: Value,
    readonly stop: Value,
    readonly step: Value,
  ) {}
}

/** The whole of an axis, `:` in Python. */
export const ALL = new Slice(null, null, null);

export class Ellipsis {}

export type Value =
  | null
  | boolean
  | number
  | string
  | TensorLike
  | Slice
  | Ellipsis
  | readonly Value[];

export const isTensor = (value: Value | undefined): value is TensorLike =>
  typeof value === 'object' && value !== null && 'shape' in value && 'dtype' in value;

export const isList = (value: Value | undefined): value is readonly Value[] => Array.isArray(value);

const isScalar = (value: unknown) => typeof value === 'number' || typeof value === 'boolean';

/** @throws Error The dtype is one of strings or complex numbers, or none. */
export function kindOf(dtype: string): Kind {
  if (dtype === 'bool') return 'bool';
  if (/^u?int\d*$/.test(dtype)) return 'int32';
  if (/^b?float\d*/.test(dtype)) return 'float32';
  throw new Error(`there is no dtype ${dtype} in tfjs's layers.`);
}

function kindOfScalars(values: unknown[]): Kind {
  if (values.length && values.every((value) => typeof value === 'boolean')) return 'bool';
  return values.length && values.every((value) => Number.isSafeInteger(Number(value)))
    ? 'int32'
    : 'float32';
}

function shapeOf(value: unknown): number[] {
  return Array.isArray(value) ? [value.length, ...(value.length ? shapeOf(value[0]) : [])] : [];
}

function flatten(value: unknown): unknown[] {
  return Array.isArray(value) ? value.flatMap(flatten) : [value];
}

export const sizeOf = (shape: readonly number[]) => shape.reduce((size, n) => size * n, 1);

/** Which of the kinds holds all of them: of a bool and an int32 an int32, of these and floats a float32. */
export function widest(kinds: readonly string[]): Kind {
  if (kinds.includes('float32')) return 'float32';
  return kinds.includes('int32') ? 'int32' : 'bool';
}

/** An operation's arguments, by the names that Keras gives them; `T` is `tf.Tensor` when it runs. */
export class Arguments<T extends TensorLike = TensorLike> {
  constructor(
    private readonly values: ReadonlyMap<string, Value>,
    private readonly make: (constant: Constant) => T,
  ) {}

  get(name: string): Value {
    return this.values.get(name) ?? null;
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }

  /** @throws Error It is none, nor a number or a list of numbers. */
  tensor(name: string): T {
    const value = this.get(name);
    if (value === null) throw new Error(`its ${name} is missing.`);
    return this.toTensor(value, name);
  }

  /** A list of tensors, or one. */
  tensors(name: string): T[] {
    const value = this.get(name);
    if (isList(value) && value.some((item) => isTensor(item) || isList(item))) {
      return value.map((item) => this.toTensor(item, name));
    }
    return value === null ? [] : [this.toTensor(value, name)];
  }

  toTensor(value: Value, name: string): T {
    if (value instanceof Constant) return this.make(value);
    if (isTensor(value)) return value as T;
    if (isScalar(value)) return this.make(new Constant(value));
    if (isList(value)) {
      const whole = joined(value);
      if (whole) return this.make(whole);
      if (containsTensor(value))
        throw new Error(`its ${name} mixes tensors and numbers in a list.`);
      return this.make(new Constant(value));
    }
    throw new Error(`its ${name} must be a tensor, but is ${printedValue(value)}.`);
  }

  /** What `widest` says of the tensors and numbers under these names. */
  kind(...names: string[]): Kind {
    return widest(names.map((name) => kindOf(this.tensor(name).dtype)));
  }

  flag(name: string): boolean {
    const value = this.get(name);
    if (typeof value === 'boolean') return value;
    if (value === null || value === 0) return false;
    if (value === 1) return true;
    throw new Error(`its ${name} must be true or false, but is ${printedValue(value)}.`);
  }

  number(name: string, otherwise?: number): number {
    const value = this.get(name) ?? otherwise;
    if (isScalar(value)) return Number(value);
    if (value instanceof Constant && value.values.length === 1) return value.values[0];
    throw new Error(`its ${name} must be a number, but is ${printedValue(value ?? null)}.`);
  }

  integer(name: string, otherwise?: number): number {
    const value = this.number(name, otherwise);
    if (Number.isInteger(value)) return value;
    throw new Error(`its ${name} must be a whole number, but is ${value}.`);
  }

  text(name: string, otherwise?: string): string {
    const value = this.get(name) ?? otherwise;
    if (typeof value === 'string') return value;
    throw new Error(`its ${name} must be a name, but is ${printedValue(value ?? null)}.`);
  }

  /** One whole number, or several. */
  integers(name: string): number[] {
    const value = this.get(name);
    const list =
      value instanceof Constant
        ? value.values
        : isList(value)
          ? value
          : value === null
            ? []
            : [value];
    return list.map((item) => {
      const number = item instanceof Constant && !item.shape.length ? item.values[0] : item;
      if (typeof number === 'number' && Number.isInteger(number)) return number;
      throw new Error(
        `its ${name} must be whole numbers that the file holds, but is ${printedValue(value)}.`,
      );
    });
  }
}

/** A list with constants in it as one constant; undefined where there is a tensor, or none. */
function joined(list: readonly Value[]): Constant | undefined {
  const nested = (value: Value): unknown => {
    if (isList(value)) return value.map(nested);
    return value instanceof Constant ? value.toLists() : value;
  };
  const hasConstant = (value: Value): boolean =>
    isList(value) ? value.some(hasConstant) : value instanceof Constant;
  const isPlain = (value: Value): boolean =>
    isList(value) ? value.every(isPlain) : value instanceof Constant || isScalar(value);
  if (!hasConstant(list) || !isPlain(list)) return undefined;
  return new Constant(nested(list));
}

const containsTensor = (value: Value): boolean =>
  isList(value) ? value.some(containsTensor) : isTensor(value);

/** A value for a message. */
export function printedValue(value: Value): string {
  if (value instanceof Slice || value instanceof Ellipsis) return 'a slice';
  if (isTensor(value)) return `a tensor [${value.shape}]`;
  if (isList(value)) return `[${value.map(printedValue).join(', ').slice(0, 200)}]`;
  return JSON.stringify(value);
}
