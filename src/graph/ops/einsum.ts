/**
 * Einsum of one tensor or two, for backends without a kernel for it (wasm), and for the equations that
 * tfjs's kernels do not take: with `...`, with a letter twice in one tensor, with a letter that is
 * summed in one tensor alone. Transposed and reshaped, each is one batched matrix product.
 */
import * as tf from '@tensorflow/tfjs-core';
import type {NodeDef} from '../graph_def.js';
import {type Op, sizeOf} from './op.js';
import {transposed} from './transpose.js';

/** The kernel of the backend where it has one that takes the equation, else `einsum`. */
export const einsumOp: Op = ({inputs, attrs}) => {
  const equation = String(attrs.equation);
  const inKernel = isPlain(equation) && tf.getKernel('Einsum', tf.getBackend());
  return inKernel ? tf.einsum(equation, ...inputs) : einsum(equation, ...inputs);
};

/** The converter gives strings in lower case: letters in upper case become others that are free. */
export function prepareEinsum(node: NodeDef): NodeDef {
  const equation = atob(node.attr?.equation?.s ?? '');
  const free = [...'abcdefghijklmnopqrstuvwxyz'].filter((letter) => !equation.includes(letter));
  const renamed = new Map<string, string>();
  const lower = equation.replace(/[A-Z]/g, (letter) => {
    const name = renamed.get(letter) ?? free.shift();
    if (!name) throw new Error(`Einsum: the equation '${equation}' has more than 26 letters.`);
    renamed.set(letter, name);
    return name;
  });
  return {...node, attr: {...node.attr, equation: {s: btoa(lower)}}};
}

/** A tensor, and the name of each of its dimensions. */
interface Operand {
  x: tf.Tensor;
  labels: string[];
}

/**
 * @param equation Such as `abc,cde->abde`: a letter a dimension, `...` for any number of them that
 *     broadcast.
 * @throws Error Another equation, or tensors that do not fit it.
 */
export function einsum(equation: string, ...tensors: tf.Tensor[]): tf.Tensor {
  const {inputs, output} = parse(equation);
  if (inputs.length !== tensors.length) {
    throw new Error(
      `Einsum: '${equation}' takes ${inputs.length} tensors, but there are ${tensors.length}.`,
    );
  }
  return tf.tidy(() => {
    const operands = tensors.map((x, i) => ({x, labels: expand(inputs[i], x.rank)}));
    checkSizes(equation, operands);
    const dots = operands.flatMap(({labels}) => labels.filter(isDot));
    const kept = output.flatMap((label) =>
      label === '...' ? [...new Set(dots)].sort().reverse() : [label],
    );
    const used = (label: string, own: Operand) =>
      kept.includes(label) || operands.some((o) => o !== own && o.labels.includes(label));
    const [a, b] = operands.map((own) => withoutAlone(diagonal(own), (l) => used(l, own)));
    return arranged(b ? product(a, b, kept) : a, kept);
  });
}

/** Whether tfjs's own kernels compute it: two tensors, each letter once, none summed in one alone. */
function isPlain(equation: string): boolean {
  const {inputs, output} = parse(equation);
  const [left, right = []] = inputs;
  if (left.length === 0 || right.length === 0 || equation.includes('.')) return false;
  const once = [left, right].every((labels) => new Set(labels).size === labels.length);
  const alone = [...left, ...right].filter((l) => !(left.includes(l) && right.includes(l)));
  return once && alone.every((label) => output.includes(label));
}

function parse(equation: string): {inputs: string[][]; output: string[]} {
  const plain = equation.replace(/\s/g, '');
  const all = plain.split(/,|->/).map((part): string[] => part.match(/\.\.\.|[a-zA-Z]/g) ?? []);
  const [inputs, output] = [all.slice(0, -1), all[all.length - 1]];
  const text = [inputs.map((labels) => labels.join('')).join(','), output.join('')].join('->');
  const known = new Set(inputs.flat());
  const isKnown = output.every((label) => known.has(label) || label === '...');
  const dotsOnce = inputs.every((l) => l.indexOf('...') === l.lastIndexOf('...'));
  const isSet = new Set(output).size === output.length;
  if (text !== plain || inputs.length > 2 || !(isKnown && dotsOnce && isSet)) {
    throw new Error(`Einsum: the equation '${equation}' is not one of one or two tensors.`);
  }
  return {inputs, output};
}

