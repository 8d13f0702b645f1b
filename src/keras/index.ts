/** Models saved by Keras. Importing this registers the kernels, their gradients and the layers. */
import {registerGradients} from '../gradients/register.js';
import {registerKernels} from '../kernels/register.js';
import {registerLayers} from '../layers/register.js';
import {registerKerasLayers} from './layers/register.js';

registerKernels();
registerGradients();
registerLayers();
registerKerasLayers();

export {
  MultiHeadAttention,
  type MultiHeadAttentionArgs,
} from './layers/attention/multi_head_attention.js';
export {KerasLayer} from './layers/keras_layer.js';
export {type LoadKerasModelOptions, loadKerasModel} from './load.js';
export type {CustomClass, CustomObjects} from './model/custom_objects.js';
export type {OnProgress} from './read/progress.js';
export type {KerasSource} from './read/source.js';
