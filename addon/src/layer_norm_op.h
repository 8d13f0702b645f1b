/** The kernels of both ops, as TensorFlow calls them. */
#ifndef LAYER_NORM_OP_H
#define LAYER_NORM_OP_H

#include "tensorflow_api.h"

void* layer_norm_op_create(TF_OpKernelConstruction* construction);
void layer_norm_op_compute(void* attrs, TF_OpKernelContext* context);

void* layer_norm_grad_op_create(TF_OpKernelConstruction* construction);
void layer_norm_grad_op_compute(void* attrs, TF_OpKernelContext* context);

#endif
