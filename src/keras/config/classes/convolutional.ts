import {
  Conv1D,
  Conv1DTranspose,
  Conv2D,
  Conv2DTranspose,
  Conv3D,
  Conv3DTranspose,
  DepthwiseConv1D,
  DepthwiseConv2D,
  SeparableConv1D,
  SeparableConv2D,
} from '../../layers/convolution/layers.js';
import type {KerasClasses} from './row.js';

export const convolutional: KerasClasses = {
  Conv1D: {layer: Conv1D},
  Conv1DTranspose: {layer: Conv1DTranspose},
  Conv2D: {layer: Conv2D},
  Conv2DTranspose: {layer: Conv2DTranspose},
  Conv3D: {layer: Conv3D},
  Conv3DTranspose: {layer: Conv3DTranspose},
  DepthwiseConv1D: {layer: DepthwiseConv1D},
  DepthwiseConv2D: {layer: DepthwiseConv2D},
  SeparableConv1D: {layer: SeparableConv1D},
  SeparableConv2D: {layer: SeparableConv2D},
};
