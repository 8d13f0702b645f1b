/** The networks of the race: deep, narrow, and alike but for how they normalise. */
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import {layerNormalization} from 'tfjs-layernorm';
import {PIXELS} from './digits.js';

export type Normalization = 'none' | 'batch' | 'layer';

const UNITS = 48;

export interface NetworkOptions {
  normalization: Normalization;
  /** Hidden layers. */
  depth: number;
  /** Size of the weights at the start; 1 as He et al. 2015 advise for ReLU. */
  gain: number;
  /** Networks of one seed start from the same weights. */
  seed: number;
  learningRate: number;
}

/** 196 pixels → `depth` × (dense, normalisation, ReLU) → ten classes. */
export function createNetwork(options: NetworkOptions): tfl.Sequential {
  const {normalization, depth, gain, seed, learningRate} = options;
  const model = tfl.sequential();
  for (let i = 0; i < depth; i++) {
    const inputs = i === 0 ? PIXELS : UNITS;
    const stddev = gain * Math.sqrt(2 / inputs);
    const kernelInitializer = tfl.initializers.randomNormal({stddev, seed: seed * 1000 + i});
    const inputShape = i === 0 ? [PIXELS] : undefined;
    model.add(tfl.layers.dense({units: UNITS, kernelInitializer, inputShape}));
    if (normalization === 'layer') model.add(layerNormalization());
    // A short memory: the race is short as well.
    if (normalization === 'batch') model.add(tfl.layers.batchNormalization({momentum: 0.9}));
    model.add(tfl.layers.activation({activation: 'relu'}));
  }
  const stddev = gain * Math.sqrt(1 / UNITS);
  const kernelInitializer = tfl.initializers.randomNormal({stddev, seed: seed * 1000 + depth});
  model.add(tfl.layers.dense({units: 10, activation: 'softmax', kernelInitializer}));
  model.compile({optimizer: tf.train.adam(learningRate), loss: 'categoricalCrossentropy'});
  return model;
}
