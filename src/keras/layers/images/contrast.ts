/** Layers that spread the values of each image over the whole range, in training and in inference. */
import * as tf from '@tensorflow/tfjs-core';
import {choose} from '../../operations/gradients.js';
import {type DataFormat, fromLast, toLast} from '../data_format.js';
import {type ArgsOf, OptionsLayer} from '../options_layer.js';

type Range = [from: number, to: number];

/** The range that the layers compute in. */
const BYTES: Range = [0, 255];

/** Brings values of one range into another. Source: `_transform_value_range` of Keras's base class. */
function toRange(x: tf.Tensor, [from, to]: Range, [newFrom, newTo]: Range): tf.Tensor {
  if (from === newFrom && to === newTo) return x;
  const parts = tf.div(tf.sub(x, from), to - from);
  return tf.add(tf.mul(parts, newTo - newFrom), newFrom);
}

interface AutoContrastOptions {
  valueRange: Range;
  dataFormat: DataFormat;
}

/**
 * Each channel of each image stretched to the whole range; one of a single value stays.
 *
 * Source: keras/src/layers/preprocessing/image_preprocessing/auto_contrast.py, whose axes 1 and 2 are
 * the same in either data format.
 */
export class AutoContrast extends OptionsLayer<AutoContrastOptions> {
  /** @nocollapse */
  static className = 'AutoContrast';

  constructor(args: ArgsOf<AutoContrastOptions>) {
    super(args, {valueRange: BYTES, dataFormat: 'channelsLast'});
  }

  protected override compute([input]: tf.Tensor[]): tf.Tensor {
    const {valueRange} = this.options;
    const given = tf.cast(input, 'float32');
    const x = toRange(given, valueRange, BYTES);
    const [low, high] = [tf.min(x, [1, 2], true), tf.max(x, [1, 2], true)];
    const isFlat = tf.equal(low, high);
    const extent = choose(isFlat, tf.onesLike(high), tf.sub(high, low));
    const scale = tf.div(255, extent);
    const stretched = tf.add(tf.mul(x, scale), tf.mul(tf.neg(low), scale));
    const y = toRange(tf.clipByValue(stretched, 0, 255), BYTES, valueRange);
    return choose(tf.broadcastTo(isFlat, x.shape), given, y);
  }
}

interface ClaheOptions {
  valueRange: Range;
  clipLimit: number;
  tileGridSize: [rows: number, cols: number];
  dataFormat: DataFormat;
}

/**
 * Equalises the histogram of each tile of an image, none of whose values may count too much, and
 * blends those of neighbouring tiles.
 *
 * Source: keras/src/layers/preprocessing/image_preprocessing/clahe.py.
 */
export class ContrastLimitedAdaptiveHistogramEqualization extends OptionsLayer<ClaheOptions> {
  /** @nocollapse */
  static className = 'ContrastLimitedAdaptiveHistogramEqualization';

  constructor(args: ArgsOf<ClaheOptions>) {
    super(args, {
      valueRange: BYTES,
      clipLimit: 4,
      tileGridSize: [8, 8],
      dataFormat: 'channelsLast',
    });
  }

  protected override compute([input]: tf.Tensor[]): tf.Tensor {
    const {valueRange, dataFormat} = this.options;
    const x = toRange(toLast(tf.cast(input, 'float32'), dataFormat), valueRange, BYTES);
    const y = toRange(this.equalized(x as tf.Tensor4D), BYTES, valueRange);
    return fromLast(y, dataFormat);
  }

