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

static const char op_name[] = "TfjsLayerNormGrad";

void* layer_norm_grad_op_create(TF_OpKernelConstruction* construction) {
  return op_attrs_create(construction, op_name, false);
}

static bool compute(struct op_call* op, const struct op_attrs* attrs) {
  TF_Tensor *dy = op->inputs[0], *x = op->inputs[1], *stats = op->inputs[2];
  TF_Tensor* gamma = op->inputs[3];
  struct layer_norm_grad call = {.epsilon = attrs->epsilon, .center = attrs->center};
  if (!op_call_rows_and_cols(op, x, &call.rows, &call.cols)) return false;
  const struct shape x_shape = shape_of(x);
  const struct shape stats_shape = {.rank = 2, .dims = {call.rows, 2}};
  const struct shape param_shape = {.rank = 1, .dims = {call.cols}};
  if (!op_call_expect_shape(op, "dy", dy, &x_shape)) return false;
  if (!op_call_expect_shape(op, "stats", stats, &stats_shape)) return false;
  if (attrs->scale && !op_call_expect_shape(op, "gamma", gamma, &param_shape)) return false;

  call.dy = tf.TensorData(dy);
  call.x = tf.TensorData(x);
  call.stats = tf.TensorData(stats);
  call.gamma = attrs->scale ? tf.TensorData(gamma) : NULL;
  if (!op_call_allocate(op, 0, &x_shape, &call.dx)) return false;
  if (!op_call_allocate(op, 1, &param_shape, &call.dgamma)) return false;
  if (!op_call_allocate(op, 2, &param_shape, &call.dbeta)) return false;
  if (call.cols == 0) return true;
  if (call.rows == 0) {
    memset(call.dgamma, 0, call.cols * sizeof(float));
    memset(call.dbeta, 0, call.cols * sizeof(float));
    return true;
  }

  if (layer_norm_grad(&call)) return true;
  return op_call_fail(op, TF_RESOURCE_EXHAUSTED, "no memory for partial sums");
}

void layer_norm_grad_op_compute(void* attrs, TF_OpKernelContext* context) {
  struct op_call op;
  if (op_call_begin(&op, op_name, context, 4)) compute(&op, attrs);
  op_call_end(&op);
}
