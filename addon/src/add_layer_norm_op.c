/**
 * The op TfjsAddLayerNorm: TensorFlow's tensors on one side, add_layer_norm() on the other. No number is
 * copied: it reads the inputs' memory and writes the outputs'.
 *
 * Inputs x [..., cols], residual (as x), gamma [cols], beta [cols]; outputs y (as x), stats [rows, 2],
 * sum (as x). Where the attribute `scale` (`offset`) is false, any tensor may stand in the place of
 * gamma (beta): it is not read.
 */
#include "add_layer_norm_op.h"

#include <string.h>

#include "add_layer_norm.h"
#include "op_support.h"

static const char op_name[] = "TfjsAddLayerNorm";

void* add_layer_norm_op_create(TF_OpKernelConstruction* construction) {
  return op_attrs_create(construction, op_name, true);
}

static bool compute(struct op_call* op, const struct op_attrs* attrs) {
  TF_Tensor *x = op->inputs[0], *residual = op->inputs[1];
  TF_Tensor *gamma = op->inputs[2], *beta = op->inputs[3];
  struct add_layer_norm call = {
      .norm = {.epsilon = attrs->epsilon, .center = attrs->center},
  };
  struct layer_norm* norm = &call.norm;
  if (!op_call_rows_and_cols(op, x, &norm->rows, &norm->cols)) return false;
  const struct shape x_shape = shape_of(x);
  const struct shape stats_shape = {.rank = 2, .dims = {norm->rows, 2}};
  const struct shape param_shape = {.rank = 1, .dims = {norm->cols}};
  if (!op_call_expect_shape(op, "residual", residual, &x_shape)) return false;
  if (attrs->scale && !op_call_expect_shape(op, "gamma", gamma, &param_shape)) return false;
  if (attrs->offset && !op_call_expect_shape(op, "beta", beta, &param_shape)) return false;

  call.x = tf.TensorData(x);
  call.residual = tf.TensorData(residual);
  norm->gamma = attrs->scale ? tf.TensorData(gamma) : NULL;
  norm->beta = attrs->offset ? tf.TensorData(beta) : NULL;
  if (!op_call_allocate(op, 0, &x_shape, &norm->y)) return false;
  if (!op_call_allocate(op, 1, &stats_shape, &norm->stats)) return false;
  if (!op_call_allocate(op, 2, &x_shape, &call.sum)) return false;
  norm->x = call.sum;
  if (norm->rows == 0) return true;
  if (norm->cols == 0) {
    memset(norm->stats, 0, norm->rows * 2 * sizeof(float));
    return true;
  }

  if (add_layer_norm(&call)) return true;
  return op_call_fail(op, TF_RESOURCE_EXHAUSTED, "no memory for partial sums");
}

void add_layer_norm_op_compute(void* attrs, TF_OpKernelContext* context) {
  struct op_call op;
  if (op_call_begin(&op, op_name, context, 4)) compute(&op, attrs);
  op_call_end(&op);
}
