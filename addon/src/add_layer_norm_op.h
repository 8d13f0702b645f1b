/** The kernel of the op TfjsAddLayerNorm, as TensorFlow calls it. */
#ifndef ADD_LAYER_NORM_OP_H
#define ADD_LAYER_NORM_OP_H

#include "tensorflow_api.h"

void* add_layer_norm_op_create(TF_OpKernelConstruction* construction);
void add_layer_norm_op_compute(void* attrs, TF_OpKernelContext* context);

#endif
