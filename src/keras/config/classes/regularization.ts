import type {KerasClass, KerasClasses} from './row.js';

const onlyInTraining: KerasClass = {masks: 'passes', returnsInput: true};

export const regularization: KerasClasses = {
  ActivityRegularization: onlyInTraining,
  AlphaDropout: onlyInTraining,
  Dropout: onlyInTraining,
  GaussianDropout: onlyInTraining,
  GaussianNoise: onlyInTraining,
  SpatialDropout1D: onlyInTraining,
  SpatialDropout2D: onlyInTraining,
  SpatialDropout3D: onlyInTraining,
};
