/** Layers by themselves, against plain loops in float64: masks, resizing, kernels of each place, states. */
import '../support/quiet_cpu.js';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import {KerasLayer} from '../../src/keras/index.js';
import {Softmax, type SoftmaxMask} from '../../src/keras/layers/activations/layers.js';
import {
  LocallyConnected1D,
  LocallyConnected2D,
} from '../../src/keras/layers/convolution/locally_connected.js';
import {RESIZE_METHODS, resizeAxis} from '../../src/keras/layers/images/resize.js';
import {AttachMask, CombineMasks, MaskedMerge, MaskOf} from '../../src/keras/layers/masks.js';
import {
  SpatialDropout2D,
  SpatialDropout3D,
} from '../../src/keras/layers/regularization/spatial_dropout.js';
import {Random} from '../../tools/random.js';
import {expectClose} from '../support/close.js';
import {functional, input, layer, load, on, type Weight} from '../support/keras_json.js';

const sizeOf = (shape: number[]) => shape.reduce((size, n) => size * n, 1);
const drawn = (shape: number[], seed = 3) => new Random(seed).normal(sizeOf(shape));

describe('masks as tensors', () => {
  const run = (made: tfl.layers.Layer, ...xs: tf.Tensor[]) => {
    const again = new (made.constructor as new (config: object) => tfl.layers.Layer)(
      made.getConfig(),
    );
    const shapes = xs.map(({shape}) => shape);
    const stated = made.computeOutputShape(shapes.length > 1 ? shapes : shapes[0]);
    const [y, same] = [made, again].map(
      (each) => each.call(xs.length > 1 ? xs : xs[0], {}) as tf.Tensor,
    );
    expect(y.shape).toEqual(stated);
    expect(same.arraySync()).toEqual(y.arraySync());
    return y.arraySync();
  };

  test('of the values of a tensor', () => {
    const x = tf.tensor2d([[0, 2, 5]]);
    expect(run(new MaskOf({name: 'a'}), x)).toEqual([[0, 1, 1]]);
    expect(run(new MaskOf({name: 'a', maskValue: 2}), x)).toEqual([[1, 0, 1]]);
    expect(run(new MaskOf({name: 'a'}), tf.cast(x, 'int32'))).toEqual([[0, 1, 1]]);
    const vectors = tf.tensor3d([
      [
        [0, 0],
        [0, 3],
        [3, 3],
      ],
    ]);
    expect(run(new MaskOf({name: 'a', overFeatures: true}), vectors)).toEqual([[0, 1, 1]]);
    const threes = new MaskOf({name: 'a', overFeatures: true, maskValue: 3});
    expect(run(threes, vectors)).toEqual([[1, 1, 0]]);
  });

  test('put on a tensor, ones where there is none', () => {
    const attach = new AttachMask({name: 'a'});
    const [x, mask] = [tf.zeros([1, 3, 2]), tf.tensor2d([[1, 0, 1]])];
    expect(attach.computeMask([x, mask]).dtype).toBe('bool');
    expect(attach.computeMask([x, mask]).arraySync()).toEqual([[1, 0, 1]]);
    expect(attach.computeMask(x).arraySync()).toEqual([[1, 1, 1]]);
    expect(attach.call([x, mask]).shape).toEqual([1, 3, 2]);
    expect(attach.supportsMasking).toBe(true);
    expect(
      attach.computeOutputShape([
        [null, 3, 2],
        [null, 3],
      ]),
    ).toEqual([null, 3, 2]);
  });

  test('as one', () => {
    const [a, b, c] = [[[1, 1, 0, 0]], [[1, 0, 1, 0]], [[0, 1, 1, 0]]].map((each) =>
      tf.tensor2d(each),
    );
    const combined = (how: CombineMasks['how'], unmasked?: number[]) =>
      new CombineMasks({name: 'a', how, unmasked});
    expect(run(combined('and'), a, b)).toEqual([[1, 0, 0, 0]]);
    expect(run(combined('or'), a, b)).toEqual([[1, 1, 1, 0]]);
    expect(run(combined('and'), a, b, c)).toEqual([[0, 0, 0, 0]]);
    expect(run(combined('or'), a, tf.cast(b, 'bool'))).toEqual([[1, 1, 1, 0]]);
    expect(run(combined('concat'), a, b)).toEqual([[1, 1, 0, 0, 1, 0, 1, 0]]);
    expect(run(combined('concat', [1]), a, tf.zeros([1, 2, 3]))).toEqual([[1, 1, 0, 0, 1, 1]]);
    expect(run(combined('and', [0]), tf.zeros([1, 4, 3]), b)).toEqual([[1, 0, 1, 0]]);
    expect(
      run(
        combined('any'),
        tf.tensor3d([
          [
            [0, 0],
            [0, 1],
            [1, 1],
          ],
        ]),
      ),
    ).toEqual([[0, 1, 1]]);
    expect(run(combined('any'), a)).toEqual([[1, 1, 0, 0]]);
    expect(
      combined('concat').computeOutputShape([
        [null, 3],
        [null, null],
      ]),
    ).toEqual([null, null]);
    expect(
      combined('concat').computeOutputShape([
        [null, null],
        [null, 3],
      ]),
    ).toEqual([null, null]);
    expect(
      combined('or').computeOutputShape([
        [null, 3, 2],
        [null, 3],
      ]),
    ).toEqual([null, 3]);
  });

  /** Each input as a row of steps, with its mask, or without one. */
  const rows: [number[], number[] | undefined][] = [
    [
      [2, 2, 2, 2, 5, -1],
      [1, 1, 0, 0, 1, 0],
    ],
    [
      [3, 3, 3, 3, -4, 4],
      [1, 0, 1, 0, 1, 1],
    ],
    [[4, 1, 4, 1, 2, 2], undefined],
    [
      [7, 7, -7, -7, 1, 6],
      [0, 1, 1, 0, 1, 0],
    ],
  ];
  const merges = {
    maximum: (a: number, b: number) => Math.max(a, b),
    minimum: (a: number, b: number) => Math.min(a, b),
    multiply: (a: number, b: number) => a * b,
  };
  const chosen = [
    [0, 1],
    [1, 0],
    [0, 2],
    [2, 0],
    [0, 1, 3],
    [1, 2, 3],
    [3, 2, 0, 1],
  ];
  test.each(
    (['maximum', 'minimum', 'multiply'] as const).flatMap((merge) =>
      chosen.map((which) => ({merge, which})),
    ),
  )('$merge of $which, what is masked left out', ({merge, which}) => {
    const given = which.map((i) => rows[i]);
    const masked = given.flatMap(([, mask], i) => (mask ? [i] : []));
    const expected = given[0][0].map((first, step) => {
      const seen = given.filter(([, mask]) => !mask || mask[step]).map(([x]) => x[step]);
      if (seen.length) return seen.reduce(merges[merge]);
      return merge === 'multiply' ? 0 : first;
    });
    const xs = given.map(([x]) => tf.tensor3d(x, [1, 6, 1]));
    const masks = given.flatMap(([, mask]) => (mask ? [tf.tensor2d([mask])] : []));
    const y = run(new MaskedMerge({name: 'a', merge, masked}), ...xs, ...masks);
    expect((y as number[][][]).flat(2)).toEqual(expected);
  });
});

