/** Makes `tf.loadLayersModel` build our classes for the saved layers of their names. */
import {serialization} from '@tensorflow/tfjs-core';
import {LayerNormalization} from './layer_normalization.js';
import {RMSNormalization} from './rms_normalization.js';

/** Registers our layers; `LayerNormalization` takes the built-in's place. Safe to repeat. */
export function registerLayers(): void {
  serialization.registerClass(LayerNormalization);
  serialization.registerClass(RMSNormalization);
}
