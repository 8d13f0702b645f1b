import type {KerasClasses} from './row.js';

export const regularization: KerasClasses = {
  ActivityRegularization: {masks: 'passes'},
  AlphaDropout: {masks: 'passes'},
  Dropout: {masks: 'passes'},
  GaussianDropout: {masks: 'passes'},
  GaussianNoise: {masks: 'passes'},
  SpatialDropout1D: {masks: 'passes'},
};
