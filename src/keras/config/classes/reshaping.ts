import {
  Cropping1D,
  Cropping2D,
  Cropping3D,
  Flatten,
  Reshape,
  UpSampling1D,
  UpSampling2D,
  UpSampling3D,
  ZeroPadding1D,
  ZeroPadding2D,
  ZeroPadding3D,
} from '../../layers/reshaping/layers.js';
import type {KerasClasses} from './row.js';

export const reshaping: KerasClasses = {
  Cropping1D: {layer: Cropping1D},
  Cropping2D: {layer: Cropping2D},
  Cropping3D: {layer: Cropping3D},
  Flatten: {layer: Flatten},
  Reshape: {layer: Reshape},
  UpSampling1D: {layer: UpSampling1D},
  UpSampling2D: {layer: UpSampling2D},
  UpSampling3D: {layer: UpSampling3D},
  ZeroPadding1D: {layer: ZeroPadding1D},
  ZeroPadding2D: {layer: ZeroPadding2D},
  ZeroPadding3D: {layer: ZeroPadding3D},
};
