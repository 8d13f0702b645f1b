/**
 * The op TfjsLayerNormGrad: TensorFlow's tensors on one side, layer_norm_grad() on the other. No
 * number is copied.
 *
 * Inputs dy and x [..., cols], stats [rows, 2], gamma [cols]; outputs dx (as x), dgamma [cols],
 * dbeta [cols]. Where the attribute `scale` is false, any tensor may stand in the place of gamma:
 * it is not read.
 */
#include <string.h>

#include "layer_norm.h"
#include "layer_norm_op.h"
#include "op_support.h"

void* layer_norm_grad_op_create(TF_OpKernelConstruction* construction) {
  return op_attrs_create(construction, false);
}

static bool compute(struct op_call* op, const struct op_attrs* attrs) {
  TF_Tensor *dy = op->inputs[0], *x = op->inputs[1], *stats = op->inputs[2];
  TF_Tensor* gamma = op->inputs[3];
  struct layer_norm_grad call = {.epsilon = attrs->epsilon, .center = attrs->center};
  if (!op_call_rows_and_cols(op, x, &call.rows, &call.cols)) return false;
  if (tensor_size(dy) != call.rows * call.cols) {
    return op_call_fail(op, TF_INVALID_ARGUMENT,
                        "TfjsLayerNormGrad: dy must have the shape of x");
  }
  if (tensor_size(stats) != call.rows * 2) {
    return op_call_fail(op, TF_INVALID_ARGUMENT,
                        "TfjsLayerNormGrad: stats must be [rows, 2], as TfjsLayerNorm gave them");
  }
  if (attrs->scale && tensor_size(gamma) != call.cols) {
    return op_call_fail(op, TF_INVALID_ARGUMENT,
                        "TfjsLayerNormGrad: gamma must be as long as the last dimension of x");
  }

  call.dy = tf.TensorData(dy);
  call.x = tf.TensorData(x);
  call.stats = tf.TensorData(stats);
  call.gamma = attrs->scale ? tf.TensorData(gamma) : NULL;
  call.dx = op_call_allocate_like(op, 0, x);
  if (!op->outputs[0]) return false;
  call.dgamma = op_call_allocate(op, 1, &call.cols, 1);
  if (!op->outputs[1]) return false;
  call.dbeta = op_call_allocate(op, 2, &call.cols, 1);
  if (!op->outputs[2]) return false;
  if (call.cols == 0) return true;
  if (call.rows == 0) {
    memset(call.dgamma, 0, call.cols * sizeof(float));
    memset(call.dbeta, 0, call.cols * sizeof(float));
    return true;
  }

  if (layer_norm_grad(&call)) return true;
  return op_call_fail(op, TF_RESOURCE_EXHAUSTED, "TfjsLayerNormGrad: no memory for partial sums");
}

void layer_norm_grad_op_compute(void* attrs, TF_OpKernelContext* context) {
  struct op_call op;
  if (op_call_begin(&op, context, 4)) compute(&op, attrs);
  op_call_end(&op);
}
