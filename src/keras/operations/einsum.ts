/**
 * Einsum of any number of tensors, each pair as one batched product of matrices: not all backends
 * have a kernel for it, and none a gradient.
 */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import {diagonalOf} from './diagonals.js';
import {product} from './product.js';

interface Equation {
  /** A label a dimension; those of an ellipsis are digits. */
  inputs: string[][];
  output: string[];
}

/** @throws Error The subscripts do not fit the shapes. */
function parse(subscripts: string, ranks: number[]): Equation {
  const [left, right] = subscripts.replace(/\s/g, '').split('->');
  const parts = left.split(',');
  if (parts.length !== ranks.length) {
    throw new Error(`its subscripts '${subscripts}' are not for ${ranks.length} tensors.`);
  }
  const lengths = parts.map((part, i) => ranks[i] - part.replace('...', '').length);
  const most = Math.max(0, ...lengths.filter((_, i) => parts[i].includes('...')));
  const ellipsis = Array.from({length: most}, (_, i) => String(i));
  const expand = (part: string, count: number): string[] => {
    const [before, after] = part.split('...');
    if (after === undefined) return [...part];
    return [...before, ...ellipsis.slice(most - count), ...after];
  };
  const inputs = parts.map((part, i) => {
    const labels = expand(part, lengths[i]);
    if (labels.length === ranks[i] && labels.every((label) => /^[a-zA-Z0-9]$/.test(label))) {
      return labels;
    }
    throw new Error(`its subscripts '${subscripts}' do not fit ${ranks.join(' and ')} dimensions.`);
  });
  const all = inputs.flat();
  const once = [...new Set(all)].filter((label) => all.filter((l) => l === label).length === 1);
  // Keras says that these are in the order of the alphabet, and gives them in that of the subscripts.
  const implied = [...ellipsis, ...once.filter((label) => !/\d/.test(label))];
  const output = right === undefined ? implied : expand(right, most);
  const unknown = output.find((label) => !all.includes(label));
  if (unknown) throw new Error(`its subscripts '${subscripts}' have no '${unknown}' on the left.`);
  return {inputs, output};
}

export function einsumShape(subscripts: string, shapes: Shape[]): Shape {
  const {inputs, output} = parse(
    subscripts,
    shapes.map(({length}) => length),
  );
  const sizeOf = (label: string) => {
    const sizes = inputs.flatMap((labels, i) =>
      labels.flatMap((each, axis) => (each === label ? [shapes[i][axis]] : [])),
    );
    const known = [...new Set(sizes.filter((size) => size !== null && size !== 1))];
    if (known.length > 1) throw new Error(`its '${label}' is ${known.join(' and ')}.`);
    return known.length ? known[0] : sizes.includes(null) ? null : 1;
  };
  const sizes = new Map(inputs.flat().map((label) => [label, sizeOf(label)]));
  return output.map((label) => sizes.get(label) as number | null);
}

interface Labelled {
  x: tf.Tensor;
  labels: string[];
}

export function einsum(subscripts: string, operands: tf.Tensor[]): tf.Tensor {
  const {inputs, output} = parse(
    subscripts,
    operands.map(({rank}) => rank),
  );
  const tensors = operands.map((x, i) => withoutRepeats({x, labels: inputs[i]}));
  const result = tensors.reduce((left, right, i) => {
    const later = [...output, ...tensors.slice(i + 1).flatMap(({labels}) => labels)];
    return multiply(left, right, later);
  });
  const {x, labels} = sumOut(result, output);
  return tf.transpose(
    x,
    output.map((label) => labels.indexOf(label)),
  );
}

/** A label that is twice in a tensor takes its diagonal. */
function withoutRepeats({x, labels}: Labelled): Labelled {
  const twice = labels.find((label, i) => labels.indexOf(label) !== i);
  if (twice === undefined) return {x, labels};
  const [a, b] = [labels.indexOf(twice), labels.lastIndexOf(twice)];
  const others = [...labels.keys()].filter((i) => i !== a && i !== b);
  const diagonal = diagonalOf(tf.transpose(x, [...others, a, b]), 0);
  return withoutRepeats({x: diagonal, labels: [...others.map((i) => labels[i]), twice]});
}

/** Sums over the labels that nothing needs any more. */
function sumOut({x, labels}: Labelled, needed: string[]): Labelled {
  const axes = labels.flatMap((label, i) => (needed.includes(label) ? [] : [i]));
  if (!axes.length) return {x, labels};
  return {x: tf.sum(x, axes), labels: labels.filter((label) => needed.includes(label))};
}

function multiply(first: Labelled, second: Labelled, needed: string[]): Labelled {
  const left = sumOut(first, [...needed, ...second.labels]);
  const right = sumOut(second, [...needed, ...left.labels]);
  const size = ({x, labels}: Labelled, label: string) => x.shape[labels.indexOf(label)];
  const both = left.labels.filter((label) => right.labels.includes(label));
  // A size of 1 in one alone is repeated, as in a product of each element.
  const isUneven = both.some((label) => size(left, label) !== size(right, label));
  if (isUneven) return byElement(left, right, needed);

  const batch = both.filter((label) => needed.includes(label));
  const summed = both.filter((label) => !needed.includes(label));
  const rows = left.labels.filter((label) => !both.includes(label));
  const cols = right.labels.filter((label) => !both.includes(label));
  const arrange = (of: Labelled, groups: string[][]): tf.Tensor => {
    const order = groups.flat().map((label) => of.labels.indexOf(label));
    const sizes = groups.map((group) => group.reduce((n, label) => n * size(of, label), 1));
    return tf.reshape(tf.transpose(of.x, order), sizes);
  };
  const groups = batch.length ? [batch] : []; // without one, they are two plain matrices
  const products = product(
    arrange(left, [...groups, rows, summed]),
    arrange(right, [...groups, summed, cols]),
  );
  const sizes = [
    ...[...batch, ...rows].map((label) => size(left, label)),
    ...cols.map((label) => size(right, label)),
  ];
  return {x: tf.reshape(products, sizes), labels: [...batch, ...rows, ...cols]};
}

function byElement(left: Labelled, right: Labelled, needed: string[]): Labelled {
  const labels = [...new Set([...left.labels, ...right.labels])];
  const spread = (of: Labelled) => {
    const order = labels.filter((label) => of.labels.includes(label));
    const arranged = tf.transpose(
      of.x,
      order.map((label) => of.labels.indexOf(label)),
    );
    const sizes = labels.map((label) =>
      of.labels.includes(label) ? of.x.shape[of.labels.indexOf(label)] : 1,
    );
    return tf.reshape(arranged, sizes);
  };
  return sumOut({x: tf.mul(spread(left), spread(right)), labels}, needed);
}
