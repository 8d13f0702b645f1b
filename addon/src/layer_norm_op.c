/**
 * The op TfjsLayerNorm: TensorFlow's tensors on one side, layer_norm() on the other. No number is
 * copied: it reads the inputs' memory and writes the outputs'.
 *
 * Inputs x [..., cols], gamma [cols], beta [cols]; outputs y (as x), stats [rows, 2]. Where the
 * attribute `scale` (`offset`) is false, any tensor may stand in the place of gamma (beta): it is
 * not read.
 */
#include "layer_norm_op.h"

#include "layer_norm.h"
#include "op_support.h"

void* layer_norm_op_create(TF_OpKernelConstruction* construction) {
  return op_attrs_create(construction, true);
}

static bool compute(struct op_call* op, const struct op_attrs* attrs) {
  TF_Tensor *x = op->inputs[0], *gamma = op->inputs[1], *beta = op->inputs[2];
  struct layer_norm call = {.epsilon = attrs->epsilon, .center = attrs->center};
  if (!op_call_rows_and_cols(op, x, &call.rows, &call.cols)) return false;
  if ((attrs->scale && tensor_size(gamma) != call.cols) ||
      (attrs->offset && tensor_size(beta) != call.cols)) {
    return op_call_fail(op, TF_INVALID_ARGUMENT,
                        "TfjsLayerNorm: gamma and beta must be as long as the last dimension of x");
  }

  call.x = tf.TensorData(x);
  call.gamma = attrs->scale ? tf.TensorData(gamma) : NULL;
  call.beta = attrs->offset ? tf.TensorData(beta) : NULL;
  call.y = op_call_allocate_like(op, 0, x);
  if (!op->outputs[0]) return false;
  call.stats = op_call_allocate(op, 1, (int64_t[]){call.rows, 2}, 2);
  if (!op->outputs[1]) return false;
  if (call.rows == 0 || call.cols == 0) return true;

  if (layer_norm(&call)) return true;
  return op_call_fail(op, TF_RESOURCE_EXHAUSTED, "TfjsLayerNorm: no memory for partial sums");
}

void layer_norm_op_compute(void* attrs, TF_OpKernelContext* context) {
  struct op_call op;
  if (op_call_begin(&op, context, 3)) compute(&op, attrs);
  op_call_end(&op);
}