describe('an axis resized', () => {
  const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
  /** Mitchell and Netravali 1988, of which b = 0, c = 0.5 is Keys's cubic of TensorFlow. */
  const cubic = (b: number, c: number) => (x: number) => {
    if (x >= 2) return 0;
    return x < 1
      ? ((12 - 9 * b - 6 * c) * x ** 3 + (-18 + 12 * b + 6 * c) * x ** 2 + 6 - 2 * b) / 6
      : ((-b - 6 * c) * x ** 3 +
          (6 * b + 30 * c) * x ** 2 +
          (-12 * b - 48 * c) * x +
          8 * b +
          24 * c) /
          6;
  };
  const lanczos = (radius: number) => (x: number) => (x < radius ? sinc(x) * sinc(x / radius) : 0);
  const KERNELS: Record<string, (distance: number) => number> = {
    bilinear: (x) => Math.max(0, 1 - x),
    bicubic: cubic(0, 0.5),
    gaussian: (x) => (x < 1.5 ? Math.exp((-x * x) / (2 * 0.5 ** 2)) : 0),
    lanczos3: lanczos(3),
    lanczos5: lanczos(5),
    mitchellcubic: cubic(1 / 3, 1 / 3),
  };

  /** What each input pixel counts for an output pixel. */
  function weights(method: string, o: number, input: number, output: number, antialias: boolean) {
    const step = input / output;
    const center = (o + 0.5) * step;
    return Array.from({length: input}, (_, i) => {
      if (method === 'nearest') return Number(i === Math.floor(center));
      if (method === 'area') {
        return Math.max(0, Math.min((o + 1) * step, i + 1) - Math.max(o * step, i));
      }
      const scale = antialias ? Math.max(1, step) : 1;
      return KERNELS[method](Math.abs(i + 0.5 - center) / scale);
    });
  }

  // Halved, doubled and by 3/2: TensorFlow rounds the places of `bicubic` to parts of 1024 else.
  const sizes = [
    [8, 4],
    [6, 12],
    [8, 32],
    [9, 3],
    [5, 5],
  ];
  test.each(RESIZE_METHODS)('%s', (method) => {
    for (const [from, to] of sizes) {
      for (const antialias of [false, true]) {
        const x = drawn([2, from, 3]);
        const y = resizeAxis(tf.tensor(x, [2, from, 3]), 1, to, method, antialias);
        expect(y.shape).toEqual([2, to, 3]);
        const expected = Float64Array.from({length: 2 * to * 3}, (_, at) => {
          const [image, o, channel] = [Math.floor(at / (3 * to)), Math.floor(at / 3) % to, at % 3];
          const all = from === to ? undefined : weights(method, o, from, to, antialias);
          if (!all) return x[at];
          const total = all.reduce((sum, w) => sum + w, 0);
          return (
            all.reduce((sum, w, i) => sum + w * x[(image * from + i) * 3 + channel], 0) / total
          );
        });
        expectClose(y.dataSync(), expected, 2e-6);
      }
    }
  });
});

