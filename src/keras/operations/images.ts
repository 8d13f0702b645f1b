/** Operations on pictures [batch, height, width, channels], or one without the batch. */
import * as tf from '@tensorflow/tfjs-core';
import type {Shape} from '@tensorflow/tfjs-layers';
import type {DataFormat} from '../layers/data_format.js';
import {cropToAspect, padToAspect, RESIZE_METHODS, resizeImages} from '../layers/images/resize.js';
import {equal} from './conditions.js';
import {choose} from './gradients.js';
import {onPictures} from './neural.js';
import {cast, type Operation, type Table, throughInt, toFloat} from './operation.js';
import {padTensor} from './pad.js';
import {addSizes} from './shapes.js';
import {type Arguments, kindOf} from './values.js';

const sameShape = (shape: Shape) => shape;
const FORMAT = 'images, data_format=None';

function channels(x: tf.Tensor): tf.Tensor[] {
  return tf.split(x, 3, -1);
}

const gray = onPictures(
  FORMAT,
  (shape) => [...shape.slice(0, -1), 1],
  (x) => {
    if (x.shape.at(-1) === 1) return tf.clone(x);
    const weighted = tf.mul(toFloat(x), tf.tensor1d([0.2989, 0.587, 0.114]));
    return cast(tf.sum(weighted, -1, true), kindOf(x.dtype));
  },
);

const toHsv = onPictures(FORMAT, sameShape, (given) => {
  const [r, g, b] = channels(toFloat(given));
  const value = tf.maximum(tf.maximum(r, g), b);
  const range = tf.sub(value, tf.minimum(tf.minimum(r, g), b));
  const isGray = equal(range, 0);
  const one = tf.onesLike(range);
  const norm = tf.div(1, tf.mul(6, choose(isGray, one, range)));
  const fromRed = tf.mul(norm, tf.sub(g, b));
  const fromGreen = tf.add(tf.mul(norm, tf.sub(b, r)), 2 / 6);
  const fromBlue = tf.add(tf.mul(norm, tf.sub(r, g)), 4 / 6);
  const turned = choose(equal(r, value), fromRed, choose(equal(g, value), fromGreen, fromBlue));
  const hue = choose(isGray, tf.zerosLike(range), tf.sub(turned, tf.floor(turned)));
  const isBlack = equal(value, 0);
  const share = tf.div(range, choose(isBlack, one, value));
  return tf.concat([hue, choose(isBlack, tf.zerosLike(share), share), value], -1);
});

const fromHsv = onPictures(FORMAT, sameShape, (given) => {
  const [h, s, v] = channels(toFloat(given));
  const six = tf.mul(h, 6);
  const clipped = (x: tf.Tensor) => tf.minimum(tf.maximum(x, 0), 1);
  const shares = [
    clipped(tf.sub(tf.abs(tf.sub(six, 3)), 1)),
    clipped(tf.sub(2, tf.abs(tf.sub(six, 2)))),
    clipped(tf.sub(2, tf.abs(tf.sub(six, 4)))),
  ];
  return tf.concat(
    shares.map((share) => tf.mul(v, tf.add(tf.sub(1, s), tf.mul(s, share)))),
    -1,
  );
});

/** The margins before and after along an axis, one of which the wanted size may tell. */
function margins(args: Arguments, [before, after, target]: string[], size: number | null) {
  const given = [before, after].map((name) => (args.has(name) ? args.integer(name) : null));
  if (!args.has(target)) return given.map((margin) => margin ?? 0);
  if (given.every((margin) => margin !== null)) return given as number[];
  if (size === null) return [null, null];
  const total = Math.abs(args.integer(target) - size);
  const [a, b] = given;
  return a === null && b === null ? [0, total] : [a ?? total - (b ?? 0), b ?? total - (a ?? 0)];
}

const SIDES = [
  ['top', 'bottom', 'height'],
  ['left', 'right', 'width'],
];

