#include "op_support.h"

#include <stdlib.h>

void* op_attrs_create(TF_OpKernelConstruction* construction, bool has_offset) {
  TF_Status* status = tf.NewStatus();
  struct op_attrs* attrs = calloc(1, sizeof *attrs);
  if (!attrs) {
    tf.SetStatus(status, TF_RESOURCE_EXHAUSTED, "no memory for the attributes of the kernel");
  } else {
    tf.OpKernelConstruction_GetAttrFloat(construction, "epsilon", &attrs->epsilon, status);
  }
  if (tf.GetCode(status) == TF_OK) {
    tf.OpKernelConstruction_GetAttrBool(construction, "center", &attrs->center, status);
  }
  if (tf.GetCode(status) == TF_OK) {
    tf.OpKernelConstruction_GetAttrBool(construction, "scale", &attrs->scale, status);
  }
  if (tf.GetCode(status) == TF_OK && has_offset) {
    tf.OpKernelConstruction_GetAttrBool(construction, "offset", &attrs->offset, status);
  }
  if (tf.GetCode(status) != TF_OK) tf.OpKernelConstruction_Failure(construction, status);
  tf.DeleteStatus(status);
  return attrs;
}

void op_attrs_destroy(void* attrs) { free(attrs); }

bool op_call_begin(struct op_call* call, TF_OpKernelContext* context, int input_count) {
  *call = (struct op_call){.context = context, .status = tf.NewStatus()};
  for (int i = 0; i < input_count; i++) {
    tf.GetInput(context, i, &call->inputs[i], call->status);
    if (tf.GetCode(call->status) != TF_OK) {
      tf.OpKernelContext_Failure(context, call->status);
      return false;
    }
  }
  return true;
}

void op_call_end(struct op_call* call) {
  for (int i = 0; i < MAX_INPUTS; i++) {
    if (call->inputs[i]) tf.DeleteTensor(call->inputs[i]);
  }
  for (int i = 0; i < MAX_OUTPUTS; i++) {
    if (call->outputs[i]) tf.DeleteTensor(call->outputs[i]);
  }
  tf.DeleteStatus(call->status);
}

bool op_call_fail(struct op_call* call, TF_Code code, const char* message) {
  tf.SetStatus(call->status, code, message);
  tf.OpKernelContext_Failure(call->context, call->status);
  return false;
}

float* op_call_allocate(struct op_call* call, int index, const int64_t* dims, int dim_count) {
  size_t bytes = sizeof(float);
  for (int i = 0; i < dim_count; i++) bytes *= dims[i];
  call->outputs[index] =
      tf.AllocateOutput(call->context, index, TF_FLOAT, dims, dim_count, bytes, call->status);
  if (tf.GetCode(call->status) != TF_OK) {
    tf.OpKernelContext_Failure(call->context, call->status);
    return NULL;
  }
  return tf.TensorData(call->outputs[index]);
}

enum { MAX_DIMS = 254 }; /* TensorFlow's own limit */

float* op_call_allocate_like(struct op_call* call, int index, const TF_Tensor* input) {
  int64_t dims[MAX_DIMS];
  const int dim_count = tf.NumDims(input);
  for (int i = 0; i < dim_count; i++) dims[i] = tf.Dim(input, i);
  return op_call_allocate(call, index, dims, dim_count);
}

bool op_call_rows_and_cols(struct op_call* call, const TF_Tensor* input, int64_t* rows,
                           int64_t* cols) {
  const int last = tf.NumDims(input) - 1;
  if (last < 0) {
    return op_call_fail(call, TF_INVALID_ARGUMENT,
                        "layer normalisation: x must have a dimension at least, but is a scalar");
  }
  *cols = tf.Dim(input, last);
  *rows = 1;
  for (int i = 0; i < last; i++) *rows *= tf.Dim(input, i);
  return true;
}

int64_t tensor_size(const TF_Tensor* tensor) {
  int64_t size = 1;
  for (int i = 0; i < tf.NumDims(tensor); i++) size *= tf.Dim(tensor, i);
  return size;
}