describe('kernels of each place', () => {
  type Args = ConstructorParameters<typeof LocallyConnected1D>[0];
  interface Case {
    places: number[];
    sizes: number[];
    strides: number[];
    padding: 'valid' | 'same';
    implementation: 1 | 2 | 3;
    isFirst: boolean;
    useBias?: boolean;
  }
  const [channels, filters, batch] = [2, 3, 2];
  const grid = (sizes: number[]): number[][] =>
    sizes.reduce<number[][]>(
      (all, n) => all.flatMap((at) => Array.from({length: n}, (_, i) => [...at, i])),
      [[]],
    );

  function expected(
    {places, sizes, strides, padding, implementation, isFirst, useBias = true}: Case,
    weights: Float32Array[],
    x: Float32Array,
  ) {
    const isSame = padding === 'same';
    const to = places.map((n, i) =>
      isSame ? Math.ceil(n / strides[i]) : Math.floor((n - sizes[i]) / strides[i]) + 1,
    );
    const shaped = (of: number[], depth: number) => (isFirst ? [depth, ...of] : [...of, depth]);
    const flat = (shape: number[], at: number[]) =>
      at.reduce((n, each, i) => n * shape[i] + each, 0);
    const [inShape, outShape] = [shaped(places, channels), shaped(to, filters)];
    const [kernel, bias] = weights;
    const pairs: {input: number; output: number; ofPatch: number; place: number; filter: number}[] =
      [];
    grid(to).forEach((place, p) => {
      for (const offsets of grid(sizes)) {
        const at = place.map(
          (n, i) => n * strides[i] + offsets[i] - (isSame ? Math.floor(sizes[i] / 2) : 0),
        );
        if (at.some((n, i) => n < 0 || n >= places[i])) continue;
        for (let c = 0; c < channels; c++) {
          const ofPatch = flat(shaped(sizes, channels), shaped(offsets, c));
          const input = flat(inShape, shaped(at, c));
          for (let filter = 0; filter < filters; filter++) {
            pairs.push({
              input,
              output: flat(outShape, shaped(place, filter)),
              ofPatch,
              place: p,
              filter,
            });
          }
        }
      }
    });
    const sorted = [...pairs].sort((a, b) => a.output - b.output || a.input - b.input);
    const [inputs, outputs, patch] = [sizeOf(inShape), sizeOf(outShape), sizeOf(sizes) * channels];
    const y = new Float64Array(batch * outputs);
    for (let b = 0; b < batch; b++) {
      sorted.forEach(({input, output, ofPatch, place, filter}, i) => {
        const at =
          implementation === 1
            ? (place * patch + ofPatch) * filters + filter
            : implementation === 2
              ? input * outputs + output
              : i;
        y[b * outputs + output] += x[b * inputs + input] * kernel[at];
      });
      if (useBias) for (let o = 0; o < outputs; o++) y[b * outputs + o] += bias[o];
    }
    return {y, shape: [batch, ...outShape]};
  }

  const cases: Case[] = [];
  for (const isFirst of [false, true]) {
    for (const implementation of [1, 2, 3] as const) {
      const all = {implementation, isFirst};
      cases.push({...all, places: [5], sizes: [2], strides: [1], padding: 'valid'});
      cases.push({...all, places: [5], sizes: [3], strides: [2], padding: 'valid', useBias: false});
      cases.push({...all, places: [4, 3], sizes: [2, 2], strides: [2, 1], padding: 'valid'});
      if (implementation === 1) continue;
      cases.push({...all, places: [5], sizes: [3], strides: [2], padding: 'same'});
      cases.push({...all, places: [3, 2], sizes: [2, 3], strides: [1, 1], padding: 'same'});
    }
  }
  test.each(cases)('%j', (one) => {
    const {places, sizes, strides, padding, implementation, isFirst, useBias} = one;
    const Layer = places.length === 1 ? LocallyConnected1D : LocallyConnected2D;
    const args = {
      ...{name: 'local', filters, kernelSize: sizes, strides, padding, implementation},
      dataFormat: isFirst ? 'channelsFirst' : 'channelsLast',
      ...(useBias === undefined ? {} : {useBias}),
    } as Args;
    const made = new Layer(args);
    const shape = isFirst ? [batch, channels, ...places] : [batch, ...places, channels];
    made.build(shape);
    const weights = made.getWeights().map(({shape: each}, i) => drawn(each, 5 + i));
    made.setWeights(
      made.weights.map((weight, i) => tf.tensor(weights[i], weight.shape as number[])),
    );
    const x = drawn(shape);
    const {y, shape: to} = expected(one, weights, x);
    const found = made.call(tf.tensor(x, shape), {}) as tf.Tensor;
    expect(found.shape).toEqual(to);
    expect(made.computeOutputShape([null, ...shape.slice(1)])).toEqual([null, ...to.slice(1)]);
    expectClose(found.dataSync(), y, 2e-6);
    expect(made.getConfig()).toMatchObject({implementation, padding, filters});
    tf.dispose(made.weights.map((weight) => weight.read()));
  });
});

