import {ActivityRegularization} from '../../layers/regularization/activity.js';
import {SpatialDropout2D, SpatialDropout3D} from '../../layers/regularization/spatial_dropout.js';
import {isPenaltyPerExample} from '../penalty.js';
import type {KerasClass, KerasClasses} from './row.js';

const onlyInTraining: KerasClass = {masks: 'passes', returnsInput: true};

export const regularization: KerasClasses = {
  ActivityRegularization: {
    ...onlyInTraining,
    layer: ActivityRegularization,
    adds: (_, version) => ({per_example: isPenaltyPerExample(version)}),
  },
  AlphaDropout: onlyInTraining,
  Dropout: onlyInTraining,
  GaussianDropout: onlyInTraining,
  GaussianNoise: onlyInTraining,
  SpatialDropout1D: onlyInTraining,
  SpatialDropout2D: {...onlyInTraining, layer: SpatialDropout2D},
  SpatialDropout3D: {...onlyInTraining, layer: SpatialDropout3D},
};
