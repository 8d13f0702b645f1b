/**
 * A stand-in for the binding of @tensorflow/tfjs-node: it is linked to tensorflow.dll, and runs an op.
 *
 *     run(name, epsilon, center, inputs, outputs): Float32Array[]
 *
 * `inputs` are objects {shape, values}; `outputs` is how many there are. It throws what the op said.
 */
#include <node_api.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stand_in.h"

static void read_input(napi_env env, napi_value input, TF_Tensor* tensor) {
  napi_value shape, values, size;
  uint32_t rank = 0;
  size_t count = 0;
  napi_get_named_property(env, input, "shape", &shape);
  napi_get_named_property(env, input, "values", &values);
  napi_get_array_length(env, shape, &rank);
  tensor->rank = (int)rank;
  for (uint32_t i = 0; i < rank; i++) {
    napi_get_element(env, shape, i, &size);
    napi_get_value_int64(env, size, &tensor->dims[i]);
  }
  napi_get_typedarray_info(env, values, NULL, &count, &tensor->data, NULL, NULL);
}

static napi_value take_output(napi_env env, TF_Tensor* tensor) {
  napi_value buffer, array = NULL;
  void* data;
  napi_create_arraybuffer(env, tensor->bytes, &data, &buffer);
  memcpy(data, tensor->data, tensor->bytes);
  free(tensor->data);
  napi_create_typedarray(env, napi_float32_array, tensor->bytes / 4, buffer, 0, &array);
  return array;
}

static napi_value run(napi_env env, napi_callback_info info) {
  napi_value args[5], element, result = NULL;
  size_t count = 5;
  char name[64];
  double epsilon = 0;
  bool center = true;
  uint32_t inputs = 0, outputs = 0;
  napi_get_cb_info(env, info, &count, args, NULL, NULL);
  napi_get_value_string_utf8(env, args[0], name, sizeof name, NULL);
  napi_get_value_double(env, args[1], &epsilon);
  napi_get_value_bool(env, args[2], &center);
  napi_get_array_length(env, args[3], &inputs);
  napi_get_value_uint32(env, args[4], &outputs);

  const struct stand_in_op* op = stand_in_find_op(name);
  if (!op) return napi_throw_error(env, NULL, "there is no such op"), NULL;
  TF_OpKernelConstruction construction = {.epsilon = (float)epsilon, .center = center};
  TF_OpKernelContext context = {0};
  for (uint32_t i = 0; i < inputs; i++) {
    napi_get_element(env, args[3], i, &element);
    read_input(env, element, &context.inputs[i]);
  }
  void* kernel = op->create(&construction);
  if (!*construction.failure) op->compute(kernel, &context);
  op->destroy(kernel);
  const char* failure = *construction.failure ? construction.failure : context.failure;
  if (*failure) return napi_throw_error(env, NULL, failure), NULL;

  napi_create_array(env, &result);
  for (uint32_t i = 0; i < outputs; i++) {
    napi_set_element(env, result, i, take_output(env, &context.outputs[i]));
  }
  return result;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "run", NAPI_AUTO_LENGTH, run, NULL, &function);
  napi_set_named_property(env, exports, "run", function);
  return exports;
}
