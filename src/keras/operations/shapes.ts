/** The shapes that operations give, `null` where a size is open until the model runs. */
import type {Shape} from '@tensorflow/tfjs-layers';
import type {Arguments} from './values.js';

type Size = number | null;

/** A shape whose sizes are all known, as that of a tensor that was computed. */
export const known = (shape: Shape) => shape as number[];

/** @throws Error The shapes do not fit each other. */
export function broadcastShapes(...shapes: Shape[]): Shape {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  const padded = shapes.map((shape) => [...Array(rank - shape.length).fill(1), ...shape] as Shape);
  return Array.from({length: rank}, (_, i) => {
    const sizes = padded.map((shape) => shape[i]).filter((size) => size !== 1);
    const known = [...new Set(sizes.filter((size) => size !== null))];
    if (known.length > 1) {
      throw new Error(`the shapes ${shapes.map((s) => `[${s}]`).join(' and ')} do not fit.`);
    }
    return known.length ? known[0] : sizes.length ? null : 1;
  });
}

/** @throws Error There is no such axis. */
export function toAxis(axis: number, rank: number): number {
  const positive = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(axis) && positive >= 0 && positive < rank) return positive;
  throw new Error(`there is no axis ${axis} in ${rank} dimensions.`);
}

/** The axes under a name, counted from the first; all of them where there is none. */
export function axesOf(args: Arguments, rank: number, name = 'axis'): number[] {
  if (!args.has(name)) return Array.from({length: rank}, (_, i) => i);
  const axes = args.integers(name).map((axis) => toAxis(axis, rank));
  if (new Set(axes).size < axes.length) throw new Error(`an axis is twice in its ${name}.`);
  return axes;
}

export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  return keepDims
    ? shape.map((size, i) => (axes.includes(i) ? 1 : size))
    : shape.filter((_, i) => !axes.includes(i));
}

/** The number of elements; null where a size is open. */
export function sizeOfShape(shape: Shape): Size {
  return shape.reduce<Size>((n, size) => (n === null || size === null ? null : n * size), 1);
}

/** A shape with one −1 or open size in it, which the sizes of the other tell where they are known. */
export function reshapedShape(from: Shape, to: Shape): Shape {
  const open = to.filter((size) => size === null || size === -1).length;
  if (open > 1) return to.map((size) => (size === -1 ? null : size));
  const total = sizeOfShape(from);
  const rest = to.reduce<number>((n, size) => (size === null || size === -1 ? n : n * size), 1);
  if (total === null) {
    return to.map((size) => (size === -1 ? null : size));
  }
  if (open ? rest === 0 || total % rest !== 0 : total !== rest) {
    throw new Error(`the shape [${from}] cannot become [${to}].`);
  }
  return to.map((size) => (size === null || size === -1 ? total / rest : size));
}

export const addSizes = (...sizes: Size[]): Size =>
  sizes.reduce((sum, size) => (sum === null || size === null ? null : sum + size), 0);

export const timesSize = (size: Size, times: number): Size => (size === null ? null : size * times);

/** The shape with another size in the place of one. */
export const withSize = (shape: Shape, axis: number, size: Size): Shape =>
  shape.map((old, i) => (i === axis ? size : old));

/** What two shapes are that must be alike; a size known in one is known. @throws Error They differ. */
export function sameShape(a: Shape, b: Shape): Shape {
  if (a.length !== b.length || a.some((n, i) => n !== null && b[i] !== null && n !== b[i])) {
    throw new Error(`the shapes [${a}] and [${b}] do not fit.`);
  }
  return a.map((size, i) => size ?? b[i]);
}
