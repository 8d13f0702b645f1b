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
import {
  LocallyConnected1D,
  LocallyConnected2D,
} from '../../layers/convolution/locally_connected.js';
import type {Json} from '../saved.js';
import {inVersion, type KerasVersion} from '../version.js';
import type {KerasClass, KerasClasses} from './row.js';

/** Source: `call` of layers/convolutional/base_conv.py; `add` of backend/tensorflow/numpy.py. */
const convolution: KerasClass = {
  adds: (_config: Json, version: KerasVersion) => ({
    guesses_bias_axis: inVersion({'2.0': false, '3.7': true}, version),
  }),
};

export const convolutional: KerasClasses = {
  Conv1D: {...convolution, layer: Conv1D},
  Conv1DTranspose: {...convolution, layer: Conv1DTranspose},
  Conv2D: {...convolution, layer: Conv2D},
  Conv2DTranspose: {...convolution, layer: Conv2DTranspose},
  Conv3D: {...convolution, layer: Conv3D},
  Conv3DTranspose: {...convolution, layer: Conv3DTranspose},
  DepthwiseConv1D: {...convolution, layer: DepthwiseConv1D},
  DepthwiseConv2D: {...convolution, layer: DepthwiseConv2D},
  LocallyConnected1D: {layer: LocallyConnected1D},
  LocallyConnected2D: {layer: LocallyConnected2D},
  SeparableConv1D: {...convolution, layer: SeparableConv1D},
  SeparableConv2D: {...convolution, layer: SeparableConv2D},
};
