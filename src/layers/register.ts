/** Makes `tf.loadLayersModel` build our classes for the saved layers of their names. */
import {serialization} from '@tensorflow/tfjs-core';
import type {layers} from '@tensorflow/tfjs-layers';
import {AddLayerNormalization} from './add_layer_normalization.js';
import {GroupNormalization} from './group_normalization.js';
import {LayerNormalization} from './layer_normalization.js';
import {RMSNormalization} from './rms_normalization.js';
import {UnitNormalization} from './unit_normalization.js';

/** Registers our layers; `LayerNormalization` takes the built-in's place. Safe to repeat. */
export function registerLayers(): void {
  for (const layer of [
    AddLayerNormalization,
    GroupNormalization,
    LayerNormalization,
    RMSNormalization,
    UnitNormalization,
  ]) {
    serialization.registerClass(layer as serialization.SerializableConstructor<layers.Layer>);
  }
}
