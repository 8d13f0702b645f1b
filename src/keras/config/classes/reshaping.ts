import {type KerasClasses, only} from './row.js';

export const reshaping: KerasClasses = {
  UpSampling2D: {options: {interpolation: only('nearest')}},
};