const framing = (kind: 'padding' | 'cropping'): Operation => {
  const names = SIDES.map(([a, b, size]) => [`${a}_${kind}`, `${b}_${kind}`, `target_${size}`]);
  const sign = kind === 'padding' ? 1 : -1;
  return onPictures(
    `images, top_${kind}=None, left_${kind}=None, bottom_${kind}=None, right_${kind}=None, ` +
      'target_height=None, target_width=None, data_format=None',
    (shape, args) => {
      const n = shape.length;
      const sizes = names.map((each, i) => {
        if (args.has(each[2])) return args.integer(each[2]);
        const size = shape[n - 3 + i];
        return addSizes(
          size,
          ...margins(args, each, size).map((m) => (m === null ? null : sign * m)),
        );
      });
      return [...shape.slice(0, n - 3), ...sizes, shape[n - 1]];
    },
    (x, args) => {
      const n = x.rank;
      const pairs = x.shape.map((size, axis): [number, number] => {
        const side = axis - (n - 3);
        if (side < 0 || side > 1) return [0, 0];
        return margins(args, names[side], size) as [number, number];
      });
      if (kind === 'padding') return throughInt(x, (y) => padTensor(y, pairs));
      return tf.slice(
        x,
        pairs.map(([before]) => before),
        x.shape.map((size, i) => size - pairs[i][0] - pairs[i][1]),
      );
    },
  );
};

/** One number for each dimension of places. */
export function each(args: Arguments, name: string, count: number, otherwise: number): number[] {
  if (!args.has(name)) return Array(count).fill(otherwise);
  const values = args.integers(name);
  // TensorFlow takes the batch and the channels with the places.
  if (values.length === count + 2) return values.slice(1, -1);
  return values.length === 1 ? Array(count).fill(values[0]) : values;
}

export interface Windows {
  size: number[];
  strides: number[];
  dilations: number[];
  isSame: boolean;
}

/** How many windows there are along an axis, and the margins before and after. */
export function windowsAlong(
  length: number,
  {size, strides, dilations, isSame}: Windows,
  i: number,
) {
  const extent = (size[i] - 1) * dilations[i] + 1;
  if (!isSame) return {count: Math.floor((length - extent) / strides[i]) + 1, before: 0, after: 0};
  const count = Math.ceil(length / strides[i]);
  const missing = Math.max(0, (count - 1) * strides[i] + extent - length);
  return {count, before: Math.floor(missing / 2), after: Math.ceil(missing / 2)};
}

/** The windows of [batch, …places, channels]: [batch, …counts, …size, channels] as a flat list of parts. */
export function windowsOf(
  given: tf.Tensor,
  windows: Windows,
  margin = 0,
): {parts: tf.Tensor[]; counts: number[]} {
  const {size, strides, dilations} = windows;
  const along = size.map((_, i) => windowsAlong(given.shape[i + 1], windows, i));
  const paddings = along.map(({before, after}): [number, number] => [before, after]);
  const x = throughInt(given, (y) => padTensor(y, [[0, 0], ...paddings, [0, 0]], margin));
  const counts = along.map(({count}) => count);
  const places = size.reduce<number[][]>(
    (all, n) => all.flatMap((at) => Array.from({length: n}, (_, k) => [...at, k])),
    [[]],
  );
  const parts = places.map((at) =>
    at.reduce((y, k, i) => stepped(y, i + 1, k * dilations[i], strides[i], counts[i]), x),
  );
  return {parts, counts};
}

