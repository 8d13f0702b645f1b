import {type KerasClasses, only, renamed} from './row.js';

export const activations: KerasClasses = {
  Activation: {masks: 'passes'},
  ELU: {masks: 'passes'},
  LeakyReLU: {
    options: {negative_slope: renamed('alpha')}, // Keras 2 says alpha, as tfjs does
    masks: 'passes',
  },
  PReLU: {masks: 'passes'},
  ReLU: {options: {negative_slope: only(0), threshold: only(0)}, masks: 'passes'},
  Softmax: {masks: 'passes', usesMask: 'input'},
  ThresholdedReLU: {masks: 'passes'},
};
