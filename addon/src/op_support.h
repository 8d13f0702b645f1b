/** What the ops share: attributes, inputs, outputs, failures. Every error opens with the op's
 * name, and says what was expected and what was found. */
#ifndef OP_SUPPORT_H
#define OP_SUPPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "tensorflow_api.h"

enum { MAX_INPUTS = 4, MAX_OUTPUTS = 3 };

enum { MAX_DIMS = 254 }; /* TensorFlow's own limit */

struct shape {
  int rank;
  int64_t dims[MAX_DIMS];
};

struct shape shape_of(const TF_Tensor* tensor);

/** What a kernel keeps from its construction to its end. */
struct op_attrs {
  float epsilon;
  TF_Bool center;
  TF_Bool scale;  /* false: gamma is not read */
  TF_Bool offset; /* false: beta is not read */
};

void* op_attrs_create(TF_OpKernelConstruction* construction, const char* op, bool has_offset);
void op_attrs_destroy(void* attrs);

/** One call of an op. After a failure, which TensorFlow is told at once, nothing more happens. */
struct op_call {
  const char* op; /* its name */
  TF_OpKernelContext* context;
  TF_Status* status;
  TF_Tensor* inputs[MAX_INPUTS];
  TF_Tensor* outputs[MAX_OUTPUTS];
};

/** Takes hold of the first `input_count` inputs. Returns false if that failed. */
bool op_call_begin(struct op_call* call, const char* op, TF_OpKernelContext* context,
                   int input_count);

/** Lets go of everything. */
void op_call_end(struct op_call* call);

/** Tells TensorFlow, and by it JavaScript, of a failure: a message as for printf. Returns false. */
__attribute__((format(printf, 3, 4))) bool op_call_fail(struct op_call* call, TF_Code code,
                                                        const char* format, ...);

/** Whether an input has this shape; if not, TensorFlow is told. */
bool op_call_expect_shape(struct op_call* call, const char* name, const TF_Tensor* input,
                          const struct shape* expected);

/**
 * Puts a new output of float32 at *data, NULL if it is empty. Returns false if there is no memory,
 * which TensorFlow is told.
 */
bool op_call_allocate(struct op_call* call, int index, const struct shape* shape, float** data);

/** rows and cols of x, [..., cols]. Returns false, after telling TensorFlow, for a scalar. */
bool op_call_rows_and_cols(struct op_call* call, const TF_Tensor* x, int64_t* rows, int64_t* cols);

#endif