describe('dropout of whole channels', () => {
  test.each([
    ['2D', SpatialDropout2D, [4, 3, 3, 8], false],
    ['2D, channels first', SpatialDropout2D, [4, 8, 3, 3], true],
    ['3D', SpatialDropout3D, [4, 2, 2, 2, 8], false],
    ['3D, channels first', SpatialDropout3D, [4, 8, 2, 2, 2], true],
  ] as const)('%s', (_, Layer, shape, isFirst) => {
    const dataFormat = isFirst ? 'channelsFirst' : 'channelsLast';
    const dropout = new Layer({name: 'a', rate: 0.75, dataFormat});
    const x = tf.ones([...shape]);
    expect((dropout.apply(x) as tf.Tensor).dataSync()).toEqual(x.dataSync());
    const y = dropout.apply(x, {training: true}) as tf.Tensor;
    const places = shape
      .map((__, i) => i)
      .filter((i) => i > 0 && i !== (isFirst ? 1 : shape.length - 1));
    const [low, high] = [tf.min(y, places), tf.max(y, places)].map((each) => [...each.dataSync()]);
    expect(low).toEqual(high);
    expect(new Set(low)).toEqual(new Set([0, 4]));
    const none = new Layer({name: 'b', rate: 0, dataFormat});
    expect((none.apply(x, {training: true}) as tf.Tensor).dataSync()).toEqual(x.dataSync());
  });
});

test('a stateful layer goes on from where it was, until its states are reset', async () => {
  const rnn = layer('SimpleRNN', {
    ...{name: 'rnn', units: 1, activation: 'linear', use_bias: false, stateful: true},
  });
  const x = input([2, 1]);
  x.config.batch_shape = [1, 2, 1];
  const weights: Weight[] = [
    ['rnn/kernel', [1, 1], [1]],
    ['rnn/recurrent_kernel', [1, 1], [2]],
  ];
  const model = await load(functional([x, on(rnn, 'x')]), {weights});
  const predict = () =>
    tf.tidy(() => (model.predict(tf.tensor3d([[[1], [3]]])) as tf.Tensor).dataSync()[0]);
  const after = (state: number) => 2 * (2 * state + 1) + 3;
  expect(predict()).toBe(after(0));
  expect(predict()).toBe(after(after(0)));
  model.resetStates();
  expect(predict()).toBe(after(0));
  model.dispose();
});