  /** [batch, height, width, channels] */
  private equalized(x: tf.Tensor4D): tf.Tensor {
    const [batch, height, width, channels] = x.shape;
    const [rows, cols] = this.options.tileGridSize;
    const [tileHeight, tileWidth] = [Math.ceil(height / rows), Math.ceil(width / cols)];
    const padded = tf.mirrorPad(
      x,
      [
        [0, 0],
        [0, rows * tileHeight - height],
        [0, cols * tileWidth - width],
        [0, 0],
      ],
      'symmetric',
    );
    const levels = tf.cast(tf.clipByValue(padded, 0, 255), 'int32') as tf.Tensor4D; // cuts the fraction off
    const tiles = tf.transpose(
      tf.reshape(levels, [batch, rows, tileHeight, cols, tileWidth, channels]),
      [0, 1, 3, 5, 2, 4],
    );
    const maps = this.mapsOf(tf.reshape(tiles, [-1, tileHeight * tileWidth]));
    const result = blend(maps, levels, {rows, cols, height: tileHeight, width: tileWidth});
    return tf.slice(result, [0, 0, 0, 0], [batch, height, width, channels]);
  }

  /** Tiles [tiles, pixels] → [tiles, 256], what becomes of each level. */
  private mapsOf(tiles: tf.Tensor): tf.Tensor {
    const pixels = tiles.shape[1] as number;
    const counts = tf.sum(tf.cast(tf.oneHot(tiles, 256), 'float32'), 1);
    const limit = (this.options.clipLimit * pixels) / 256;
    const kept = limit > 0 ? tf.minimum(counts, limit) : counts;
    const spread = tf.add(kept, tf.div(tf.sum(tf.sub(counts, kept), 1, true), 256));
    const sums = tf.cumsum(spread, 1); // some backends count -1 wrong
    const least = tf.min(sums, 1, true);
    const rest = tf.sub(pixels, least);
    const divisor = choose(tf.equal(rest, 0), tf.onesLike(rest), rest);
    return tf.clipByValue(tf.div(tf.mul(tf.sub(sums, least), 255), divisor), 0, 255);
  }
}

/** Each pixel by the maps of the four tiles whose middles are around it, those at the edge twice. */
function blend(
  maps: tf.Tensor,
  levels: tf.Tensor4D,
  {rows, cols, height, width}: {rows: number; cols: number; height: number; width: number},
): tf.Tensor {
  const [batch, , , channels] = levels.shape;
  const [tall, wide] = [rows * height, cols * width];
  const flat = tf.reshape(maps, [-1]);
  const places = (size: number, count: number) =>
    Array.from({length: size * count}, (_, i) => {
      const at = (i - size / 2) / size + 1;
      const before = Math.floor(at);
      const tile = (edge: number) => Math.min(Math.max(edge - 1, 0), count - 1);
      return {tiles: [tile(before), tile(before + 1)], weight: at - before};
    });
  const [ys, xs] = [places(height, rows), places(width, cols)];
  const offset = tf.add(
    tf.reshape(
      tf.mul(tf.range(0, batch, 1, 'int32'), tf.scalar(rows * cols * channels * 256, 'int32')),
      [batch, 1, 1, 1],
    ),
    tf.reshape(tf.mul(tf.range(0, channels, 1, 'int32'), tf.scalar(256, 'int32')), [
      1,
      1,
      1,
      channels,
    ]),
  );
  const base = tf.add(levels, offset);
  const mapped = (row: number, col: number) => {
    const down = ys.map(({tiles}) => tiles[row] * cols * channels * 256);
    const right = xs.map(({tiles}) => tiles[col] * channels * 256);
    const tile = tf.add(
      tf.tensor(down, [1, tall, 1, 1], 'int32'),
      tf.tensor(right, [1, 1, wide, 1], 'int32'),
    );
    return tf.gather(flat, tf.cast(tf.add(base, tile), 'int32'));
  };
  const down = tf.tensor(
    ys.map(({weight}) => weight),
    [1, tall, 1, 1],
  );
  const right = tf.tensor(
    xs.map(({weight}) => weight),
    [1, 1, wide, 1],
  );
  const between = (a: tf.Tensor, b: tf.Tensor, weight: tf.Tensor) =>
    tf.add(tf.mul(a, tf.sub(1, weight)), tf.mul(b, weight));
  const upper = between(mapped(0, 0), mapped(0, 1), right);
  const lower = between(mapped(1, 0), mapped(1, 1), right);
  return between(upper, lower, down);
}
