import {GlobalAveragePooling1D} from '../../layers/masks.js';
import {channelsLast, type KerasClasses, only} from './row.js';

const withoutKeepdims = {keepdims: only(false)};

export const pooling: KerasClasses = {
  AveragePooling1D: {options: channelsLast},
  GlobalAveragePooling1D: {
    layer: GlobalAveragePooling1D,
    options: {...withoutKeepdims, ...channelsLast},
    usesMask: 'input',
  },
  GlobalAveragePooling2D: {options: withoutKeepdims},
  GlobalMaxPooling1D: {options: {...withoutKeepdims, ...channelsLast}},
  GlobalMaxPooling2D: {options: withoutKeepdims},
  MaxPooling1D: {options: channelsLast},
};
