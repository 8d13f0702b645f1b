/**
 * Conv2D, and _FusedConv2D and FusedDepthwiseConv2dNative with a bias and an activation.
 *
 * tfjs refuses a filter whose input channels are a part of x's: TensorFlow convolves each group of
 * channels with a part of the filters, as the depthwise convolutions of jax and PyTorch are written.
 * Its fused kernel on wasm takes a bias of one dimension alone.
 */
import type {GraphNode} from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import {activate, fusedOf, type InKernel, withFused} from './fused.js';
import type {Op} from './op.js';

export const conv2d: Op = (node) => convolve(node, {});

export const fusedConv2d: Op = (node) => {
  return withFused(fusedOf(node), (inKernel) => convolve(node, inKernel));
};

export const fusedDepthwiseConv2d: Op = (node) => {
  const [x, filter] = node.inputs as [tf.Tensor4D, tf.Tensor4D];
  return withFused(fusedOf(node), (inKernel) =>
    tf.fused.depthwiseConv2d({x, filter, ...windowOf(node), ...inKernel}),
  );
};

function convolve(node: GraphNode, inKernel: InKernel): tf.Tensor {
  const [x, filter] = node.inputs as [tf.Tensor4D, tf.Tensor4D];
  const window = windowOf(node);
  const {strides, pad, dataFormat, dilations} = window;
  const channels = x.shape[dataFormat === 'NHWC' ? 3 : 1];
  const [height, width, inputs, outputs] = filter.shape;
  const groups = channels / inputs;
  if (groups === 1) return tf.fused.conv2d({x, filter, ...window, ...inKernel});
  if (!Number.isInteger(groups) || outputs % groups !== 0 || dataFormat !== 'NHWC') {
    throw new Error(
      `Conv2D: the filter [${filter.shape}] does not fit ${channels} channels (${dataFormat}).`,
    );
  }
  if (inputs === 1) {
    const each = tf.reshape(filter, [height, width, groups, outputs / groups]);
    return tf.fused.depthwiseConv2d({x, filter: each as tf.Tensor4D, ...window, ...inKernel});
  }
  const filters = tf.split(filter, groups, 3);
  const parts = tf
    .split(x as tf.Tensor, groups, 3)
    .map((part, i) =>
      tf.conv2d(
        part as tf.Tensor4D,
        filters[i] as tf.Tensor4D,
        strides,
        pad,
        dataFormat,
        dilations,
      ),
    );
  const {bias} = inKernel;
  const whole = tf.concat(parts, 3);
  return activate(bias ? tf.add(whole, bias) : whole, inKernel);
}

interface Window {
  strides: [number, number];
  dilations: [number, number];
  /** Or explicit paddings, four pairs: the kernels take them, though the types do not say so. */
  pad: 'same' | 'valid';
  dataFormat: 'NHWC' | 'NCHW';
}

function windowOf({attrs}: GraphNode): Window {
  const dataFormat = String(attrs.data_format ?? 'nhwc').toUpperCase() as Window['dataFormat'];
  const first = dataFormat === 'NHWC' ? 1 : 2;
  const pair = (values: number[] | undefined): [number, number] =>
    values ? [values[first], values[first + 1]] : [1, 1];
  const edges = attrs.explicit_paddings as number[];
  const pairs = () => [0, 2, 4, 6].map((i) => edges.slice(i, i + 2));
  return {
    strides: pair(attrs.strides as number[] | undefined),
    dilations: pair(attrs.dilations as number[] | undefined),
    pad: (attrs.padding === 'explicit' ? pairs() : attrs.padding) as Window['pad'],
    dataFormat,
  };
}
