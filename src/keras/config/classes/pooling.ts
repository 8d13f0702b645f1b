import {
  GlobalAveragePooling1D,
  GlobalAveragePooling2D,
  GlobalAveragePooling3D,
  GlobalMaxPooling1D,
  GlobalMaxPooling2D,
  GlobalMaxPooling3D,
} from '../../layers/pooling/global.js';
import {
  AdaptiveAveragePooling1D,
  AdaptiveAveragePooling2D,
  AdaptiveAveragePooling3D,
  AdaptiveMaxPooling1D,
  AdaptiveMaxPooling2D,
  AdaptiveMaxPooling3D,
  AveragePooling1D,
  AveragePooling2D,
  AveragePooling3D,
  MaxPooling1D,
  MaxPooling2D,
  MaxPooling3D,
} from '../../layers/pooling/windows.js';
import type {KerasClasses} from './row.js';

export const pooling: KerasClasses = {
  AdaptiveAveragePooling1D: {layer: AdaptiveAveragePooling1D},
  AdaptiveAveragePooling2D: {layer: AdaptiveAveragePooling2D},
  AdaptiveAveragePooling3D: {layer: AdaptiveAveragePooling3D},
  AdaptiveMaxPooling1D: {layer: AdaptiveMaxPooling1D},
  AdaptiveMaxPooling2D: {layer: AdaptiveMaxPooling2D},
  AdaptiveMaxPooling3D: {layer: AdaptiveMaxPooling3D},
  AveragePooling1D: {layer: AveragePooling1D},
  AveragePooling2D: {layer: AveragePooling2D},
  AveragePooling3D: {layer: AveragePooling3D},
  GlobalAveragePooling1D: {layer: GlobalAveragePooling1D, usesMask: 'input'},
  GlobalAveragePooling2D: {layer: GlobalAveragePooling2D},
  GlobalAveragePooling3D: {layer: GlobalAveragePooling3D},
  GlobalMaxPooling1D: {layer: GlobalMaxPooling1D},
  GlobalMaxPooling2D: {layer: GlobalMaxPooling2D},
  GlobalMaxPooling3D: {layer: GlobalMaxPooling3D},
  MaxPooling1D: {layer: MaxPooling1D},
  MaxPooling2D: {layer: MaxPooling2D},
  MaxPooling3D: {layer: MaxPooling3D},
};