/** `count` places along an axis, each `stride` after the last. */
function stepped(
  x: tf.Tensor,
  axis: number,
  start: number,
  stride: number,
  count: number,
): tf.Tensor {
  const begin = x.shape.map((_, i) => (i === axis ? start : 0));
  const length = (count - 1) * stride + 1;
  const cut = tf.slice(
    x,
    begin,
    x.shape.map((n, i) => (i === axis ? length : n)),
  );
  if (stride === 1) return cut;
  const paddings = x.shape.map((_, i): [number, number] => [0, i === axis ? stride - 1 : 0]);
  const before = x.shape.slice(0, axis);
  const after = x.shape.slice(axis + 1);
  const apart = tf.reshape(padTensor(cut, paddings), [...before, count, stride, ...after]);
  const first = tf.slice(
    apart,
    apart.shape.map(() => 0),
    apart.shape.map((n, i) => (i === axis + 1 ? 1 : n)),
  );
  return tf.reshape(first, [...before, count, ...after]);
}

/** The images with a batch of one where there is none. */
const batched = (x: tf.Tensor, rank: number, f: (x: tf.Tensor) => tf.Tensor) =>
  x.rank === rank ? f(x) : tf.squeeze(f(tf.expandDims(x, 0)), [0]);

const windowOptions = (args: Arguments): Windows => {
  const size = args.integers('size');
  const full = size.length === 1 ? [size[0], size[0]] : size;
  const strides = args.has('strides') ? each(args, 'strides', full.length, 1) : full;
  return {
    size: full,
    strides,
    dilations: each(args, 'dilation_rate', full.length, 1),
    isSame: args.text('padding', 'valid') === 'same',
  };
};

export const isFirst = (args: Arguments) => args.get('data_format') === 'channels_first';

export const formatOf = (args: Arguments): DataFormat =>
  isFirst(args) ? 'channelsFirst' : 'channelsLast';

/** The windows of a picture, or of a volume, each as one vector of channels. */
const extractPatches: Operation = {
  signature: "images, size, strides=None, dilation_rate=1, padding='valid', data_format=None",
  shape: (args) => {
    const {shape} = args.tensor('images');
    const windows = windowOptions(args);
    const n = windows.size.length;
    const first = isFirst(args);
    const start = shape.length - n - 1 + (first ? 1 : 0);
    const depth = shape[first ? shape.length - n - 1 : shape.length - 1];
    const counts = windows.size.map((_, i) => {
      const length = shape[start + i];
      return length === null ? null : windowsAlong(length, windows, i).count;
    });
    const total = depth === null ? null : windows.size.reduce((product, k) => product * k, depth);
    const batch = shape.slice(0, shape.length - n - 1);
    return first ? [...batch, total, ...counts] : [...batch, ...counts, total];
  },
  compute: (args) => {
    const windows = windowOptions(args);
    const n = windows.size.length;
    return batched(args.tensor('images'), n + 2, (given) => {
      const order = [...given.shape.keys()];
      const x = isFirst(args) ? tf.transpose(given, [0, ...order.slice(2), 1]) : given;
      const patches = tf.concat(windowsOf(x, windows).parts, -1);
      return isFirst(args) ? tf.transpose(patches, [0, n + 1, ...order.slice(1, -1)]) : patches;
    });
  },
};

const foldOptions = (args: Arguments) => {
  const pair = (name: string, otherwise: number) => each(args, name, 2, otherwise);
  return {
    size: pair('kernel_size', 1),
    dilations: pair('dilation', 1),
    padding: pair('padding', 0),
    strides: pair('stride', 1),
  };
};