/** The dimensions of `...` are named by their distance from its end, so that they broadcast. */
function expand(labels: string[], rank: number): string[] {
  const count = rank - labels.filter((label) => label !== '...').length;
  const dots = Array.from({length: count}, (_, i) => `.${count - i}`);
  return labels.flatMap((label) => (label === '...' ? dots : [label]));
}

const isDot = (label: string) => label.startsWith('.');

function checkSizes(equation: string, operands: Operand[]): void {
  const sizes = new Map<string, number>();
  const fits = operands.every(({x, labels}) => {
    if (x.rank !== labels.length) return false;
    return labels.every((label, i) => {
      const size = sizes.get(label) ?? x.shape[i];
      const broadcasts = isDot(label) && (size === 1 || x.shape[i] === 1);
      sizes.set(label, size);
      return broadcasts || size === x.shape[i];
    });
  });
  if (!fits) {
    const shapes = operands.map(({x}) => `[${x.shape}]`).join(' and ');
    throw new Error(`Einsum: the shapes ${shapes} do not fit '${equation}'.`);
  }
}

/** The operand with each label once: of two equal ones the diagonal. */
function diagonal({x, labels}: Operand): Operand {
  const second = labels.findIndex((label, i) => labels.indexOf(label) < i);
  if (second === -1) return {x, labels};
  const first = labels.indexOf(labels[second]);
  const size = x.shape[first];
  const shape = labels.map((_, i) => (i === first || i === second ? size : 1));
  const masked = tf.mul(x, tf.reshape(tf.cast(tf.eye(size), x.dtype), shape));
  return diagonal({x: tf.sum(masked, second), labels: labels.filter((_, i) => i !== second)});
}

/** Without the dimensions that no other tensor has: they are summed. */
function withoutAlone({x, labels}: Operand, used: (label: string) => boolean): Operand {
  const alone = labels.flatMap((label, i) => (used(label) ? [] : [i]));
  if (alone.length === 0) return {x, labels};
  return {x: tf.sum(x, alone), labels: labels.filter(used)};
}

function product(left: Operand, right: Operand, output: string[]): Operand {
  const a = withoutOnes(left, right);
  const b = withoutOnes(right, left);
  const sizes = new Map<string, number>();
  for (const {x, labels} of [a, b]) {
    labels.forEach((label, i) => {
      sizes.set(label, x.shape[i]);
    });
  }
  const both = a.labels.filter((label) => b.labels.includes(label));
  const batch = both.filter((label) => output.includes(label));
  const summed = both.filter((label) => !output.includes(label));
  const rows = a.labels.filter((label) => !both.includes(label));
  const cols = b.labels.filter((label) => !both.includes(label));

  const size = (labels: string[]) => sizeOf(labels.map((label) => sizes.get(label) ?? 1));
  const arrange = (operand: Operand, groups: string[][]): tf.Tensor3D =>
    tf.reshape(arranged(operand, groups.flat()), groups.map(size) as [number, number, number]);
  const x = tf.matMul(arrange(a, [batch, rows, summed]), arrange(b, [batch, summed, cols]));
  const labels = [...batch, ...rows, ...cols];
  return {
    x: tf.reshape(
      x,
      labels.map((label) => sizes.get(label) ?? 1),
    ),
    labels,
  };
}

/** Without the dimensions of size 1 that broadcast against another's. */
function withoutOnes({x, labels}: Operand, other: Operand): Operand {
  const broadcasts = (label: string, i: number) =>
    x.shape[i] === 1 && (other.x.shape[other.labels.indexOf(label)] ?? 1) !== 1;
  const stays = labels.map((label, i) => !broadcasts(label, i));
  return {
    x: tf.reshape(
      x,
      x.shape.filter((_, i) => stays[i]),
    ),
    labels: labels.filter((_, i) => stays[i]),
  };
}

/** The tensor with its dimensions in another order. */
function arranged({x, labels}: Operand, order: string[]): tf.Tensor {
  return transposed(
    x,
    order.map((label) => labels.indexOf(label)),
  );
}