describe('a layer that holds others', () => {
  class Holder extends KerasLayer {
    static override className = 'HolderOfLayers';
    readonly one = tfl.layers.dense({units: 1, useBias: false});
    readonly list = [tfl.layers.dense({units: 1, useBias: false}), 'no layer'];
    readonly dict = {a: tfl.layers.dense({units: 1, useBias: false}), b: 3};
    readonly map = new Map([['a', tfl.layers.batchNormalization({scale: false, center: false})]]);
    readonly same = this.one;
    readonly neither = [1, null, new Date(0)];
    override build(shape: tfl.Shape) {
      for (const each of [this.one, this.list[0], this.dict.a, this.map.get('a')]) {
        (each as tfl.layers.Layer).build(shape);
      }
      super.build(shape);
    }
    override call(inputs: tf.Tensor | tf.Tensor[]) {
      return [inputs].flat()[0].clone();
    }
  }

  test('has their weights, each once, and freezes with them', () => {
    const holder = new Holder({name: 'h'});
    holder.build([null, 2]);
    const counts = () =>
      [holder.trainableWeights, holder.nonTrainableWeights].map(({length}) => length);
    expect(counts()).toEqual([3, 2]);
    expect(holder.built).toBe(true);
    expect(new Set(holder.weights.map(({originalName}) => originalName)).size).toBe(5);
    holder.trainable = false;
    expect(counts()).toEqual([0, 5]);
    expect(holder.one.trainable).toBe(false);
    holder.trainable = true;
    expect(counts()).toEqual([3, 2]);
    holder.one.trainable = false;
    expect(counts()).toEqual([2, 3]);
    const other = tfl.layers.dense({units: 1});
    other.build([null, 2]);
    holder.trainableWeights = other.weights;
    expect(counts()).toEqual([4, 3]);
    holder.trainableWeights = [];
    holder.nonTrainableWeights = other.weights;
    expect(counts()).toEqual([2, 5]);
    holder.nonTrainableWeights = [];
    tf.dispose([...other.weights, ...holder.weights].map((weight) => weight.read()));
  });

  test('has their losses and its own', () => {
    const holder = new Holder({name: 'h'});
    const [own, inner] = [() => tf.scalar(1), () => tf.scalar(2)];
    holder.one.addLoss(inner);
    holder.addLoss(own);
    holder.addLoss([own]);
    expect(new Set(holder.losses)).toEqual(new Set([own, inner]));
    expect(holder.losses.filter((each) => each === own)).toHaveLength(2);
  });
});

describe('a softmax with a mask', () => {
  const x = [1, 2, 3, 0];
  const share = (seen: number[]) => {
    const e = x.map((value, i) => (seen[i] ? Math.exp(value) : 0));
    const total = e.reduce((a, b) => a + b, 0);
    return e.map((value) => (total ? value / total : 0));
  };
  const run = (takesMask: SoftmaxMask, mask: number[], axis: number | number[] = -1) => {
    const made = new Softmax({name: 's', takesMask, axis});
    return made.call([tf.tensor2d([x]), tf.tensor2d([mask])]) as tf.Tensor;
  };

  test('of ones and zeros', () => {
    for (const how of ['added', 'multiplied', 'compared'] as const) {
      for (const axis of [-1, 1, [1], [0, 1]]) {
        expectClose(run(how, [1, 0, 1, 0], axis).dataSync(), share([1, 0, 1, 0]), 1e-6);
      }
    }
  });

  test('in which nothing is seen', () => {
    expectClose(run('added', [0, 0, 0, 0]).dataSync(), [0.25, 0.25, 0.25, 0.25], 1e-6);
    for (const how of ['multiplied', 'compared'] as const) {
      expect([...run(how, [0, 0, 0, 0]).dataSync()]).toEqual([0, 0, 0, 0]);
    }
  });

  test('of parts, seen above a half', () => {
    expectClose(run('compared', [0.6, 0.5, 2, 0.1]).dataSync(), share([1, 0, 1, 0]), 1e-6);
  });

  test('has logits where nothing is done after it', () => {
    const [given, mask] = [tf.tensor2d([x]), tf.tensor2d([[1, 1, 0, 1]])];
    const of = (takesMask: SoftmaxMask, axis: number | number[] = -1) =>
      new Softmax({name: 's', takesMask, axis});
    expect(of('compared').logits([given])).toBe(given);
    expect(of('compared', [0, 1]).logits([given])).toBeUndefined();
    expect(of('compared', [1]).logits([given])).toBe(given);
    expect(of('multiplied').logits([given, mask])).toBeUndefined();
    const added = of('added').logits([given, mask])?.dataSync() ?? [];
    expect([added[0], added[1], added[3]]).toEqual([1, 2, 0]);
    expect(added[2]).toBeLessThan(-1e38);
  });
});
