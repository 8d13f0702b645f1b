import {
  Activation,
  ELU,
  LeakyReLU,
  ReLU,
  Softmax,
  ThresholdedReLU,
} from '../../layers/activations/layers.js';
import {type KerasClasses, renamed} from './row.js';

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
  Softmax: {layer: Softmax, masks: 'passes', usesMask: 'input'},
  ThresholdedReLU: {layer: ThresholdedReLU, masks: 'passes'},
};
