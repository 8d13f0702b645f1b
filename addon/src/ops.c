#include "ops.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "add_layer_norm_op.h"
#include "layer_norm_op.h"
#include "op_support.h"
#include "platform/platform.h"
#include "tensorflow_api.h"

struct op {
  const char* name;
  const char* inputs[MAX_INPUTS + 1];   /* ended by NULL, as the next two */
  const char* outputs[MAX_OUTPUTS + 1];
  const char* attrs[5];
  void* (*create)(TF_OpKernelConstruction*);
  void (*compute)(void*, TF_OpKernelContext*);
};

/* TensorFlow keeps the first op of a name: who changes the inputs, outputs or attributes must change
 * the name as well, here and in src/kernels/tensorflow, for two versions may meet in one process. */
static const struct op ops[] = {
    {
        .name = "TfjsLayerNorm",
        .inputs = {"x: float", "gamma: float", "beta: float"},
        .outputs = {"y: float", "stats: float"},
        .attrs = {"epsilon: float", "center: bool = true", "scale: bool = true", "offset: bool = true"},
        .create = layer_norm_op_create,
        .compute = layer_norm_op_compute,
    },
    {
        .name = "TfjsLayerNormGrad",
        .inputs = {"dy: float", "x: float", "stats: float", "gamma: float"},
        .outputs = {"dx: float", "dgamma: float", "dbeta: float"},
        .attrs = {"epsilon: float", "center: bool = true", "scale: bool = true"},
        .create = layer_norm_grad_op_create,
        .compute = layer_norm_grad_op_compute,
    },
    {
        .name = "TfjsAddLayerNorm",
        .inputs = {"x: float", "residual: float", "gamma: float", "beta: float"},
        .outputs = {"y: float", "stats: float", "sum: float"},
        .attrs = {"epsilon: float", "center: bool = true", "scale: bool = true", "offset: bool = true"},
        .create = add_layer_norm_op_create,
        .compute = add_layer_norm_op_compute,
    },
};

enum { OP_COUNT = sizeof ops / sizeof *ops };

/** Looks an op up by its name: the status is OK where it is registered, or else NOT_FOUND. */
static void find_op(const struct op* op, TF_Status* status) {
  TF_Graph* graph = tf.NewGraph();
  TF_Buffer* definition = tf.NewBuffer();
  tf.GraphGetOpDef(graph, op->name, definition, status);
  tf.DeleteBuffer(definition);
  tf.DeleteGraph(graph);
}

static void register_op(const struct op* op, TF_Status* status) {
  TF_OpDefinitionBuilder* builder = tf.NewOpDefinitionBuilder(op->name);
  for (int i = 0; op->inputs[i]; i++) tf.OpDefinitionBuilderAddInput(builder, op->inputs[i]);
  for (int i = 0; op->outputs[i]; i++) tf.OpDefinitionBuilderAddOutput(builder, op->outputs[i]);
  for (int i = 0; op->attrs[i]; i++) tf.OpDefinitionBuilderAddAttr(builder, op->attrs[i]);
  tf.OpDefinitionBuilderSetShapeInferenceFunction(builder,
                                                  tf.ShapeInferenceContextSetUnknownShape);
  tf.RegisterOpDefinition(builder, status); /* frees the builder */
  if (tf.GetCode(status) != TF_OK) return;

  TF_KernelBuilder* kernel =
      tf.NewKernelBuilder(op->name, "CPU", op->create, op->compute, op_attrs_destroy);
  tf.RegisterKernelBuilder(op->name, kernel, status); /* frees the builder */
}

static const char* register_missing_ops(void) {
  static char failure[1024];
  TF_Status* status = tf.NewStatus();
  for (int i = 0; !*failure && i < OP_COUNT; i++) {
    /* To register a name twice would end the process. It may be there from another copy of this
     * package. */
    find_op(&ops[i], status);
    if (tf.GetCode(status) == TF_NOT_FOUND) {
      tf.SetStatus(status, TF_OK, "");
      register_op(&ops[i], status);
    }
    if (tf.GetCode(status) != TF_OK) {
      snprintf(failure, sizeof failure, "TensorFlow refused the op %s: %s", ops[i].name,
               tf.Message(status));
    }
  }
  tf.DeleteStatus(status);
  return *failure ? failure : NULL;
}

const char* register_ops(void) {
  static mutex lock = MUTEX_INITIALIZER;
  static bool tried; /* once only: a second try would take an op without a kernel for done */
  static const char* failure;
  mutex_lock(&lock);
  const char* missing = tried ? NULL : find_tensorflow();
  if (!missing && !tried) {
    /* TensorFlow holds pointers into the addon for good. */
    failure = stay_loaded() ? register_missing_ops() : "the addon cannot be kept in memory";
    tried = true;
  }
  const char* result = missing ? missing : failure;
  mutex_unlock(&lock);
  return result;
}