/** [batch, channels, height, width] → [batch, channels·kernel, windows] */
const unfold: Operation = {
  signature: 'x, kernel_size, dilation=1, padding=0, stride=1',
  shape: (args) => {
    const [batch, depth, ...places] = args.tensor('x').shape;
    const {size, dilations, padding, strides} = foldOptions(args);
    const windows = {size, dilations, strides, isSame: false};
    const counts = places.map((n, i) =>
      n === null ? null : windowsAlong(n + 2 * padding[i], windows, i).count,
    );
    const total = counts.reduce(
      (product, n) => (product === null || n === null ? null : product * n),
      1,
    );
    return [batch, depth === null ? null : depth * size[0] * size[1], total];
  },
  compute: (args) => {
    const x = args.tensor('x');
    const {size, dilations, padding, strides} = foldOptions(args);
    const [vertical, horizontal] = padding.map((n): [number, number] => [n, n]);
    const padded = padTensor(tf.transpose(x, [0, 2, 3, 1]), [[0, 0], vertical, horizontal, [0, 0]]);
    const {parts, counts} = windowsOf(padded, {size, dilations, strides, isSame: false});
    const [batch, depth] = x.shape;
    const all = tf.stack(parts, -1); // [batch, …counts, channels, kernel]
    const moved = tf.transpose(all, [0, 3, 4, 1, 2]);
    return tf.reshape(moved, [batch, depth * parts.length, counts[0] * counts[1]]);
  },
};

/** The sum of windows where they overlap: what `unfold` is turned around. */
const fold: Operation = {
  signature: 'x, output_size, kernel_size, dilation=1, padding=0, stride=1',
  shape: (args) => {
    const [batch, depth] = args.tensor('x').shape;
    const {size} = foldOptions(args);
    const kernel = size[0] * size[1];
    return [batch, depth === null ? null : depth / kernel, ...each(args, 'output_size', 2, 1)];
  },
  compute: (args) => {
    const x = args.tensor('x');
    const {size, dilations, padding, strides} = foldOptions(args);
    const output = each(args, 'output_size', 2, 1);
    const full = output.map((n, i) => n + 2 * padding[i]);
    const windows = {size, dilations, strides, isSame: false};
    const counts = full.map((n, i) => windowsAlong(n, windows, i).count);
    const [batch, all] = x.shape;
    const kernel = size[0] * size[1];
    const apart = tf.reshape(x, [batch, all / kernel, kernel, ...counts]);
    const parts = tf.unstack(apart, 2).map((part, k) => {
      const at = [Math.floor(k / size[1]) * dilations[0], (k % size[1]) * dilations[1]];
      const spread = [0, 1].reduce((y, i) => spaced(y, i + 2, strides[i]), part);
      const margin = at.map((start, i): [number, number] => [
        start,
        full[i] - start - spread.shape[i + 2],
      ]);
      return padTensor(spread, [[0, 0], [0, 0], ...margin]);
    });
    const sum = parts.reduce((total, part) => tf.add(total, part));
    return tf.slice(sum, [0, 0, ...padding], [batch, all / kernel, ...output]);
  },
};

/** x with zeros between the places of an axis. */
function spaced(x: tf.Tensor, axis: number, stride: number): tf.Tensor {
  if (stride === 1) return x;
  const apart = tf.expandDims(x, axis + 1);
  const paddings = apart.shape.map((_, i): [number, number] => [
    0,
    i === axis + 1 ? stride - 1 : 0,
  ]);
  const size = x.shape[axis];
  const merged = x.shape.map((n, i) => (i === axis ? n * stride : n));
  return tf.slice(
    tf.reshape(padTensor(apart, paddings), merged),
    merged.map(() => 0),
    merged.map((n, i) => (i === axis ? (size - 1) * stride + 1 : n)),
  );
}

/** Each channel of a picture by itself, with a kernel [height, width] whose margins are zeros. */
function filtered(x: tf.Tensor, kernel: number[][], pad: 'same' | 'valid'): tf.Tensor {
  const [height, width] = [kernel.length, kernel[0].length];
  const windows = {
    size: [height, width],
    strides: [1, 1],
    dilations: [1, 1],
    isSame: pad === 'same',
  };
  const weights = kernel.flat();
  return windowsOf(x, windows)
    .parts.map((part, i) => tf.mul(part, weights[i]))
    .reduce((sum, part) => tf.add(sum, part));
}

