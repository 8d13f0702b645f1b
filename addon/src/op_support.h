/** What the two ops share: attributes, inputs, outputs, failures. */
#ifndef OP_SUPPORT_H
#define OP_SUPPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "tensorflow_api.h"

enum { MAX_INPUTS = 4, MAX_OUTPUTS = 3 };

/** What a kernel keeps from its construction to its end. */
struct op_attrs {
  float epsilon;
  TF_Bool center;
  TF_Bool scale;  /* false: gamma is not read */
  TF_Bool offset; /* false: beta is not read */
};

void* op_attrs_create(TF_OpKernelConstruction* construction, bool has_offset);
void op_attrs_destroy(void* attrs);

/** One call of an op. After a failure, which TensorFlow is told at once, nothing more happens. */
struct op_call {
  TF_OpKernelContext* context;
  TF_Status* status;
  TF_Tensor* inputs[MAX_INPUTS];
  TF_Tensor* outputs[MAX_OUTPUTS];
};

/** Takes hold of the first `input_count` inputs. Returns false if that failed. */
bool op_call_begin(struct op_call* call, TF_OpKernelContext* context, int input_count);

/** Lets go of everything. */
void op_call_end(struct op_call* call);

/** Tells TensorFlow, and by it JavaScript, of a failure. Returns false. */
bool op_call_fail(struct op_call* call, TF_Code code, const char* message);

/** A new output of float32; NULL if there is no memory, which TensorFlow is told. */
float* op_call_allocate(struct op_call* call, int index, const int64_t* dims, int dim_count);

/** A new output of the shape of an input. */
float* op_call_allocate_like(struct op_call* call, int index, const TF_Tensor* input);

/** rows and cols of an input [..., cols]. Returns false, after telling TensorFlow, for a scalar. */
bool op_call_rows_and_cols(struct op_call* call, const TF_Tensor* input, int64_t* rows,
                           int64_t* cols);

/** Number of elements. */
int64_t tensor_size(const TF_Tensor* tensor);

#endif
