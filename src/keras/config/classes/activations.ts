import {
  Activation,
  ELU,
  LeakyReLU,
  ReLU,
  Softmax,
  type SoftmaxMask,
  ThresholdedReLU,
} from '../../layers/activations/layers.js';
import {type ByVersion, inVersion} from '../version.js';
import {type KerasClasses, renamed} from './row.js';

const takesMask: ByVersion<SoftmaxMask> = {
  '2.0': 'added',
  '3.10': 'multiplied',
  '3.14': 'compared',
};

export const activations: KerasClasses = {
  Activation: {layer: Activation, masks: 'passes'},
  ELU: {layer: ELU, masks: 'passes'},
  LeakyReLU: {
    layer: LeakyReLU,
    options: {negative_slope: renamed('alpha')}, // Keras 2 says alpha, as tfjs does
    masks: 'passes',
  },
  PReLU: {masks: 'passes'},
  ReLU: {layer: ReLU, masks: 'passes'},
  Softmax: {
    layer: Softmax,
    adds: (_, version) => ({takes_mask: inVersion(takesMask, version)}),
    masks: 'passes',
    usesMask: 'input',
  },
  ThresholdedReLU: {layer: ThresholdedReLU, masks: 'passes'},
};
