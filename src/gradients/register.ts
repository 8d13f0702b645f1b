/** Registers the gradients of the kernels; tfjs keeps one for all backends. */
import * as tf from '@tensorflow/tfjs-core';
import {addLayerNormGradient} from './add_layer_norm.js';
import {layerNormGradient} from './layer_norm.js';
import {layerNormGradGradient} from './layer_norm_grad.js';

/** Registers our gradients. Safe to repeat: a gradient that is there already stays. */
export function registerGradients(): void {
  for (const config of [layerNormGradient, layerNormGradGradient, addLayerNormGradient]) {
    if (!tf.getGradient(config.kernelName)) tf.registerGradient(config);
  }
}
