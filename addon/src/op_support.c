#include "op_support.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/** Room for a message; longer ones are cut. */
enum { MESSAGE_SIZE = 400 };

static void check_epsilon(const char* op, float epsilon, TF_Status* status) {
  if (isfinite(epsilon) && epsilon >= 0) return;
  char message[MESSAGE_SIZE];
  snprintf(message, sizeof message, "%s: epsilon must be a finite number ≥ 0, but is %g", op,
           epsilon);
  tf.SetStatus(status, TF_INVALID_ARGUMENT, message);
}

void* op_attrs_create(TF_OpKernelConstruction* construction, const char* op, bool has_offset) {
  TF_Status* status = tf.NewStatus();
  struct op_attrs* attrs = calloc(1, sizeof *attrs);
  if (!attrs) {
    tf.SetStatus(status, TF_RESOURCE_EXHAUSTED, "no memory for the attributes of the kernel");
  } else {
    tf.OpKernelConstruction_GetAttrFloat(construction, "epsilon", &attrs->epsilon, status);
  }
  if (tf.GetCode(status) == TF_OK) check_epsilon(op, attrs->epsilon, status);
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

struct shape shape_of(const TF_Tensor* tensor) {
  struct shape shape = {.rank = tf.NumDims(tensor)};
  for (int i = 0; i < shape.rank; i++) shape.dims[i] = tf.Dim(tensor, i);
  return shape;
}

static bool shapes_equal(const struct shape* a, const struct shape* b) {
  bool equal = a->rank == b->rank;
  for (int i = 0; equal && i < a->rank; i++) equal = a->dims[i] == b->dims[i];
  return equal;
}

/** Writes a shape as [2, 3]; what there is no room for is cut. */
static void print_shape(const struct shape* shape, char* text, int size) {
  int at = snprintf(text, size, "[");
  for (int i = 0; i < shape->rank && at < size; i++) {
    at += snprintf(text + at, size - at, "%s%lld", i ? ", " : "", (long long)shape->dims[i]);
  }
  if (at < size) snprintf(text + at, size - at, "]");
}

bool op_call_begin(struct op_call* call, const char* op, TF_OpKernelContext* context,
                   int input_count) {
  *call = (struct op_call){.op = op, .context = context, .status = tf.NewStatus()};
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

bool op_call_fail(struct op_call* call, TF_Code code, const char* format, ...) {
  char message[MESSAGE_SIZE];
  const int at = snprintf(message, sizeof message, "%s: ", call->op);
  va_list values;
  va_start(values, format);
  vsnprintf(message + at, sizeof message - at, format, values);
  va_end(values);
  tf.SetStatus(call->status, code, message);
  tf.OpKernelContext_Failure(call->context, call->status);
  return false;
}

bool op_call_expect_shape(struct op_call* call, const char* name, const TF_Tensor* input,
                          const struct shape* expected) {
  const struct shape actual = shape_of(input);
  if (shapes_equal(&actual, expected)) return true;
  char expected_text[100], actual_text[100];
  print_shape(expected, expected_text, sizeof expected_text);
  print_shape(&actual, actual_text, sizeof actual_text);
  return op_call_fail(call, TF_INVALID_ARGUMENT, "%s must have the shape %s, but has %s", name,
                      expected_text, actual_text);
}

bool op_call_allocate(struct op_call* call, int index, const struct shape* shape, float** data) {
  int64_t bytes = sizeof(float);
  for (int i = 0; i < shape->rank; i++) {
    /* TensorFlow would end the process. x may be empty and yet have 2^62 rows. */
    if (__builtin_mul_overflow(bytes, shape->dims[i], &bytes)) {
      return op_call_fail(call, TF_RESOURCE_EXHAUSTED, "an output would be larger than 2^63 bytes");
    }
  }
  call->outputs[index] = tf.AllocateOutput(call->context, index, TF_FLOAT, shape->dims,
                                           shape->rank, bytes, call->status);
  if (tf.GetCode(call->status) != TF_OK) {
    tf.OpKernelContext_Failure(call->context, call->status);
    return false;
  }
  *data = tf.TensorData(call->outputs[index]);
  return true;
}

bool op_call_rows_and_cols(struct op_call* call, const TF_Tensor* x, int64_t* rows,
                           int64_t* cols) {
  const int last = tf.NumDims(x) - 1;
  if (last < 0) {
    return op_call_fail(call, TF_INVALID_ARGUMENT,
                        "x must have at least one dimension, but is a scalar");
  }
  *cols = tf.Dim(x, last);
  *rows = 1;
  for (int i = 0; i < last; i++) *rows *= tf.Dim(x, i);
  return true;
}
