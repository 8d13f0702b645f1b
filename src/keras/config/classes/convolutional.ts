import {dropped, type KerasClasses, only} from './row.js';

const withoutGroups = {groups: only(1)};
const withoutOutputPadding = {output_padding: only(null)};

export const convolutional: KerasClasses = {
  Conv1D: {options: withoutGroups},
  Conv2D: {options: withoutGroups},
  Conv2DTranspose: {options: withoutOutputPadding},
  Conv3D: {options: withoutGroups},
  Conv3DTranspose: {options: withoutOutputPadding},
  DepthwiseConv2D: {options: {dilation_rate: only(1, [1, 1])}},
  SeparableConv2D: {
    // Keras 2 saves those of an ordinary convolution as well, which it does not use and tfjs refuses.
    options: {
      kernel_initializer: dropped,
      kernel_regularizer: dropped,
      kernel_constraint: dropped,
    },
  },
};