const gaussianBlur = onPictures(
  'images, kernel_size=None, sigma=None, data_format=None',
  sameShape,
  (x, args) => {
    const size = args.has('kernel_size') ? args.integers('kernel_size') : [3, 3];
    const value = args.get('sigma');
    const sigma = Array.isArray(value) ? value.map(Number) : [1, 1];
    const bell = (i: number) => {
      const values = Array.from({length: size[i]}, (_, k) =>
        Math.exp(-0.5 * ((k - (size[i] - 1) / 2) / sigma[i]) ** 2),
      );
      const total = values.reduce((a, b) => a + b);
      return values.map((each) => each / total);
    };
    const [horizontal, vertical] = [bell(0), bell(1)];
    // Where the sizes differ, Keras reads the numbers in rows of the other length.
    const flat = vertical.flatMap((a) => horizontal.map((b) => a * b));
    const kernel = Array.from({length: size[0]}, (_, i) =>
      flat.slice(i * size[1], (i + 1) * size[1]),
    );
    return batched(toFloat(x), 4, (y) => filtered(y, kernel, 'same'));
  },
);

/** A picture whose heights and widths are others, the places those of the centres of its points. */
const resize: Operation = onPictures(
  "images, size, interpolation='bilinear', antialias=False, crop_to_aspect_ratio=False, " +
    "pad_to_aspect_ratio=False, fill_mode='constant', fill_value=0.0, data_format=None",
  (shape, args) => {
    const method = args.text('interpolation', 'bilinear');
    if (!RESIZE_METHODS.includes(method)) {
      throw new Error(`its interpolation ${method} is none of ${RESIZE_METHODS.join(', ')}.`);
    }
    if (args.text('fill_mode', 'constant') !== 'constant') {
      throw new Error('its fill_mode must be constant.');
    }
    const n = shape.length;
    return [...shape.slice(0, n - 3), ...args.integers('size'), shape[n - 1]];
  },
  (x, args) => {
    const [height, width] = args.integers('size');
    const method = args.text('interpolation', 'bilinear');
    let image = toFloat(x);
    if (args.flag('crop_to_aspect_ratio')) image = cropToAspect(image, height, width);
    else if (args.flag('pad_to_aspect_ratio')) {
      image = padToAspect(image, height, width, args.number('fill_value', 0));
    }
    const y = resizeImages(image, [height, width], method, args.flag('antialias'));
    return method === 'nearest' ? cast(y, kindOf(x.dtype)) : y;
  },
);

const SOBEL = [
  [
    [-1, -2, -1],
    [0, 0, 0],
    [1, 2, 1],
  ],
  [
    [-1, 0, 1],
    [-2, 0, 2],
    [-1, 0, 1],
  ],
];

const sobelEdges: Operation = {
  signature: FORMAT,
  shape: (args) => [...args.tensor('images').shape, 2],
  compute: (args) => {
    const given = toFloat(args.tensor('images'));
    const x = isFirst(args) ? tf.transpose(given, [0, 2, 3, 1]) : given;
    const edge = (y: tf.Tensor, axis: number) => {
      const n = y.shape[axis];
      const at = (place: number) =>
        tf.slice(
          y,
          y.shape.map((_, i) => (i === axis ? place : 0)),
          y.shape.map((size, i) => (i === axis ? 1 : size)),
        );
      return tf.concat([at(1), y, at(n - 2)], axis);
    };
    const mirrored = edge(edge(x, 1), 2);
    const edges = tf.stack(
      SOBEL.map((kernel) => filtered(mirrored, kernel, 'valid')),
      -1,
    );
    return isFirst(args) ? tf.transpose(edges, [0, 3, 1, 2, 4]) : edges;
  },
};

export const images: Table = {
  CropImages: framing('cropping'),
  ExtractPatches: extractPatches,
  Fold: fold,
  GaussianBlur: gaussianBlur,
  HSVToRGB: fromHsv,
  PadImages: framing('padding'),
  RGBToGrayscale: gray,
  RGBToHSV: toHsv,
  Resize: resize,
  SobelEdges: sobelEdges,
  Unfold: unfold,
};
