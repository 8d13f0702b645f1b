/**
 * The op TfjsLayerNorm: TensorFlow's tensors on one side, layer_norm() on the other. No number is
 * copied: it reads the inputs' memory and writes the outputs'.
 *
 * Inputs x [..., cols], gamma [cols], beta [cols]; outputs y (as x), stats [rows, 2]. Where the
 * attribute `scale` (`offset`) is false, any tensor may stand in the place of gamma (beta): it is
 * not read.
 */
#include "layer_norm_op.h"

#include <string.h>

#include "layer_norm.h"
#include "op_support.h"

static const char op_name[] = "TfjsLayerNorm";

void* layer_norm_op_create(TF_OpKernelConstruction* construction) {
  return op_attrs_create(construction, op_name, true);
}

static bool compute(struct op_call* op, const struct op_attrs* attrs) {
  TF_Tensor *x = op->inputs[0], *gamma = op->inputs[1], *beta = op->inputs[2];
  struct layer_norm call = {.epsilon = attrs->epsilon, .center = attrs->center};
  if (!op_call_rows_and_cols(op, x, &call.rows, &call.cols)) return false;
  const struct shape x_shape = shape_of(x);
  const struct shape stats_shape = {.rank = 2, .dims = {call.rows, 2}};
  const struct shape param_shape = {.rank = 1, .dims = {call.cols}};
  if (attrs->scale && !op_call_expect_shape(op, "gamma", gamma, &param_shape)) return false;
  if (attrs->offset && !op_call_expect_shape(op, "beta", beta, &param_shape)) return false;

  call.x = tf.TensorData(x);
  call.gamma = attrs->scale ? tf.TensorData(gamma) : NULL;
  call.beta = attrs->offset ? tf.TensorData(beta) : NULL;
  if (!op_call_allocate(op, 0, &x_shape, &call.y)) return false;
  if (!op_call_allocate(op, 1, &stats_shape, &call.stats)) return false;
  if (call.rows == 0) return true;
  if (call.cols == 0) {
    memset(call.stats, 0, call.rows * 2 * sizeof(float));
    return true;
  }

  if (layer_norm(&call)) return true;
  return op_call_fail(op, TF_RESOURCE_EXHAUSTED, "no memory for partial sums");
}

void layer_norm_op_compute(void* attrs, TF_OpKernelContext* context) {
  struct op_call op;
  if (op_call_begin(&op, op_name, context, 3)) compute(&op, attrs);
  op_call_end(&op);
}
